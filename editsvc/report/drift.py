"""Changes of a model, in the report's words, found in the same way as by `editsvc tune`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.report.model import Recommendation
from editsvc.tuning.drift import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.tuning.drift import Change

_LEAST_SHARE: Final = 0.05
_LEAST_SPEED: Final = 0.1


def drifts(changes: Iterable[Change]) -> list[Recommendation]:
    """A sentence for each change of a model that is worth one, the latest first."""
    found = sorted(filter(_matters, changes), key=lambda one: one.at, reverse=True)
    return [
        Recommendation(
            "drift",
            f"{change.sentence} editsvc tune decides by the requests since then.",
            {"before": change.before, "after": change.after, "requests": change.requests},
        )
        for change in found
    ]


def _matters(change: Change) -> bool:
    """Whether a change is worth a sentence: with many requests, a test finds shifts that nobody would notice."""
    before, after = change.before, change.after
    if before is None or after is None:
        return True
    least = _LEAST_SPEED * before if change.kind is ChangeKind.SPEED else _LEAST_SHARE
    return abs(after - before) >= least
