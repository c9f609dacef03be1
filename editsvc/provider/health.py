"""What breakers know, kept in a file: so that the next process need not find out anew, and people can look.

One small JSON file in the data folder, replaced whole. Processes that write at the same time may overwrite each
other's last word; it is a hint about servers and no record of anything.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.files import hints
from editsvc.provider.breaker import LONGEST_COOLDOWN_S, Health

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEALTH_FILE: Final = "providers.json"
# Longer than any breaker stays open; what is older says nothing.
_FORGOTTEN_S: Final = 600.0


class HealthEntry(msgspec.Struct, frozen=True):
    """One server, known by `server` (the origin of its address); times are Unix times, None for not at all."""

    server: str
    noted_at: float
    failures: int = 0
    failed_at: float | None = None
    open_until: float | None = None
    open_s: float = 0.0
    cool_until: float | None = None
    reason: str = ""


class HealthFile:
    """The file in `folder`; `clock` is the breakers', `wall` tells Unix time."""

    def __init__(self, folder: Path, *, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._path = folder / HEALTH_FILE
        self._clock = clock
        self._wall = wall

    def entries(self) -> dict[str, HealthEntry]:
        """Every server that something is known about; nothing, if the file is not there or cannot be read."""
        return {entry.server: entry for entry in hints.read(self._path, list[HealthEntry]) or []}

    def load(self, server: str) -> Health | None:
        """What is known about `server`, on the breakers' clock; None for nothing, or nothing recent."""
        entry = self.entries().get(server)
        now = self._wall()
        if entry is None or not 0 <= now - entry.noted_at < _FORGOTTEN_S:
            return None
        health = Health(
            failures=entry.failures,
            failed_at=-math.inf if entry.failed_at is None else entry.failed_at,
            until=entry.open_until,
            open_s=entry.open_s,
            cool_until=-math.inf
            if entry.cool_until is None
            else min(entry.cool_until, entry.noted_at + LONGEST_COOLDOWN_S),
            reason=entry.reason,
        )
        return health.moved(self._clock() - now)

    def save(self, server: str, health: Health) -> None:
        """Note what is known about `server`; a file that cannot be written is none of an edit's business."""
        moved, now = health.moved(self._wall() - self._clock()), self._wall()
        entries = {
            **self.entries(),
            server: HealthEntry(
                server=server,
                noted_at=now,
                failures=moved.failures,
                failed_at=_finite(moved.failed_at),
                open_until=moved.until,
                open_s=moved.open_s,
                cool_until=_finite(moved.cool_until),
                reason=moved.reason,
            ),
        }
        recent = [entry for entry in entries.values() if now - entry.noted_at < _FORGOTTEN_S]
        hints.write(self._path, recent)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
