"""Connections, one for each request under way, that can be closed from another thread.

httpx reads in the thread that waits, so a stream is cancelled by shutting its socket down: the reader wakes,
and the server sees the connection end. That is only right if nobody else uses the connection. httpcore puts
several HTTP/2 streams on one, and when it drops a stream it sends no RST_STREAM, so the server would go on
generating, and billing. Hence a pool of transports with exactly one connection each: a request takes an idle one
or opens another, and returns it when the reply has been read to its end.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import httpx

from editsvc.errors import EndlessReply, ProviderTimeout

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

_MOST_IDLE: Final = 8
MOST_BYTES: Final = 8 << 20
"""Of an answer for which nothing else is said."""

# Enough for an error in words; what comes behind that is not read.
_MOST_OF_AN_ERROR: Final = 64 << 10
_FIRST_ERROR: Final = 300


class CallCancelled(BaseException):
    """The call was cancelled while its thread was about to use the network.

    Not an Exception, because the SDK answers every Exception of a transport with another attempt.
    """


class Call:
    """One cancellable call; `attempts` counts the HTTP requests it made.

    An answer may have `most_bytes`, and its last byte may come before `ends` on `clock`: the thread that reads holds to
    both by itself, so that a server which sends without end stops nobody else.
    """

    def __init__(
        self,
        *,
        most_bytes: int = MOST_BYTES,
        ends: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._ends = ends
        self._clock = clock
        self.most_bytes = most_bytes
        self.cancelled = False
        self.attempts = 0

    @property
    def is_over(self) -> bool:
        """Whether the time for it has passed."""
        return self._clock() > self._ends

    def cancel(self) -> None:
        """Close the connection in use, if any, and refuse to open another; safe from every thread."""
        with self._lock:
            self.cancelled = True
            if self._socket is not None:
                _shut_down(self._socket)

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


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        # The plain socket's method: an SSLSocket's own would drop its TLS state under the reader.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def endless(most_bytes: int) -> EndlessReply:
    """The error for an answer of more bytes than that."""
    return EndlessReply(
        f"The server sent more than {most_bytes:,} bytes, where much less was asked for.",
        hint="Nothing was changed; check the base URL, and whether the server holds to max_completion_tokens.",
    )


def bounded(pieces: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    """`pieces` as they come; raises EndlessReply at the one with which they are more than `most_bytes`."""
    received = 0
    for piece in pieces:
        received += len(piece)
        if received > most_bytes:
            raise endless(most_bytes)
        yield piece


class _Connection:
    def __init__(self, transport: httpx.HTTPTransport) -> None:
        self.transport = transport
        self.socket: socket.socket | None = None
        self.call: Call | None = None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Httpcore's trace hook: the only public place where a connection under construction can be seen."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self.socket = info["return_value"].get_extra_info("socket")
            if self.call is not None:
                try:
                    self.call.use(self.socket)
                except CallCancelled:
                    # httpcore does not own it yet, so nobody else would close it.
                    self.socket.close()
                    raise


class _ConnectionStream(httpx.SyncByteStream):
    """An answer's bytes as they come; of an error, only the first ones."""

    def __init__(
        self,
        inner: httpx.SyncByteStream,
        connection: _Connection,
        owner: CancellableTransport,
        call: Call,
        *,
        is_error: bool,
    ) -> None:
        self._inner = inner
        self._lane = connection
        self._owner = owner
        self._call = call
        self._is_error = is_error
        self._complete = False
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        for piece in self._inner:
            received += len(piece)
            if self._call.is_over:
                raise ProviderTimeout(
                    "The answer did not end in time.", hint="Try again, or raise deadline_s."
                )
            if self._is_error and received > _MOST_OF_AN_ERROR:
                yield piece[: _MOST_OF_AN_ERROR - received or None]
                return
            if received > self._call.most_bytes:
                raise endless(self._call.most_bytes)
            yield piece
        self._complete = True

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._inner.close()
        finally:
            self._owner.give_back(self._lane, reusable=self._complete)


class CancellableTransport(httpx.BaseTransport):
    """An httpx transport that gives every request under way a connection of its own."""

    def __init__(
        self,
        *,
        verify: ssl.SSLContext,
        keepalive_s: float,
        proxy: httpx.Proxy | None = None,
    ) -> None:
        self._verify = verify
        self._proxy = proxy
        self._limits = httpx.Limits(
            max_connections=1, max_keepalive_connections=1, keepalive_expiry=keepalive_s
        )
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` over an idle connection, or over a new one."""
        call = current_call.get() or Call()
        call.begin()
        connection = self._take(call)
        try:
            call.use(connection.socket)
            request.extensions = {**request.extensions, "trace": connection.trace}
            response = connection.transport.handle_request(request)
        except BaseException:
            self.give_back(connection, reusable=False)
            raise
        if not isinstance(response.stream, httpx.SyncByteStream):
            self.give_back(connection, reusable=False)
            raise TypeError("an HTTPTransport answers with a SyncByteStream")
        is_error = response.status_code >= _FIRST_ERROR
        stream = _ConnectionStream(response.stream, connection, self, call, is_error=is_error)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
        )

    def give_back(self, connection: _Connection, *, reusable: bool) -> None:
        """Return `connection` to the pool for the next request, or close it."""
        call, connection.call = connection.call, None
        if call is not None:
            call.use(None)
            reusable = reusable and not call.cancelled
        with self._lock:
            self._busy.discard(connection)
            keep = reusable and not self._closed and len(self._idle) < _MOST_IDLE
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.transport.close()

    def close(self) -> None:
        """Close every connection, those in use too."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for connection in busy:
            if connection.socket is not None:
                _shut_down(connection.socket)
        for connection in idle:
            connection.transport.close()

    def _take(self, call: Call) -> _Connection:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            transport = httpx.HTTPTransport(
                verify=self._verify, http2=True, limits=self._limits, proxy=self._proxy, trust_env=False
            )
            connection = _Connection(transport)
        connection.call = call
        with self._lock:
            self._busy.add(connection)
        return connection
