"""The reference of the log's columns, as ``docs/log.md`` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import JSON, BigInteger, Boolean, Double, Text

from editsvc.tokenlog.schema import REQUESTS, UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy import Column

_BEGIN: Final = "<!-- columns: generated from editsvc.tokenlog.schema -->\n"
_END: Final = "<!-- end of columns -->\n"
_KINDS: Final = {
    Text: "text",
    BigInteger: "integer",
    Double: "number",
    Boolean: "true or false",
    UtcDateTime: "time, UTC",
    JSON: "JSON",
}


def columns_table() -> str:
    """The columns as a Markdown table, in the order of the schema."""
    rows = [f"| `{column.name}` | {_kind(column)} | {column.doc} |\n" for column in REQUESTS.columns]
    return "".join(("| column | type | meaning |\n", "|---|---|---|\n", *rows))


def with_columns(document: str) -> str:
    """`document` with the current table between its two markers; raises ValueError if they are missing."""
    head, begin, rest = document.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        raise ValueError("the document has no markers for the table of columns")
    return f"{head}{begin}{columns_table()}{end}{tail}"


def _kind(column: Column[Any]) -> str:
    return _KINDS[type(column.type)] + (", or null" if column.nullable else "")
