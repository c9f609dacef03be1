"""When somebody last edited interactively with this installation, in any process: an empty file and its time.

Batch work in one process leaves room for an editor in another, and takes all there is when nobody is there.
"""

from __future__ import annotations

import math
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PRESENCE_FILE: Final = "interactive"
_NOTED_EVERY_S: Final = 10.0


class Presence:
    """The file in `folder`, which need not be there; `wall` tells Unix time."""

    def __init__(self, folder: Path, *, wall: Callable[[], float]) -> None:
        self._path = folder / PRESENCE_FILE
        self._wall = wall
        self._noted_at = -math.inf

    def note(self) -> None:
        """An interactive edit begins; where that cannot be noted, other processes do not know."""
        now = self._wall()
        if 0 <= now - self._noted_at < _NOTED_EVERY_S:
            return
        self._noted_at = now
        with suppress(OSError):
            self._path.touch(mode=0o600)
            os.utime(self._path, (now, now))

    def idle_s(self) -> float:
        """Seconds since the last interactive edit; infinity if none is known."""
        latest = self._noted_at
        with suppress(OSError):
            latest = max(latest, self._path.stat().st_mtime)
        return max(0.0, self._wall() - latest)


class Nobody:
    """Nobody ever sits there."""

    def note(self) -> None:
        """It is not remembered."""

    def idle_s(self) -> float:
        """Infinity."""
        return math.inf
