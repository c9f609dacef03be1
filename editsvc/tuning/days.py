"""How slow each day was: what slows down all requests of a day alike is no effect of a prediction.

A day's requests take its own time for a unit of work: a token without a prediction, a pass with one. Days are random
effects in a linear model of both arms (generalised least squares; the variance between days is DerSimonian and
Laird's, Controlled Clinical Trials 7, 1986), so that a day tells about itself whichever way its requests went, and is
drawn towards the usual one, the more so the less they say. Where the arms fell on different days, nobody can tell
what was the day and what the prediction: how much that leaves open is part of the result.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from editsvc.tuning.estimates import LEAST_CLUSTERS, LEAST_FREEDOM, linear, mean
from editsvc.tuning.observation import Weighted

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from datetime import date, datetime

    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.observation import Observation

_ROUNDS: Final = 5
_LEAST_PACE: Final = 0.05
# The variance by which days are taken to differ where there are too few to see it: by a tenth.
_ASSUMED: Final = 0.01
_NOTHING: Final = 1e-12
_UNKNOWN: Final = replace(linear(1.0, 0.0, LEAST_FREEDOM), enough=False)


@dataclass(frozen=True, slots=True)
class Days:
    """The pace of each day, relative to the usual, and what days leave open of the ratio of both arms.

    `open` is a variance of the logarithm of that ratio, beyond what requests have.
    """

    paces: Mapping[date, float] = field(default_factory=dict)
    open: float = 0.0


AS_USUAL: Final = Days()


def work(observation: Observation) -> int:
    """How much the server had to write by itself."""
    if not observation.sent:
        return observation.reply_tokens
    return max(1, observation.reasoning_tokens + observation.passes)


def paced(found: Sequence[Weighted]) -> tuple[list[Weighted], Days]:
    """`found` with the pace of their days, and what is known of the days."""
    days = _days([each.observation for each in found])
    paces = days.paces
    return [
        Weighted(each.observation, each.weight, each.exposure, paces.get(each.observation.day, 1.0))
        for each in found
    ], days


def present(found: Sequence[Weighted], since: datetime | None) -> Estimate:
    """The pace of the days `since` the speed last changed: 1 if it never did, with what days leave open."""
    recent = [each for each in found if since is None or each.observation.at >= since]
    paces, weights = [each.pace for each in recent], [each.weight for each in recent]
    return mean(paces, weights, [each.observation.day for each in recent]) or _UNKNOWN


@dataclass(slots=True)
class _Sum:
    """The requests of one arm on one day."""

    seconds: float = 0.0
    work: float = 0.0


class _Fit:
    """Both arms on all days; `units` are the usual seconds for a unit of work of each arm."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        self.timed = [
            (each.day, each.sent, each.file, each.seconds, work(each))
            for each in observations
            if each.clean and each.seconds is not None
        ]
        self.sums: defaultdict[date, dict[bool, _Sum]] = defaultdict(dict)
        totals: dict[bool, _Sum] = {}
        for day, sent, _, seconds, amount in self.timed:
            for one in (self.sums[day].setdefault(sent, _Sum()), totals.setdefault(sent, _Sum())):
                one.seconds += seconds
                one.work += amount
        self.units = {sent: total.seconds / total.work for sent, total in totals.items()}
        self.noise: dict[bool, float] = {}
        self.between = 0.0

    def refine(self) -> bool:
        """One step: how noisy requests are, how much days differ, and so the units; False if that is hopeless."""
        self.noise = self._noise()
        if not self.noise:
            return False
        self.between = self._between()
        self._step()
        return True

    def _noise(self) -> dict[bool, float]:
        """The variance of a day's relative time in one unit of work, by arm: from files within days."""
        residuals: defaultdict[tuple[bool, date, Hashable], float] = defaultdict(float)
        groups: defaultdict[bool, set[date]] = defaultdict(set)
        for day, sent, file, seconds, amount in self.timed:
            one = self.sums[day][sent]
            residuals[sent, day, file] += (seconds - one.seconds / one.work * amount) / self.units[sent]
            groups[sent].add(day)
        squares: defaultdict[bool, float] = defaultdict(float)
        counts: defaultdict[bool, int] = defaultdict(int)
        for (sent, _, _), residual in residuals.items():
            squares[sent] += residual * residual
            counts[sent] += 1
        found = {}
        for sent, square in squares.items():
            spare = counts[sent] - len(groups[sent])
            written = sum(arms[sent].work for arms in self.sums.values() if sent in arms)
            if spare > 0:
                found[sent] = max(square / written * counts[sent] / spare, _NOTHING)
        if not found:
            return {}
        # Where an arm has one file on each day, the other one has to tell.
        usual = max(found.values())
        return {sent: found.get(sent, usual) for sent in self.units}

    def precision(self, sent: bool, one: _Sum) -> float:  # noqa: FBT001 - an arm
        return one.work / self.noise[sent]

    def relative(self, sent: bool, one: _Sum) -> float:  # noqa: FBT001 - an arm
        return one.seconds / (self.units[sent] * one.work)

    def day(self, arms: Mapping[bool, _Sum]) -> tuple[float, float]:
        """The relative time of a day, and its precision."""
        precisions = {sent: self.precision(sent, one) for sent, one in arms.items()}
        total = sum(precisions.values())
        return sum(precisions[sent] * self.relative(sent, one) for sent, one in arms.items()) / total, total

    def _between(self) -> float:
        days = [self.day(arms) for arms in self.sums.values()]
        total = sum(precision for _, precision in days)
        centre = sum(precision * value for value, precision in days) / total
        distance = sum(precision * (value - centre) ** 2 for value, precision in days)
        scale = total - sum(precision * precision for _, precision in days) / total
        found = max(0.0, (distance - (len(days) - 1)) / scale) if scale > _NOTHING else 0.0
        return found if len(days) >= LEAST_CLUSTERS else max(found, _ASSUMED)

    def _step(self) -> None:
        information, scores = self._information(self.between)
        for sent, change in _solved(information, scores).items():
            self.units[sent] *= 1 + max(-0.5, min(change, 0.5))

    def _information(self, between: float) -> tuple[dict[tuple[bool, bool], float], dict[bool, float]]:
        """The normal equations of the logarithms of both units, days being random."""
        information: defaultdict[tuple[bool, bool], float] = defaultdict(float)
        scores: defaultdict[bool, float] = defaultdict(float)
        for arms in self.sums.values():
            precisions = {sent: self.precision(sent, one) for sent, one in arms.items()}
            away = {sent: self.relative(sent, one) - 1 for sent, one in arms.items()}
            # The inverse of diag(1/p) + between, by Sherman and Morrison.
            shared = between / (1 + between * sum(precisions.values()))
            pull = sum(precisions[sent] * away[sent] for sent in arms)
            for sent in arms:
                scores[sent] += precisions[sent] * (away[sent] - shared * pull)
                for other in arms:
                    information[sent, other] -= precisions[sent] * precisions[other] * shared
                information[sent, sent] += precisions[sent]
        return information, scores

    def variance(self, between: float) -> float | None:
        """That of the logarithm of the ratio of both units."""
        information, _ = self._information(between)
        one, other, both = information[True, True], information[False, False], information[True, False]
        determinant = one * other - both * both
        return (one + other + 2 * both) / determinant if determinant > _NOTHING else None


def _solved(
    information: Mapping[tuple[bool, bool], float], scores: Mapping[bool, float]
) -> dict[bool, float]:
    if len(scores) == 1:
        ((sent, score),) = scores.items()
        return {sent: score / information[sent, sent]} if information[sent, sent] else {}
    one, other, both = information[True, True], information[False, False], information[True, False]
    determinant = one * other - both * both
    if determinant <= _NOTHING:
        return {}
    return {
        True: (other * scores[True] - both * scores[False]) / determinant,
        False: (one * scores[False] - both * scores[True]) / determinant,
    }


def _days(observations: Sequence[Observation]) -> Days:
    fit = _Fit(observations)
    if not fit.timed:
        return AS_USUAL
    for _ in range(_ROUNDS):
        if not fit.refine():
            return Days(dict.fromkeys(fit.sums, 1.0))
    paces = {}
    for day, arms in fit.sums.items():
        value, precision = fit.day(arms)
        known = fit.between * precision / (1 + fit.between * precision)
        paces[day] = max(1 + known * (value - 1), _LEAST_PACE)
    left = fit.variance(fit.between), fit.variance(0.0)
    open_ = max(0.0, left[0] - left[1]) if left[0] is not None and left[1] is not None else 0.0
    return Days(paces, open_)
