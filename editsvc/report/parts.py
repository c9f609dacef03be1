"""The parts of a report, each of which can fail without taking the others with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from editsvc.errors import EditsvcError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that is not in a report, and what was in its way."""

    part: str
    reason: str

    @property
    def sentence(self) -> str:
        """What to tell the reader."""
        return f"{self.part} could not be worked out ({self.reason}); the rest of the report stands."


class Parts:
    """Makes the parts of one report and keeps a list of those that are missing."""

    def __init__(self, missing: Iterable[Missing] = ()) -> None:
        self.missing = list(missing)

    def part(self, name: str, make: Callable[[], T], otherwise: Other) -> T | Other:
        """What `make` makes; `otherwise` if it fails, and then the part of that name is missing.

        What went wrong outside, which is an EditsvcError, is the caller's to tell.
        """
        try:
            return make()
        except EditsvcError:
            raise
        except Exception as exc:  # noqa: BLE001 - a defect in one figure must not hide all others
            missing = Missing(name, f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__)
            if missing not in self.missing:
                self.missing.append(missing)
            return otherwise

    def some(self, name: str, make: Callable[[], list[T]]) -> list[T]:
        """What `make` makes; nothing if it fails, and then the part of that name is missing."""
        found = self.part(name, make, None)
        return [] if found is None else found
