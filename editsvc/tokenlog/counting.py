"""The sums of a report, as the database counts them.

Requests are told apart by what every report needs (`Facet`), by which figures they report, by the dimensions asked for
and by the day. Each figure is added up over those that are alike in all of that; what rates need follows from the sums
and from which figures they are of.

SQLite cannot group without sorting unless an index has the rows in order. Three statements see to that: one index
begins with all dimensions, another has the time right behind the facets, and where both days and a dimension are asked
for, each facet is sorted by itself. PostgreSQL groups by hashing.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Boolean, Integer, case, func, literal, literal_column, select, text, type_coerce

from editsvc.errors import Status
from editsvc.tokenlog.columns import believed
from editsvc.tokenlog.days import moment
from editsvc.tokenlog.days import number as number_of
from editsvc.tokenlog.dimensions import DIMENSIONS, shown
from editsvc.tokenlog.evidence import Day, Facet, Sums, combined
from editsvc.tokenlog.odd import AMOUNTS
from editsvc.tokenlog.reported import CONDITIONS, FIGURES, ODD
from editsvc.tokenlog.schema import FACET, GROUPED, REQUESTS
from editsvc.tokenlog.values import Source, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, Executable, Row, TextClause

    from editsvc.tokenlog.days import Span

    Rows = Callable[..., Sequence[Row[*tuple[Any, ...]]]]
    _Key = tuple[str | None, ...]

_T: Final = REQUESTS.c
_SUMS, _DAYS = "INDEXED BY editsvc_requests_sums", "INDEXED BY editsvc_requests_days"
# Literally as in the condition of a partial index: a database uses such an index only if it can see that the condition
# is the same, and it cannot see into a parameter.
_IS_ODD: Final = text(f"reported = {ODD}")
_POSSIBLE: Final = _T.reported != ODD
# With more facets, a statement for each of them takes longer than to sort all rows at once.
_MOST_FACETS: Final = 2_000
# To sort the requests of a facet takes as long as to look for them in so many spans, and in one more for each request.
_MOST_SPANS: Final = 500
_FIGURES: Final = tuple(_T[name] for name in FIGURES)
_BETWEEN: Final = "|"


class Counted(NamedTuple):
    """The sums of all requests, and those of each day; None if they were not asked for."""

    cells: dict[Facet, Sums]
    days: list[Day] | None


class _Part(NamedTuple):
    """The sums of some requests that are alike in the columns that were asked for, and were made in one span.

    Where days are not asked for, there are no spans.
    """

    values: Sequence[Any]
    span: int
    facet: Sequence[Any]
    sums: Sums


def count(
    rows: Rows,
    *,
    sqlite: bool,
    by: tuple[str, ...],
    chosen: ColumnElement[bool] | None,
    spans: Sequence[Span],
    days: bool,
) -> Counted:
    """The sums of the requests that are `chosen` (None: all), by the values of dimensions, and by day.

    `rows` runs statements; `spans` are the days of the requests, at least one where days are asked for, here or as a
    dimension. Raises ValueError for a status, source or verdict that we do not know.
    """
    counting = _Counting(rows, chosen, spans, sqlite=sqlite)
    facet = {column.name for column in FACET}
    columns = {
        name: column for name in by if (column := DIMENSIONS[name]) is not None and column not in facet
    }
    daily = "day" in by or (days and not columns)
    parts = counting.parts([_T[column] for column in columns.values()], daily=daily)
    cells: defaultdict[Facet, list[Sums]] = defaultdict(list)
    key_of = _key_of(by, tuple(columns), spans)
    for part in parts:
        cells[Facet(key_of(part), *_told(tuple(part.facet)))].append(part.sums)
    return Counted(
        {facet: _together(each) for facet, each in cells.items()},
        _days(parts if daily else counting.parts((), daily=True), spans) if days else None,
    )


class _Counting:
    def __init__(
        self, rows: Rows, chosen: ColumnElement[bool] | None, spans: Sequence[Span], *, sqlite: bool
    ) -> None:
        self._rows = rows
        self._chosen = () if chosen is None else (chosen,)
        self._spans = spans
        self._sqlite = sqlite

    def parts(self, columns: Sequence[ColumnElement[Any]], *, daily: bool) -> list[_Part]:
        """The sums by `columns`, and by day or not."""
        found = self._by_facet(columns) if daily and self._sqlite else None
        if found is None:
            found = self._at_once(columns, daily=daily)
        return found + self._odd(columns, daily=daily)

    def _at_once(self, columns: Sequence[ColumnElement[Any]], *, daily: bool) -> list[_Part]:
        keys = [*columns, number_of(self._spans, sqlite=self._sqlite)] if daily else columns
        groups: Sequence[ColumnElement[Any]] = (*keys, *FACET, _T.reported)
        if self._sqlite and not daily:
            # By all columns up to the last that is asked for: SQLite would sort otherwise.
            groups = GROUPED[: max(len(FACET) + 1, *(GROUPED.index(each) + 1 for each in columns), 0)]
        found = (
            select(*keys, *FACET, _T.reported, func.count(), *map(func.sum, _FIGURES))
            .where(_POSSIBLE, *self._chosen)
            .group_by(*groups)
            .with_hint(REQUESTS, _SUMS if columns else _DAYS, "sqlite")
        )
        last = len(keys) + len(FACET)
        return [
            _Part(
                row[: len(columns)],
                row[len(columns)] if daily else 0,
                row[len(keys) : last],
                sums(row[last], row[last + 1], list(map(number, row[last + 2 :]))),
            )
            for row in self._rows(found)
        ]

    def _by_facet(self, columns: Sequence[ColumnElement[Any]]) -> list[_Part] | None:
        """By day in SQLite: a statement for each facet. None if there are too many."""
        # As it is stored: a truth is a number there, and 2 is as true as 1.
        stored = [
            type_coerce(column, Integer) if isinstance(column.type, Boolean) else column
            for column in (*FACET, _T.reported)
        ]
        facets = self._rows(
            select(*stored, func.count())
            .where(_POSSIBLE, *self._chosen)
            .group_by(*FACET, _T.reported)
            .with_hint(REQUESTS, _DAYS, "sqlite")
        )
        if len(facets) > _MOST_FACETS:
            return None
        in_order, to_sort = [], []
        looked_up = _looked_up(self._spans)
        keys = [*columns, number_of(self._spans, sqlite=True)]
        for place, (*facet, requests) in enumerate(facets):
            if not columns and len(self._spans) <= _MOST_SPANS + requests:
                same = {f"facet_{position}": value for position, value in enumerate(facet)}
                in_order.append(looked_up.bindparams(place=place, **same))
            else:
                alike = (column.is_(value) for column, value in zip(stored, facet, strict=True))
                to_sort.append(
                    select(literal(place), *keys, func.count(), *map(func.sum, _FIGURES))
                    .where(*alike, *self._chosen)
                    .group_by(*keys)
                    .with_hint(REQUESTS, _SUMS if columns else _DAYS, "sqlite")
                )
        found = []
        for place, *values, span, requests, figures in self._in_order(in_order) + self._sorted(to_sort, keys):
            *facet, reported, _ = facets[place]
            found.append(_Part(values, span, facet, sums(reported, requests, figures)))
        return found

    def _in_order(self, statements: Sequence[Executable]) -> list[tuple[Any, ...]]:
        found = self._rows(*statements) if statements else ()
        return [(place, span, *_read(together)) for place, span, together in found if together is not None]

    def _sorted(
        self, statements: Sequence[Executable], keys: Sequence[ColumnElement[Any]]
    ) -> list[tuple[Any, ...]]:
        found = self._rows(*statements) if statements else ()
        figures = len(keys) + 2
        return [(*row[:figures], row[figures:]) for row in found]

    def _odd(self, columns: Sequence[ColumnElement[Any]], *, daily: bool) -> list[_Part]:
        """Of the requests that hold an impossible figure, usually none."""
        if not self._rows(select(literal_column("1")).select_from(REQUESTS).where(_IS_ODD).limit(1)):
            return []
        keys = [*columns, number_of(self._spans, sqlite=self._sqlite)] if daily else columns
        found = (
            select(*keys, *FACET, *_aggregates(believed(sqlite=self._sqlite)))
            .where(_IS_ODD, *self._chosen)
            .group_by(*keys, *FACET)
        )
        first, last = len(keys), len(keys) + len(FACET)
        return [
            _Part(
                row[: len(columns)],
                row[len(columns)] if daily else 0,
                row[first:last],
                Sums(*map(number, row[last:])),
            )
            for row in self._rows(found)
        ]


def _looked_up(spans: Sequence[Span]) -> TextClause:
    """The sums of one facet in each of the spans, as one text, since a subquery has one value; SQLite.

    The outer loop goes over the spans and the inner one over the requests of each, which stand together in an index. A
    join would be grouped by sorting all of them.
    """
    listed = ", ".join(
        f"({number}, {moment(span.begins, sqlite=True)}, {moment(span.ends, sqlite=True)})"
        for number, span in enumerate(spans)
    )
    figures = "".join(f" || '{_BETWEEN}' || IFNULL(SUM({name}), '')" for name in FIGURES)
    same = " AND ".join(
        f"{column.name} IS :facet_{place}" for place, column in enumerate((*FACET, _T.reported))
    )
    return text(
        f"WITH spans(number, begins, ends) AS (VALUES {listed})"  # noqa: S608 - moments and names of columns
        f" SELECT :place, number, (SELECT CASE WHEN COUNT(*) > 0 THEN COUNT(*){figures} END"
        f" FROM editsvc_requests {_DAYS}"
        f" WHERE {same} AND created_at >= begins AND created_at < ends) FROM spans"
    )


def _read(together: str) -> tuple[int, list[float | None]]:
    requests, *figures = together.split(_BETWEEN)
    return int(requests), [
        None if not figure else float(figure) if name in AMOUNTS else int(figure)
        for name, figure in zip(FIGURES, figures, strict=True)
    ]


def _key_of(by: Sequence[str], named: Sequence[str], spans: Sequence[Span]) -> Callable[[_Part], _Key]:
    """How the values that were asked for are found in a part."""

    def value_of(name: str) -> Callable[[_Part], str | None]:
        if name == "day":
            days = [span.day.isoformat() for span in spans]
            return lambda part: days[part.span]
        if name in named:
            place = named.index(name)
            return lambda part: shown(name, part.values[place])
        place = next(place for place, column in enumerate(FACET) if column.name == DIMENSIONS[name])
        return lambda part: shown(name, part.facet[place])

    values = [value_of(name) for name in by]
    return lambda part: tuple(value(part) for value in values)


def sums(reported: int, requests: int, figures: Sequence[Any]) -> Sums:
    """The sums over so many requests that report these figures; `figures` are the sums by column."""
    has = _has(reported)
    prompt, cached, completion, reasoning, accepted, rejected, cost, rejected_cost, hunks, kept = figures
    verified = has.accepted and has.rejected
    covered = has.accepted and has.completion
    judged = has.hunks and has.hunks_accepted
    return Sums(
        requests=requests,
        retried=requests if has.again else 0,
        usage_reported=requests if has.completion else 0,
        prompt=prompt,
        cached=cached if has.prompt else None,
        completion=completion,
        reasoning=reasoning if has.completion else None,
        accepted=accepted,
        rejected=rejected,
        cost_usd=cost,
        rejected_cost_usd=rejected_cost if has.cost else None,
        verified_requests=requests if has.some_verified else 0,
        verified_accepted=accepted if verified else None,
        verified_tokens=accepted + rejected if verified else None,
        covered_requests=requests if covered and has.some_completion else 0,
        covered_accepted=accepted if covered else None,
        covered_completion=completion if covered else None,
        judged_requests=requests if judged and has.some_hunks else 0,
        judged_accepted=kept if judged else None,
        judged_hunks=hunks if judged else None,
        cost_reported=requests if has.cost else 0,
    )


class _Reported(NamedTuple):
    """The conditions of `editsvc.tokenlog.reported`, in their order."""

    prompt: bool
    cached: bool
    completion: bool
    reasoning: bool
    accepted: bool
    rejected: bool
    cost: bool
    rejected_cost: bool
    hunks: bool
    hunks_accepted: bool
    some_completion: bool
    some_verified: bool
    some_hunks: bool
    again: bool


@lru_cache
def _has(reported: int) -> _Reported:
    return _Reported(*(bool(reported >> bit & 1) for bit in range(len(CONDITIONS))))


def _aggregates(one: Mapping[str, ColumnElement[Any]]) -> tuple[ColumnElement[Any], ...]:
    """The fields of `Sums`, in order, whatever each request reports."""
    accepted, rejected = one["accepted_prediction_tokens"], one["rejected_prediction_tokens"]
    completion, hunks, kept = one["completion_tokens"], one["hunks"], one["hunks_accepted"]
    # What is added as zero times itself takes part only by being NULL: then the whole is, and is left out.
    return (
        func.count(),
        func.sum(case((one["attempts"] > 1, 1), else_=0)),
        func.count(completion),
        *(
            func.sum(column)
            for column in (
                one["prompt_tokens"],
                one["cached_tokens"] + 0 * one["prompt_tokens"],
                completion,
                one["reasoning_tokens"] + 0 * completion,
                accepted,
                rejected,
                one["cost_usd"],
                one["rejected_cost_usd"] + 0 * one["cost_usd"],
            )
        ),
        func.count(func.nullif(accepted + rejected, 0)),
        func.sum(accepted + 0 * rejected),
        func.sum(accepted + rejected),
        func.count(func.nullif(completion + 0 * accepted, 0)),
        func.sum(accepted + 0 * completion),
        func.sum(completion + 0 * accepted),
        func.count(func.nullif(hunks + 0 * kept, 0)),
        func.sum(kept + 0 * hunks),
        func.sum(hunks + 0 * kept),
        func.count(one["cost_usd"]),
    )


def _together(parts: Sequence[Sums]) -> Sums:
    return parts[0] if len(parts) == 1 else combined(parts)


@lru_cache
def _told(facet: tuple[Any, ...]) -> tuple[Any, ...]:
    model, status, sent, drawn, verdict, offline, source, error = facet
    return (
        model,
        Status(status),
        bool(sent),
        None if drawn is None else bool(drawn),
        None if verdict is None else Verdict(verdict),
        bool(offline),
        Source(source) is Source.BENCH,
        error,
    )


def _days(parts: Iterable[_Part], spans: Sequence[Span]) -> list[Day]:
    """The sums of each day, in order."""
    whole: defaultdict[date, list[Sums]] = defaultdict(list)
    measured: defaultdict[date, list[Sums]] = defaultdict(list)
    for part in parts:
        day = spans[part.span].day
        whole[day].append(part.sums)
        if Facet((), *_told(tuple(part.facet))).measures:
            measured[day].append(part.sums)
    return [Day.of(day, combined(whole[day]), combined(measured[day])) for day in sorted(whole)]


def number(value: Any) -> Any:
    """A sum as int or float: PostgreSQL's of integers are Decimal."""
    return value if value is None or isinstance(value, int | float) else int(value)
