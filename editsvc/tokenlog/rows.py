"""Records as values that every database, and JSON, can hold; and back."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from editsvc.errors import Status
from editsvc.tokenlog.record import RequestRecord, Source, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT64: Final = 2**63
_FIELDS: Final = tuple(field.name for field in fields(RequestRecord))


def to_row(record: RequestRecord) -> dict[str, Any]:
    """`record` as values that both databases hold.

    Some fields come from a server: a number that is not finite or beyond 64 bits counts as not reported, and
    characters that PostgreSQL or UTF-8 cannot hold (NUL, lone surrogates) become U+FFFD.
    """
    return {name: storable(getattr(record, name)) for name in _FIELDS}


def from_row(row: Mapping[str, Any]) -> RequestRecord:
    """The record of a row; raises ValueError for a status, source or verdict that we do not know."""
    values = dict(row)
    verdict = values["verdict"]
    values["source"] = Source(values["source"])
    values["status"] = Status(values["status"])
    values["verdict"] = Verdict(verdict) if verdict is not None else None
    return RequestRecord(**values)


def storable(value: Any) -> Any:
    """`value` as both databases hold it; see `to_row`."""
    if isinstance(value, str):
        return (
            value.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        )
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else None
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
