"""The evidence of a report, as the database counts it.

Each statement is a short transaction of its own, as everywhere in the log, so a log that is being written may
grow between two of them. The sums come from one pass over an index that holds all they need; the index begins
with what they are grouped by, so that nothing has to be sorted unless another grouping is asked for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Boolean,
    Integer,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
    type_coerce,
)

from editsvc import zones
from editsvc.errors import Status
from editsvc.tokenlog.columns import as_stored, believed
from editsvc.tokenlog.days import LocalDays
from editsvc.tokenlog.dimensions import DIMENSIONS, LARGEST, SIZES
from editsvc.tokenlog.evidence import (
    COLUMNS,
    Averages,
    Costs,
    Day,
    Evidence,
    Facet,
    LoggedRequest,
    Sums,
    Window,
    combined,
)
from editsvc.tokenlog.odd import ODD_IN_POSTGRESQL, ODD_IN_SQLITE
from editsvc.tokenlog.rows import believable
from editsvc.tokenlog.schema import REQUESTS, UtcDateTime
from editsvc.tokenlog.values import Source, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, tzinfo

    from sqlalchemy import ColumnElement, Row, Select

    Statement = Select[*tuple[Any, ...]]
    Found = Row[*tuple[Any, ...]]
    Rows = Callable[..., Sequence[Found]]

_T: Final = REQUESTS.c
_START: Final = datetime(1, 1, 1, tzinfo=UTC)
# Literally as in the conditions of two partial indexes: a database uses such an index only if it can see that
# the condition is the same, and it cannot see into a parameter.
_EXPLORED: Final = text("propensity > 0 AND propensity <= 0.5")
_AGAIN: Final = text("attempts > 1")
# Of explored requests only medians are taken: half of the sample does.
_FEWER: Final = 2
_AGGREGATES: Final = len(fields(Sums))
# What a group is told apart by where rows are sorted: five columns, the last of which holds the truths, bit by bit.
_SORTED: Final = 5
# With more combinations, a statement for each of them takes longer than to sort all rows at once.
_MOST_FACETS: Final = 600
_SENT, _DRAWN, _UNKNOWN, _OFFLINE, _BENCH = 1, 2, 4, 8, 16
_FACET: Final = (
    _T.model,
    _T.status,
    _T.prediction_sent,
    _T.prediction_drawn,
    _T.verdict,
    _T.offline,
    _T.source,
    _T.error,
)
# The beginning of the index of sums: whatever is grouped by these comes in order.
_INDEXED: Final = (
    *_FACET,
    _T.provider,
    _T.scope_kind,
    _T.prediction_kind,
    _T.language,
    _T.instruction_class,
    _T.policy_version,
    _T.editsvc_version,
    _T.prompt_version,
    _T.named_arm,
    _T.repository_hmac,
    _T.user_hmac,
)
_LOGGED_REQUEST: Final = tuple(_T[name] for name in COLUMNS)


def gather(
    rows: Rows,
    *,
    sqlite: bool,
    by: tuple[str, ...],
    window: Window,
    days: bool,
    sample: int,
    zone: tzinfo = UTC,
) -> Evidence:
    """The evidence of the requests in `window`.

    `rows` runs one statement; `by` names dimensions; at most about `sample` single requests are read of each
    kind. Days are those of `zone`, and so are the times. Raises ValueError for a status or verdict that we do not know.
    """
    since = window.since
    first, last = rows(_ends(window))[0]
    if first is None:
        return Evidence(by, since, days=() if days else None)
    local = LocalDays(zone, first, last, sqlite=sqlite)
    keys = [local.column() if name == "day" else _dimension(name, sqlite=sqlite) for name in by]
    chosen = _chosen(window, sqlite=sqlite)
    condition = text(f"({ODD_IN_SQLITE if sqlite else ODD_IN_POSTGRESQL})")
    odd = rows(select(literal_column("1")).select_from(REQUESTS).where(condition).limit(1))
    one = believed(sqlite=sqlite) if odd else as_stored()
    counted = None if window == Window() else chosen
    statements = _by_facet(rows, keys, counted, one) if sqlite and None in map(_place, keys) else ()
    cells = _cells(rows(*(statements or (_sums(keys, counted, one, sqlite=sqlite),))), len(by))
    if "day" in by:
        cells = local.read(cells, by.index("day"))
    requests = sum(sums.requests for sums in cells.values())
    explored = rows(select(func.count()).select_from(REQUESTS).where(chosen, _EXPLORED))[0][0]
    every, explored_every = max(1, -(-requests // sample)), max(1, -(-explored // (sample // _FEWER)))
    return Evidence(
        by,
        since,
        zones.local(first, zone),
        zones.local(last, zone),
        cells,
        [
            _logged_request(row, by, zone)
            for row in rows(_sample(keys, every, sqlite=sqlite).where(_chosen(window)))
        ],
        every,
        [
            _logged_request(row, by, zone)
            for row in rows(_sample(keys, explored_every, sqlite=sqlite).where(chosen, _EXPLORED))
        ],
        explored_every,
        _restarts(rows(_restarted(sqlite=sqlite).where(chosen))),
        _days(rows, first, one, local, window) if days else None,
    )


def averages(rows: Rows, *, sqlite: bool, model: str, since: datetime) -> Averages:
    """The sums of the edits that `model` made since a time."""
    one = believed(sqlite=sqlite)
    wanted = (
        one["document_bytes"],
        one["prompt_tokens"],
        one["completion_tokens"],
        _T.total_s,
        one["cost_usd"],
    )
    statement = select(func.count(), *(func.coalesce(func.sum(column), 0) for column in wanted)).where(
        _T.created_at >= since,
        _T.model == model,
        _T.status.in_([Status.CHANGED.value, Status.UNCHANGED.value]),
        _T.offline.is_(False),
        *(column.is_not(None) for column in wanted),
    )
    return Averages(*map(_number, rows(statement)[0]))


def _dimension(name: str, *, sqlite: bool) -> ColumnElement[Any]:
    column = DIMENSIONS[name]
    if column is not None:
        return _T[column]
    if name == "size":
        document_bytes = believed(sqlite=sqlite)["document_bytes"]
        return case(
            (document_bytes.is_(None), null()),
            *((document_bytes < below, literal_column(f"'{size}'")) for size, below in SIZES),
            else_=literal_column(f"'{LARGEST}'"),
        )
    return case((_T.prediction_sent, literal_column("'yes'")), else_=literal_column("'no'"))


def costs(rows: Rows, *, sqlite: bool, window: Window) -> Costs:
    """What the requests in `window` cost."""
    one = believed(sqlite=sqlite)
    cost, told = one["cost_usd"], one["completion_tokens"]
    statement = select(
        func.count(),
        func.count(cost),
        func.count(case((cost.is_(None), told))),
        func.sum(cost),
    ).where(_chosen(window), _T.offline.is_(False))
    return Costs(*rows(statement)[0])


def _chosen(window: Window, *, sqlite: bool = False) -> ColumnElement[bool]:
    # The plus keeps SQLite from looking for the time in the index by time, and then for each row in the table:
    # it is for statements that have a better index.
    made = literal_column("+created_at", UtcDateTime()) if sqlite else _T.created_at
    conditions: list[ColumnElement[bool]] = [made >= (window.since or _START)]
    if window.until is not None:
        conditions.append(made < window.until)
    if window.model is not None:
        conditions.append(_T.model == window.model)
    return and_(*conditions)


def _ends(window: Window) -> Statement:
    # Two subqueries: each is one step in the index by time, both at once would be a walk through it.
    ends = (
        select(end(_T.created_at)).where(_chosen(window)).scalar_subquery() for end in (func.min, func.max)
    )
    return select(*(type_coerce(end, UtcDateTime()) for end in ends))


def _sums(
    keys: Sequence[ColumnElement[Any]],
    chosen: ColumnElement[bool] | None,
    one: Mapping[str, ColumnElement[Any]],
    *,
    sqlite: bool,
) -> Statement:
    places = [_place(key) for key in keys]
    facet: tuple[ColumnElement[Any], ...] = _FACET
    groups: tuple[ColumnElement[Any], ...] = (*keys, *facet)
    if None in places:
        # Where rows have to be sorted, the fewer columns the better.
        facet = (_T.model, _T.status, _T.verdict, _T.error, _flags())
        groups = (*keys, *facet)
    elif sqlite:
        # In the order of the index, which has to be grouped by all columns up to the last that is asked for: SQLite
        # would sort otherwise. PostgreSQL hashes.
        groups = (
            _INDEXED[: max(len(_FACET), *(place + 1 for place in places if place is not None))]
            if places
            else facet
        )
    found = select(*keys, *facet, *_aggregates(one)).group_by(*groups)
    return found if chosen is None else found.where(chosen)


def _by_facet(
    rows: Rows,
    keys: Sequence[ColumnElement[Any]],
    chosen: ColumnElement[bool] | None,
    one: Mapping[str, ColumnElement[Any]],
) -> list[Statement]:
    """The same in SQLite where rows have to be sorted: a statement for each facet, which sorts that part of the index.

    Sorted by the keys alone, in small parts, a million rows take 40 % less time. Empty if there are too many facets.
    """
    # As it is stored: a truth is a number there, and 2 is as true as 1.
    stored = [
        type_coerce(column, Integer) if isinstance(column.type, Boolean) else column for column in _FACET
    ]
    found = select(*stored).group_by(*_FACET)
    facets = rows(found if chosen is None else found.where(chosen))
    if len(facets) > _MOST_FACETS:
        return []
    aggregates = _aggregates(one)
    statements = []
    for facet in facets:
        same = [column.is_(value) for column, value in zip(stored, facet, strict=True)]
        shown = (literal(value, column.type) for column, value in zip(_FACET, facet, strict=True))
        statements.append(
            select(*keys, *shown, *aggregates)
            .where(*same, *(() if chosen is None else (chosen,)))
            .group_by(*keys)
        )
    return statements


def _aggregates(one: Mapping[str, ColumnElement[Any]]) -> tuple[ColumnElement[Any], ...]:
    """The fields of `Sums`, in order."""
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


def _place(key: ColumnElement[Any]) -> int | None:
    """Where in the index of sums a column stands, if rows come in its order."""
    return next((place for place, column in enumerate(_INDEXED) if column is key), None)


def _flags() -> ColumnElement[Any]:
    """The truths of a row as one number: sent, drawn (or not known), offline, a benchmark's."""
    return (
        case((_T.prediction_sent, _SENT), else_=0)
        + case((_T.prediction_drawn.is_(None), _UNKNOWN), (_T.prediction_drawn, _DRAWN), else_=0)
        + case((_T.offline, _OFFLINE), else_=0)
        + case((_T.source == Source.BENCH.value, _BENCH), else_=0)
    )


