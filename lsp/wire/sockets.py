"""TCP and WebSocket on the loopback interface; every connection is a session of its own.

Other users of the machine, and web pages in the user's browser, can reach a loopback port as well. So a
session begins with a token: in the ``initialize`` request (``initializationOptions.token``), or, for a
WebSocket, in the URL (``?token=``). A WebSocket is also refused if a web page opens it (its ``Origin``), or
if the ``Host`` is not a loopback name (a page whose own name was made to resolve to 127.0.0.1).

Before the token nobody gets much: a few connections at a time, a short message, and some seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from editsvc.system.sockets import bound
from lsp.wire.frames import LONGEST_BODY, FrameError, FrameReader, frame
from lsp.wire.session_token import same_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from aiohttp import web

    from lsp.wire.session_protocol import Session

    MakeSession = Callable[[str | None], Session]

HOST: Final = "127.0.0.1"
_LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# Editors that are web pages themselves have these origins; no page from the network can have them.
_EDITOR_SCHEMES: Final = frozenset({"vscode-webview", "vscode-file"})
_CHUNK: Final = 64 * 1024
_FLUSH_S: Final = 1.0
_MOST_WAITING: Final = 16
"""Connections that have not shown the token."""
_LONGEST_FIRST: Final = 1 << 20
# WebSockets that come without a token in their URL have one limit from first to last: it must do for documents.
_LONGEST_LATER: Final = 16 << 20
_FIRST_S: Final = 10.0


@contextlib.asynccontextmanager
async def listen_tcp(
    port: int, token: str, make_session: MakeSession, *, first_s: float = _FIRST_S
) -> AsyncIterator[str]:
    """Accept TCP connections on `port` (0: a free one); yields the address. Raises OSError if it is taken.

    Who has not shown the token after `first_s` seconds is sent away.
    """
    sessions: set[asyncio.Task[None]] = set()
    door = _Door(first_s)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            sessions.add(task)
            task.add_done_callback(sessions.discard)
        if door.is_full:
            writer.close()
            return
        session = make_session(token)
        with door.passed_by(session):
            await _tcp_session(reader, writer, session)

    server = await asyncio.start_server(connected, sock=bound(HOST, port))
    try:
        yield f"tcp://{HOST}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for session in list(sessions):
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)


class _Door:
    """Where connections are that have not shown the token yet."""

    def __init__(self, first_s: float) -> None:
        self._first_s = first_s
        self._sessions: set[Session] = set()

    @property
    def is_full(self) -> bool:
        """Whether one more would be too many."""
        self._sessions = {session for session in self._sessions if not session.admitted}
        return len(self._sessions) >= _MOST_WAITING

    @contextlib.contextmanager
    def passed_by(self, session: Session) -> Iterator[None]:
        """End `session` if it has not been admitted in time."""
        self._sessions.add(session)
        late = asyncio.get_running_loop().call_later(
            self._first_s, lambda: None if session.admitted else session.end(1)
        )
        try:
            yield
        finally:
            late.cancel()
            self._sessions.discard(session)


class _StreamChannel:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, body: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(frame(body))

    @property
    def backlog(self) -> int:
        return self._writer.transport.get_write_buffer_size()


async def _tcp_session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: Session) -> None:
    session.connect(_StreamChannel(writer))
    reading = asyncio.create_task(_read_frames(reader, session))
    try:
        await session.ended
        await session.wind_up()
        with contextlib.suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(writer.drain(), _FLUSH_S)
    finally:
        reading.cancel()
        await asyncio.shield(session.wind_up())
        writer.close()


async def _read_frames(reader: asyncio.StreamReader, session: Session) -> None:
    frames = FrameReader(LONGEST_BODY if session.admitted else _LONGEST_FIRST)
    try:
        while data := await reader.read(_CHUNK):
            for body in frames.push(data):
                session.receive(body)
            if session.admitted:
                frames.longest_body = LONGEST_BODY
    except (FrameError, ConnectionError) as exc:
        sys.stderr.write(f"editsvc-lsp: a connection was closed: {type(exc).__name__}\n")
    session.disconnected()


@contextlib.asynccontextmanager
async def listen_ws(
    port: int, token: str, make_session: MakeSession, *, first_s: float = _FIRST_S
) -> AsyncIterator[str]:
    """Accept WebSocket connections on `port` (0: a free one); yields the address. Raises OSError if it is taken.

    Who has not shown the token after `first_s` seconds is sent away.
    """
    from aiohttp import web

    door = _Door(first_s)

    async def connected(request: web.Request) -> web.StreamResponse:
        if not _may_connect(request.headers.get("Origin"), request.host):
            raise web.HTTPForbidden(text="This origin may not connect.")
        given = request.query.get("token") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given and not same_token(given, token):
            raise web.HTTPUnauthorized(text="The token is wrong.")
        if not given and door.is_full:
            raise web.HTTPServiceUnavailable(text="Too many connections wait for their token.")
        socket = web.WebSocketResponse(max_msg_size=LONGEST_BODY if given else _LONGEST_LATER)
        await socket.prepare(request)
        # A token in the URL is as good as one in the first request.
        session = make_session(None if given else token)
        with door.passed_by(session):
            await _ws_session(socket, session)
        return socket

    application = web.Application()
    application.add_routes([web.get("/", connected)])
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=_FLUSH_S, access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, bound(HOST, port)).start()
        yield f"ws://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


class _SocketChannel:
    """Messages for a WebSocket, sent by a task of its own, because sending there is awaited."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._size = 0

    def send(self, body: bytes) -> None:
        self._size += len(body)
        self._queue.put_nowait(body)

    @property
    def backlog(self) -> int:
        return self._size

    def finish(self) -> None:
        self._queue.put_nowait(None)

    async def run(self) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            while (body := await self._queue.get()) is not None:
                await self._socket.send_str(body.decode())
                self._size -= len(body)


async def _ws_session(socket: web.WebSocketResponse, session: Session) -> None:
    channel = _SocketChannel(socket)
    session.connect(channel)
    writing = asyncio.create_task(channel.run())
    reading = asyncio.create_task(_read_socket(socket, session))
    try:
        await session.ended
        await session.wind_up()
        channel.finish()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(writing), _FLUSH_S)
    finally:
        reading.cancel()
        writing.cancel()
        await asyncio.shield(session.wind_up())
        await socket.close()


async def _read_socket(socket: web.WebSocketResponse, session: Session) -> None:
    async for message in socket:
        data: Any = message.data
        if isinstance(data, str):
            session.receive(data.encode("utf-8", "surrogatepass"))
        elif isinstance(data, bytes):
            session.receive(data)
    session.disconnected()


def _may_connect(origin: str | None, host: str) -> bool:
    name = urlsplit(f"//{host}").hostname
    if name not in _LOOPBACK_NAMES:
        return False
    return origin is None or urlsplit(origin).scheme in _EDITOR_SCHEMES
