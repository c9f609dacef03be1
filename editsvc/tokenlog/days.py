"""The days of requests by the clock of a zone, as a database groups by them.

A day is a span of time, from one moment to another, of which the day on which the clock is changed has two. So a
database only compares times, which an index holds in order: SQLite knows no zones, and functions of dates cost seconds
on a million rows, in either database.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Integer, case, cast, literal_column

from editsvc import zones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, tzinfo

    from sqlalchemy import ColumnElement


class Span(NamedTuple):
    """A part of a day, mostly all of it: from `begins` to before `ends`."""

    day: date
    begins: datetime
    ends: datetime


def spans(
    zone: tzinfo,
    first: datetime,
    last: datetime,
    until: datetime | None,
    following: Callable[[datetime], datetime | None],
) -> Iterator[Span]:
    """The spans in which there are requests, of those from `first` to `last`, in order; the last ends by `until`.

    `following` tells when the first request at or after a moment was made.
    """
    stretches = zones.stretches(zone, first, last)
    begins: datetime | None = first
    while begins is not None and begins <= last:
        at = begins
        stretch = next(each for each in stretches if each.until is None or at < each.until)
        ends = stretch.ends(at)
        yield Span(stretch.day(at), at, ends if until is None else min(ends, until))
        begins = following(ends)


def number(found: Sequence[Span], *, sqlite: bool) -> ColumnElement[Any]:
    """The number of the span that a request was made in, as SQL; at least one was found."""
    # A bare number would be taken for the place of a column, where it is grouped by.
    return cast(_among(found, 0, len(found), sqlite=sqlite), Integer)


def _among(found: Sequence[Span], low: int, high: int, *, sqlite: bool) -> ColumnElement[Any]:
    """By halves: with a thousand days, ten comparisons."""
    if high - low == 1:
        return literal_column(str(low), Integer)
    middle = (low + high) // 2
    before = literal_column("created_at") < literal_column(moment(found[middle].begins, sqlite=sqlite))
    return case(
        (before, _among(found, low, middle, sqlite=sqlite)), else_=_among(found, middle, high, sqlite=sqlite)
    )


def moment(at: datetime, *, sqlite: bool) -> str:
    """A moment as SQL."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return f"'{text}'" if sqlite else f"TIMESTAMPTZ '{text}+00'"
