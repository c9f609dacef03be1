"""The columns of numbers as a report believes them: `editsvc.tokenlog.rows.believable`, said to a database.

A database adds up the stored values, so it must leave out impossible ones: text and negative counts, which SQLite
keeps in any column, NaN, and numbers so large that their sum overflows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, case, func, literal_column, not_, or_

from editsvc import credible
from editsvc.tokenlog.schema import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement

_COUNTS: Final = (
    "document_bytes",
    "attempts",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
    "hunks",
    "hunks_accepted",
)
_AMOUNTS: Final = ("cost_usd", "rejected_cost_usd")
# What is a part of what: it cannot be more.
_WHOLES: Final = {
    "cached_tokens": "prompt_tokens",
    "reasoning_tokens": "completion_tokens",
    "accepted_prediction_tokens": "completion_tokens",
    "rejected_prediction_tokens": "completion_tokens",
    "hunks_accepted": "hunks",
    "rejected_cost_usd": "cost_usd",
}


@lru_cache
def believed(*, sqlite: bool) -> Mapping[str, ColumnElement[Any]]:
    """The columns that reports add up, each NULL if its number is impossible."""
    columns: dict[str, ColumnElement[Any]] = {
        **{name: _within(name, credible.MOST, "integer", sqlite=sqlite) for name in _COUNTS},
        **{name: _within(name, credible.MOST_USD, "real", sqlite=sqlite) for name in _AMOUNTS},
    }
    completion = columns["completion_tokens"]
    taken, dropped = columns["accepted_prediction_tokens"], columns["rejected_prediction_tokens"]
    fits = and_(_fits(taken, completion), _fits(dropped, completion))
    return {
        **columns,
        "cached_tokens": _part(columns["cached_tokens"], columns["prompt_tokens"]),
        "reasoning_tokens": _part(columns["reasoning_tokens"], completion),
        "accepted_prediction_tokens": case((fits, taken)),
        "rejected_prediction_tokens": case((fits, dropped)),
        "hunks_accepted": _part(columns["hunks_accepted"], columns["hunks"]),
        "rejected_cost_usd": _part(columns["rejected_cost_usd"], columns["cost_usd"]),
    }


def as_stored() -> Mapping[str, ColumnElement[Any]]:
    """The same columns as they are: what `believed` gives where no request is `impossible`, for a third of the time."""
    return {name: REQUESTS.c[name] for name in (*_COUNTS, *_AMOUNTS)}


def impossible(*, sqlite: bool) -> ColumnElement[bool]:
    """Whether one of a request's numbers is NULL in `believed` and is not as it is stored."""
    most = dict.fromkeys(_COUNTS, credible.MOST) | dict.fromkeys(_AMOUNTS, credible.MOST_USD)
    column = REQUESTS.c
    found = [not_(_between(column[name], bound)) for name, bound in most.items()]
    found += [column[part] > column[whole] for part, whole in _WHOLES.items()]
    if sqlite:
        # Text is above every number there; a fraction is between them.
        found += [func.typeof(column[name]) == literal_column("'real'") for name in _COUNTS]
    return or_(*found)


def _between(column: ColumnElement[Any], most: float) -> ColumnElement[bool]:
    # Literals, so that the expression is the same wherever it stands; PostgreSQL has NaN above every number.
    return column.between(literal_column("0"), literal_column(f"{most:.0f}"))


def _within(name: str, most: float, kind: str, *, sqlite: bool) -> ColumnElement[Any]:
    column = REQUESTS.c[name]
    bounds = _between(column, most)
    if sqlite:
        # A whole number in a column of reals comes out as a real.
        bounds = and_(func.typeof(column) == literal_column(f"'{kind}'"), bounds)
    return case((bounds, column))


def _fits(part: ColumnElement[Any], whole: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a part is no more than its whole, as far as both are known."""
    return func.coalesce(part <= whole, literal_column("true"))


def _part(part: ColumnElement[Any], whole: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((_fits(part, whole), part))
