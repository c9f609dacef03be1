"""Reads every stream of a provider in one thread, in ticks.

A thread that wakes for each event of a server spends more on waking than on reading: at 3,000 events a second, several
times as much. So the streams are looked at together, and between two looks is a pause in which events gather. Nobody
sees it: the first look at a stream comes as soon as something does, the next ones soon after, since they bring the
first change that can be shown, and all pauses are shorter than a screen's.
"""

from __future__ import annotations

import math
import selectors
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TICK_S: Final = 0.008
"""From one look to the next, with a few streams."""

FIRST_TICK_S: Final = 0.002
"""The same while a stream has only begun."""

# With many streams a look takes longer, and the pause is to stay the larger part.
_TICK_A_STREAM_S: Final = 0.0003
_LONGEST_TICK_S: Final = 0.016
# A stream that stands still for its listener is looked at so often, since its socket says nothing then.
_LOOK_AROUND_S: Final = 0.25


class Source(Protocol):
    """A stream that is read; whatever it does is done in the reader's thread, and raises nothing."""

    @property
    def socket(self) -> socket.socket:
        """What to wait for."""
        ...

    @property
    def has_only_begun(self) -> bool:
        """Whether its first bytes came a moment ago."""
        ...

    @property
    def deadline(self) -> float:
        """When to call `expire`, by the reader's clock; the past if nobody is interested any more."""
        ...

    @property
    def more_waits(self) -> bool:
        """Whether there is more to read than the last time, whatever the socket says."""
        ...

    def read(self) -> bool:
        """Take what has come; false if nothing follows."""
        ...

    def expire(self) -> None:
        """Learn that the deadline has passed, and that nothing is read any more."""
        ...

    def is_full(self, then: Callable[[], None]) -> bool:
        """Whether nothing is to be read until `then` is called, from any thread."""
        ...

    def close(self) -> None:
        """Give up the socket."""
        ...


class StreamReader:
    """The thread that reads: there is one as long as there is a stream."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._coming: list[Source] = []  # new ones, and those that may go on
        self._waker: socket.socket | None = None  # while there is a thread

    def add(self, source: Source) -> None:
        """Read `source` from now on; safe from every thread."""
        with self._lock:
            self._coming.append(source)
            if self._waker is not None:
                with suppress(BlockingIOError):  # then it has been woken already
                    self._waker.send(b"\0")
                return
            self._waker, woken = socket.socketpair()
        self._waker.settimeout(0)
        woken.settimeout(0)
        threading.Thread(target=self._run, args=(woken,), name="replies", daemon=True).start()

    def _run(self, woken: socket.socket) -> None:
        with selectors.DefaultSelector() as selector, woken:
            selector.register(woken, selectors.EVENT_READ)
            streams = _Streams(selector)
            while self._take_over(streams):
                pressing = streams.pressing()
                wait = 0.0 if pressing else streams.wait(self._clock())
                for key, _ in selector.select(wait):
                    if key.data is not None:
                        pressing.append(key.data)
                    else:
                        with suppress(BlockingIOError):
                            woken.recv(1 << 10)
                started = self._clock()
                for source in dict.fromkeys(pressing):
                    if not source.read():
                        streams.drop(source)
                    elif source.is_full(lambda source=source: self.add(source)):  # type: ignore[misc]
                        streams.pause(source)
                streams.expire(self._clock())
                if pressing and not streams.pressing():
                    self._sleep(max(0.0, started + streams.tick_s - self._clock()))

    def _take_over(self, streams: _Streams) -> bool:
        """Begin with what was added; false, once and for all, if there is nothing to read."""
        with self._lock:
            coming, self._coming = self._coming, []
            if not coming and not streams.any and self._waker is not None:
                self._waker.close()
                self._waker = None
                return False
        streams.go_on(coming)
        return True


class _Streams:
    """The streams of a reader's thread: those that are waited for, and those that stand still."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self._read: set[Source] = set()
        self._paused: set[Source] = set()
        self._begun: list[Source] = []  # what came with their heads waits already

    @property
    def any(self) -> bool:
        return bool(self._read or self._paused)

    @property
    def tick_s(self) -> float:
        if any(source.has_only_begun for source in self._read):
            return FIRST_TICK_S
        return min(_LONGEST_TICK_S, TICK_S + _TICK_A_STREAM_S * len(self._read))

    def go_on(self, sources: Iterable[Source]) -> None:
        for source in sources:
            self._paused.discard(source)
            self._read.add(source)
            self._begun.append(source)
            self._selector.register(source.socket, selectors.EVENT_READ, source)

    def pause(self, source: Source) -> None:
        self._selector.unregister(source.socket)
        self._read.discard(source)
        self._paused.add(source)

    def drop(self, source: Source) -> None:
        if source in self._read:
            self._selector.unregister(source.socket)
        self._read.discard(source)
        self._paused.discard(source)
        source.close()

    def pressing(self) -> list[Source]:
        """The streams to look at without waiting."""
        begun, self._begun = self._begun, []
        return [*begun, *(source for source in self._read if source.more_waits)]

    def wait(self, now: float) -> float | None:
        """Seconds until something is to be done even if nothing comes."""
        ends = min((source.deadline for source in self._read), default=math.inf)
        if self._paused:
            ends = min(ends, now + _LOOK_AROUND_S)
        return None if math.isinf(ends) and ends > 0 else max(0.0, ends - now)

    def expire(self, now: float) -> None:
        for source in [*self._read, *self._paused]:
            if source.deadline <= now:
                source.expire()
                self.drop(source)
