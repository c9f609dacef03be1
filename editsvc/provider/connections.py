"""Connections, one for each request under way, that can be closed from another thread.

A stream is cancelled by shutting its socket down: whoever reads wakes, and the server sees the connection end. That
is only right if nobody else uses the connection, hence a pool of pools with exactly one connection each: a request
takes an idle one or opens another, and returns it when the reply has been read to its end.

With one request on each, HTTP/2 has nothing to multiplex, and costs several times as much a packet; and when httpcore
drops a stream it sends no RST_STREAM, so the server would go on generating, and billing. So HTTP/1.1 is offered, and
HTTP/2 to servers that take nothing else. httpcore sends requests and reads heads; the body of a stream may be read
past it (`DirectBody`), since what it costs is a few calls a chunk.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpcore
import httpx

from editsvc.errors import EndlessReply, ProviderTimeout
from editsvc.provider.body import BadBody, BodyToTheEnd, ChunkedBody
from editsvc.provider.call import Call, CallCancelled, current_call, shut_down
from editsvc.provider.decoding import ACCEPTED, decompressed, is_compressed

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator

    from editsvc.provider.body import Body

_MOST_IDLE: Final = 8
_OF_COMPRESSED: Final = frozenset({b"content-encoding", b"content-length"})
# Enough for an error in words; what comes behind that is not read.
_MOST_OF_AN_ERROR: Final = 64 << 10
_FIRST_ERROR: Final = 300
_OK: Final = 200
# Servers close a connection that says nothing, most of them after half a minute or more.
_AHEAD_S: Final = 20.0
# A read takes what has come, and leaves the rest for the next one.
_PIECE: Final = 64 << 10
_MOST_AT_ONCE: Final = 256 << 10
# Of one answer; before it may stand others that only say that it is on its way (RFC 9110, section 15.2).
_MOST_OF_HEADS: Final = 256 << 10
# As h11 takes it, which reads the heads.
_HEAD_END: Final = re.compile(rb"\n\r?\n")
# RFC 7301, section 3.2: the alert of a server that has none of the protocols it was offered.
_NO_SUCH_PROTOCOL: Final = "no application protocol"
_NO_WORDS: Final = "[ssl] unknown error"
# Httpcore's names for the moment when the last byte of a request has been written.
_SENT: Final = ("http11.send_request_body.complete", "http2.send_request_body.complete")


def endless(most_bytes: int) -> EndlessReply:
    """The error for an answer of more bytes than that."""
    return EndlessReply(
        f"The server sent more than {most_bytes:,} bytes, where much less was asked for.",
        hint="Nothing was changed; check the base URL, and whether the server holds to max_completion_tokens.",
    )


def late() -> ProviderTimeout:
    """The error for an answer that goes on beyond the time it was given."""
    return ProviderTimeout("The answer did not end in time.", hint="Try again, or raise deadline_s.")


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise httpcore's errors as httpx's, which have the same names; the SDK knows no others."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as exc:
        raise _httpx_error(exc) from exc
    except (httpcore.ProxyError, httpcore.UnsupportedProtocol) as exc:
        raise _httpx_error(exc) from exc


def _httpx_error(exc: Exception) -> httpx.TransportError:
    kind: type[httpx.TransportError] = getattr(httpx, type(exc).__name__, httpx.TransportError)
    return kind(str(exc))


class _Wire(httpcore.NetworkStream):
    """A connection's bytes, of which httpcore gets a head without what stands behind it.

    So the body can be read past it. `direct` says whether that is possible: over HTTP/2 and SOCKS it is not.
    """

    def __init__(self, inner: httpcore.NetworkStream, connection: _Connection, *, direct: bool) -> None:
        self._inner = inner
        self._connection = connection
        self._in_head = direct
        self._of_heads = 0  # bytes since the request
        self._seen = b""  # the end of what httpcore has of the head
        self._behind = b""  # what came with the head
        self.direct = direct

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come, up to the end of a head."""
        data, self._behind = self._behind, b""
        data = data or self._inner.read(max_bytes, timeout)
        if not self._in_head:
            return data
        self._of_heads += len(data)
        if self._of_heads > _MOST_OF_HEADS:
            raise httpcore.RemoteProtocolError("the heads before the answer do not end")
        seen = self._seen + data
        end = _HEAD_END.search(seen)
        if end is None:
            self._seen = seen[-2:]
            return data
        cut = end.end() - len(self._seen)
        self._seen, self._behind = b"", data[cut:]
        return data[:cut]

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send a part of a request, after which a head comes next."""
        self._in_head = self.direct
        self._of_heads = 0
        self._inner.write(buffer, timeout)

    def begin_body(self) -> None:
        """Let what is read from here on pass as it is."""
        self._in_head = False

    def take_behind(self) -> bytes:
        """What came with the head; it is not read again."""
        data, self._behind = self._behind, b""
        return data

    def put_back(self, data: bytes) -> None:
        """Let `data` be what is read next."""
        self._behind = data

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted."""
        inner = self._inner.start_tls(ssl_context, server_hostname, timeout)
        # Encryption within encryption, for a proxy that is asked over it, has no socket of its own.
        encrypted = inner.get_extra_info("socket")
        plain = isinstance(encrypted, ssl.SSLSocket) and encrypted.selected_alpn_protocol() != "h2"
        wire = _Wire(inner, self._connection, direct=self.direct and plain)
        self._connection.connected(wire)
        return wire

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about the socket."""
        return self._inner.get_extra_info(info)


class _OpenedWire(httpcore.NetworkStream):
    """A wire that was encrypted ahead: httpcore asks for that once more, and gets it."""

    def __init__(self, wire: httpcore.NetworkStream) -> None:
        self._wire = wire

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - the same that it was encrypted with
        server_hostname: str | None = None,  # noqa: ARG002 - same
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """The wire."""
        return self._wire

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about the socket."""
        return self._wire.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens the connections of one pool: the public place where they can be seen from the beginning.

    One may be opened ahead; it is used unless the server has left meanwhile, or is likely to.
    """

    def __init__(self, connection: _Connection, *, direct: bool, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._direct = direct
        self._clock = clock
        self._inner = httpcore.SyncBackend()
        self._ahead: httpcore.NetworkStream | None = None
        self._ahead_until = 0.0

    def open_ahead(self, url: httpx.URL, verify: ssl.SSLContext, timeout_s: float) -> None:
        """Connect to the server of `url`, and send nothing; raises httpcore's errors."""
        port = url.port or (443 if url.scheme == "https" else 80)
        wire = self.connect_tcp(url.host, port, timeout_s)
        if url.scheme == "https":
            verify.set_alpn_protocols(["http/1.1"])
            wire = _OpenedWire(wire.start_tls(verify, url.host, timeout_s))
        self._ahead, self._ahead_until = wire, self._clock() + _AHEAD_S

    def close_ahead(self) -> None:
        """Close what was opened ahead and not used."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.close()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A new connection, or the one that was opened ahead."""
        ahead = self._ahead
        if ahead is not None and self._clock() < self._ahead_until and _is_quiet(ahead):
            self._ahead = None
            return ahead
        self.close_ahead()
        inner = self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        wire = _Wire(inner, self._connection, direct=self._direct)
        self._connection.connected(wire)
        return wire


