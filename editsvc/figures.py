"""Numbers as people read them, the same in every place: the command line, editors, reports, tuning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WHOLE: Final = 100.0
_LEAST_USD: Final = 0.0001
_MINUTE: Final = 60  # seconds of it, and minutes of an hour


def percent(share: float, digits: int = 0) -> str:
    """A share as a percentage with `digits` places; it reads 0 or 100 only if it is that.

    What would be rounded there reads ``<1 %`` and ``>99 %``, or ``<0.1 %`` and ``>99.9 %``, and so on. Changes, which
    may be negative, are said in the same way.
    """
    least = 10.0**-digits
    text = f"{_WHOLE * share:.{digits}f}"
    rounded = float(text)
    if share and not rounded:
        return f"<{least:.{digits}f} %" if share > 0 else f">-{least:.{digits}f} %"
    if abs(share) < 1 and abs(rounded) >= _WHOLE:
        most = f"{_WHOLE - least:.{digits}f} %"
        return f">{most}" if share > 0 else f"<-{most}"
    return f"{text} %" if rounded else f"{0:.{digits}f} %"


def accepted(taken: int | None, dropped: int | None) -> str | None:
    """Acceptance in whole percent from the accepted and rejected tokens of one edit; None where there is none."""
    if taken is None or dropped is None or not taken + dropped:
        return None
    return percent(taken / (taken + dropped))


def dollars(amount: float) -> str:
    """An amount in US dollars: cents from a dollar on, four places below, and $0 only for what is free."""
    if not amount:
        return "$0.00"
    if abs(amount) < _LEAST_USD:
        return f"<${_LEAST_USD}"
    return f"${amount:,.2f}" if abs(amount) >= 1 else f"${amount:.4f}"


def seconds(value: float) -> str:
    """The time of one edit."""
    return f"{value:.1f} s"


def count(number: int, noun: str) -> str:
    """A number and its noun, whose plural ends with s."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def some(names: Sequence[str], most: int) -> str:
    """Names, at most so many, and how many more there are: "a, b and 3 more"."""
    more = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {more:,} more" if more > 0 else shown


def duration(seconds: float) -> str:
    """A time of many edits: seconds, then whole minutes, then hours and minutes."""
    whole = max(1, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    minutes = round(seconds / _MINUTE)
    return f"{minutes} min" if minutes < _MINUTE else f"{minutes // _MINUTE} h {minutes % _MINUTE:02} min"
