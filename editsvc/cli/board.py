"""Many files at the same time, on a terminal: a line for each that is under way, and how many are done.

It is drawn on stderr, and taken away before anything is printed: what stays are diffs and sentences, in order.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from editsvc import figures
from editsvc.cli import looks
from editsvc.cli.live import Progress
from editsvc.cli.output import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from editsvc.cli.totals import Totals

_UPDATES_PER_SECOND: Final = 10
_NARROW: Final = 70
_ELLIPSIS: Final = "…"
# Lines of the terminal that are left for what stands above, and for the sum.
_KEPT_FREE: Final = 3


class FileLine(Progress):
    """How far one file is, in a line."""

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self.path = path
        self.name = visible(path)


class Board:
    """A context manager around a run of files; those under way are drawn in the order of `paths`."""

    def __init__(self, paths: Sequence[str], totals: Totals, console: Console | None = None) -> None:
        self._totals = totals
        self._places = {path: place for place, path in enumerate(paths)}
        self._unexplained = 0
        self._under_way: list[FileLine] = []
        self._console = console or Console(
            stderr=True, highlight=False, no_color=not looks.coloured(sys.stderr)
        )
        self._live = self._area()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    @contextmanager
    def file(self, path: str) -> Iterator[FileLine]:
        """The line of one file, there as long as its edit is under way."""
        line = FileLine(path)
        self._under_way.append(line)
        self._under_way.sort(key=lambda one: self._places[one.path])
        try:
            yield line
        finally:
            self._under_way.remove(line)

    def unexplained(self, hunks: int) -> None:
        """So many hunks more are not explained by the instruction."""
        self._unexplained += hunks

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take away what is drawn, and draw it again afterwards."""
        self._live.stop()
        try:
            yield
        finally:
            # One that is started again would first erase as many lines as it drew, which are others by now.
            self._live = self._area()
            self._live.start()

    def _area(self) -> Live:
        # What is printed meanwhile is printed by those who say so, aside.
        return Live(
            console=self._console,
            refresh_per_second=_UPDATES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self._drawn,
        )

    def _drawn(self) -> Group:
        size = self._console.size
        lines = list(self._under_way)  # drawing has a thread of its own
        shown = lines[: max(1, size.height - _KEPT_FREE)]
        short = size.width < _NARROW
        states = [line.state(short=short) for line in shown]
        # A full line would let some terminals begin another one.
        room = size.width - 1 - max(map(cell_len, states), default=0) - 2
        width = min(room, max((cell_len(line.name) for line in shown), default=0))
        rows = [
            _row(_end_of(line.name, width), state, width) for line, state in zip(shown, states, strict=True)
        ]
        rows.append(Text(self._sum(size.width - 1, len(lines) - len(shown)), "dim", no_wrap=True))
        return Group(*rows)

    def _sum(self, width: int, hidden: int) -> str:
        """How far all is, with as much as there is room for."""
        first, *others = self._totals.parts()
        if self._unexplained:
            # Where there is little room, the time that is left is worth more.
            at = 0 if width >= _NARROW else len(others)
            others.insert(at, f"{figures.count(self._unexplained, 'hunk')} not asked for")
        if hidden:
            others.insert(0, f"{hidden} more under way")
        said = first
        for part in others:
            if cell_len(said) + 3 + cell_len(part) <= width:
                said += f" · {part}"
        return said


def _row(name: str, state: str, width: int) -> Text:
    row = Text(no_wrap=True, overflow="ellipsis")
    row.append(name + " " * (width - cell_len(name) + 2))
    return row.append(state, "dim")


def _end_of(name: str, width: int) -> str:
    """`name`, or as much of its end as fits: the end is what tells files apart."""
    if cell_len(name) <= width:
        return name
    while name and cell_len(name) + 1 > width:
        name = name[1:]
    return _ELLIPSIS + name
