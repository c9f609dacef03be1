"""Estimates with their 95 % intervals: weighted ratios over requests, functions of them, and shrinkage.

Requests to one file fare alike, and so do those of one day, so they are no independent witnesses: the unit is the
cluster, and residuals are summed within each before they are squared. A weight says how much a request counts (older
ones count less); it is not a frequency, so degrees of freedom come from the effective number of clusters.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    Way = Sequence[Hashable]

_Z95: Final = 1.959964
LEAST_CLUSTERS: Final = 10
"""With fewer files, or days, their spread is hardly known: there is a value then, and no interval to rely on."""
# Two requests hardly tell how requests vary; with three, their variance has two degrees of freedom.
LEAST_REQUESTS: Final = 3
LEAST_FREEDOM: Final = 2.0
# A t of two degrees of freedom has no standard deviation; this much is left of the third where it is asked for.
_LEAST_SURPLUS: Final = 0.4
# Decaying weights make three requests a little less than three.
_UNEQUAL: Final = 0.9
_ROUNDING: Final = 1e-12
# A cluster that is nearly all there is tells little about itself.
_LEAST_LEVER: Final = 0.1
# What a sample tells of its skewness beyond this is of a single value.
_MOST_SKEW: Final = 1.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval, its standard error, the degrees of freedom of that, and its skewness.

    Where there is not `enough` data, the interval is a guess that is not to be shown.
    """

    value: float
    low: float
    high: float
    error: float
    freedom: float
    enough: bool = True
    skew: float = 0.0


def effective_number(weights: Sequence[float]) -> float:
    """Kish's effective sample size, (Σw)²/Σw²; 0 without weights."""
    squares = sum([weight * weight for weight in weights])
    total = sum(weights)
    return total * total / squares if squares else 0.0


def linear(value: float, error: float, freedom: float, skew: float = 0.0) -> Estimate:
    """An estimate with an interval by Student's t, and by its `skew`, the third standardised moment of its error.

    A log that has few of the rare and large values errs to one side and believes to vary little. What it varies by is
    transformed as by Hall ("On the removal of skewness by transformation", J. Royal Statistical Society B 54, 1992).
    """
    below, above = reach(freedom, skew)
    return Estimate(value, value - below * error, value + above * error, error, freedom, skew=skew)


def reach(freedom: float, skew: float, curve: float = 0.0) -> tuple[float, float]:
    """How many standard errors a 95 % interval reaches below its value, and above.

    On another scale g, such as that of a logit, `curve` is its second derivative by its first, in standard errors.
    """
    point = student(freedom)
    return _unskewed(point, skew, curve), -_unskewed(-point, skew, curve)


def _unskewed(point: float, skew: float, curve: float) -> float:
    """The point of the distribution of a studentized estimate whose errors have that skewness."""
    skew = max(-_MOST_SKEW, min(skew, _MOST_SKEW))
    bend = skew / 3 + curve / 2
    found = point if abs(bend) < _ROUNDING else _halls(point, skew, bend)
    # A small sample tells little of its skewness: it is no reason to be surer on the other side.
    return found if abs(found) > abs(point) else point


def _halls(point: float, skew: float, bend: float) -> float:
    return (math.cbrt(1 + 3 * bend * (point - skew / 6)) - 1) / bend