def _cells(rows: Sequence[Found], keys: int) -> dict[Facet, Sums]:
    cells: defaultdict[Facet, list[Sums]] = defaultdict(list)
    for row in rows:
        # Two rows may be one facet: SQLite holds truths as numbers, and 2 is as true as 1.
        width = len(row) - keys - _AGGREGATES
        cells[_facet(row, keys, width)].append(Sums(*map(_number, row[keys + width :])))
    return {facet: parts[0] if len(parts) == 1 else combined(parts) for facet, parts in cells.items()}


def _facet(row: Found, keys: int, width: int) -> Facet:
    found = row[keys : keys + width]
    if width == _SORTED:
        model, status, verdict, error, flags = found
        sent, offline, bench = bool(flags & _SENT), bool(flags & _OFFLINE), bool(flags & _BENCH)
        drawn = None if flags & _UNKNOWN else bool(flags & _DRAWN)
    else:
        model, status, sent, drawn, verdict, offline, source, error = found
        bench = Source(source) is Source.BENCH
    return Facet(
        tuple(row[:keys]), model, Status(status), sent, drawn, _verdict(verdict), offline, bench, error
    )


def _verdict(name: str | None) -> Verdict | None:
    return Verdict(name) if name is not None else None


def _number(value: Any) -> Any:
    """A sum as int or float: PostgreSQL's of integers are Decimal."""
    return value if value is None or isinstance(value, int | float) else int(value)


