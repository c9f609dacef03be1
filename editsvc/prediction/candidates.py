"""The candidate predictions, and the token limit of the reply.

A prediction is worth what it has in common with the reply from the first byte on, so it stands in the same
frame that the reply is asked for, in the same line ends.
"""

from __future__ import annotations

import math
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.errors import DocumentRefused, Means, Remedy
from editsvc.text.document import Edit, apply

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from editsvc.prompt.rendering import Frame
    from editsvc.provider.models import Model
    from editsvc.text.section import Section

# The room for a reply: what is rewritten, half as much again for what the instruction adds, as much as is
# rewritten for tokens that the server proposes and drops (with an eager verifier, real edits take up to twice
# that; then the request is sent again without a prediction), and for reasoning. Rate limits reserve all of it
# up front, so it is not simply the model's maximum.
_GROWTH: Final = 0.5
_GROWTH_FLOOR: Final = 512
_REJECTED: Final = 1.0
_REJECTED_FLOOR: Final = 256
_REASONING: Final = 2048


class PredictionKind(StrEnum):
    """The source of a prediction."""

    FILE = "file"
    SCOPE = "scope"
    DRAFT = "draft"


class Candidate(msgspec.Struct, frozen=True):
    """A text that could be sent as the prediction."""

    kind: PredictionKind
    text: str


def candidates(
    frame: Frame,
    sections: Sequence[Section],
    *,
    whole_file: bool,
    drafted: Sequence[Section] = (),
    draft_is_complete: bool = False,
    likely: Collection[int] = (),
) -> list[Candidate]:
    """The candidate predictions, the most promising first.

    `sections` are what may be rewritten, `drafted` those that a draft changes, as they then are. One alone is
    predicted as the reply would have it if nothing changed, or as the draft has it. Of several, a reply holds only
    those that change: the drafted ones come first, then those with the `likely` numbers, and then all others, because
    a server that loses its place looks for it in all of the prediction. Where the draft is all that the instruction
    says, nothing else is predicted.
    """
    plain = PredictionKind.FILE if whole_file else PredictionKind.SCOPE
    sections = sorted(sections, key=lambda section: section.number not in likely) if likely else sections
    found = []
    if drafted:
        changed = {section.number for section in drafted}
        others = [section for section in sections if section.number not in changed]
        alone = draft_is_complete and len(sections) > 1
        found.append(
            Candidate(PredictionKind.DRAFT, frame.wrap_sections(drafted))
            if alone
            else Candidate(PredictionKind.DRAFT, _text(frame, [*drafted, *others]))
        )
    found.append(Candidate(plain, _text(frame, sections)))
    return found


def _text(frame: Frame, sections: Sequence[Section]) -> str:
    return frame.wrap(sections[0].text) if len(sections) == 1 else frame.wrap_sections(sections)


def drafted_sections(document: str, edits: Sequence[Edit], sections: Sequence[Section]) -> list[Section]:
    """The sections that a draft's edits change, with their new texts.

    An edit that reaches over the end of a section is divided: its new text belongs to the section it begins in.
    """
    found = []
    for section in sections:
        start, end = section.start, section.end
        own = []
        for edit in edits:
            begins = start <= edit.start < end or edit.start == end == len(document)
            if begins or (edit.start < end and edit.end > start):
                kept = edit.new_text if begins else ""
                own.append(Edit(max(edit.start, start) - start, min(edit.end, end) - start, kept))
        changed = apply(section.text, own)
        if changed != section.text:
            found.append(replace(section, text=changed))
    return found


def completion_budget(
    model: Model,
    *,
    prompt_tokens: int,
    target_tokens: int,
    predicts: bool,
    least_tokens: int | None = None,
    growth: float = 1.0,
) -> int:
    """The value for ``max_completion_tokens``: tight, but with room for growth and for rejected tokens.

    `target_tokens` are those of all that may be rewritten; a reply has at least `least_tokens`, all of them if that is
    None, and `growth` is how many times as much new text it may have as it usually has. Raises DocumentRefused, with
    the figures, if the reply cannot fit the model's output or context.
    """
    least_tokens = target_tokens if least_tokens is None else least_tokens
    wanted = target_tokens + math.ceil(growth * max(_GROWTH_FLOOR, _GROWTH * target_tokens))
    if predicts:
        wanted += max(_REJECTED_FLOOR, math.ceil(_REJECTED * target_tokens))
    if model.reasoning_effort:
        wanted += _REASONING
    limits = []
    if model.max_output_tokens is not None:
        limits.append((model.max_output_tokens, "output", least_tokens))
    if model.context_tokens is not None:
        limits.append((model.context_tokens - prompt_tokens, "context", least_tokens))
    for limit, what, least in limits:
        if what == "context" and limit <= 0:
            raise DocumentRefused(
                f"The request has about {prompt_tokens:,} tokens, and the model's context limit is "
                f"{model.context_tokens:,} tokens.",
                remedies=(Remedy(Means.SMALLER_SCOPE),),
            )
        if least > limit:
            figure = model.max_output_tokens if what == "output" else model.context_tokens
            raise DocumentRefused(
                f"About {least:,} tokens would have to be rewritten, and the model's {what} limit is {figure:,} tokens"
                + (f" with {prompt_tokens:,} of them in the prompt." if what == "context" else "."),
                remedies=(Remedy(Means.SMALLER_SCOPE),),
            )
    return min([wanted, *(limit for limit, _, _ in limits)])
