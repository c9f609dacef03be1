"""Days by the clock of a zone, on the days on which it is changed too."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.zones import begins, local, stretches

# North and south, far ahead and far behind, offsets of 45 minutes, summer time of half an hour, at midnight and at a
# minute past; one went over the date line and left out a day, one has given up summer time.
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "America/Sao_Paulo",
        "America/Havana",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Chatham",
    )
]
moments = st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - of UTC


@given(moments, st.sampled_from(ZONES))
def test_a_moment_has_the_day_that_the_clock_shows_and_differences_are_exact(
    at: datetime, zone: ZoneInfo
) -> None:
    there = local(at, zone)
    assert there == at
    assert there.replace(tzinfo=None) == at.astimezone(zone).replace(tzinfo=None)
    later = at + timedelta(hours=7)
    assert local(later, zone) - there == timedelta(hours=7)


@given(moments, st.sampled_from(ZONES), st.integers(0, 900))
def test_stretches_give_every_moment_its_offset(at: datetime, zone: ZoneInfo, days: int) -> None:
    found = stretches(zone, at, at + timedelta(days=days))
    for part in range(20):
        moment = at + timedelta(days=days) * part / 19
        stretch = next(each for each in found if each.until is None or moment < each.until)
        assert stretch.offset == moment.astimezone(zone).utcoffset()
        assert stretch.day(moment) == moment.astimezone(zone).date()
        end = stretch.ends(moment)
        assert moment < end
        assert (end - timedelta(seconds=1)).astimezone(zone).date() == stretch.day(moment)


@given(st.dates(date(1990, 1, 2), date(2037, 12, 30)), st.sampled_from(ZONES))
def test_a_day_begins_with_the_first_moment_that_has_its_date(day: date, zone: ZoneInfo) -> None:
    begin = begins(day, zone)
    assert local(begin, zone).date() >= day
    assert local(begin - timedelta(seconds=1), zone).date() < day


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_the_days_of_the_change_are_shorter_and_longer(day: str, hours: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = date.fromisoformat(day)
    assert begins(first + timedelta(days=1), zone) - begins(first, zone) == timedelta(hours=hours)


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], ids=str)
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_ends_of_time_have_a_day_too(zone: ZoneInfo, at: datetime) -> None:
    assert local(at, zone) == at
    (*_, stretch) = stretches(zone, at, at)
    assert abs(stretch.day(at) - at.date()) <= timedelta(days=1)
    assert stretch.ends(at) >= at


@pytest.mark.skipif(os.name == "nt", reason="there TZ is not read as elsewhere")
@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"])
def test_the_zone_of_the_machine_is_the_one_that_it_is_set_to(name: str) -> None:
    script = """
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo
from editsvc.zones import MachineZone, local
import sys
named, machine = ZoneInfo(sys.argv[1]), MachineZone()
for hour in range(0, 366 * 24):
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    there = at.astimezone(machine)
    assert there.utcoffset() == at.astimezone(named).utcoffset(), at
    assert there.astimezone(UTC) == at
    assert local(at, machine) == at
assert local(at, machine).tzinfo == local(at, named).tzinfo
"""
    done = subprocess.run(
        [sys.executable, "-c", script, name],
        env=os.environ | {"TZ": name},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