def ratio(
    parts: Sequence[float],
    wholes: Sequence[float],
    weights: Sequence[float],
    *ways: Way,
    blurs: Sequence[float] | None = None,
    least: int = LEAST_CLUSTERS,
) -> Estimate | None:
    """The ratio of weighted sums, Σ w·part / Σ w·whole, one of each a request; None below three requests' worth.

    Each of `ways` puts the requests into clusters, such as their files, or their days; without one, each request is
    its own. The error is that of a ratio by linearisation (Cochran, "Sampling Techniques", 2.11) with the residual of
    each cluster divided by 1 - leverage (MacKinnon and White, J. Econometrics 29, 1985). Variances of two ways add
    up, less that of both together (Cameron, Gelbach and Miller, J. Business & Economic Statistics 29, 2011). A way
    with fewer clusters than the `least` is left out where there is another, and then there is not enough data.
    `blurs` are standard errors of the parts that residuals do not show, since they were used to make them alike.
    """
    weighted = [weight * whole for whole, weight in zip(wholes, weights, strict=True)]
    total = sum(weighted)
    if total <= 0 or effective_number(weights) < _UNEQUAL * LEAST_REQUESTS:
        return None
    value = sum([weight * part for part, weight in zip(parts, weights, strict=True)]) / total
    if max(weighted) >= total:
        return None  # one request alone makes up the ratio, so nothing tells how it varies
    residuals = [
        weight * part - value * whole for part, weight, whole in zip(parts, weights, weighted, strict=True)
    ]
    many = [way for way in ways if len(set(way)) >= least]
    spreads = [_spread(residuals, weighted, way) for way in many or [range(len(parts))]]
    variance = max(spread.variance for spread in spreads)
    third = max(spreads, key=lambda spread: spread.variance).third
    if len(many) > 1:
        both = _spread(residuals, weighted, list(zip(*many, strict=True)))
        variance = max(variance, sum(spread.variance for spread in spreads) - both.variance)
    if blurs is not None:
        hidden = [weight * blur for weight, blur in zip(weights, blurs, strict=True)]
        variance += sum([each * each for each in summed(hidden, ways[0] if ways else range(len(parts)))])
    freedom = max(min(spread.freedom for spread in spreads), LEAST_FREEDOM)
    scale = variance**1.5  # 0 for what is too small to be squared, too
    skew = third / scale if scale > 0 else 0.0
    found = linear(value, math.sqrt(variance) / total, freedom, skew)
    # Ten files of which one is as long as the others together are not ten.
    enough = len(many) == len(ways) and min(spread.clusters for spread in spreads) >= least
    return found if enough or not ways else replace(found, enough=False)


@dataclass(frozen=True, slots=True)
class _Spread:
    variance: float
    third: float
    freedom: float
    clusters: float


def _spread(residuals: Sequence[float], weighted: Sequence[float], way: Way) -> _Spread:
    """How much the residuals of clusters vary, as squares and as cubes, and the degrees of freedom of that.

    Those are of clusters by what they contribute to the whole, since ten of which one is as long as the others
    together are not ten; and no more than fit the kurtosis of the residuals, 2n/(κ - 1), since a variance that a few
    outliers make up is itself uncertain.
    """
    total = sum(weighted)
    sums, shares = summed(residuals, way), summed(weighted, way)
    most = (1 - _LEAST_LEVER) * total
    levered = [
        residual / (1 - min(most, share) / total) for residual, share in zip(sums, shares, strict=True)
    ]
    squares = [each * each for each in levered]
    third = sum([each * square for each, square in zip(levered, squares, strict=True)])
    second, fourth = sum(squares), sum([square * square for square in squares])
    clusters = effective_number(shares)
    freedom = clusters - 1
    kurtosis = len(squares) * fourth / (second * second) if fourth else 0.0
    if kurtosis > 1:
        freedom = min(freedom, 2 * len(squares) / (kurtosis - 1))
    return _Spread(second, third, freedom, clusters)


def summed(values: Iterable[float], way: Way) -> list[float]:
    """The sum of each cluster, in the order in which they begin."""
    sums: defaultdict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(values, way, strict=True):
        sums[cluster] += value
    return list(sums.values())


def mean(
    values: Sequence[float],
    weights: Sequence[float] | None = None,
    *ways: Way,
    blurs: Sequence[float] | None = None,
) -> Estimate | None:
    """The weighted mean; `ways` and `blurs` as for a ratio. None below three requests' worth."""
    ones = [1.0] * len(values)
    return ratio(values, ones, ones if weights is None else weights, *ways, blurs=blurs)


def rate(
    parts: Sequence[float],
    wholes: Sequence[float],
    weights: Sequence[float],
    *ways: Way,
    least: int = LEAST_CLUSTERS,
) -> Estimate | None:
    """A ratio between 0 and 1, with its interval on the logit scale, which keeps it there.

    Where all requests have the same ratio there are no residuals; Wilson's interval (JASA 22, 1927) stands in,
    with requests as trials, the widest that fits a rate per request. Requests whose whole is 0 say nothing.
    """
    told = [place for place, whole in enumerate(wholes) if whole > 0]
    found = ratio(
        [parts[place] for place in told],
        [wholes[place] for place in told],
        [weights[place] for place in told],
        *([way[place] for place in told] for way in ways),
        least=least,
    )
    if found is None:
        return None
    if found.error <= _ROUNDING or not 0 < found.value < 1:
        low, high = _wilson(min(max(found.value, 0.0), 1.0), found.freedom + 1)
        return Estimate(found.value, low, high, (high - low) / (2 * _Z95), found.freedom, found.enough)
    centre, slope = math.log(found.value / (1 - found.value)), found.value * (1 - found.value)
    error = found.error / slope
    below, above = reach(found.freedom, found.skew, (2 * found.value - 1) * error)
    return replace(found, low=logistic(centre - below * error), high=logistic(centre + above * error))


