"""How slow each day was: what slows down all requests of a day alike is no effect of a prediction.

A day's requests take its own time for a unit of work: a token without a prediction, a pass with one. Days are random
effects in a linear model of both arms (generalised least squares; the variance between days is DerSimonian and
Laird's, Controlled Clinical Trials 7, 1986), so that a day tells about itself whichever way its requests went, and is
drawn towards the usual one, the more so the less they say. Where the arms fell on different days, nobody can tell
what was the day and what the prediction: how much that leaves open is part of the result.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from editsvc.tuning.estimates import LEAST_CLUSTERS, LEAST_FREEDOM, effective_number, linear, mean, summed
from editsvc.tuning.observation import Weighted

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from datetime import date, datetime

    from editsvc.tuning.estimates import Estimate
    from editsvc.tuning.observation import Observation

_ROUNDS: Final = 5
# What a request takes is fitted to so many files at least, in so many steps.
_LEAST_FITTED: Final = 60
_FITS: Final = 2
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
    days, blurs = _days([each.observation for each in found])
    paces = days.paces
    return [
        Weighted(
            each.observation,
            each.weight,
            each.exposure,
            paces.get(each.observation.day, 1.0),
            blurs.get((each.observation.sent, each.observation.day, each.observation.file), 0.0),
        )
        for each in found
    ], days


def present(found: Sequence[Weighted], since: datetime | None) -> Estimate:
    """The pace of the days `since` the speed last changed: 1 if it never did, with what days leave open."""
    recent = [each for each in found if since is None or each.observation.at >= since]
    paces, weights = [each.pace for each in recent], [each.weight for each in recent]
    return mean(paces, weights, [each.observation.day for each in recent]) or _UNKNOWN


def _expected(observations: Sequence[Observation]) -> Callable[[Observation], float]:
    """How much time a request is to be expected to take, in some unit, whatever the day.

    A request with a prediction takes time for each pass, and more for those that verify one: about as many as there
    are requests, and tokens accepted. Passes alone would make a file that fits badly, and is long for that, look like
    a fast day.
    """
    timed = [each for each in observations if each.sent and each.clean and each.seconds is not None]
    scale = sum(each.seconds or 0.0 for each in timed) / max(1, sum(map(work, timed)))
    if (
        effective_number(summed([1.0] * len(timed), [each.file for each in timed])) < _LEAST_FITTED
        or scale <= 0
    ):
        return work
    found = [scale, 0.0, 0.0]
    for _ in range(_FITS):
        fitted = _least_squares(
            [((float(work(each)), 1.0, float(each.accepted)), each.seconds or 0.0) for each in timed], found
        )
        if fitted is None:
            break
        found = fitted

    def expected(each: Observation) -> float:
        return work(each) if not each.sent else _told(found, work(each), each.accepted)

    return expected


def _told(found: Sequence[float], amount: float, accepted: float) -> float:
    return max(found[0] * amount + found[1] + found[2] * accepted, _NOTHING)


def _least_squares(
    rows: Sequence[tuple[tuple[float, float, float], float]], before: Sequence[float]
) -> list[float] | None:
    """Coefficients that fit relative to what those `before` expect; those that come out negative are left out."""
    weights = [1 / _told(before, x[0], x[2]) ** 2 for x, _ in rows]
    places = [0, 1, 2]
    while places:
        matrix = [
            [
                *(sum([w * x[i] * x[j] for (x, _), w in zip(rows, weights, strict=True)]) for j in places),
                sum([w * x[i] * y for (x, y), w in zip(rows, weights, strict=True)]),
            ]
            for i in places
        ]
        found = _eliminated(matrix)
        if found is None or found[0] <= 0:
            return None
        if min(found) >= 0:
            return [found[places.index(place)] if place in places else 0.0 for place in range(3)]
        places.pop(found.index(min(found)))
    return None


def _eliminated(matrix: list[list[float]]) -> list[float] | None:
    """The solution of linear equations, each a row with its right side at the end; None if there is none."""
    count = len(matrix)
    for place in range(count):
        pivot = matrix[place][place]
        if abs(pivot) <= _NOTHING * abs(matrix[0][0]):
            return None
        for row in range(count):
            if row != place:
                factor = matrix[row][place] / pivot
                matrix[row] = [a - factor * b for a, b in zip(matrix[row], matrix[place], strict=True)]
    return [row[-1] / row[place] for place, row in enumerate(matrix)]


@dataclass(slots=True)
class _Sum:
    """The requests of one arm on one day, or those to one file: their squares are those of requests, and of files."""

    seconds: float = 0.0
    work: float = 0.0
    requests: float = 0.0
    files: float = 0.0


@dataclass(frozen=True, slots=True)
class _Noise:
    """The variances of relative times: of files, and of the requests to one."""

    file: float
    request: float

    def of(self, one: _Sum) -> float:
        """The variance of the relative time of all in `one`."""
        return (self.file * one.files + self.request * one.requests) / (one.work * one.work)


class _Fit:
    """Both arms on all days; `units` are the usual seconds for a unit of work of each arm."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        expected = _expected(observations)
        self.timed = [
            (each.day, each.sent, each.file, each.seconds, expected(each))
            for each in observations
            if each.clean and each.seconds is not None
        ]
        self.sums: defaultdict[date, dict[bool, _Sum]] = defaultdict(dict)
        totals: dict[bool, _Sum] = {}
        self.files: defaultdict[tuple[bool, date, Hashable], _Sum] = defaultdict(_Sum)
        for day, sent, file, seconds, amount in self.timed:
            for one in (
                self.sums[day].setdefault(sent, _Sum()),
                totals.setdefault(sent, _Sum()),
                self.files[sent, day, file],
            ):
                one.seconds += seconds
                one.work += amount
                one.requests += amount * amount
        for (sent, day, _), one in self.files.items():
            one.files = one.work * one.work
            self.sums[day][sent].files += one.files
        self.units = {sent: total.seconds / total.work for sent, total in totals.items()}
        self.noise: dict[bool, _Noise] = {}
        self.between = 0.0

    def refine(self) -> bool:
        """One step: how noisy requests are, how much days differ, and so the units; False if that is hopeless."""
        self.noise = self._noise()
        if not self.noise:
            return False
        self.between = self._between()
        self._step()
        return True

    def _noise(self) -> dict[bool, _Noise]:
        """How much files vary within days, by arm, and requests within files: both by the method of moments."""
        request = self._of_requests()
        squares: defaultdict[bool, float] = defaultdict(float)
        expected: defaultdict[bool, _Sum] = defaultdict(_Sum)
        for (sent, day, _), one in self.files.items():
            whole = self.sums[day][sent]
            residual = (one.seconds - whole.seconds / whole.work * one.work) / self.units[sent]
            squares[sent] += residual * residual
            # The day's own ratio is taken off, and so is some of the variance.
            left = 1 - 2 * one.work / whole.work + whole.files / (whole.work * whole.work)
            expected[sent].files += left * one.files
            expected[sent].requests += left * one.requests
        found = {
            sent: _Noise(
                max(0.0, (squares[sent] - request * each.requests) / each.files), max(request, _NOTHING)
            )
            for sent, each in expected.items()
            if each.files > _NOTHING
        }
        if not found:
            return {}
        # Where an arm has one file on each day, the other one has to tell.
        usual = max(found.values(), key=lambda noise: noise.file)
        return {sent: found.get(sent, usual) for sent in self.units}

    def _of_requests(self) -> float:
        squares = expected = 0.0
        for day, sent, file, seconds, amount in self.timed:
            whole = self.files[sent, day, file]
            residual = (seconds - whole.seconds / whole.work * amount) / self.units[sent]
            squares += residual * residual
            left = 1 - 2 * amount / whole.work + whole.requests / (whole.work * whole.work)
            expected += left * amount * amount
        return squares / expected if expected > _NOTHING else 0.0

    def precision(self, sent: bool, one: _Sum) -> float:  # noqa: FBT001 - an arm
        return 1 / self.noise[sent].of(one)

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


_File = tuple[bool, "date", "Hashable"]


def _days(observations: Sequence[Observation]) -> tuple[Days, dict[_File, float]]:
    """What is known of days, and what each file's own noise adds to the pace of its day: a relative standard error."""
    fit = _Fit(observations)
    if not fit.timed:
        return AS_USUAL, {}
    for _ in range(_ROUNDS):
        if not fit.refine():
            return Days(dict.fromkeys(fit.sums, 1.0)), {}
    paces, levers = {}, {}
    for day, arms in fit.sums.items():
        value, precision = fit.day(arms)
        share = fit.between * precision / (1 + fit.between * precision)
        paces[day] = max(1 + share * (value - 1), _LEAST_PACE)
        for sent, one in arms.items():
            levers[sent, day] = share * fit.precision(sent, one) / precision / one.work
    blurs = {
        (sent, day, file): math.sqrt(levers[sent, day] * one.work * fit.noise[sent].of(one))
        for (sent, day, file), one in fit.files.items()
    }
    left = fit.variance(fit.between), fit.variance(0.0)
    open_ = max(0.0, left[0] - left[1]) if left[0] is not None and left[1] is not None else 0.0
    return Days(paces, open_), blurs
