"""How slow each day was: what slows down all requests of a day alike is no effect of a prediction.

A day's requests take its own time for a unit of work: a token without a prediction, a pass with one. Both ways are
fitted together, so that a day tells about itself whichever way its requests went. A day's figure is drawn towards
the usual one, the more so the less its requests say, and if days do not differ more than requests do, not at all
(DerSimonian and Laird, Controlled Clinical Trials 7, 1986).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editsvc.tuning.estimates import LEAST_FREEDOM, linear, mean

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from datetime import date, datetime

    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.observation import Observation, Weighted

_ROUNDS: Final = 4
_LEAST_PACE: Final = 0.05
_UNKNOWN: Final = replace(linear(1.0, 0.0, LEAST_FREEDOM), enough=False)


def work(observation: Observation) -> int:
    """How much the server had to write by itself."""
    if not observation.sent:
        return observation.reply_tokens
    return max(1, observation.reasoning_tokens + observation.passes)


def paced(found: Sequence[Weighted]) -> list[Weighted]:
    """`found` with the pace of their days."""
    paces = _paces([each.observation for each in found])
    return [replace(each, pace=paces.get(each.observation.day, 1.0)) for each in found]


def present(found: Sequence[Weighted], since: datetime | None) -> Estimate:
    """The pace of the days `since` the speed last changed: 1 if it never did, with what days leave open."""
    recent = [each for each in found if since is None or each.observation.at >= since]
    paces, weights = [each.pace for each in recent], [each.weight for each in recent]
    return mean(paces, weights, [each.observation.day for each in recent]) or _UNKNOWN


def _paces(observations: Sequence[Observation]) -> dict[date, float]:
    timed = [
        (each.day, each.sent, each.file, each.seconds, work(each))
        for each in observations
        if each.clean and each.seconds is not None
    ]
    paces: dict[date, float] = defaultdict(lambda: 1.0)
    for _ in range(_ROUNDS):
        units = _units(timed, paces)
        paces |= _fitted(timed, units)
    return dict(paces)


_Timed = tuple["date", bool, "Hashable", float, int]


def _units(timed: Sequence[_Timed], paces: dict[date, float]) -> dict[bool, float]:
    """The usual seconds for a unit of work, either way."""
    sums: dict[bool, list[float]] = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for day, sent, _, seconds, amount in timed:
        sums[sent][0] += seconds
        sums[sent][1] += amount * paces[day]
    return {sent: took / amount if amount else 0.0 for sent, (took, amount) in sums.items()}


def _fitted(timed: Sequence[_Timed], units: dict[bool, float]) -> dict[date, float]:
    took: dict[date, float] = defaultdict(float)
    expected: dict[date, float] = defaultdict(float)
    for day, sent, _, seconds, amount in timed:
        took[day] += seconds
        expected[day] += units[sent] * amount
    raw = {day: took[day] / expected[day] for day in took if expected[day]}
    if len(raw) <= 1:
        return dict.fromkeys(raw, 1.0)
    residuals: dict[tuple[date, Hashable], float] = defaultdict(float)
    for day, sent, file, seconds, amount in timed:
        residuals[day, file] += seconds - raw[day] * units[sent] * amount
    spread = len(residuals) - len(raw)
    if spread <= 0:
        return dict.fromkeys(raw, 1.0)  # one file a day: a day cannot be told from its file
    # The variance of a day's sum is in proportion to what was expected of it.
    scale = sum(each * each for each in residuals.values()) / sum(expected.values())
    scale *= len(residuals) / spread
    precisions = {day: expected[day] / scale if scale else 1e12 for day in raw}
    total = sum(precisions.values())
    centre = sum(precisions[day] * pace for day, pace in raw.items()) / total
    distance = sum(precisions[day] * (pace - centre) ** 2 for day, pace in raw.items())
    squares = sum(each * each for each in precisions.values())
    between = max(0.0, (distance - (len(raw) - 1)) / (total - squares / total))
    paces = {
        day: max(centre + (pace - centre) * between / (between + 1 / precisions[day]), _LEAST_PACE)
        for day, pace in raw.items()
    }
    usual = sum(expected[day] * pace for day, pace in paces.items()) / sum(expected.values())
    return {day: pace / usual for day, pace in paces.items()}
