"""The day of a request by the clock of a zone, as a database groups by it.

SQLite knows no zones, and its functions of dates cost seconds on a million rows. There a request is grouped by its day
in UTC, and by whether the clock had passed its own midnight by then, which compares texts; what day that was is told
afterwards. Where the clock of the zone is UTC's, nothing of that is needed.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, case, cast, func, literal_column

from editsvc import zones
from editsvc.tokenlog.evidence import combined
from editsvc.tokenlog.schema import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from sqlalchemy import ColumnElement

    from editsvc.tokenlog.evidence import Facet, Sums
    from editsvc.zones import Stretch

_CREATED: Final = REQUESTS.c.created_at
_DATE: Final = 10
"""Characters of a time that are its date."""
_SAME: Final = _DATE + 1
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
        # The UTC wall time as text, which begins with the date. How much of it is taken says whether the day is that
        # one, the one before or the next: to put two texts together would take longer.
        much = _DATE if self._is_utc else self._each(_length)
        return func.substr(cast(_CREATED, Text), 1, much)

    def _each(self, made: Callable[[Stretch], str]) -> ColumnElement[Any]:
        """What is `made` of the stretch that a request lies in, as SQL."""
        found: list[ColumnElement[Any]] = [literal_column(made(stretch)) for stretch in self.stretches]
        created: ColumnElement[Any] = literal_column("created_at")
        ends = [
            created < literal_column(_moment(stretch.until, sqlite=self._sqlite))
            for stretch in self.stretches
            if stretch.until is not None
        ]
        return case(*zip(ends, found[:-1], strict=True), else_=found[-1]) if ends else found[0]

    def read(self, cells: Mapping[Facet, Sums], place: int) -> dict[Facet, Sums]:
        """The sums by the days that the keys at that place mean."""
        if not self._sqlite or self._is_utc:
            return dict(cells)
        found: defaultdict[Facet, list[Sums]] = defaultdict(list)
        for facet, sums in cells.items():
            key = (*facet.key[:place], _named(facet.key[place]), *facet.key[place + 1 :])
            found[facet._replace(key=key)].append(sums)
        return {facet: parts[0] if len(parts) == 1 else combined(parts) for facet, parts in found.items()}


def _named(key: str | None) -> str | None:
    if key is None:
        return None
    try:
        return (date.fromisoformat(key[:_DATE]) + _DAY * (len(key) - _SAME)).isoformat()
    except (ValueError, OverflowError):  # what another program wrote, and the ends of time
        return key[:_DATE]


def _length(stretch: Stretch) -> str:
    """How many characters of a time stand for its day: one more, or less, for the next day, or the one before."""
    offset = stretch.offset
    if not offset:
        return str(_SAME)
    midnight = (datetime(1970, 1, 2, tzinfo=UTC) - offset).time()
    ahead = offset > timedelta(0)
    passed, before = (_SAME + 1, _SAME) if ahead else (_SAME, _SAME - 1)
    return f"CASE WHEN substr(created_at, 12, 8) >= '{midnight}' THEN {passed} ELSE {before} END"


def _interval(stretch: Stretch) -> str:
    return f"INTERVAL '{round(stretch.offset.total_seconds())} seconds'"


def _moment(at: datetime, *, sqlite: bool) -> str:
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return f"'{text}'" if sqlite else f"TIMESTAMPTZ '{text}+00'"
