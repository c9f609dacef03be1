"""How far back a report looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from editsvc.errors import UsageError
from editsvc.report import parse_since

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("28d", datetime(2026, 10, 24, 11, 30, tzinfo=UTC)),
        ("12h", datetime(2026, 11, 20, 23, 30, tzinfo=UTC)),
        ("2w", datetime(2026, 11, 7, 11, 30, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("all", None),
    ],
)
def test_a_span_or_a_date_is_a_moment_in_utc(value: str, moment: datetime | None) -> None:
    since = parse_since(value, NOW)
    assert since == moment
    assert since is None or since.tzinfo is UTC


@pytest.mark.parametrize(
    "value", ["", "28", "d", "0d", "-3d", "3m", "1.5d", "٣d", "2026-13-01", "99999999d", "All"]
)
def test_anything_else_is_a_mistake_that_names_what_works(value: str) -> None:
    with pytest.raises(UsageError, match="is not a time span or a date") as failure:
        parse_since(value, NOW)
    assert "28d" in failure.value.hint
