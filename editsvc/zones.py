"""Days as people count them: by the clock of a time zone, whatever happens to that clock in spring and autumn.

A zone is any `datetime.tzinfo`; the machine's is one too. Everything else stays in UTC: only which day a moment belongs
to, and when a day begins, are asked here.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Logs hold what other programs wrote. Nobody knows the clocks of other centuries, and it takes long to ask.
_FIRST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
# A clock that is changed is not changed back within so long.
_STEP: Final = timedelta(days=7)
_EXACT: Final = timedelta(seconds=1)
_NOTHING: Final = timedelta(0)


class MachineZone(tzinfo):
    """The zone that this machine is set to, or that the environment variable TZ names, with its summer time."""

    def fromutc(self, dt: datetime) -> datetime:
        """The local time at a moment, which `dt` gives in UTC."""
        at = dt.replace(tzinfo=UTC)
        offset = timedelta(seconds=clock.localtime(at.timestamp()).tm_gmtoff)
        there = (at + offset).replace(tzinfo=self)
        return there if self.utcoffset(there) == offset else there.replace(fold=1)

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """How far the clock is ahead of UTC at a local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:  # noqa: ARG002 - asked by nobody
        """What of that is summer time: not known."""
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        """The name of the zone at a local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()


def local(at: datetime, zone: tzinfo) -> datetime:
    """The same moment by the clock of `zone`, with the offset that it has then: differences stay exact."""
    offset = _offset(at, zone)
    if not offset:
        return at.astimezone(UTC)
    try:
        return at.astimezone(timezone(offset))
    except OverflowError:  # the first or the last day that there is
        return at.astimezone(UTC)


def begins(day: date, zone: tzinfo) -> datetime:
    """The moment at which a day begins, in UTC: where the clock skips midnight, the first one after it.

    Raises OverflowError for a day at either end of time.
    """
    midnight = datetime.combine(day, time.min, UTC)
    # The clock may be changed around midnight: of the offsets before and after, the one that was in force.
    early = midnight - max(_offset(midnight + hours, zone) for hours in (-_DAY, _DAY))
    late = midnight - min(_offset(midnight + hours, zone) for hours in (-_DAY, _DAY))
    if local(early, zone).date() >= day:
        return early
    return early if early == late else _first(early, late, lambda at: local(at, zone).date() >= day)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time before `until` (None: for ever), and since the stretch before, in which a clock is `offset` ahead."""

    offset: timedelta
    until: datetime | None = None

    def day(self, at: datetime) -> date:
        """The day of a moment in this stretch."""
        try:
            return (at.astimezone(UTC) + self.offset).date()
        except OverflowError:
            return at.astimezone(UTC).date()

    def ends(self, at: datetime) -> datetime:
        """The moment at which the day of a moment ends, or this stretch does, if that comes first."""
        try:
            end = datetime.combine(self.day(at), time.min, UTC) + _DAY - self.offset
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)
        return end if self.until is None else min(end, self.until)


def stretches(zone: tzinfo, first: datetime, last: datetime) -> list[Stretch]:
    """The stretches of time from `first` to `last` in which the clock of `zone` is not changed; at least one."""
    return list(_stretches(zone, max(first, _FIRST), min(last, _LAST)))


def _stretches(zone: tzinfo, first: datetime, last: datetime) -> Iterator[Stretch]:
    at, offset = first, _offset(first, zone)
    while at < last:
        following = min(at + _STEP, last)
        found = _offset(following, zone)
        if found != offset:
            changed = _first(at, following, partial(_differs, offset, zone))
            yield Stretch(offset, changed)
            following, found = changed, _offset(changed, zone)
        at, offset = following, found
    yield Stretch(offset)


def _differs(offset: timedelta, zone: tzinfo, at: datetime) -> bool:
    return _offset(at, zone) != offset


def _first(before: datetime, after: datetime, holds: Callable[[datetime], bool]) -> datetime:
    """The first whole second from `before` on at which something holds that does at `after`, and goes on to."""
    while after - before > _EXACT:
        middle = before + (after - before) // 2
        before, after = (before, middle) if holds(middle) else (middle, after)
    return after.replace(microsecond=0)


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    bounded = min(max(at, _FIRST), _LAST)
    return bounded.astimezone(zone).utcoffset() or _NOTHING
