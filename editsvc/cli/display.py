"""The display while a run lasts: long waits only, the diff of one file, or a line for each of many."""

from __future__ import annotations

import math
import os
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, Protocol, Self

from editsvc.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from editsvc.cli.totals import Totals
    from editsvc.engine.edit import Listener, StreamUpdate

_REPORTED_WAIT_S: Final = 1.0
_DUMB: Final = frozenset({"dumb", "unknown"})


class Display(Protocol):
    """A context manager around a run."""

    def __enter__(self) -> Self:
        """Begin to draw."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing behind."""
        ...

    def file(self, path: str) -> AbstractContextManager[Listener]:
        """What follows the edit of one file."""
        ...

    def unexplained(self, hunks: int) -> None:
        """So many hunks of an edit that has ended are not explained by the instruction."""
        ...

    def aside(self) -> AbstractContextManager[object]:
        """Around whatever is printed: nothing is drawn meanwhile."""
        ...


class _Said:
    """Until when it is said that requests wait: one sentence is enough for all that wait meanwhile."""

    def __init__(self) -> None:
        self.until = -math.inf


class WaitMessages:
    """A listener that draws nothing, and says once that a file's request is held back by the server's limits."""

    follows = False

    def __init__(self, path: str, said: _Said) -> None:
        self._path = path
        self._said = said
        self._reported = False

    def restarted(self) -> None:
        """Nothing is drawn."""

    def streamed(self, update: StreamUpdate) -> None:
        """Nothing is drawn."""

    def released(self) -> None:
        """Nothing is drawn."""

    def begun(self) -> None:
        """Nothing is drawn."""

    def locating(self) -> None:
        """Nothing is drawn."""

    def held(self, seconds: float | None) -> None:
        """Print it, if it is long enough to notice."""
        if self._reported or seconds is None or seconds < _REPORTED_WAIT_S:
            return
        self._reported = True
        now = time.monotonic()
        if now >= self._said.until:
            self._said.until = now + seconds
            output.print_message(
                f"editsvc: {self._path} waits about {seconds:.0f} s, because of the server's limits or a failure."
            )


class Undrawn:
    """Draws nothing; reports only long waits."""

    def __init__(self) -> None:
        self._said = _Said()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def file(self, path: str) -> AbstractContextManager[Listener]:
        """A listener that reports long waits."""
        return nullcontext(WaitMessages(path, self._said))

    def unexplained(self, hunks: int) -> None:
        """It is said with the edit."""

    def aside(self) -> AbstractContextManager[object]:
        """Nothing is in the way."""
        return nullcontext()


class OneDiff(Undrawn):
    """The diff of the one file there is, as it is written."""

    def file(self, path: str) -> AbstractContextManager[Listener]:
        """A listener that draws; what it drew is gone when the edit has ended."""
        from editsvc.cli.live import LiveDiff

        return LiveDiff(path)


def can_be_drawn_on() -> bool:
    """Whether stderr is a terminal on which something can be drawn, and taken away again."""
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in _DUMB


def display(paths: Sequence[str], *, drawn: bool, totals: Totals) -> Display:
    """The display for a run of these files, in their order; `totals` says how far all of them are."""
    if not drawn:
        return Undrawn()
    if len(paths) == 1:
        return OneDiff()
    from editsvc.cli.board import Board

    return Board(paths, totals)
