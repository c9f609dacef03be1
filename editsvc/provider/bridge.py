"""From the threads that read to the event loop: deltas in batches, then one result."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from editsvc.provider.base import Completion
    from editsvc.provider.call import Call

# In code points: what is handed over at once takes a few milliseconds, and so much may wait for that.
_SLICE: Final = 16_000
MOST_WAITING: Final = 256_000
_LOOK_AROUND_S: Final = 0.1


class Bridge:
    """What one reply hands over: a slice of what has come at most, between two of which everybody else gets a turn.

    While too much waits for that, whoever reads is to wait, too, and with it the server.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_delta: Callable[[str], None], call: Call) -> None:
        self._loop = loop
        self._on_delta = on_delta
        self._call = call
        self._taken = threading.Condition()
        self._deltas: deque[str] = deque()
        self._waiting = 0  # code points in them
        self._scheduled = False
        self._outcome: Completion | Exception | None = None
        self._when_room: Callable[[], None] | None = None
        self.result: asyncio.Future[Completion] = loop.create_future()

    def delta(self, text: str) -> None:
        """Hand over more of the reply."""
        with self._taken:
            self._deltas.append(text)
            self._waiting += len(text)
            schedule, self._scheduled = not self._scheduled, True
        if schedule:
            self._schedule(self._flush)

    def wait_for_room(self) -> None:
        """Block as long as too much waits to be taken, and somebody waits for it."""
        with self._taken:
            while self._waiting > MOST_WAITING and not self._call.cancelled and not self._call.is_over:
                self._taken.wait(_LOOK_AROUND_S)

    def has_room(self, then: Callable[[], None]) -> bool:
        """Whether more may be handed over; if not, `then` is called on the loop's thread as soon as it may."""
        with self._taken:
            if self._waiting <= MOST_WAITING:
                return True
            self._when_room = then
            return False

    def succeed(self, completion: Completion) -> None:
        """Give the result that follows the deltas."""
        self._schedule(self._end, completion)

    def fail(self, exc: Exception) -> None:
        """Give the error that follows the deltas."""
        self._schedule(self._end, exc)

    def _schedule(self, function: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # the loop is closed: nobody is waiting any more
            self._call.cancel()

    def _flush(self) -> None:
        """Hand a slice over; what is left comes in the loop's next round."""
        text = self._slice()
        if self.result.done():
            self._forget()
            return
        try:
            if text:
                self._on_delta(text)
        except Exception as exc:  # noqa: BLE001 - the listener's defect ends the call, not the loop
            self._forget()
            self.result.set_exception(exc)
            self._call.cancel()
            return
        if self._scheduled:
            self._loop.call_soon(self._flush)
        else:
            self._finish()

    def _slice(self) -> str:
        with self._taken:
            taken: list[str] = []
            room = _SLICE
            while self._deltas and room > 0:
                delta = self._deltas.popleft()
                if len(delta) > room:
                    self._deltas.appendleft(delta[room:])
                    delta = delta[:room]
                taken.append(delta)
                room -= len(delta)
            self._took(_SLICE - room)
        return "".join(taken)

    def _forget(self) -> None:
        with self._taken:
            self._deltas.clear()
            self._took(self._waiting)

    def _took(self, code_points: int) -> None:
        """Note that so much waits no more; under the lock."""
        self._waiting -= code_points
        self._scheduled = bool(self._deltas)
        self._taken.notify()
        if self._when_room is not None and self._waiting <= MOST_WAITING:
            then, self._when_room = self._when_room, None
            then()

    def _end(self, outcome: Completion | Exception) -> None:
        if self._outcome is None:
            self._outcome = outcome
        if not self._scheduled:
            self._finish()

    def _finish(self) -> None:
        if self._outcome is None or self.result.done():
            return
        if isinstance(self._outcome, Exception):
            self.result.set_exception(self._outcome)
        else:
            self.result.set_result(self._outcome)
