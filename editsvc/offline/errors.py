"""Why the offline engine makes no edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.errors import Refused
from editsvc.offline.names import near

if TYPE_CHECKING:
    from collections.abc import Iterable


class NotUnderstood(Refused):
    """The instruction is none of the documented ones."""


class NotApplicable(Refused):
    """The instruction is understood, but the document does not have what it is about, or not just once."""


def not_found(what: str, name: str, candidates: Iterable[str]) -> NotApplicable:
    """A NotApplicable that says what was looked for, and which names of the document are nearly it."""
    similar = near(name, candidates)
    tail = f"; did you mean {' or '.join(f'`{candidate}`' for candidate in similar)}?" if similar else "."
    return NotApplicable(f"There is no {what} named `{name}` in the file{tail}")
