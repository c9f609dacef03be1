"""Two servers behind the same client: this project's, and bare pygls, whose defects the tests name."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from threading import Event
from typing import Any, Protocol

from lsp_client import VSCODE, LspClient
from lsp_session import MemoryChannel
from lsprotocol import types
from patience import HANGING_S
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer

from lsp.session import EditServer, ProcessContext
from lsp.wire.frames import FrameReader, frame

Command = Callable[[], Coroutine[Any, Any, Any]]


class Peer(Protocol):
    patience_s: float
    client: LspClient

    def add_command(self, name: str, command: Command) -> None: ...

    def text(self, uri: str) -> str: ...

    def ask(self, method: str, params: Any) -> asyncio.Future[Any]: ...

    def tokens(self) -> set[Any]: ...

    async def close(self) -> None: ...


class Ours:
    patience_s = HANGING_S

    def __init__(self, environ: dict[str, str]) -> None:
        self.server = EditServer(ProcessContext(environ, offline=True))
        channel = MemoryChannel()
        self.server.connect(channel)
        self.client = LspClient(lambda message: self.server.receive(json.dumps(message).encode()), VSCODE)
        channel.deliver = self.client.receive

    def add_command(self, name: str, command: Command) -> None:
        self.server.protocol.fm.commands[name] = lambda _: command()

    def text(self, uri: str) -> str:
        document = self.server.documents.get(uri)
        assert document is not None
        return document.text

    def ask(self, method: str, params: Any) -> asyncio.Future[Any]:
        return self.server.protocol.send_request_async(method, params)

    def tokens(self) -> set[Any]:
        return {running.progress.token for running in self.server.edits._running.values()}

    async def close(self) -> None:
        await self.server.wind_up()


class Bare:
    """pygls as it comes, fed by its own loop."""

    patience_s = 1.0  # so long it takes to see that an answer does not come

    def __init__(self, _environ: dict[str, str]) -> None:
        self.server = LanguageServer("bare", "1")
        self._out = FrameReader()
        self._in = asyncio.StreamReader()
        self.client = LspClient(
            lambda message: self._in.feed_data(frame(json.dumps(message).encode())), VSCODE
        )
        self.server.protocol.set_writer(self)
        self._loop = asyncio.create_task(
            run_async(
                stop_event=Event(),
                reader=self._in,
                protocol=self.server.protocol,
                error_handler=self.server.report_server_error,
            )
        )
        self.server.feature(types.TEXT_DOCUMENT_CODE_LENS)(lambda _params: [])

    def write(self, data: bytes) -> None:
        header, body = data.split(b"\r\n\r\n", 1)
        assert header
        asyncio.get_running_loop().call_soon(self.client.receive, json.loads(body))

    def add_command(self, name: str, command: Command) -> None:
        async def handler(*_arguments: Any) -> Any:
            return await command()

        self.server.command(name)(handler)

    def text(self, uri: str) -> str:
        return self.server.workspace.get_text_document(uri).source

    def ask(self, method: str, params: Any) -> asyncio.Future[Any]:
        return self.server.protocol.send_request_async(method, params)

    def tokens(self) -> set[Any]:
        return set(self.server.work_done_progress.tokens)

    async def close(self) -> None:
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        self.server.shutdown()
