"""Which numbers of a request nobody can believe, as a condition in SQL.

An index holds the requests that meet it, usually none, so that a report knows at once whether it has to look at each
number. A database uses such an index only where the condition is written literally as there.
"""

from __future__ import annotations

from typing import Final

from editsvc import credible

COUNTS: Final = (
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
AMOUNTS: Final = ("cost_usd", "rejected_cost_usd")
WHOLES: Final = {
    "cached_tokens": "prompt_tokens",
    "reasoning_tokens": "completion_tokens",
    "accepted_prediction_tokens": "completion_tokens",
    "rejected_prediction_tokens": "completion_tokens",
    "hunks_accepted": "hunks",
    "rejected_cost_usd": "cost_usd",
}
"""What is a part of what: it cannot be more."""


def _condition(*, sqlite: bool) -> str:
    # PostgreSQL has NaN above every number.
    most = dict.fromkeys(COUNTS, credible.MOST) | dict.fromkeys(AMOUNTS, credible.MOST_USD)
    terms = [f"{name} NOT BETWEEN 0 AND {bound:.0f}" for name, bound in most.items()]
    terms += [f"{part} > {whole}" for part, whole in WHOLES.items()]
    if sqlite:
        # Text is above every number there; a fraction is between them.
        terms += [f"typeof({name}) = 'real'" for name in COUNTS]
    return " OR ".join(terms)


ODD_IN_SQLITE: Final = _condition(sqlite=True)
ODD_IN_POSTGRESQL: Final = _condition(sqlite=False)
"""Whether one of a request's numbers is impossible."""
