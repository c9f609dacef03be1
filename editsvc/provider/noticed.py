"""What a server does otherwise than was asked of it, told from how a reply ended. Pure.

A server that takes no notice of a prediction, sends the reply at once, or reads only a part of the prompt says nothing
about it: it shows in the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.errors import ContextExceeded, Means, Remedy
from editsvc.provider.base import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.provider.base import CompletionRequest
    from editsvc.provider.dialects import Dialect
    from editsvc.usage import Usage

FINISHES: Final = {
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "max_tokens": "length",
    "max_output_tokens": "length",
}
"""Other servers' words for why a reply ended, and those of the API."""

BROKEN: Final = "error"
"""The reason of a reply that a server broke off, and that some give with status 200."""

# Estimates are within 0.9 to 1.3 times the true count, and so half of one is not for want of counting.
_READ_SHARE: Final = 0.5
_LEAST_PROMPT: Final = 500
# Of a short reply nothing may have been verified.
_LEAST_PREDICTED: Final = 64


def unread(request: CompletionRequest, usage: Usage, dialect: Dialect, server: str) -> ContextExceeded | None:
    """The error for a reply to a part of the prompt: the server cut what did not fit, and answered the rest."""
    read, sent = usage.prompt_tokens, request.prompt_tokens
    if not read or sent < _LEAST_PROMPT or read + (usage.cached_tokens or 0) >= _READ_SHARE * sent:
        return None
    # Half of the context is what such servers leave of a prompt.
    limit = 2 * read if dialect.cuts_prompts else read + request.max_completion_tokens
    return ContextExceeded(
        f"{server} has read only {read:,} of about {sent:,} tokens: its context is too short for this request.",
        hint=advice(dialect),
        remedies=(Remedy(Means.SMALLER_SCOPE),),
        limit=limit,
        length=sent + request.max_completion_tokens,
    )


def advice(dialect: Dialect) -> str:
    """What to do where the context of a server of one's own is too short."""
    return f"{dialect.longer_context[0].upper()}{dialect.longer_context[1:]}." if dialect.own else ""


def took_notice(request: CompletionRequest, usage: Usage, dialect: Dialect) -> bool | None:
    """Whether a server made anything of the prediction; None where that cannot be told."""
    if request.prediction is None or not dialect.reports_prediction:
        return None
    if (usage.completion_tokens or 0) < _LEAST_PREDICTED:
        return None
    return bool(usage.accepted_prediction_tokens or usage.rejected_prediction_tokens)


def notices(server: str, *, noticed: bool | None, whole: bool) -> Iterator[Notice]:
    """What the user is told once."""
    if noticed is False:
        yield Notice(
            "ignores-predictions",
            f"{server} takes no notice of predictions: they make its replies no faster.",
        )
    if whole:
        yield Notice(
            "whole", f"{server} does not stream: nothing can be shown before the whole reply is there."
        )