def _sample(keys: Sequence[ColumnElement[Any]], every: int, *, sqlite: bool) -> Statement:
    found = select(*keys, *_LOGGED_REQUEST).order_by(_T.created_at, _T.id)
    if every == 1:
        return found
    # Every n-th row itself would be blind to whatever has a period in the log. SQLite has no hash function;
    # this is Knuth's multiplicative one (TAOCP 6.4), of which the upper bits are mixed.
    number = (
        literal_column("(((rowid * 2654435761) & 4294967295) >> 7)", Integer)
        if sqlite
        else func.hashtext(_T.id).op("&")(2**31 - 1)
    )
    return found.where(number % every == 0)


def _logged_request(row: Found, by: tuple[str, ...], zone: tzinfo) -> LoggedRequest:
    values = believable(dict(zip(COLUMNS, row[len(by) :], strict=True)))
    at = zones.local(values["created_at"], zone)
    values |= {
        "status": Status(values["status"]),
        "verdict": _verdict(values["verdict"]),
        "source": Source(values["source"]),
        "created_at": at,
    }
    key = (at.date().isoformat() if name == "day" else value for name, value in zip(by, row, strict=False))
    return LoggedRequest(tuple(key), **values)


def _restarted(*, sqlite: bool) -> Statement:
    reasons = cast(_T.restarts, Text)
    again = believed(sqlite=sqlite)["attempts"] > 1
    return select(reasons, func.count()).where(_AGAIN, again, reasons.is_not(None)).group_by(reasons)


