"""When was tuned, by whom, and what that changed: a file beside the policy, for people and for who tunes by itself.

Numbers and sentences about models only. Of older entries, the latest stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.files import hints
from editsvc.tuning import TUNINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BY_HAND: Final = "tune"
BY_ITSELF: Final = "auto"
_SCHEMA: Final = 1
_KEPT: Final = 50
_LARGEST: Final = 1_048_576


class Tuned(msgspec.Struct, frozen=True):
    """One tuning that made a version of the policy at Unix time `at`; `changes` say what it decided otherwise."""

    at: float
    version: int
    by: str
    changes: tuple[str, ...] = ()


class Tunings(msgspec.Struct, frozen=True):
    """What was tuned, the latest first; the log had `requests` when somebody last tuned, or began to, at `at`."""

    schema: int = _SCHEMA
    at: float = 0.0
    requests: int = 0
    made: tuple[Tuned, ...] = ()

    def since(self, requests: int) -> int:
        """How many requests came since, of so many that the log has now; one that was purged has begun anew."""
        return requests - self.requests if requests >= self.requests else requests

    def of(self, version: int) -> Tuned | None:
        """The tuning that made a version; None if that is not known."""
        return next((each for each in self.made if each.version == version), None)


def load(folder: Path) -> Tunings:
    """What `folder` has; nothing, if the file is not there or cannot be used."""
    found = hints.read(folder / TUNINGS_FILE, Tunings, largest=_LARGEST)
    return found if found is not None and found.schema == _SCHEMA else Tunings()


def begun(folder: Path, *, at: float, requests: int) -> None:
    """Note that somebody tunes, with so many requests in the log: whoever is stopped does not begin again at once."""
    hints.write(folder / TUNINGS_FILE, msgspec.structs.replace(load(folder), at=at, requests=requests))


def made(folder: Path, version: int, *, at: float, by: str, changes: Sequence[str]) -> None:
    """Note that a version of the policy was made."""
    known = load(folder)
    latest = (Tuned(at, version, by, tuple(changes)), *known.made)[:_KEPT]
    hints.write(folder / TUNINGS_FILE, msgspec.structs.replace(known, made=latest))
