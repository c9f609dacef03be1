"""What servers were found to take, kept in a file: so that the next process need not be refused first.

Like `health`, one small JSON file in the data folder, replaced whole; the last writer's word counts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc import credible
from editsvc.files import hints
from editsvc.provider.limits import FORGOTTEN_S, Found, Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMITS_FILE: Final = "limits.json"
_MOST: Final = 64  # models; the latest stay


class LimitsEntry(msgspec.Struct, frozen=True):
    """A model at one server, known by `server` (the origin of its address): a `Found`, with Unix times."""

    server: str
    model: str
    context: int | None = None
    share: float = 1.0
    context_at: float | None = None
    minute: int | None = None
    minute_at: float | None = None

    @property
    def noted_at(self) -> float:
        """When something was last learned."""
        return max(self.context_at or 0.0, self.minute_at or 0.0)

    def found(self) -> Found:
        """The entry as a value, on the clock of Unix times; numbers that cannot be are not known."""
        return Found(
            credible.count(self.context) or None,
            self.share if 0 < self.share <= 1 else 1.0,
            -math.inf if self.context_at is None else self.context_at,
            credible.count(self.minute) or None,
            -math.inf if self.minute_at is None else self.minute_at,
        )


class LimitsFile:
    """The file in `folder`; `clock` is that of the chain, `wall` tells Unix time."""

    def __init__(self, folder: Path, *, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._path = folder / LIMITS_FILE
        self._clock = clock
        self._wall = wall

    def of(self, server: str) -> dict[str, Found]:
        """What still counts of what is known about the models of `server`, on the clock of Unix times."""
        now = self._wall()
        found = {entry.model: entry.found().at(now) for entry in self._entries() if entry.server == server}
        return {model: one for model, one in found.items() if one != Found()}

    def load(self, server: str) -> Limits:
        """What is known about `server`, on the chain's clock."""
        ahead = self._clock() - self._wall()
        return Limits({model: found.moved(ahead) for model, found in self.of(server).items()})

    def save(self, server: str, limits: Limits) -> None:
        """Note what is known about `server`; a file that cannot be written is none of an edit's business."""
        now = self._wall()
        ahead = now - self._clock()
        entries = {(entry.server, entry.model): entry for entry in self._entries()}
        for model, found in limits.known():
            entries[server, model] = _entry(server, model, found.moved(ahead))
        recent = [entry for entry in entries.values() if now - entry.noted_at < FORGOTTEN_S]
        latest = sorted(recent, key=lambda entry: entry.noted_at)[-_MOST:]
        hints.write(self._path, latest)

    def _entries(self) -> list[LimitsEntry]:
        return hints.read(self._path, list[LimitsEntry]) or []


def _entry(server: str, model: str, found: Found) -> LimitsEntry:
    return LimitsEntry(
        server,
        model,
        found.context,
        found.share,
        found.context_at if math.isfinite(found.context_at) else None,
        found.minute,
        found.minute_at if math.isfinite(found.minute_at) else None,
    )
