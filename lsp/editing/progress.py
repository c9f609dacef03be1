"""The messages to the client while an edit streams: work-done progress, and hunks if requested.

The first hunk is shown at once. From then on these are at most some thirty messages a second, however fast the reply
comes, and none to a client that has stopped reading. Hunks are those of `editsvc.text.streaming_diff`: what was sent
once never changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from editsvc import figures
from lsp.contract import Position, Range, StreamedHunk

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from editsvc.engine.edit import StreamUpdate

_STREAM_EVERY_S: Final = 0.04
# A server that says nothing for longer is slow, and its user wants to know that it is at work.
_SILENT_S: Final = 2.0
_SILENCE_EVERY_S: Final = 1.0
_PROGRESS_EVERY_S: Final = 0.25
_BACKLOG: Final = 1 << 20


class Sink(Protocol):
    """Where the messages go."""

    def report(self, message: str, percentage: int) -> None:
        """Work-done progress."""
        ...

    def stream(self, seq: int, hunks: Sequence[StreamedHunk], reached: int, total: int) -> None:
        """The hunks that have become certain since the message before; `seq` 0 begins anew."""
        ...

    @property
    def backlog(self) -> int:
        """Bytes that the client has not taken yet."""
        ...


class StreamReporter:
    """Listens to one edit; `finish` says the rest."""

    follows = True

    def __init__(self, sink: Sink, loop: asyncio.AbstractEventLoop, *, stream: bool) -> None:
        self._sink = sink
        self._loop = loop
        self._stream = stream
        self._timer: asyncio.TimerHandle | None = None
        self._last_report = loop.time()
        self._finished = False
        self._doing = "reading the file"
        self._since = loop.time()
        self._silence: asyncio.TimerHandle | None = loop.call_later(_SILENT_S, self._say_what_it_does)
        self._clear()

    def _clear(self) -> None:
        self._seq = 0
        self._hunks: list[StreamedHunk] = []
        self._count = 0
        self._kept = 0
        self._new_lines = 0
        self._reached = 0
        self._total = 0

    def restarted(self) -> None:
        """Begin anew: the next message has seq 0."""
        self._clear()
        self._wait("reading the file")

    def begun(self) -> None:
        """The reply comes, but nothing to show may be certain for a while."""
        self._wait("writing")

    def _wait(self, doing: str) -> None:
        """Nothing is to be expected for a while: say what is done meanwhile, and how long it has taken."""
        self._stop_waiting()
        self._doing, self._since = doing, self._loop.time()
        if not self._finished:
            self._silence = self._loop.call_later(_SILENT_S, self._say_what_it_does)

    def _stop_waiting(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _say_what_it_does(self) -> None:
        seconds = round(self._loop.time() - self._since)
        self._sink.report(f"{self._doing} ({seconds} s)", 0)
        self._silence = self._loop.call_later(_SILENCE_EVERY_S, self._say_what_it_does)

    def streamed(self, update: StreamUpdate) -> None:
        """Collect new hunks; the first one is sent at once, the others when due."""
        self._stop_waiting()
        waited_for = not self._count
        self._reached, self._total = update.reached, update.total
        for block in update.blocks:
            self._new_lines += block.new_end - block.new_start
            if block.equal:
                self._kept += block.new_end - block.new_start
                continue
            if self._stream:
                self._hunks.append(
                    StreamedHunk(
                        id=self._count,
                        range=_lines(block.old_start, block.old_end),
                        new_text="".join(update.new_lines[block.new_start : block.new_end]),
                    )
                )
            self._count += 1
        if self._finished:
            return
        if waited_for and self._count:
            if self._timer is not None:
                self._timer.cancel()
            self._tick()
        if self._timer is None:
            self._timer = self._loop.call_later(
                _STREAM_EVERY_S if self._stream else _PROGRESS_EVERY_S, self._tick
            )

    def held(self, seconds: float | None) -> None:
        """Report immediately that the edit waits for the server."""
        self._stop_waiting()
        about = "" if seconds is None else f" about {max(1, round(seconds))} s"
        self._sink.report(f"waiting{about}, because of the server's limits or a failure", self._message()[1])

    def released(self) -> None:
        """The server is asked now."""
        self._wait(self._doing)

    def locating(self) -> None:
        """Report immediately that the place of the edit is looked for."""
        self._wait("finding the place")
        self._sink.report("finding the place", self._message()[1])

    def finish(self) -> None:
        """Send nothing more by the clock."""
        self._finished = True
        self._stop_waiting()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            if self._stream:
                self._send_hunks()

    def _tick(self) -> None:
        self._timer = None
        if self._sink.backlog > _BACKLOG:
            return
        if self._stream:
            self._send_hunks()
        if self._loop.time() - self._last_report >= _PROGRESS_EVERY_S or not self._stream:
            self._last_report = self._loop.time()
            self._sink.report(*self._message())

    def _send_hunks(self) -> None:
        hunks, self._hunks = self._hunks, []
        self._sink.stream(self._seq, hunks, self._reached, self._total)
        self._seq += 1

    def _message(self) -> tuple[str, int]:
        parts = [
            f"{self._reached}/{self._total} lines",
            figures.count(self._count, "hunk"),
        ]
        if self._new_lines:
            # Lines that stay, and not what the server took from the prediction: that is known at the end, in tokens.
            parts.append(f"{figures.percent(self._kept / self._new_lines)} of the lines kept")
        # 100 would say that it is over, and the checks are still to come.
        return " · ".join(parts), min(99, 100 * self._reached // max(1, self._total))


def _lines(start: int, end: int) -> Range:
    return Range(Position(start, 0), Position(end, 0))
