"""Rates with 95 % intervals, and quantiles.

The unit is the file: the tokens of one request succeed or fail together, and so do the requests to one file. On
such logs an interval that counts tokens as independent turned out twelve times too narrow, and one that counts the
eight requests to a file so held the truth in 57 of 100 logs instead of 95.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.report.model import Quantiles, Rate
from editsvc.tuning.estimates import LEAST_CLUSTERS, logistic, reach

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Sequence

# Below this many requests there is no interval and no 95th percentile: there is not enough data.
FLOOR: Final = 20
_Z95: Final = 1.959964
_LEAST_FREEDOM: Final = 4.0
# A file that is nearly all there is tells little about itself.
_LEAST_LEVER: Final = 0.1


class Totals(NamedTuple):
    """Both sums of a ratio over all requests, and the number of requests."""

    part: int
    whole: int
    requests: int


def ratio(
    pairs: Sequence[tuple[int, int]],
    totals: Totals | None = None,
    files: Sequence[Hashable] | None = None,
) -> Rate:
    """The ratio of sums, Σ part / Σ whole, over one (part, whole) pair per request.

    `files` names the file of each; without it each request counts by itself. Pass `totals` if `pairs` are a sample:
    the ratio is then theirs, and only its spread is estimated from the sample.

    Pairs whose whole is 0 say nothing about the ratio and are left out. The interval is that of a ratio of means by
    linearisation (Cochran, "Sampling Techniques", 2.11) with the residuals of each file summed up and divided by
    1 - leverage, as a jackknife has it (MacKinnon and White, J. Econometrics 29, 1985), Student's t, their skewness,
    and the logit scale, which keeps it inside of 0 and 1. On simulated logs with skewed sizes it covered the truth
    more often than 2,000 resamples of requests did, at a tenth of the time or less. Where all requests have the same
    ratio there are no residuals; Wilson's interval stands in, with files as trials, the widest that fits a rate per
    file.
    """
    names = range(len(pairs)) if files is None else files
    told = [(part, whole, file) for (part, whole), file in zip(pairs, names, strict=True) if whole > 0]
    parts, wholes = sum(part for part, _, _ in told), sum(whole for _, whole, _ in told)
    totals = totals or Totals(parts, wholes, len(told))
    if totals.whole <= 0:
        return Rate(None, None, None, 0)
    value = totals.part / totals.whole
    clusters: dict[Hashable, tuple[int, int]] = {}
    for part, whole, file in told:
        before = clusters.get(file)
        clusters[file] = (part, whole) if before is None else (before[0] + part, before[1] + whole)
    if len(told) < FLOOR or len(clusters) < LEAST_CLUSTERS:
        return Rate(value, None, None, totals.requests)
    if all(part * wholes == parts * whole for part, whole, _ in told):
        low, high = _wilson(value, len(clusters))
    else:
        low, high = _linearised([(part, whole) for part, whole, _ in told], clusters.values(), value, totals)
    return Rate(value, low, high, totals.requests)


def proportion(hits: int, trials: int) -> Rate:
    """Of `trials` requests, the share of `hits`, with Wilson's interval (JASA 22, 1927)."""
    if not trials:
        return Rate(None, None, None, 0)
    value = hits / trials
    if trials < FLOOR:
        return Rate(value, None, None, trials)
    low, high = _wilson(value, trials)
    return Rate(value, low, high, trials)


def quantiles(values: Sequence[float]) -> Quantiles:
    """Median and 95th percentile, interpolated linearly between order statistics."""
    ordered = sorted(values)
    if not ordered:
        return Quantiles(None, None, 0)
    enough = len(ordered) >= FLOOR
    return Quantiles(_quantile(ordered, 0.5), _quantile(ordered, 0.95) if enough else None, len(ordered))


def _linearised(
    pairs: Sequence[tuple[int, int]], clusters: Collection[tuple[int, int]], value: float, totals: Totals
) -> tuple[float, float]:
    """The interval of `value`; `clusters` are the sums of files."""
    sampled_every = totals.requests / len(pairs)
    share, most = sampled_every / totals.whole, 1 - _LEAST_LEVER
    residuals = [(part - value * whole) / (1 - min(whole * share, most)) for part, whole in clusters]
    squares = [residual * residual for residual in residuals]
    third = math.fsum([residual * square for residual, square in zip(residuals, squares, strict=True)])
    sizes = [whole for _, whole in clusters]
    variance = together = math.fsum(squares)
    if sampled_every > 1 and len(clusters) < len(pairs):
        # A sample has one in so many of the requests, and one in so many squared of the pairs of one file.
        each = math.fsum([(part - value * whole) ** 2 for part, whole in pairs])
        variance = each + sampled_every * max(0.0, together - each)
    variance *= sampled_every
    # A few long files may make up most of the whole, and a few odd ones most of the variance (2n/(κ - 1)).
    freedom = _effective(sizes) - 1
    kurtosis = len(squares) * math.fsum(square * square for square in squares) / (together * together)
    if kurtosis > 1:
        freedom = min(freedom, 2 * len(squares) / (kurtosis - 1))
    freedom, skew = max(freedom, _LEAST_FREEDOM), sampled_every * third / variance**1.5
    error = math.sqrt(variance) / totals.whole
    if not 0 < value < 1:
        # A server that counts as documented never has such a rate, but that is not a reason to fail.
        below, above = reach(freedom, skew)
        return max(0.0, value - below * error), value + above * error
    centre, error = math.log(value / (1 - value)), error / (value * (1 - value))
    below, above = reach(freedom, skew, (2 * value - 1) * error)
    return logistic(centre - below * error), logistic(centre + above * error)


def _effective(sizes: Sequence[int]) -> float:
    """The number of files of one size that would tell as much: (Σ size)² / Σ size²."""
    return sum(sizes) ** 2 / sum(size * size for size in sizes)


def _wilson(value: float, trials: int) -> tuple[float, float]:
    value = min(value, 1.0)
    square = _Z95 * _Z95
    centre = value + square / (2 * trials)
    margin = _Z95 * math.sqrt(value * (1 - value) / trials + square / (4 * trials * trials))
    scale = 1 + square / trials
    return max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale)


def _quantile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)
