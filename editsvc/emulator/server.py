"""The emulator on a socket: aiohttp sends what the service decides.

Nothing here chooses an answer. It reads bodies, keeps the schedule of the events, notices when a client
leaves, and writes the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
from aiohttp import web

from editsvc.emulator.answer import JSON, Abort, Begin, Hang, Reset, Send
from editsvc.emulator.dialects import kind_of
from editsvc.emulator.responder import responder_for
from editsvc.emulator.service import FAULT_HEADER, Answer, EmulatedService, ServedCall
from editsvc.emulator.wire import ServedRequest, WireError
from editsvc.errors import UsageError
from editsvc.system.signals import call_at_end
from editsvc.tokens import tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, TextIO

    from editsvc.emulator.answer import Event
    from editsvc.emulator.options import EmulatorOptions
    from editsvc.emulator.responder import Responder

_LARGEST_BODY: Final = 256 * 1024 * 1024
_LOOK_AROUND_S: Final = 0.1
_BATCH_EVENTS: Final = 256
_SHUTDOWN_S: Final = 0.5
_LINGER_NONE: Final = struct.pack("ii", 1, 0)


class Emulator:
    """A local server that speaks the Cerebras API: ``async with Emulator(options) as emulator: ...``.

    `base_url` is for ``CEREBRAS_BASE_URL``; it is known once the emulator has been entered. Raises UsageError
    if the script or the log can't be opened, or the port is taken.
    """

    def __init__(self, options: EmulatorOptions, *, responder: Responder | None = None) -> None:
        self._service = EmulatedService(options, responder or responder_for(options), tokenizer())
        self._options = options
        self._runner: web.AppRunner | None = None
        self._log: BinaryIO | None = None
        self.base_url = ""

    def records(self) -> list[ServedRequest]:
        """The log records of the requests that have ended."""
        return self._service.records()

    async def __aenter__(self) -> Self:
        """Start to listen."""
        application = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_errors_as_json])
        application.add_routes(
            [
                web.post("/v1/chat/completions", self._complete),
                web.get("/v1/models", self._models),
                web.get("/v1/models/{name:.+}", self._models),
                web.get("/v1/tcp_warming", _warm),
                web.get("/emulator/requests", self._requests),
            ]
        )
        # A handler whose client leaves is cancelled: that is how a stalled reply learns of it.
        runner = web.AppRunner(
            application, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_S, access_log=None
        )
        self._open_log()
        await runner.setup()
        self._runner = runner
        try:
            await web.TCPSite(runner, self._options.host, self._options.port).start()
        except OSError as exc:
            await self.__aexit__()
            raise UsageError(
                f"The emulator can't listen on {self._options.host}:{self._options.port}: {exc.strerror}."
            ) from exc
        host, port = runner.addresses[0][:2]
        self.base_url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening; replies that still run are cancelled after a moment."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._log is not None:
            self._log.close()
            self._log = None

    def _open_log(self) -> None:
        if self._options.log is None:
            return
        try:
            self._log = self._options.log.open("ab", buffering=0)
        except OSError as exc:
            raise UsageError(f"The log {self._options.log} can't be opened: {exc.strerror}.") from exc

    async def _models(self, request: web.Request) -> web.Response:
        authorization = self._key(request)
        body = self._service.models(authorization, time.time(), request.match_info.get("name"))
        return web.Response(body=body, content_type=JSON)

    def _key(self, request: web.Request) -> str:
        return request.headers.get(kind_of(self._options.dialect).key_header, "")

    async def _requests(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(self.records()), content_type=JSON)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if self._options.refuse_gzip and "content-encoding" in request.headers:
            raise WireError(415, "Request bodies must not be compressed.")
        try:
            body = await request.read()  # inflated, up to as many bytes as a body may have
        except web.RequestPayloadError as exc:
            raise WireError(400, "The body cannot be inflated.") from exc
        call = ServedCall(
            body,
            time.time(),
            self._key(request),
            request.headers.get(FAULT_HEADER, ""),
        )
        player = _Player(request)
        # Counting the tokens of a large file would hold up the replies that are being streamed.
        working = asyncio.ensure_future(asyncio.to_thread(self._service.answer, call))
        try:
            answer = await asyncio.shield(working)
        except asyncio.CancelledError:
            # The client has left before there was an answer: that was a request all the same.
            player.left = True
            working.add_done_callback(partial(self._remember_unheard, player))
            raise
        try:
            return await player.play(answer.events)
        except ConnectionError:
            player.left = True
            return player.response  # the client is gone, so it no longer matters that this cannot be finished
        finally:
            self._remember(answer, player)

    def _remember_unheard(self, player: _Player, working: asyncio.Future[Answer]) -> None:
        if not working.cancelled() and working.exception() is None:
            self._remember(working.result(), player)

    def _remember(self, answer: Answer, player: _Player) -> None:
        record = msgspec.structs.replace(
            answer.record,
            status=player.status,
            sent_tokens=player.sent_tokens,
            disconnected=player.left,
            duration_s=player.elapsed_s(),
        )
        self._service.remember(record)
        if self._log is not None:
            self._log.write(msgspec.json.encode(record) + b"\n")


class _Player:
    """Plays the events of one answer, each when it is due: by the clock, not by summing up sleeps."""

    def __init__(self, request: web.Request) -> None:
        self.status = 0
        self.sent_tokens = 0
        self.left = False
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()
        self._response = web.StreamResponse()
        self._waiting: list[bytes] = []
        self._waiting_tokens = 0

    def elapsed_s(self) -> float:
        """Seconds since the request was complete."""
        return self._loop.time() - self._start

    @property
    def response(self) -> web.StreamResponse:
        """The open responses."""
        return self._response

    async def play(self, events: Iterator[Event]) -> web.StreamResponse:
        """Play all events; what is due together is written together."""
        try:
            for event in events:
                if event.due_s > self.elapsed_s():
                    await self._flush()
                    await asyncio.sleep(max(0.0, event.due_s - self.elapsed_s()))
                if isinstance(event, Send):
                    self._waiting.append(event.data)
                    self._waiting_tokens += event.tokens
                    if len(self._waiting) >= _BATCH_EVENTS:
                        await self._flush()
                else:
                    await self._flush()
                    await self._act(event)
            await self._flush()
            await self._response.write_eof()
        except asyncio.CancelledError:
            self.left = self._is_gone()
            raise
        return self._response

    async def _act(self, event: Begin | Abort | Reset | Hang) -> None:
        if isinstance(event, Begin):
            self._response = web.StreamResponse(status=event.status, headers=event.headers)
            await self._response.prepare(self._request)
            self.status = event.status
            return
        transport = self._request.transport
        if isinstance(event, Hang) or transport is None:
            await self._wait_for_the_client()
        elif isinstance(event, Reset):
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
            transport.abort()
        else:
            transport.close()
        await self._wait_for_the_client()

    async def _wait_for_the_client(self) -> None:
        await self._loop.create_future()

    async def _flush(self) -> None:
        if not self._waiting:
            return
        data = b"".join(self._waiting)
        self._waiting.clear()
        await self._write(data)
        self.sent_tokens += self._waiting_tokens
        self._waiting_tokens = 0
        # Writing to a socket with room does not yield; other tasks must run, and a disconnect must be noticed.
        await asyncio.sleep(0)

    async def _write(self, data: bytes) -> None:
        """Send `data`; raises ConnectionError if the client leaves meanwhile.

        A client that leaves with much unread lets a connection neither send nor end, for a minute.
        """
        writing = asyncio.ensure_future(self._response.write(data))
        try:
            while not (await asyncio.wait({writing}, timeout=_LOOK_AROUND_S))[0]:
                transport = self._request.transport
                if transport is not None and transport.is_closing():
                    transport.abort()
            await writing
        finally:
            writing.cancel()

    def _is_gone(self) -> bool:
        transport = self._request.transport
        return transport is None or transport.is_closing()


async def _warm(_: web.Request) -> web.Response:
    return web.Response(text="")


@web.middleware
async def _errors_as_json(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except WireError as error:
        return web.Response(status=error.status, body=error.body(), content_type=JSON)
    except web.HTTPException as exc:
        unserved = WireError(exc.status, f"{request.method} {request.path}: {exc.reason}")
        return web.Response(status=exc.status, body=unserved.body(), content_type=JSON)
    return response


async def serve(options: EmulatorOptions, *, as_json: bool = False, out: TextIO = sys.stdout) -> None:
    """Run an emulator until SIGINT or SIGTERM; its address is the first line on `out`."""
    stop = asyncio.Event()
    call_at_end(lambda _number: stop.set())
    async with Emulator(options) as emulator:
        line = f"listening on {emulator.base_url}"
        if as_json:
            line = msgspec.json.encode({"base_url": emulator.base_url}).decode()
        print(line, file=out, flush=True)
        await stop.wait()


def run(options: EmulatorOptions, *, as_json: bool = False) -> None:
    """`serve` until interrupted; Ctrl-C is a way to end it, not an error."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options, as_json=as_json))
