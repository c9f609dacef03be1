"""The diff as it is written, on a terminal: the last changed lines and how far the reply has come.

It is drawn on stderr, at once when the first change is known and then at most thirty times a second, and gone when the
reply is complete: what stays is the exact diff.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from editsvc import figures
from editsvc.cli import looks
from editsvc.cli.output import visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from editsvc.engine.edit import StreamUpdate

_SHOWN_LINES = 14
_UPDATES_PER_SECOND = 30
_SILENT_S = 2


class Progress:
    """A listener that knows how far one file is; `clock` tells seconds."""

    follows = True

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._changed = 0
        self._reached = 0
        self._total = 0
        self._held = False
        self._locating = self._begun = False

    def restarted(self) -> None:
        """Begin again."""
        self._changed = self._reached = self._total = 0
        self._locating = self._begun = False
        self._since = self._clock()

    def released(self) -> None:
        """It goes on."""
        self._held = False
        self._since = self._clock()

    def locating(self) -> None:
        """The place of the edit is looked for, until more comes."""
        self._locating = True
        self._since = self._clock()

    def begun(self) -> None:
        """The reply comes; of its text nothing may be certain for a while."""
        self._held = self._locating = False
        self._begun = True
        self._since = self._clock()

    def held(self, _seconds: float | None) -> None:
        """The server's limits are waited for, until more comes."""
        self._held = True

    def _meanwhile(self, *, short: bool = False) -> str:
        """What is done before there is anything of a reply, and for how long if that is long."""
        if self._locating:
            doing = "locating" if short else "finding the place"
        elif self._begun:
            doing = "writing"
        else:
            doing = "reading" if short else "reading the file"
        seconds = int(self._clock() - self._since)
        return doing if seconds < _SILENT_S else f"{doing} ({seconds} s)"

    def state(self, *, short: bool = False) -> str:
        """How far it is, in a few words."""
        if self._held:
            return "held back" if short else "waiting, because of the server's limits or a failure"
        if self._locating or not self._total:
            return self._meanwhile(short=short)
        reached = f"{self._reached}/{self._total}"
        if short:
            return f"{reached} · {self._changed} changed"
        return f"{reached} lines · {figures.count(self._changed, 'place')} changed"

    def streamed(self, update: StreamUpdate) -> None:
        """Note how far it is."""
        self._held = self._locating = False
        self._reached, self._total = update.reached, update.total
        self._changed += sum(not block.equal for block in update.blocks)


class LiveDiff(Progress):
    """A listener that draws what streams; a context manager around one edit."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = visible(title)
        self._lines: deque[tuple[str, str]] = deque(maxlen=_SHOWN_LINES)
        console = Console(stderr=True, highlight=False, no_color=not looks.coloured(sys.stderr))
        self._live = Live(
            console=console,
            refresh_per_second=_UPDATES_PER_SECOND,
            transient=True,
            get_renderable=self._render,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def restarted(self) -> None:
        """Begin again."""
        super().restarted()
        self._lines.clear()

    def streamed(self, update: StreamUpdate) -> None:
        """Note the changed lines; from the first one on, drawing happens at its own pace."""
        waited_for = not self._changed
        super().streamed(update)
        for block in update.blocks:
            if block.equal:
                continue
            self._lines.append((f"@@ line {block.old_start + 1} @@", "cyan"))
            for text in update.old_lines[block.old_start : block.old_end]:
                self._lines.append(("-" + visible(text.rstrip("\n")), "red"))
            for text in update.new_lines[block.new_start : block.new_end]:
                self._lines.append(("+" + visible(text.rstrip("\n")), "green"))
        if waited_for and self._changed:
            self._live.refresh()

    def _render(self) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        for line, style in list(self._lines):
            text.append(line + "\n", style)
        text.append(f"{self._title}: {self.state()}", "dim")
        return text
