"""The answers to commands, and the words and diffs in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from editsvc import figures
from editsvc.engine.edit import result_json
from editsvc.text.diff import unified_diff
from editsvc.text.document import Snapshot
from editsvc.usage import Timing, Usage
from lsp.contract import DecisionAnswer, ResultFields, ShownFigures

if TYPE_CHECKING:
    from editsvc.engine.edit import EditResult
    from editsvc.files.diff_names import DiffName
    from lsp.contract import AnswerStatus
    from lsp.documents import Document
    from lsp.editing.open_edit import OpenEdit, Proposal


def diff_of(before: str, after: str, name: DiffName) -> str:
    """The unified diff of two texts that are valid Unicode."""
    old, new = Snapshot(before).encode(), Snapshot(after).encode()
    return unified_diff(old, new, name.path, from_top=name.from_top).decode("utf-8", "replace")


def result_fields(result: EditResult | None) -> ResultFields:
    """What is known about an edit's requests; None stands for one that ended before there was a document."""
    return msgspec.convert(result_json(result), ResultFields)


def decision(
    edit: OpenEdit | Proposal, document: Document, status: AnswerStatus, message: str
) -> DecisionAnswer:
    """The answer to accepting and rejecting, with the hunks as they are now."""
    return DecisionAnswer(edit_id=edit.id, status=status, message=message, hunks=edit.hunks(document))


def shown(result: EditResult | None) -> ShownFigures:
    """The figures of an edit in words, for status lines: no client works them out anew, and rounds otherwise."""
    usage = result.usage if result else Usage()
    timing = result.timing if result else Timing()
    cost = result.cost_usd if result else None
    tokens = usage.completion_tokens
    return ShownFigures(
        tokens=None if tokens is None else figures.count(tokens, "token"),
        acceptance=figures.accepted(usage.accepted_prediction_tokens, usage.rejected_prediction_tokens),
        total=None if timing.total_s is None else figures.seconds(timing.total_s),
        cost=None if cost is None else figures.dollars(cost),
    )


def summary(result: EditResult, hunks: int) -> str:
    """What the end of the progress says, in a few words, of an edit with so many hunks."""
    figure = shown(result)
    parts = [figures.count(hunks, "hunk")]
    if figure.acceptance is not None:
        parts.append(f"{figure.acceptance} of the prediction accepted")
    if figure.total is not None:
        parts.append(figure.total)
    if result.offline:
        parts.append("by the offline engine")
    return " · ".join(parts)
