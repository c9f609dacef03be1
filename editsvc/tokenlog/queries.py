"""The evidence of a report, as the database counts it; the sums are counted in `editsvc.tokenlog.counting`.

Each statement, or list of them, is a short transaction of its own, as everywhere in the log, so a log that is being
written may grow between two of them.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Integer,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    text,
    type_coerce,
)

from editsvc import zones
from editsvc.errors import Status
from editsvc.tokenlog import counting
from editsvc.tokenlog.columns import believed
from editsvc.tokenlog.days import spans as spans_between
from editsvc.tokenlog.dimensions import DIMENSIONS, shown
from editsvc.tokenlog.evidence import COLUMNS, Averages, Costs, Evidence, LoggedRequest, Window
from editsvc.tokenlog.rows import believable
from editsvc.tokenlog.schema import REQUESTS, UtcDateTime
from editsvc.tokenlog.values import Source, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from sqlalchemy import ColumnElement, Row, Select

    from editsvc.tokenlog.days import Span

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
    spans = _spans(rows, zone, first, last, window) if days or "day" in by else []
    counted = counting.count(
        rows,
        sqlite=sqlite,
        by=by,
        chosen=None if window == Window() else _chosen(window),
        spans=spans,
        days=days,
    )
    chosen = _chosen(window, sqlite=sqlite)
    requests = sum(sums.requests for sums in counted.cells.values())
    explored = rows(select(func.count()).select_from(REQUESTS).where(chosen, _EXPLORED))[0][0]
    every, explored_every = max(1, -(-requests // sample)), max(1, -(-explored // (sample // _FEWER)))
    return Evidence(
        by,
        since,
        zones.local(first, zone),
        zones.local(last, zone),
        counted.cells,
        [
            _logged_request(row, by, zone)
            for row in rows(_sample(by, every, sqlite=sqlite).where(_chosen(window)))
        ],
        every,
        [
            _logged_request(row, by, zone)
            for row in rows(_sample(by, explored_every, sqlite=sqlite).where(chosen, _EXPLORED))
        ],
        explored_every,
        _restarts(rows(_restarted(sqlite=sqlite).where(chosen))),
        counted.days,
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
    return Averages(*map(counting.number, rows(statement)[0]))


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
    # Of a model, SQLite would look through all requests to it.
    statement = statement.with_hint(REQUESTS, "INDEXED BY editsvc_requests_by_time", "sqlite")
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


def _spans(rows: Rows, zone: tzinfo, first: datetime, last: datetime, window: Window) -> list[Span]:
    def following(moment: datetime) -> datetime | None:
        # Of requests to any model, which is one step in an index.
        found: datetime | None = rows(select(func.min(_T.created_at)).where(_T.created_at >= moment))[0][0]
        return found

    return list(spans_between(zone, first, last, window.until, following))


def _ends(window: Window) -> Statement:
    # Two subqueries: each is one step in the index by time, both at once would be a walk through it.
    ends = (
        select(end(_T.created_at)).where(_chosen(window)).scalar_subquery() for end in (func.min, func.max)
    )
    return select(*(type_coerce(end, UtcDateTime()) for end in ends))


def _sample(by: tuple[str, ...], every: int, *, sqlite: bool) -> Statement:
    columns = (DIMENSIONS[name] for name in by)
    keys = (null() if column is None else _T[column] for column in columns)
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
        "verdict": None if values["verdict"] is None else Verdict(values["verdict"]),
        "source": Source(values["source"]),
        "created_at": at,
    }
    key = (
        at.date().isoformat() if name == "day" else shown(name, value)
        for name, value in zip(by, row, strict=False)
    )
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
