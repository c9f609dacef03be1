"""What is still to come, from what days were like: a total with its range.

Days of work and those of a weekend are two kinds, each with a mean and a variance of its own; where there are too few
of one, they are not told apart. A total of days to come varies by those days, and by how well their mean is known (a
prediction interval: Hahn and Meeker, "Statistical Intervals", 4.7). What a day costs has a long tail, so the range
follows the skewness of days.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.tuning.estimates import LEAST_CLUSTERS, Estimate, linear

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

LEAST_DAYS: Final = LEAST_CLUSTERS
"""With fewer days nothing is foretold."""
_LEAST_OF_A_KIND: Final = 4
_SATURDAY: Final = 5


class Day(NamedTuple):
    """A day, and what it came to."""

    day: date
    amount: float


def total(past: Sequence[Day], coming: Sequence[tuple[date, float]]) -> Estimate | None:
    """What the `coming` days add up to, each with the part of it that is still to come; None below ten `past` days.

    `past` are all days of a time, those on which nothing happened as well.
    """
    if len(past) < LEAST_DAYS:
        return None
    value = variance = third = weight = 0.0
    for of_kind, parts in _kinds(past, coming):
        count, ahead = len(of_kind), math.fsum(parts)
        mean = math.fsum(of_kind) / count
        squares = math.fsum((each - mean) ** 2 for each in of_kind) / (count - 1)
        cubes = math.fsum((each - mean) ** 3 for each in of_kind) / count
        own = squares * (math.fsum(part * part for part in parts) + ahead * ahead / count)
        value += ahead * mean
        variance += own
        third += cubes * (math.fsum(part**3 for part in parts) - ahead**3 / count**2)
        weight += own * own / (count - 1)
    if not variance:
        return linear(value, 0.0, len(past) - 1)
    found = linear(value, math.sqrt(variance), variance * variance / weight, third / variance**1.5)
    return Estimate(value, max(0.0, found.low), found.high, found.error, found.freedom, skew=found.skew)


def _kinds(
    past: Sequence[Day], coming: Sequence[tuple[date, float]]
) -> list[tuple[list[float], list[float]]]:
    """The amounts of each kind of day, and the parts to come of that kind; one kind if one has too few."""
    kinds = [
        (
            [each.amount for each in past if _is_weekend(each.day) is weekend],
            [part for day, part in coming if _is_weekend(day) is weekend],
        )
        for weekend in (False, True)
    ]
    if min(len(of_kind) for of_kind, _ in kinds) < _LEAST_OF_A_KIND:
        return [([each.amount for each in past], [part for _, part in coming])]
    return kinds


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY
