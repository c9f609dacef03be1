"""What changed in a model, as the report says it; found as `editsvc tune` finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.policy import Cell
from editsvc.report.model import Recommendation
from editsvc.tuning.drift import ChangeKind, shifts
from editsvc.tuning.observation import Observation, by_model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.tokenlog.evidence import Observation as Logged
    from editsvc.tuning.drift import Change

_LEAST_SHARE: Final = 0.05
_LEAST_SPEED: Final = 0.1


def drifts(sample: Iterable[Logged]) -> list[Recommendation]:
    """A sentence for each model whose acceptance, coverage or speed shifted, the latest first."""
    told = [one for one in map(_observed, sample) if one is not None]
    found = sorted(filter(_matters, shifts(by_model(told))), key=lambda one: one.at, reverse=True)
    return [
        Recommendation(
            "drift",
            f"{change.sentence} editsvc tune decides by what came since.",
            {"before": change.before, "after": change.after, "requests": change.requests},
        )
        for change in found
    ]


def _matters(change: Change) -> bool:
    """Whether it is worth a sentence: with many requests, a test finds shifts that nobody would notice."""
    before, after = change.before, change.after
    if before is None or after is None:
        return True
    least = _LEAST_SPEED * before if change.kind is ChangeKind.SPEED else _LEAST_SHARE
    return abs(after - before) >= least


def _observed(one: Logged) -> Observation | None:
    if one.offline or one.model is None or one.completion_tokens is None or one.attempts > 1 or not one.whole:
        return None
    if one.prediction_sent and (one.accepted is None or one.rejected is None):
        return None
    reply_tokens = one.completion_tokens - (one.rejected or 0)
    if reply_tokens <= 0:
        return None
    return Observation(
        at=one.created_at,
        cell=Cell(None, one.model),
        sent=one.prediction_sent,
        reply_tokens=reply_tokens,
        reasoning_tokens=0,
        accepted=(one.accepted or 0) if one.prediction_sent else 0,
        rejected=(one.rejected or 0) if one.prediction_sent else 0,
        seconds=one.completion_time_s,
    )