def _is_quiet(wire: httpcore.NetworkStream) -> bool:
    """Whether the server has neither closed a connection nor said anything, which could only be that it leaves."""
    connection: socket.socket = wire.get_extra_info("socket")
    connection.settimeout(0)  # httpcore sets a timeout before each call
    try:
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):  # what TLS says of itself is read by this too
        return True
    except OSError:
        return False
    return False


class _Connection:
    """A pool of one connection."""

    def __init__(
        self, verify: ssl.SSLContext, proxy: httpx.Proxy | None, *, keepalive_s: float, http2: bool
    ) -> None:
        self.socket: socket.socket | None = None
        self.call: Call | None = None
        self.http2 = http2
        self._verify = verify
        socks = proxy is not None and proxy.url.scheme.startswith("socks")
        self._backend = _Backend(self, direct=not socks, clock=time.monotonic)
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify,
            proxy=None if proxy is None else _proxy(proxy),
            max_connections=1,
            max_keepalive_connections=1,
            keepalive_expiry=keepalive_s,
            http1=True,
            http2=http2,
            network_backend=self._backend,
        )

    def send(self, request: httpx.Request) -> httpcore.Response:
        """Send `request`, and read the head of the answer."""
        url = request.url
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions={**request.extensions, "trace": self._trace},
        )
        with _as_httpx():
            return self._pool.handle_request(sent)

    def _trace(self, event: str, _: dict[str, Any]) -> None:
        if event in _SENT and self.call is not None:
            self.call.sent()

    def connected(self, wire: _Wire) -> None:
        """Note the socket in use; raises CallCancelled, and closes it, if nobody waits any more."""
        self.socket = wire.get_extra_info("socket")
        if self.call is not None:
            try:
                self.call.use(self.socket)
            except CallCancelled:
                wire.close()  # httpcore does not own it yet, so nobody else would
                raise

    def open_ahead(self, url: httpx.URL, timeout_s: float) -> None:
        with _as_httpx():
            self._backend.open_ahead(url, self._verify, timeout_s)

    def close(self) -> None:
        self._backend.close_ahead()
        self._pool.close()


