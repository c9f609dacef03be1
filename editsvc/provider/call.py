"""One call of a provider, which can be cancelled from another thread than the one that carries it out."""

from __future__ import annotations

import math
import socket
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_BYTES: Final = 8 << 20
"""Of an answer for which nothing else is said."""


class CallCancelled(BaseException):
    """The call was cancelled while its thread was about to use the network.

    Not an Exception, because the SDK answers every Exception of a transport with another attempt.
    """


class NoToken(Exception):
    """A server has sent no token in time, whatever else it has sent."""


class Call:
    """One cancellable call; `attempts` counts the HTTP requests it made.

    An answer may have `most_bytes`, and its last byte may come before `ends` on `clock`: the thread that reads holds to
    both by itself, so that a server which sends without end stops nobody else. `sent` is called in the thread that
    sends when a request has been written; it must not block, and must not raise.
    """

    def __init__(
        self,
        *,
        most_bytes: int = MOST_BYTES,
        ends: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
        sent: Callable[[], None] = lambda: None,
    ) -> None:
        self.sent = sent
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.ends = ends
        self._clock = clock
        self.most_bytes = most_bytes
        self.cancelled = False
        self.attempts = 0

    @property
    def is_over(self) -> bool:
        """Whether the time for it has passed."""
        return self._clock() > self.ends

    def cancel(self) -> None:
        """Close the connection in use, if any, and refuse to open another; safe from every thread."""
        with self._lock:
            self.cancelled = True
            if self._socket is not None:
                shut_down(self._socket)

    def begin(self) -> None:
        """Count one more HTTP request; raises CallCancelled."""
        self._check()
        self.attempts += 1

    def use(self, connection: socket.socket | None) -> None:
        """Set the socket that the call uses now; raises CallCancelled."""
        with self._lock:
            self._socket = connection
        if connection is not None:
            self._check()

    def _check(self) -> None:
        if self.cancelled:
            raise CallCancelled


# The SDK passes no object of ours through to the transport, but it calls the transport in the caller's thread.
current_call: ContextVar[Call | None] = ContextVar("current_call", default=None)


def shut_down(connection: socket.socket) -> None:
    """End a connection under its reader, who wakes."""
    with suppress(OSError):  # it may be closed already
        # The plain socket's method: an SSLSocket's own would drop its TLS state under the reader.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