def combined(value: float, parts: Sequence[tuple[float, Estimate]]) -> Estimate:
    """An estimate that is a function of independent ones; `parts` are the derivative by each, and the estimate.

    Degrees of freedom as Satterthwaite has them (Biometrics Bulletin 2, 1946); third moments add up like variances.
    """
    told = [(slope * part.error, part) for slope, part in parts]
    variance = math.fsum(error * error for error, _ in told)
    if not (variance**2):  # too small to be squared
        return linear(value, 0.0, min(part.freedom for _, part in told))
    freedom = variance**2 / math.fsum(error**4 / part.freedom for error, part in told if part.freedom > 0)
    skew = math.fsum(error**3 * part.skew for error, part in told) / variance**1.5
    return linear(value, math.sqrt(variance), freedom, skew)


def difference(one: Estimate, other: Estimate) -> Estimate:
    """`one` minus `other`, which are independent."""
    found = combined(one.value - other.value, [(1.0, one), (-1.0, other)])
    return replace(found, enough=one.enough and other.enough)


def rates_apart(one: Estimate, other: Estimate) -> Estimate:
    """`one` minus `other`, two independent rates, whose intervals need not lie evenly about them.

    Each end is as far off as the ends of both intervals that lead there, squared and added (Newcombe, Statistics in
    Medicine 17, 1998, with any intervals: Zou and Donner, ibid. 27, 2008).
    """
    found = difference(one, other)
    value = one.value - other.value
    low = value - math.hypot(one.value - one.low, other.high - other.value)
    high = value + math.hypot(one.high - one.value, other.value - other.low)
    return replace(found, low=low, high=high)


def shrunk(found: Sequence[Estimate]) -> list[Estimate]:
    """Each estimate shrunk towards the mean of all, the more so the less certain it is.

    An empirical Bayes estimate in a model of random effects; the variance between groups is DerSimonian and
    Laird's (Controlled Clinical Trials 7, 1986). Errors stand for normal ones, so those with few degrees of
    freedom are widened to the standard deviation of their t. One group, or none, stays as it is.
    """
    if len(found) <= 1:
        return list(found)
    variances = [
        max(estimate.error * estimate.error * _widening(estimate.freedom), 1e-18) for estimate in found
    ]
    precisions = [1 / variance for variance in variances]
    total = math.fsum(precisions)
    centre = math.fsum(p * estimate.value for p, estimate in zip(precisions, found, strict=True)) / total
    spread = math.fsum(
        p * (estimate.value - centre) ** 2 for p, estimate in zip(precisions, found, strict=True)
    )
    scale = total - math.fsum(p * p for p in precisions) / total
    between = max(0.0, (spread - (len(found) - 1)) / scale) if scale > 0 else 0.0
    precisions = [1 / (variance + between) for variance in variances]
    total = math.fsum(precisions)
    centre = math.fsum(p * estimate.value for p, estimate in zip(precisions, found, strict=True)) / total
    drawn = []
    for estimate, variance in zip(found, variances, strict=True):
        own = between / (between + variance)
        value = own * estimate.value + (1 - own) * centre
        error = math.sqrt(own * estimate.error * estimate.error + (1 - own) ** 2 / total)
        drawn.append(replace(linear(value, error, estimate.freedom), enough=estimate.enough))
    return drawn


def chance_below_zero(one: Estimate) -> float:
    """The probability that the true value is negative, as the estimate has it."""
    if not one.error:
        return 1.0 if one.value < 0 else 0.5 if not one.value else 0.0
    z = -one.value / (one.error * math.sqrt(_widening(one.freedom)))
    return (1 + math.erf(z / math.sqrt(2))) / 2


def logistic(logit: float) -> float:
    """1/(1 + e^-x), without an overflow."""
    return (1 + math.tanh(logit / 2)) / 2


def student(freedom: float) -> float:
    """The 97.5 % point of Student's t, within one percent from 2 degrees of freedom on (A&S 26.7.5)."""
    z, n = _Z95, max(freedom, LEAST_FREEDOM)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )


def _widening(freedom: float) -> float:
    return freedom / max(freedom - 2, _LEAST_SURPLUS)


def _wilson(value: float, trials: float) -> tuple[float, float]:
    square = _Z95 * _Z95
    centre = value + square / (2 * trials)
    margin = _Z95 * math.sqrt(value * (1 - value) / trials + square / (4 * trials * trials))
    scale = 1 + square / trials
    return max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale)