def _proxy(proxy: httpx.Proxy) -> httpcore.Proxy:
    url = httpcore.URL(
        scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=proxy.url.raw_path
    )
    return httpcore.Proxy(url, auth=proxy.raw_auth, headers=proxy.headers.raw, ssl_context=proxy.ssl_context)


class DirectBody:
    """The body of an answer, read from its socket without waiting, past the HTTP client.

    `call` is whose answer it is. Afterwards the response is to be closed, as any other.
    """

    def __init__(self, wire: _Wire, body: Body, call: Call) -> None:
        self._wire = wire
        self._body = body
        self.call = call
        self.socket: socket.socket = wire.get_extra_info("socket")
        self._received = 0
        self.failed: Exception | None = None
        """What ended it, if that is not its own end; what came before has been returned."""
        self.more_waits = False
        """Whether there is more than was taken, of which a selector may know nothing."""
        self._first = wire.take_behind()
        self.socket.settimeout(0)

    @property
    def complete(self) -> bool:
        """Whether its end has been read."""
        return self._body.complete

    def read(self) -> bytes:
        """What has come since, decoded; raises nothing, see `failed`."""
        data, ended = self._receive()
        self._received += len(data)
        content = b""
        try:
            content = self._body.push(data) if data else b""
            if self._received > self.call.most_bytes:
                self.failed = endless(self.call.most_bytes)
            elif ended and not self.complete and self.failed is None:
                self._body.end()
        except BadBody as exc:
            self.failed = httpx.RemoteProtocolError(str(exc))
        return content

    def release(self) -> None:
        """Let httpcore see the end of what was read past it, if the connection can be used again."""
        if self._body.remainder is not None and self.failed is None:
            self._wire.put_back(self._body.remainder)

    def _receive(self) -> tuple[bytes, bool]:
        """The bytes that have come, and whether the connection has ended."""
        pieces = [self._first] if self._first else []
        self._first = b""
        taken = 0
        self.more_waits = False
        while taken < _MOST_AT_ONCE:
            try:
                piece = self.socket.recv(_PIECE)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return b"".join(pieces), False
            except OSError as exc:
                self.failed = httpx.ReadError(str(exc))
                return b"".join(pieces), True
            if not piece:
                return b"".join(pieces), True
            pieces.append(piece)
            taken += len(piece)
            # What an encrypted one has decrypted already, no selector knows of.
            if len(piece) < _PIECE and not isinstance(self.socket, ssl.SSLSocket):
                return b"".join(pieces), False
        self.more_waits = True
        return b"".join(pieces), False


