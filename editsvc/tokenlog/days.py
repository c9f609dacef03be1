"""The day of a request by the clock of a zone, as a database groups by it.

SQLite knows no zones, and its functions of dates cost seconds on a million rows. There a request is grouped by its day
in UTC, and by whether the clock had passed its own midnight by then, which compares texts; what day that was is told
afterwards. Where the clock of the zone is UTC's, nothing of that is needed.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, case, cast, func, literal_column

from editsvc import zones
from editsvc.tokenlog.evidence import combined
from editsvc.tokenlog.schema import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from sqlalchemy import ColumnElement

    from editsvc.tokenlog.evidence import Facet, Sums
    from editsvc.zones import Stretch

_CREATED: Final = REQUESTS.c.created_at
_DATE: Final = 10
"""Characters of a time that are its date."""
_DAY: Final = timedelta(days=1)


class LocalDays:
    """The days of the requests from `first` to `last` in a zone."""

    def __init__(self, zone: tzinfo, first: datetime, last: datetime, *, sqlite: bool) -> None:
        self.stretches = zones.stretches(zone, first, last)
        self._sqlite = sqlite
        self._is_utc = not any(stretch.offset for stretch in self.stretches)

    def at(self, moment: datetime) -> Stretch:
        """The stretch that a moment lies in."""
        return next(each for each in self.stretches if each.until is None or moment < each.until)

    def column(self) -> ColumnElement[Any]:
        """What to group by; see `read`."""
        if not self._sqlite:
            return func.to_char(func.timezone("UTC", _CREATED) + self._each(_interval), "YYYY-MM-DD")
        # The UTC wall time as text, which begins with the date.
        in_utc = func.substr(cast(_CREATED, Text), 1, _DATE)
        return in_utc if self._is_utc else in_utc.concat(self._each(_passed))

    def _each(self, made: Any) -> ColumnElement[Any]:
        """What is `made` of each stretch and its number, for the requests in it."""
        found = [made(stretch, number) for number, stretch in enumerate(self.stretches)]
        ends: list[ColumnElement[Any]] = [
            literal_column(_moment(stretch.until, sqlite=self._sqlite))
            for stretch in self.stretches
            if stretch.until is not None
        ]
        if not ends:
            return literal_column(found[0])
        created: ColumnElement[Any] = literal_column("created_at")
        return case(
            *((created < end, literal_column(each)) for end, each in zip(ends, found[:-1], strict=True)),
            else_=literal_column(found[-1]),
        )

    def read(self, cells: Mapping[Facet, Sums], place: int) -> dict[Facet, Sums]:
        """The sums by the days that the keys at that place mean."""
        if not self._sqlite or self._is_utc:
            return dict(cells)
        found: defaultdict[Facet, list[Sums]] = defaultdict(list)
        for facet, sums in cells.items():
            key = (*facet.key[:place], self._named(facet.key[place]), *facet.key[place + 1 :])
            found[facet._replace(key=key)].append(sums)
        return {facet: parts[0] if len(parts) == 1 else combined(parts) for facet, parts in found.items()}

    def _named(self, key: str | None) -> str | None:
        if key is None:
            return None
        number, passed = divmod(int(key[_DATE:]), 2)
        offset = self.stretches[number].offset
        day = datetime.combine(date.fromisoformat(key[:_DATE]), _midnight(offset), UTC)
        try:
            return ((day + offset).date() if passed else (day + offset).date() - _DAY).isoformat()
        except OverflowError:
            return key[:_DATE]


def _midnight(offset: timedelta) -> time:
    """The time in UTC at which a clock that is so far ahead shows midnight."""
    return (datetime(1970, 1, 2, tzinfo=UTC) - offset).time()


def _passed(stretch: Stretch, number: int) -> str:
    """Twice the number of the stretch, and one more for what came after midnight."""
    at = _midnight(stretch.offset)
    if at == time.min:
        return str(2 * number + 1)
    return f"CASE WHEN substr(created_at, 12, 8) >= '{at.isoformat()}' THEN {2 * number + 1} ELSE {2 * number} END"


def _interval(stretch: Stretch, _number: int) -> str:
    return f"INTERVAL '{round(stretch.offset.total_seconds())} seconds'"


def _moment(at: datetime, *, sqlite: bool) -> str:
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return f"'{text}'" if sqlite else f"TIMESTAMPTZ '{text}+00'"
