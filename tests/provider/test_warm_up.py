"""Getting ready for the first request: a connection is opened, nothing is sent, and the request takes it."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
import trustme
from patience import HANGING_S, until

from editsvc.errors import ProviderUnreachable
from editsvc.prompt import rendering
from editsvc.provider.base import CompletionRequest
from editsvc.provider.cerebras import CerebrasProvider

EVENTS = b"".join(
    b"data: %s\n\n" % json.dumps({"id": "c", "choices": [{"index": 0, **choice}]}).encode()
    for choice in ({"delta": {"content": "x"}}, {"delta": {}, "finish_reason": "stop"})
)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n%s" % (
    len(EVENTS),
    EVENTS,
)


@dataclass
class Listening:
    """Each connection that came, with the bytes of it; `writers` are their other ends."""

    came: list[bytearray] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got = bytearray()
        self.came.append(got)
        self.writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                got += head
                length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
                got += await reader.readexactly(int(length))
                writer.write(ANSWER)
        writer.close()


def a_request() -> CompletionRequest:
    messages, _ = rendering.render(rendering.Task("x\n", "Leave it.", "file.txt"))
    return CompletionRequest("gpt-oss-120b", messages, 100, None, None)


@asynccontextmanager
async def listening(*, tls: bool) -> AsyncIterator[tuple[Listening, CerebrasProvider]]:
    authority, server, client = (
        trustme.CA(),
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        ssl.create_default_context(),
    )
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    there = Listening()
    async with await asyncio.start_server(
        there.serve, "127.0.0.1", 0, ssl=server if tls else None
    ) as running:
        port = running.sockets[0].getsockname()[1]
        provider = CerebrasProvider(
            api_key="k", base_url=f"http{'s' * tls}://127.0.0.1:{port}", ssl_context=client
        )
        try:
            yield there, provider
        finally:
            provider.close()
            for writer in there.writers:
                writer.close()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_the_first_request_goes_over_the_connection_that_was_opened_ahead(tls: bool) -> None:
    async with listening(tls=tls) as (there, provider):
        await asyncio.to_thread(provider.warm_up)
        await until(lambda: len(there.came) == 1)
        assert there.came == [b""]

        done = await provider.complete(a_request(), lambda _: None)

        assert done.finish_reason == "stop"
        assert [got[:4] for got in there.came] == [b"POST"]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_a_connection_that_the_server_has_closed_is_not_used(tls: bool) -> None:
    async with listening(tls=tls) as (there, provider):
        await asyncio.to_thread(provider.warm_up)
        await until(lambda: len(there.came) == 1)
        # Over TLS an end in order takes both sides, and this one does nothing but wait.
        (there.writers[0].transport.abort if tls else there.writers[0].close)()
        with suppress(ConnectionError):
            await there.writers[0].wait_closed()

        done = await provider.complete(a_request(), lambda _: None)

        assert done.finish_reason == "stop"
        assert [got[:4] for got in there.came] == [b"", b"POST"]


async def test_a_request_that_is_cancelled_closes_the_connection_that_was_opened_ahead() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        while await reader.read(1):
            pass
        left.set()
        writer.close()

    asked, left = asyncio.Event(), asyncio.Event()
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as running:
        port = running.sockets[0].getsockname()[1]
        provider = CerebrasProvider(api_key="k", base_url=f"http://127.0.0.1:{port}")
        await asyncio.to_thread(provider.warm_up)
        task = asyncio.create_task(provider.complete(a_request(), lambda _: None))
        await asyncio.wait_for(asked.wait(), HANGING_S)

        task.cancel()

        await asyncio.wait_for(left.wait(), HANGING_S)
        provider.close()


async def test_what_is_wrong_with_the_server_is_said_by_the_first_request() -> None:
    provider = CerebrasProvider(api_key="k", base_url="http://127.0.0.1:9")

    await asyncio.to_thread(provider.warm_up)

    with pytest.raises(ProviderUnreachable):
        await provider.complete(a_request(), lambda _: None)
    provider.close()


async def test_nothing_is_said_to_a_proxy_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Listening()
    async with await asyncio.start_server(there.serve, "127.0.0.1", 0) as running:
        port = running.sockets[0].getsockname()[1]
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        provider = CerebrasProvider(api_key="k", base_url="http://model.invalid")

        await asyncio.to_thread(provider.warm_up)

        done = await provider.complete(a_request(), lambda _: None)
        assert done.finish_reason == "stop"
        assert len(there.came) == 1
        provider.close()
        there.writers[0].close()
