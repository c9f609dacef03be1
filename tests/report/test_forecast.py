"""What the month will have cost: its days in local time, a range that holds, and no guess where there is no data."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import statsmodels.api as sm

from editsvc.report.budget_words import above, foretold, within
from editsvc.report.forecast import month_forecast, period_begins
from editsvc.report.model import Spent
from editsvc.tokenlog.evidence import Costs
from editsvc.tuning.forecast import Day, total

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BERLIN = ZoneInfo("Europe/Berlin")


def logged(costs: Mapping[datetime, float | None]) -> Callable[[datetime | None, datetime | None], Costs]:
    """A log of requests at these times, each with its cost."""

    def read(begin: datetime | None, until: datetime | None) -> Costs:
        assert begin is not None and until is not None
        found = [cost for at, cost in costs.items() if begin <= at < until]
        known = [cost for cost in found if cost is not None]
        return Costs(len(found), len(known), len(found) - len(known), sum(known) if known else None)

    return read


def daily(now: datetime, days: int, cost: float = 1.0) -> dict[datetime, float | None]:
    return {now - timedelta(days=ago): cost for ago in range(1, days + 1)}


def test_the_same_cost_every_day_goes_on_to_the_end_of_the_month() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    found = month_forecast(logged(daily(now, 40)), now, UTC)
    assert found.month == date(2026, 11, 1)
    assert found.so_far.usd == 19
    assert found.expected_usd == pytest.approx(19 + 0.5 + 10)
    assert (found.low, found.high) == (found.expected_usd, found.expected_usd)


def test_the_month_begins_at_midnight_where_the_user_is() -> None:
    """In Berlin, the first of November begins an hour before it does in UTC."""
    first = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    before = datetime(2026, 10, 31, 22, 30, tzinfo=UTC)
    now = datetime(2026, 11, 3, tzinfo=UTC)
    found = month_forecast(logged({before: 5.0, first: 7.0}), now, BERLIN)
    assert found.so_far.usd == 7


def test_a_day_of_25_hours_is_one_day() -> None:
    """On the 25th of October the clock is put back in Berlin: a request in its last hour belongs to it."""
    last = datetime(2026, 10, 25, 22, 30, tzinfo=UTC)
    now = datetime(2026, 11, 3, tzinfo=UTC)
    costs = {now - timedelta(days=ago): 0.0 for ago in range(1, 28)}
    found = month_forecast(logged({**costs, last: 6.0}), now, BERLIN)
    assert found.so_far.usd == 0
    assert month_forecast(logged({last: 6.0}), datetime(2026, 10, 26, tzinfo=UTC), BERLIN).so_far.usd == 6


@pytest.mark.parametrize(
    ("period", "begins"),
    [("day", "2026-11-18"), ("week", "2026-11-16"), ("month", "2026-11-01")],
)
def test_a_period_begins_at_midnight_and_a_week_on_monday(period: str, begins: str) -> None:
    now = datetime(2026, 11, 18, 15, tzinfo=BERLIN)
    assert period_begins(period, now, BERLIN) == datetime.fromisoformat(begins).replace(tzinfo=BERLIN)


def test_below_ten_days_nothing_is_foretold() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    found = month_forecast(logged(daily(now, 9)), now, UTC)
    assert found.expected_usd is None
    assert foretold(found) == (
        "$9.00 so far; no forecast: not enough data: 9 days with requests before today, 10 are needed"
    )


def test_costs_that_nobody_knows_are_said_and_no_forecast_is_made_of_nothing() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    unknown: dict[datetime, float | None] = dict.fromkeys(daily(now, 30))
    assert month_forecast(logged(unknown), now, UTC).expected_usd is None
    some = unknown | {now - timedelta(days=ago, hours=1): 2.0 for ago in range(1, 31)}
    found = month_forecast(logged(some), now, UTC)
    assert foretold(found).startswith(
        "$38.00 so far (cost covers 19 of 38 requests, 19 to models whose price is unknown); "
    )


def test_the_range_is_the_prediction_interval_of_a_sum_of_days() -> None:
    """Days of one kind, without skewness: least squares says the same of their mean, and of one day to come."""
    amounts = [3.0, 5.0, 4.0, 6.0, 2.0, 4.0, 3.0, 5.0, 4.0, 6.0, 2.0, 4.0]
    past = [Day(date(2026, 11, 2) + timedelta(weeks=week), amount) for week, amount in enumerate(amounts)]
    found = total(past, [(date(2027, 3, 1), 1.0)])
    fitted = sm.OLS(np.array(amounts), np.ones(len(amounts))).fit()
    ((low, high),) = fitted.get_prediction([1.0]).conf_int(obs=True)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((4.0, low, high), rel=0.01)


def test_weekends_are_days_of_their_own() -> None:
    past = [
        Day(day, 0.0 if day.weekday() >= 5 else 10.0)
        for day in (date(2026, 11, 2) + timedelta(days=number) for number in range(28))
    ]
    weekend = [(date(2026, 12, day), 1.0) for day in (5, 6)]
    found = total(past, weekend)
    assert found is not None and found.value == 0
    found = total(past, [(date(2026, 12, 7), 1.0)])
    assert found is not None and found.value == 10


def test_the_range_holds_the_end_of_the_month_in_most_months() -> None:
    """Days whose cost has a long tail, and quiet weekends; four weeks foretell ten days."""
    held = 0
    rng = random.Random(7)
    for _ in range(200):
        days = [
            Day(day, rng.lognormvariate(0, 0.8) * (0.1 if day.weekday() >= 5 else 1))
            for day in (date(2026, 11, 1) + timedelta(days=number) for number in range(38))
        ]
        found = total(days[:28], [(each.day, 1.0) for each in days[28:]])
        assert found is not None
        held += found.low <= sum(each.amount for each in days[28:]) <= found.high
    assert held >= 180


@pytest.mark.parametrize(
    ("spent", "sentence"),
    [
        (Spent(10, 10, 0, 4.99), None),
        (Spent(10, 10, 0, 5.01), "The cost today is $5.01, above $5.00."),
        (Spent(10, 8, 0, 5.01), "The cost today is $5.01 (cost covers 8 of 10 requests), above $5.00."),
        # Requests that were cut short report nothing, and say nothing of prices.
        (Spent(10, 8, 0, 1.0), None),
        (
            Spent(10, 8, 2, 1.0),
            (
                "Whether the cost today is above $5.00 cannot be said: the price of the model is unknown for 2 of "
                "10 requests; the others cost $1.00."
            ),
        ),
        (
            Spent(1, 0, 1, None),
            (
                "Whether the cost today is above $5.00 cannot be said: the price of the model is unknown for 1 of "
                "1 request; no other cost is known."
            ),
        ),
        (Spent(0, 0, 0, None), None),
    ],
)
def test_a_limit_is_kept_only_if_that_is_known(spent: Spent, sentence: str | None) -> None:
    assert above(spent, 5.0, "today") == sentence


def test_that_a_limit_is_kept_says_how_much_the_cost_covers() -> None:
    assert within(Spent(10, 8, 0, 1.0), 5.0, "today") == (
        "The cost today is $1.00 (cost covers 8 of 10 requests), within $5.00."
    )
