"""Days of the log by the clock of a zone, in SQLite and in PostgreSQL: each request on the day that its user saw."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, insert

from editsvc.report import aggregate, read, to_json
from editsvc.tokenlog import TokenLog
from editsvc.tokenlog.connection import parse_url
from editsvc.tokenlog.rows import to_row
from editsvc.tokenlog.schema import REQUESTS
from editsvc.tuning.observation import observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tokenlog import RequestRecord

    Make = Callable[..., RequestRecord]

ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Pacific/Apia",
    )
]
# On these days clocks are changed in one of the zones, or, in Apia, a day was left out.
CHANGES = ("2011-12-29", "2026-03-07", "2026-03-28", "2026-10-24", "2026-10-31")
MOMENTS = [
    datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=113 * number)
    for day in CHANGES
    for number in range(30)
]


@pytest.fixture
def logged(log_url: str, make_record: Make) -> str:
    """A log of requests around the changes of clocks."""
    rows = [
        to_row(
            make_record(
                created_at=at,
                model=("fast", "slow")[number % 2],
                provider="cerebras",
                finish_reason="stop",
                attempts=1,
                prediction_sent=True,
                completion_tokens=10,
                accepted_prediction_tokens=(5, None)[number % 3 == 0],
                rejected_prediction_tokens=(1, None)[number % 3 == 0],
            )
        )
        for number, at in enumerate(MOMENTS)
    ]
    with TokenLog(log_url) as log:
        log.open()
    engine = create_engine(parse_url(log_url))
    with engine.begin() as connection:
        connection.execute(insert(REQUESTS), rows)
    engine.dispose()
    return log_url


def test_requests_are_grouped_by_the_day_that_the_clock_of_their_zone_showed(logged: str) -> None:
    for zone in ZONES:
        days = Counter(at.astimezone(zone).date() for at in MOMENTS)
        with TokenLog(logged, zone=zone) as log:
            found = log.evidence(by=("model", "day"), days=True)
        assert found.days is not None
        assert [(each.day, each.requests) for each in found.days] == sorted(days.items())
        grouped = Counter[str | None]()
        for facet, sums in found.cells.items():
            grouped[facet.key[-1]] += sums.requests
        assert grouped == {day.isoformat(): count for day, count in days.items()}
        assert all(each.key[-1] == each.created_at.date().isoformat() for each in found.sample)


def test_a_report_of_the_log_is_that_of_its_records(logged: str) -> None:
    with TokenLog(logged, zone=ZoneInfo("Europe/Berlin")) as log:
        assert to_json(read(log, by=["day"], days=True)) == to_json(aggregate(log.records(), by=["day"]))


def test_tuning_counts_by_the_same_days(logged: str) -> None:
    for zone in ZONES:
        with TokenLog(logged, zone=zone) as log:
            seen = [observe(each) for each in log.evidence().sample]
        told = [each for each in seen if each is not None]
        assert len(told) == len(MOMENTS) * 2 / 3
        assert all(each.day == each.at.astimezone(zone).date() for each in told)
        # Differences of times are those of UTC, also from one side of a change of the clock to the other.
        in_utc = [each.at.astimezone(UTC) for each in told]
        assert [b.at - a.at for a, b in pairwise(told)] == [b - a for a, b in pairwise(in_utc)]


def test_what_comes_out_is_the_same_moment_and_the_log_holds_utc(log_url: str, make_record: Make) -> None:
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with TokenLog(log_url, zone=ZoneInfo("Europe/Berlin")) as log:
        log.append(make_record(created_at=at))
        (record,) = log.records()
        (shown,) = log.export()
    assert record.created_at == at
    assert (record.created_at.hour, record.created_at.date()) == (2, date(2026, 10, 25))
    assert shown["created_at"] == "2026-10-25T00:30:00+00:00"
