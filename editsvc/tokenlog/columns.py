"""The columns of numbers as a report believes them: `editsvc.tokenlog.rows.believable`, said to a database.

A database adds up the stored values, so it must leave out impossible ones: text and negative counts, which SQLite
keeps in any column, NaN, and numbers so large that their sum overflows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, literal_column

from editsvc import credible
from editsvc.tokenlog.odd import AMOUNTS, COUNTS
from editsvc.tokenlog.schema import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement


@lru_cache
def believed(*, sqlite: bool) -> Mapping[str, ColumnElement[Any]]:
    """The columns that reports add up, each NULL if its number is impossible."""
    columns: dict[str, ColumnElement[Any]] = {
        **{name: _within(name, credible.MOST, "integer", sqlite=sqlite) for name in COUNTS},
        **{name: _within(name, credible.MOST_USD, "real", sqlite=sqlite) for name in AMOUNTS},
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
