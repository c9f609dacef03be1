"""One tiny request to one server, and what it shows about it: for ``editsvc doctor --server``."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editsvc.app.servers import lessons_file, provider, with_models
from editsvc.errors import PredictionUnsupported
from editsvc.prompt.rendering import Message
from editsvc.provider import models
from editsvc.provider.base import CompletionRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.app.servers import Asked
    from editsvc.provider.base import Completion
    from editsvc.settings.schema import Settings

_TEXT: Final = "one two three four five six seven eight nine ten"
_ASKED: Final = f"Repeat exactly, and nothing else: {_TEXT}"
_MOST_TOKENS: Final = 300  # a model that reasons needs some of them for that
_PROMPT_TOKENS: Final = 20


def tried(settings: Settings, asked: Asked) -> Iterator[tuple[str, str, bool | None]]:
    """What a tiny request shows: a name, a sentence, and whether that is well. Raises ProviderError."""
    (one,) = asyncio.run(with_models(settings, [asked]))
    row = one.server.row(models.table(settings.models))
    lessons = lessons_file(settings).load(one.origin)
    waits = one.server.patience.of(_PROMPT_TOKENS, _MOST_TOKENS, lessons.of(one.model).pace)
    request = CompletionRequest(
        one.model,
        [Message("user", _ASKED)],
        _MOST_TOKENS,
        prediction=None if row.prediction is False else _TEXT,
        reasoning_effort=settings.reasoning_effort if row.reasoning_effort else None,
        prompt_tokens=_PROMPT_TOKENS,
        time_left_s=waits.whole_s,
        waits=waits,
    )
    text: list[str] = []
    there = provider(settings, one, lessons)
    refused = False
    try:
        try:
            done = asyncio.run(there.complete(request, text.append))
        except PredictionUnsupported:
            refused = True
            done = asyncio.run(there.complete(replace(request, prediction=None), text.append))
    finally:
        there.close()
    yield "request", _how_it_went(done, "".join(text)), True
    yield "prediction", _predicted(request, done, refused=refused), True if not refused else None
    counted = done.usage.completion_tokens is not None
    yield "usage", "told" if counted else "not told, so costs are not known", True if counted else None
    yield (
        "stream",
        "no: nothing is shown before the whole reply"
        if any(notice.kind == "whole" for notice in done.notices)
        else "yes",
        True,
    )
    yield "price", _price(row), True
    patience = f"{waits.first_token_s:,.0f} s for the first token, {waits.gap_s:,.0f} s for each further one"
    yield "patience", f"{patience}, {waits.whole_s:,.0f} s for such a request", True


def _price(row: models.Model) -> str:
    read, written = row.usd_per_million_input, row.usd_per_million_output
    if read is None or written is None:
        return "not known, and so edits have no costs, until usd_per_million_input and usd_per_million_output are set"
    if not read and not written:
        return "nothing, as it is your own"
    return f"${read:,.2f} for a million tokens of the prompt, ${written:,.2f} of the reply"


def _how_it_went(done: Completion, text: str) -> str:
    first = "" if done.ttft_s is None else f", the first token after {done.ttft_s:.1f} s"
    took = "" if done.total_s is None else f" in {done.total_s:.1f} s{first}"
    right = "as asked" if text.strip().strip(".") == _TEXT else "with something else than it was asked for"
    return f"{done.model or 'the model'} answered{took}, {right} (finish_reason {done.finish_reason})"


def _predicted(request: CompletionRequest, done: Completion, *, refused: bool) -> str:
    if refused:
        return "refused"
    if request.prediction is None:
        return "not taken by servers of this kind, and not sent"
    accepted, rejected = done.usage.accepted_prediction_tokens, done.usage.rejected_prediction_tokens
    if accepted is None:
        return "sent, and nothing was said of it"
    return f"taken: {accepted} tokens accepted, {rejected} rejected"
