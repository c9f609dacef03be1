"""Costs in words: what the month will come to, and whether a limit is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.report.formatting import count, dollars

if TYPE_CHECKING:
    from editsvc.report.model import Forecast, Spent


def covers(spent: Spent) -> str:
    """Of how many requests the cost is known, if not of all; the offline engine's cost nothing, and are not counted."""
    if spent.reported == spent.requests:
        return ""
    unpriced = f", {spent.unpriced:,} to models whose price is unknown" if spent.unpriced else ""
    return f" ({_of(spent)}{unpriced})"


def foretold(found: Forecast) -> str:
    """The month so far, and what it will come to."""
    so_far = f"{dollars(found.so_far.usd)} so far{covers(found.so_far)}"
    if found.expected_usd is None:
        return f"{so_far}; no forecast: {found.missing}"
    return (
        f"{so_far}; {dollars(found.expected_usd)} by its end "
        f"(95 % sure: {dollars(found.low)} to {dollars(found.high)})"
    )


def _of(spent: Spent) -> str:
    return f"cost covers {spent.reported:,} of {count(spent.requests, 'request')}"


def above(spent: Spent, limit: float, period: str) -> str | None:
    """Why a limit of so many dollars is not kept, or not known to be; None if it is.

    An unknown cost is not 0: if there are prices that nobody knows, nobody knows that the cost is within the limit.
    """
    known = spent.usd or 0.0
    if known > limit:
        return f"The cost {period} is {dollars(spent.usd)}{covers(spent)}, above {dollars(limit)}."
    if spent.unpriced:
        others = (
            f"the others cost {dollars(spent.usd)}" if spent.usd is not None else "no other cost is known"
        )
        return (
            f"Whether the cost {period} is above {dollars(limit)} cannot be said: the price of the model is unknown "
            f"for {spent.unpriced:,} of {count(spent.requests, 'request')}; {others}."
        )
    return None


def within(spent: Spent, limit: float, period: str) -> str:
    """That a limit is kept."""
    return f"The cost {period} is {dollars(spent.usd or 0.0)}{covers(spent)}, within {dollars(limit)}."
