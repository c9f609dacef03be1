"""One answer being read, by either of two ways: from its body to the bridge."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import httpx

from editsvc.errors import EditsvcError
from editsvc.provider.call import NoToken
from editsvc.provider.connections import late

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from editsvc.provider.base import Completion
    from editsvc.provider.bridge import Bridge
    from editsvc.provider.connections import DirectBody
    from editsvc.provider.stream import ReplyStream

# At a usual pace, some hundred tokens, and so a few lines.
_BEGINNING_S: Final = 0.04


class Reading:
    """Hands over what `stream` makes of an answer, and at its end one result.

    `completion` gives that of a reply that has ended, and raises EditsvcError; `mapped` is the error for an exception.
    """

    def __init__(
        self,
        stream: ReplyStream,
        bridge: Bridge,
        *,
        completion: Callable[[], Completion],
        mapped: Callable[[Exception], Exception],
    ) -> None:
        self.stream = stream
        self.bridge = bridge
        self._completion = completion
        self._mapped = mapped
        self._told = False

    def read(self, response: httpx.Response) -> None:
        """Read all of `response` here; raises what httpx raises, CallCancelled, and EditsvcError."""
        try:
            # Which the transport has decompressed, and bounded.
            for piece in () if self.stream.over else response.iter_bytes():
                self.take(piece)
                self.bridge.wait_for_room()
                if self.stream.over:
                    break
        except httpx.TransportError:
            if self.stream.finish_reason is None:
                raise
            # The reply has ended; how the connection ends after that is of no interest.
        finally:
            response.close()
        self.end()

    def take(self, body: bytes) -> None:
        """Hand over what the next bytes of the body hold."""
        self._hand_over(self.stream.push(body))

    def end(self) -> None:
        """Let the reply end with its body."""
        self._hand_over(self.stream.end())

    def fail(self, exc: Exception) -> None:
        """Let the reply end with an error, if it has not ended."""
        if not self._told:
            self._told = True
            self.bridge.fail(self._mapped(exc))

    def _hand_over(self, text: str) -> None:
        if text:
            self.bridge.delta(text)
        if self.stream.error is not None:
            self.fail(self.stream.error)
        elif self.stream.done and not self._told:
            try:
                completion = self._completion()
            except EditsvcError as exc:
                self.fail(exc)
                return
            self._told = True
            self.bridge.succeed(completion)


class DirectReading:
    """A `Source`: an answer whose `body` is read beside those of others, by a `StreamReader`.

    The first token is to come by `first_by`, on `clock`, each further one within `gap_s` seconds; what says nothing of
    the reply, as the comments that some servers send meanwhile, does not count.
    """

    def __init__(
        self,
        reading: Reading,
        response: httpx.Response,
        body: DirectBody,
        *,
        clock: Callable[[], float],
        first_by: float,
        gap_s: float,
    ) -> None:
        self._reading = reading
        self._response = response
        self._body = body
        self._call = body.call
        self._clock = clock
        self._first_by = first_by
        self._gap_s = gap_s
        self._held = False  # for the listener: the server is not to blame for that time

    @property
    def socket(self) -> socket.socket:
        """The connection's socket."""
        return self._body.socket

    @property
    def more_waits(self) -> bool:
        """Whether there is more to read than the last time."""
        return self._body.more_waits

    @property
    def has_only_begun(self) -> bool:
        """Whether its first content came a moment ago."""
        first = self._reading.stream.first
        return first is not None and self._clock() - first < _BEGINNING_S

    @property
    def deadline(self) -> float:
        """When a server that sends nothing is given up, or one that sends without end."""
        if self._call.cancelled:
            return -math.inf
        if self._held:
            return self._call.ends
        last = self._reading.stream.last
        return min(self._call.ends, self._first_by if last is None else last + self._gap_s)

    def read(self) -> bool:
        """Take what has come; false if nothing follows."""
        if self._call.cancelled:
            return False
        if self._held:
            self._held = False
            self._reading.stream.go_on()
        try:
            return self._read()
        except Exception as exc:  # noqa: BLE001 - a defect ends this answer, and no other
            self._reading.fail(exc)
            return False

    def _read(self) -> bool:
        body, stream = self._body, self._reading.stream
        self._reading.take(body.read())
        if body.failed is not None and stream.finish_reason is None:
            self._reading.fail(body.failed)
        elif body.failed is not None or body.complete:
            self._reading.end()
        return not (body.complete or body.failed is not None or stream.over)

    def expire(self) -> None:
        """Give up a server that sends nothing, or without end."""
        self._reading.fail(late() if self._call.is_over else self._silence())

    def _silence(self) -> Exception:
        return NoToken() if self._reading.stream.last is None else httpx.ReadTimeout("")

    def is_full(self, then: Callable[[], None]) -> bool:
        """Whether the loop is to catch up first."""
        full = not self._reading.bridge.has_room(then)
        if full:
            self._held = True
        return full

    def close(self) -> None:
        """Give the connection back, or close it."""
        with suppress(Exception):  # nothing depends on it, and the thread is that of the other answers, too
            self._response.close()