def _restarts(rows: Sequence[Found]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for listed, count in rows:
        with suppress(ValueError):
            reasons = json.loads(listed)
            for reason in reasons if isinstance(reasons, list) else ():
                counts[str(reason)] = counts.get(str(reason), 0) + count
    return counts


def _days(
    rows: Rows, first: datetime, one: Mapping[str, ColumnElement[Any]], local: LocalDays, window: Window
) -> list[Day]:
    """The sums of each day that has requests; one statement a day, which reads that part of an index only.

    The day on which the clock is changed takes two.
    """
    accepted, rejected = one["accepted_prediction_tokens"], one["rejected_prediction_tokens"]
    measured = and_(_T.offline.is_(False), _T.source != Source.BENCH.value)
    taken, both = (case((measured, value)) for value in (accepted + 0 * rejected, accepted + rejected))
    sums = select(
        func.count(),
        func.sum(one["completion_tokens"]),
        func.sum(accepted),
        func.sum(rejected),
        func.sum(taken),
        func.sum(both),
        func.count(func.nullif(both, 0)),
    )
    found: dict[date, Day] = {}
    following: datetime | None = first
    while following is not None:
        stretch = local.at(following)
        day, end = stretch.day(following), stretch.ends(following)
        until = end if window.until is None else min(end, window.until)
        (row,) = rows(sums.where(_chosen(window._replace(since=following, until=until))))
        part = Day(day, *map(_number, row))
        found[day] = found[day].with_more(part) if day in found else part
        following = rows(select(func.min(_T.created_at)).where(_chosen(window._replace(since=end))))[0][0]
    return sorted(found.values())
