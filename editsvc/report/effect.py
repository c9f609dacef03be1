"""The effect of predicting on the time of an edit, from randomised requests alone.

The policy chooses which requests get a prediction, so the two halves of a log differ in more than predictions.
A policy that explores gives some requests the other treatment at random and logs the probability. Only these are
compared, each weighted by 1 / probability (Horvitz and Thompson, JASA 47, 1952), so that it does not matter how the
probability differed from one request to the next.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.report.intervals import FLOOR
from editsvc.report.model import Difference, Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from editsvc.tokenlog.evidence import LoggedRequest

RESAMPLES: Final = 1000
# Of one of several models only a plot shows the interval.
_FEWER_RESAMPLES: Final = 400
# With fewer on one side, the 95th percentile is one of the largest few values there, and says little.
TAIL_FLOOR: Final = 200
# If a log would have to be this many times longer to decide, there is hardly any difference.
_HOPELESS: Final = 1000.0
_SEED: Final = 20261121
UNKNOWN: Final = Difference(None, None, None, None, None)


class Trial(NamedTuple):
    """A request that got its treatment with probability `chance`, and represents so many of the log."""

    request: LoggedRequest
    chance: float
    stands_for: int

    @property
    def weight(self) -> float:
        """The number of requests it represents in a comparison of both treatments."""
        return self.stands_for / self.chance


def randomised(
    sample: Iterable[LoggedRequest], every: int, explored: Iterable[LoggedRequest], explored_every: int
) -> list[Trial]:
    """The measured randomised requests, from both samples of a log."""
    taken = [(each, every) for each in sample if not each.explored]
    taken += [(each, explored_every) for each in explored]
    return [
        Trial(each, each.propensity, stands_for)
        for each, stands_for in taken
        if each.propensity is not None
        and 0 < each.propensity < 1
        and each.whole
        and each.measures
        and each.total_s is not None
    ]


def effect(trials: Sequence[Trial], *, tails: bool = True) -> Effect:
    """Time with and without prediction, and their differences with 95 % bootstrap intervals.

    Without `tails`, those of the 95th percentiles are left unknown.
    """
    predicted, held_out = ([trial for trial in trials if trial.request.arm is sent] for sent in (True, False))
    total, total_p95 = _differences(predicted, held_out, lambda request: request.total_s, tails=tails)
    completion, completion_p95 = _differences(
        predicted, held_out, lambda request: request.completion_time_s, tails=tails
    )
    return Effect(
        requests_with=len(predicted),
        requests_without=len(held_out),
        total_s=total,
        total_p95_s=total_p95,
        completion_time_s=completion,
        completion_time_p95_s=completion_p95,
        more_requests=_more(trials, min(len(predicted), len(held_out)), total),
    )


class WeightedValues:
    """A weighted sample.

    `size` is the effective one, (Σw)² / Σw² (Kish): that of an equally informative plain sample.
    """

    def __init__(self, pairs: Iterable[tuple[float, float]]) -> None:
        """`pairs` are (value, weight); there must be at least one."""
        ordered = sorted(pairs)
        weights = [weight for _, weight in ordered]
        total = math.fsum(weights)
        self._values = [value for value, _ in ordered]
        self._levels = [
            (end - weight / 2) / total for end, weight in zip(accumulate(weights), weights, strict=True)
        ]
        self.size = total * total / math.fsum(weight * weight for weight in weights)

    def quantile(self, level: float) -> float:
        """The value at `level`, linear between the middles of the weights (Hazen)."""
        above = bisect_left(self._levels, level)
        if above == 0:
            return self._values[0]
        if above == len(self._levels):
            return self._values[-1]
        below = above - 1
        share = (level - self._levels[below]) / (self._levels[above] - self._levels[below])
        return self._values[below] + share * (self._values[above] - self._values[below])

    def resampled(self, level: float, rng: random.Random) -> float:
        """The quantile of one resample, drawn without making the resample.

        The quantile of a resample of n values is an order statistic of n uniform levels, put through the
        sample's own quantile function, and that order statistic has a beta distribution (Efron, "The
        Jackknife, the Bootstrap and Other Resampling Plans", 10.4, has the same argument for its variance).
        """
        return self.quantile(rng.betavariate(level * self.size + 0.5, (1 - level) * self.size + 0.5))


def _differences(
    predicted: Sequence[Trial],
    held_out: Sequence[Trial],
    measure: Callable[[LoggedRequest], float | None],
    *,
    tails: bool,
) -> tuple[Difference, Difference]:
    """The differences of the medians and of the 95th percentiles."""
    sides = [
        [(value, trial.weight) for trial in side if (value := measure(trial.request)) is not None]
        for side in (predicted, held_out)
    ]
    if not all(sides):
        return UNKNOWN, UNKNOWN
    with_, without = map(WeightedValues, sides)
    if not tails:
        return _difference(with_, without, 0.5, FLOOR, _FEWER_RESAMPLES), UNKNOWN
    return _difference(with_, without, 0.5, FLOOR), _difference(with_, without, 0.95, TAIL_FLOOR)


def _difference(
    predicted: WeightedValues, held_out: WeightedValues, level: float, floor: int, resamples: int = RESAMPLES
) -> Difference:
    with_, without = predicted.quantile(level), held_out.quantile(level)
    if min(predicted.size, held_out.size) < floor * (1 - 1e-9):
        # With few values a median can be shown, but not a percentile.
        return Difference(with_, without, None, None, None) if level == 0.5 else UNKNOWN  # noqa: PLR2004
    rng = random.Random(_SEED)  # noqa: S311 - a resample needs no secrets, and a report repeats itself
    draws = sorted(held_out.resampled(level, rng) - predicted.resampled(level, rng) for _ in range(resamples))
    tail = round(0.025 * resamples)
    return Difference(with_, without, without - with_, draws[tail - 1], draws[-tail])


def _more(trials: Sequence[Trial], smaller: int, median: Difference) -> int | None:
    """About how many more requests are needed for a verdict; 0 if there is one, None if unknown.

    Counts randomised requests, assuming the same share of explored ones.
    """
    present = sum(trial.stands_for for trial in trials)
    if not present:
        return None
    if median.saved is None or median.low is None or median.high is None:
        explored = math.fsum(min(trial.chance, 1 - trial.chance) * trial.stands_for for trial in trials)
        return _rounded((FLOOR - smaller) * present / explored) if smaller < FLOOR else None
    if not median.low <= 0 <= median.high:
        return 0
    width = (median.high - median.low) / 2
    if abs(median.saved) * math.sqrt(_HOPELESS) <= width:
        return None
    return _rounded(present * ((width / abs(median.saved)) ** 2 - 1))


def _rounded(value: float) -> int:
    """`value` rounded up to two figures: more would pretend precision."""
    if value < 1:
        return 1
    unit: int = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return math.ceil(value / unit - 1e-9) * unit