class _ConnectionStream(httpx.SyncByteStream):
    """An answer's bytes as they come; of an error, only the first ones."""

    def __init__(
        self,
        inner: httpcore.Response,
        connection: _Connection,
        owner: CancellableTransport,
        call: Call,
        *,
        is_error: bool,
    ) -> None:
        self._inner = inner
        self._connection = connection
        self._owner = owner
        self._call = call
        self._is_error = is_error
        self._direct: DirectBody | None = None
        self._complete = False
        self._closed = False

    def directly(self) -> DirectBody | None:
        """The body to be read past this stream; None where that is not possible: then this one is to be read."""
        wire = self._inner.extensions.get("network_stream")
        if not isinstance(wire, _Wire) or not wire.direct:
            return None
        headers = {name.lower(): value.strip().lower() for name, value in self._inner.headers}
        if b"content-length" in headers or headers.get(b"content-encoding", b"identity") != b"identity":
            return None
        coding = headers.get(b"transfer-encoding")
        if self._inner.status != _OK or coding not in {None, b"chunked"}:
            return None
        self._direct = DirectBody(wire, BodyToTheEnd() if coding is None else ChunkedBody(), self._call)
        return self._direct

    @property
    def encoding(self) -> str:
        """What the answer's Content-Encoding says."""
        named = [value for name, value in self._inner.headers if name.lower() == b"content-encoding"]
        return b",".join(named).decode("ascii", "replace")

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._within(self._received())
        try:
            if is_compressed(self.encoding):
                yield from self._within(decompressed(pieces, self.encoding))
            else:
                yield from pieces
        except Exception:
            self.close()  # the SDK does not, for an error that it cannot read
            raise

    def _received(self) -> Iterator[bytes]:
        """The bytes as they come."""
        with _as_httpx():
            yield from self._inner.iter_stream()
        # A server may refuse a request of which it has not read all, and read what is left as the next one.
        self._complete = not self._is_error

    def _within(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """`pieces` up to what may come; raises EndlessReply and ProviderTimeout, and cuts an error off."""
        received = 0
        for piece in pieces:
            received += len(piece)
            if self._call.is_over:
                raise late()
            if self._is_error and received > _MOST_OF_AN_ERROR:
                yield piece[: _MOST_OF_AN_ERROR - received or None]
                return
            if received > self._call.most_bytes:
                raise endless(self._call.most_bytes)
            yield piece

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            if self._direct is not None and self._direct.complete:
                self._direct.release()
                for _ in self._inner.iter_stream():
                    pass
                self._complete = True
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
            pass  # then it is of no further use, and nothing depends on it
        finally:
            try:
                self._inner.close()
            finally:
                self._owner.give_back(self._connection, reusable=self._complete)


class CancellableTransport(httpx.BaseTransport):
    """An httpx transport that gives every request under way a connection of its own.

    A response may be read directly: its extension ``direct_body`` is `_ConnectionStream.directly`.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext,
        keepalive_s: float,
        proxy: httpx.Proxy | None = None,
    ) -> None:
        self._verify = verify
        self._proxy = proxy
        self._keepalive_s = keepalive_s
        self._http2 = False  # until the server says that it takes nothing else
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` over an idle connection, or over a new one."""
        call = current_call.get() or Call()
        call.begin()
        try:
            return self._sent(request, call)
        except httpx.ConnectError as exc:
            if self._http2 or not _wants_http2(exc):
                raise
            self._http2 = True
            return self._sent(request, call)

    def _sent(self, request: httpx.Request, call: Call) -> httpx.Response:
        connection = self._take(call)
        request.headers["accept-encoding"] = ACCEPTED
        try:
            call.use(connection.socket)
            response = connection.send(request)
        except BaseException:
            self.give_back(connection, reusable=False)
            raise
        wire = response.extensions.get("network_stream")
        if isinstance(wire, _Wire):
            wire.begin_body()
        is_error = response.status >= _FIRST_ERROR
        stream = _ConnectionStream(response, connection, self, call, is_error=is_error)
        return httpx.Response(
            response.status,
            headers=_as_decoded(response.headers) if is_compressed(stream.encoding) else response.headers,
            stream=stream,
            extensions={**response.extensions, "direct_body": stream.directly},
        )

    def open_ahead(self, url: httpx.URL, timeout_s: float) -> None:
        """Open a connection to the server of `url` for the next request, and send nothing; not through a proxy.

        Raises httpx.TransportError.
        """
        if self._proxy is not None:
            return
        connection = _Connection(self._verify, self._proxy, keepalive_s=self._keepalive_s, http2=self._http2)
        connection.open_ahead(url, timeout_s)
        self.give_back(connection, reusable=True)

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
            connection.close()

    def close(self) -> None:
        """Close every connection, those in use too."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for connection in busy:
            if connection.socket is not None:
                shut_down(connection.socket)
        for connection in idle:
            connection.close()

    def _take(self, call: Call) -> _Connection:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = _Connection(
                self._verify, self._proxy, keepalive_s=self._keepalive_s, http2=self._http2
            )
        connection.call = call
        with self._lock:
            self._busy.add(connection)
        return connection


def _as_decoded(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """`headers` without those that tell of a compressed body: nobody decompresses it a second time."""
    return [(name, value) for name, value in headers if name.lower() not in _OF_COMPRESSED]


def _wants_http2(exc: httpx.ConnectError) -> bool:
    """Whether a server refused the connection since only HTTP/1.1 was offered."""
    cause: BaseException | None = exc
    while cause is not None:
        # Python has no name for this reason, only OpenSSL's words, and for Windows some are built without any. To try
        # HTTP/2 once in vain is no harm.
        if isinstance(cause, ssl.SSLError):
            words = str(cause).lower().replace("_", " ")
            if _NO_SUCH_PROTOCOL in words or (not cause.reason and _NO_WORDS in words):
                return True
        cause = cause.__cause__ or cause.__context__
    return False
