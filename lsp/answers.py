"""The words and diffs that answers to commands are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.diff import unified_diff
from editsvc.text import Snapshot

if TYPE_CHECKING:
    from editsvc.diff_names import DiffName
    from editsvc.service import EditResult


def diff_of(before: str, after: str, name: DiffName) -> str:
    """The unified diff of two texts that are valid Unicode."""
    old, new = Snapshot(before).encode(), Snapshot(after).encode()
    return unified_diff(old, new, name.path, from_top=name.from_top).decode("utf-8", "replace")


def summary(result: EditResult) -> str:
    """What the end of the progress says, in a few words."""
    hunks = len(result.edits)
    parts = [f"{hunks} hunk{'' if hunks == 1 else 's'}"]
    accepted = result.usage.accepted_prediction_tokens
    rejected = result.usage.rejected_prediction_tokens
    if accepted is not None and rejected is not None and accepted + rejected:
        parts.append(f"{100 * accepted // (accepted + rejected)} % of the prediction accepted")
    if result.timing.total_s is not None:
        parts.append(f"{result.timing.total_s:.1f} s")
    if result.offline:
        parts.append("by the offline engine")
    return " · ".join(parts)
