"""The words and diffs that answers to commands are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc import figures
from editsvc.text.diff import unified_diff
from editsvc.text.document import Snapshot
from editsvc.usage import Timing, Usage

if TYPE_CHECKING:
    from editsvc.engine.edit import EditResult
    from editsvc.files.diff_names import DiffName


def diff_of(before: str, after: str, name: DiffName) -> str:
    """The unified diff of two texts that are valid Unicode."""
    old, new = Snapshot(before).encode(), Snapshot(after).encode()
    return unified_diff(old, new, name.path, from_top=name.from_top).decode("utf-8", "replace")


def shown(result: EditResult | None) -> dict[str, str | None]:
    """The figures of an edit in words, for status lines: no client works them out anew, and rounds otherwise.

    Null is "not reported".
    """
    usage = result.usage if result else Usage()
    timing = result.timing if result else Timing()
    cost = result.cost_usd if result else None
    return {
        "tokens": None
        if usage.completion_tokens is None
        else figures.count(usage.completion_tokens, "token"),
        "acceptance": figures.accepted(usage.accepted_prediction_tokens, usage.rejected_prediction_tokens),
        "total": None if timing.total_s is None else figures.seconds(timing.total_s),
        "cost": None if cost is None else figures.dollars(cost),
    }


def summary(result: EditResult, hunks: int) -> str:
    """What the end of the progress says, in a few words, of an edit with so many hunks."""
    figure = shown(result)
    parts = [figures.count(hunks, "hunk")]
    if figure["acceptance"] is not None:
        parts.append(f"{figure['acceptance']} of the prediction accepted")
    if figure["total"] is not None:
        parts.append(figure["total"])
    if result.offline:
        parts.append("by the offline engine")
    return " · ".join(parts)
