"""What the month will have cost, in local time, from the costs of the days before."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from editsvc import zones
from editsvc.report.model import Forecast, Spent
from editsvc.tokenlog.evidence import Costs
from editsvc.tuning.forecast import LEAST_DAYS, Day, total

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo

    Reader = Callable[[datetime | None, datetime | None], Costs]

_WEEKS: Final = 4


def month_forecast(costs: Reader, now: datetime, zone: tzinfo = UTC) -> Forecast:
    """The forecast at `now` for the month that it is in; `costs` are those from one time to another.

    Days are those of `zone`. Raises whatever `costs` raises.
    """
    today = zones.local(now, zone).date()
    month = today.replace(day=1)
    oldest = today - timedelta(days=7 * _WEEKS)
    by_day = {}
    day = min(month, oldest)
    while day <= today:
        by_day[day] = costs(zones.begins(day, zone), min(now, zones.begins(day + timedelta(days=1), zone)))
        day += timedelta(days=1)
    spent = of(_sum([each for day, each in by_day.items() if day >= month]))
    past = _past({day: each for day, each in by_day.items() if oldest <= day < today})
    if len(past) < LEAST_DAYS:
        return _unknown(
            month, spent, len(past), f"not enough data: {_days(len(past))}, {LEAST_DAYS} are needed"
        )
    if spent.usd is None and not any(each.amount for each in past):
        return _unknown(month, spent, len(past), "no request has a known cost")
    tomorrow = zones.begins(today + timedelta(days=1), zone)
    left = (tomorrow - now) / (tomorrow - zones.begins(today, zone))
    coming = [(today, left)]
    following = today + timedelta(days=1)
    while following.month == today.month:
        coming.append((following, 1.0))
        following += timedelta(days=1)
    found = total(past, coming)
    assert found is not None  # noqa: S101 - there are days enough
    so_far = spent.usd or 0.0
    return Forecast(
        month, spent, len(past), so_far + found.value, so_far + found.low, so_far + found.high, ""
    )


def _unknown(month: date, spent: Spent, days: int, why: str) -> Forecast:
    return Forecast(month, spent, days, None, None, None, why)


def _past(by_day: Mapping[date, Costs]) -> list[Day]:
    """The days from the first that has a request."""
    found: list[Day] = []
    for day, each in by_day.items():
        if found or each.requests:
            found.append(Day(day, each.usd or 0.0))
    return found


def _sum(found: Sequence[Costs]) -> Costs:
    known = [each.usd for each in found if each.usd is not None]
    return Costs(
        sum(each.requests for each in found),
        sum(each.reported for each in found),
        sum(each.unpriced for each in found),
        math.fsum(known) if known else None,
    )


def period_begins(period: str, now: datetime, zone: tzinfo) -> datetime:
    """When the ``day``, ``week`` (from Monday on) or ``month`` that `now` is in began."""
    today = zones.local(now, zone).date()
    if period == "month":
        return zones.begins(today.replace(day=1), zone)
    return zones.begins(today - timedelta(days=today.weekday() if period == "week" else 0), zone)


def of(costs: Costs) -> Spent:
    """What the log counted, as a report has it."""
    return Spent(costs.requests, costs.reported, costs.unpriced, costs.usd)


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'} with requests before today"
