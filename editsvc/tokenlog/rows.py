"""Records as values that every database, and JSON, can hold; and back.

Logs hold what older versions, other programs and odd servers left: negative counts, NaN, text in a column of
integers. This is the border where numbers come out of the log, whoever wrote them: impossible values, by the rules of
`editsvc.credible`, read as not reported. `editsvc.tokenlog.columns` does the same within a database.
"""

from __future__ import annotations

import math
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from editsvc import credible
from editsvc.errors import Status
from editsvc.tokenlog.record import GROUPS, RequestRecord
from editsvc.tokenlog.values import Source, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_INT64: Final = 2**63
_PAIR: Final = 2
_FIELDS: Final = tuple(field.name for field in fields(RequestRecord) if field.name not in GROUPS)
_LOGGED: Final = {
    kind: tuple(field.name for field in fields(kind) if field.metadata.get("logged", True))
    for kind, _ in GROUPS.values()
}
# Each struct of a record: its name, its type, and its fields with their columns.
_GROUPS: Final = tuple(
    (group, kind, tuple((name, prefix + name) for name in _LOGGED[kind]))
    for group, (kind, prefix) in GROUPS.items()
)
_GETTERS: Final[Mapping[str, Callable[[RequestRecord], Any]]] = {
    **{name: attrgetter(name) for name in _FIELDS},
    **{column: attrgetter(f"{group}.{name}") for group, _, columns in _GROUPS for name, column in columns},
}
_TOKENS: Final = {
    "prompt": "prompt_tokens",
    "cached": "cached_tokens",
    "completion": "completion_tokens",
    "reasoning": "reasoning_tokens",
    "accepted": "accepted_prediction_tokens",
    "rejected": "rejected_prediction_tokens",
}
_RULES: Final[dict[str, Callable[[object], float | None]]] = {
    **dict.fromkeys(
        (
            "scope_start_line",
            "scope_end_line",
            "document_lines",
            "document_bytes",
            "max_completion_tokens",
            "hunks",
            "hunks_accepted",
            "hunks_survived",
            "parts_offered",
            "parts_rewritten",
        ),
        credible.count,
    ),
    **dict.fromkeys(("ttft_s", "total_s", "queue_time_s", "prompt_time_s"), credible.seconds),
    "completion_time_s": credible.duration,
    "tokens_per_s": credible.speed,
    "propensity": credible.probability,
    "named_arm_propensity": credible.probability,
    "cost_usd": credible.dollars,
    "rejected_cost_usd": credible.dollars,
}
# Texts that come from servers.
_TEXTS: Final[dict[str, Callable[[object], object]]] = {
    "finish_reason": credible.finish_reason,
    "request_id": credible.name,
    "rate_limit": credible.rate_limits,
}
_PARTS: Final = (
    ("hunks_accepted", "hunks"),
    ("hunks_survived", "hunks"),
    ("rejected_cost_usd", "cost_usd"),
)


def logged(struct: object) -> dict[str, Any]:
    """The fields of one of a record's structs that the log keeps, under their own names."""
    return {name: getattr(struct, name) for name in _LOGGED[type(struct)]}


def columns_of(record: RequestRecord) -> dict[str, Any]:
    """The values of `record` by the columns of the log."""
    return {column: get(record) for column, get in _GETTERS.items()}


def column_of(record: RequestRecord, column: str) -> Any:
    """The value of `record` in one column of the log."""
    return _GETTERS[column](record)


def record_of(values: Mapping[str, Any]) -> RequestRecord:
    """The record with `values` by column, the inverse of `columns_of`; missing columns have their defaults."""
    found = nested(values)
    for group, kind, _ in _GROUPS:
        found[group] = kind(**found[group])
    return RequestRecord(**found)


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` by column as the fields of a record, with a dictionary for each of its structs."""
    found = {name: values[name] for name in _FIELDS if name in values}
    for group, _, columns in _GROUPS:
        found[group] = {name: values[column] for name, column in columns if column in values}
    return found


def to_row(record: RequestRecord) -> dict[str, Any]:
    """`record` as values that both databases hold.

    Some fields come from a server: a number that is not finite or beyond 64 bits counts as not reported, and
    characters that PostgreSQL or UTF-8 cannot hold (NUL, lone surrogates) become U+FFFD.
    """
    return {name: storable(value) for name, value in _named(columns_of(record)).items()}


def from_row(row: Mapping[str, Any]) -> RequestRecord:
    """The record of a row; raises ValueError for a status, source or verdict that we do not know."""
    values = believable(row)
    verdict = values["verdict"]
    values["source"] = Source(values["source"])
    values["status"] = Status(values["status"])
    values["verdict"] = Verdict(verdict) if verdict is not None else None
    return record_of(values)


def believed(record: RequestRecord) -> RequestRecord:
    """`record` as it would come out of a log."""
    return record_of(believable(columns_of(record)))


def believable(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values`, by column, with None for every impossible number; columns may be missing.

    Whole and part are compared if both are present. An impossible number of attempts becomes 0.
    """
    found = _named(values)
    for name, rule in _RULES.items():
        if found.get(name) is not None:
            found[name] = rule(found[name])
    tokens = credible.tokens(**{key: found.get(name) for key, name in _TOKENS.items()})
    for key, name in _TOKENS.items():
        if name in found:
            found[name] = getattr(tokens, key)
    for part, whole in _PARTS:
        if part in found:
            found[part] = credible.part(found[part], found.get(whole))
    if "attempts" in found:
        found["attempts"] = credible.count(found["attempts"]) or 0
    if found.get("what_if") is not None:
        found["what_if"] = _pairs(found["what_if"])
    return found


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with None for texts that no server can mean; they are of any length, and hold what they like."""
    return {name: _TEXTS[name](value) if name in _TEXTS else value for name, value in values.items()}


def _pairs(what_if: object) -> dict[str, list[int]] | None:
    """The candidates of which both counts can be; older and foreign writers left other forms."""
    if type(what_if) is not dict:
        return None
    # Ten candidates and presets a request: this is asked a hundred thousand times, and a call each would be half of it.
    most = credible.MOST
    return {
        name: counts
        for name, counts in what_if.items()
        if type(counts) is list
        and len(counts) == _PAIR
        and type(counts[0]) is type(counts[1]) is int
        and 0 <= counts[0] <= most
        and 0 <= counts[1] <= most
    }


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
