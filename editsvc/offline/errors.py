"""The refusals of the offline engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.errors import Refused
from editsvc.offline.names import near

if TYPE_CHECKING:
    from collections.abc import Iterable


class NotUnderstood(Refused):
    """The instruction does not match any documented form."""


class NotApplicable(Refused):
    """The instruction is understood, but its target is missing from the document, or ambiguous."""


class NotHere(NotApplicable):
    """The document does not have what the instruction is about; of several files, others may."""


def not_found(what: str, name: str, candidates: Iterable[str]) -> NotHere:
    """A NotHere that names the missing target, and similar names in the document."""
    similar = near(name, candidates)
    tail = f"; did you mean {' or '.join(f'`{candidate}`' for candidate in similar)}?" if similar else "."
    return NotHere(f"The file has no {what} named `{name}`{tail}")
