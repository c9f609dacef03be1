"""The period of a report: ``28d``, ``12h``, ``2026-11-01``, ``all``."""

from __future__ import annotations

import re
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Final

from editsvc.errors import UsageError
from editsvc.zones import begins

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

_SPAN: Final = re.compile(r"([1-9][0-9]*)([hdw])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def parse_span(value: str) -> timedelta:
    """The length of time that `value` means: hours, days or weeks; raises UsageError for anything else."""
    found = _SPAN.fullmatch(value)
    try:
        if found:
            return int(found[1]) * _UNITS[found[2]]
    except OverflowError:
        pass
    raise UsageError(f"{value!r} is not a length of time.", hint="Use for example 7d, 4w or 24h.")


def parse_since(value: str, now: datetime, zone: tzinfo = UTC) -> datetime | None:
    """The time that `value` means at `now` (aware), in UTC; None for ``all``.

    A span is a whole number of hours (``h``), days (``d``) or weeks (``w``) before `now`; a date begins at
    midnight in `zone`. Raises UsageError for anything else.
    """
    if value == "all":
        return None
    span = _SPAN.fullmatch(value)
    try:
        if span:
            return now.astimezone(UTC) - int(span[1]) * _UNITS[span[2]]
        return begins(date.fromisoformat(value), zone)
    except (ValueError, OverflowError) as exc:
        raise UsageError(
            f"{value!r} is not a time span or a date.",
            hint="Use for example 28d, 12h, 4w, 2026-11-01 or all.",
        ) from exc
