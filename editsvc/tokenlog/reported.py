"""Which figures a record has, as one number that the database makes of it, and holds in its indexes.

Records with the same number report the same figures, so each figure has to be added up only once over them: every count
and every sum behind a rate follows (see `editsvc.tokenlog.counting`). A report over a million records takes half the
time that way. A record whose number is `ODD` holds a figure that cannot be; those are looked at one by one.
"""

from __future__ import annotations

from typing import Final

from editsvc import credible
from editsvc.tokenlog.dimensions import LARGEST, SIZES
from editsvc.tokenlog.odd import ODD_IN_POSTGRESQL, ODD_IN_SQLITE

ODD: Final = -1
FIGURES: Final = (
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
    "cost_usd",
    "rejected_cost_usd",
    "hunks",
    "hunks_accepted",
)
"""The columns that are added up."""

# The first bit of the number is for the first condition, and so on. Databases hold such numbers: what is changed here
# needs a revision of the schema.
CONDITIONS: Final = (
    *(f"{figure} IS NOT NULL" for figure in FIGURES),
    "completion_tokens > 0",
    "accepted_prediction_tokens + rejected_prediction_tokens > 0",
    "hunks > 0",
    "attempts > 1",
)


def reported_in_sql(*, sqlite: bool) -> str:
    """The number of a record, as an expression over its columns."""
    bits = " + ".join(
        f"CASE WHEN {condition} THEN {1 << bit} ELSE 0 END" for bit, condition in enumerate(CONDITIONS)
    )
    return f"CASE WHEN {ODD_IN_SQLITE if sqlite else ODD_IN_POSTGRESQL} THEN {ODD} ELSE {bits} END"


def size_in_sql(*, sqlite: bool) -> str:
    """The name of a document's size (see `editsvc.tokenlog.dimensions.size`), as an expression over its columns."""
    possible = f"document_bytes BETWEEN 0 AND {credible.MOST}"
    if sqlite:
        possible += " AND typeof(document_bytes) = 'integer'"
    sizes = " ".join(f"WHEN document_bytes < {below} THEN '{size}'" for size, below in SIZES)
    return f"CASE WHEN {possible} THEN CASE {sizes} ELSE '{LARGEST}' END END"
