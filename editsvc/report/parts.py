"""The parts of a report, each of which can fail without affecting the others."""

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
    """A missing part of a report, and the reason."""

    part: str
    reason: str

    @property
    def sentence(self) -> str:
        """The sentence for the reader."""
        return f"{self.part} could not be computed ({self.reason}); the rest of the report is valid."


class Parts:
    """Computes the parts of one report and keeps a list of those that are missing."""

    def __init__(self, missing: Iterable[Missing] = ()) -> None:
        self.missing = list(missing)

    def part(self, name: str, make: Callable[[], T], otherwise: Other) -> T | Other:
        """The result of `make`; `otherwise` if it fails, and then the part of that name is missing.

        An EditsvcError is raised to the caller: it is not a defect of the part.
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
        """The result of `make`; empty if it fails, and then the part of that name is missing."""
        found = self.part(name, make, None)
        return [] if found is None else found
