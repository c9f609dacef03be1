"""TCP and WebSocket: loopback only, nobody without the token, no web page, one session for each connection."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from lsp_client import VSCODE, LspClient, RpcError
from lsp_process import COMMAND

from lsp.session import EditServer, ProcessContext
from lsp.wire.frames import FrameReader, frame
from lsp.wire.sockets import listen_tcp, listen_ws

TOKEN = "a-token"
URI = "file:///project/a.py"
Make = Callable[[str | None], EditServer]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    (tmp_path / "config.toml").touch()
    environ = {"EDITSVC_DATA_DIR": str(tmp_path), "EDITSVC_CONFIG": str(tmp_path / "config.toml")}
    return lambda token: EditServer(ProcessContext(environ, offline=True), token)


@asynccontextmanager
async def tcp_client(address: str) -> AsyncIterator[LspClient]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rsplit(":", 1)[1]))
    client = LspClient(lambda message: writer.write(frame(json.dumps(message).encode())), VSCODE)

    async def read() -> None:
        frames = FrameReader()
        while data := await reader.read(65536):
            for body in frames.push(data):
                client.receive(json.loads(body))
        client.receive({"method": "the end"})

    reading = asyncio.create_task(read())
    try:
        yield client
    finally:
        reading.cancel()
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


@asynccontextmanager
async def ws_client(address: str, **how: Any) -> AsyncIterator[LspClient]:
    async with aiohttp.ClientSession() as web, web.ws_connect(address, **how) as socket:
        sending: set[asyncio.Task[None]] = set()

        def send(message: dict[str, Any]) -> None:
            sending.add(asyncio.create_task(socket.send_json(message)))

        client = LspClient(send, VSCODE)

        async def read() -> None:
            async for message in socket:
                client.receive(json.loads(message.data))
            client.receive({"method": "the end"})

        reading = asyncio.create_task(read())
        try:
            yield client
        finally:
            reading.cancel()


async def heard(client: LspClient, method: str) -> None:
    async with asyncio.timeout(60):
        while not [message for message in client.heard if message.get("method") == method]:
            await asyncio.sleep(0.01)


async def edited(client: LspClient) -> str:
    client.open(URI, "one = 1\n")
    asked = {"uri": URI, "instruction": "rename one to two", "mode": "preview"}
    answer = await asyncio.wait_for(client.command("editsvc.edit", asked), 60)
    diff: str = answer["diff"]
    return diff


async def test_over_tcp_the_token_comes_with_initialize(make: Make) -> None:
    async with listen_tcp(0, TOKEN, make) as address, tcp_client(address) as client:
        await client.initialize({"token": TOKEN})

        assert "+two = 1" in await edited(client)
        await client.shutdown()
        await heard(client, "the end")


@pytest.mark.parametrize("options", [None, {}, {"token": "wrong"}, {"token": 1}])
async def test_over_tcp_nobody_gets_in_without_the_token(make: Make, options: Any) -> None:
    async with listen_tcp(0, TOKEN, make) as address, tcp_client(address) as client:
        with pytest.raises(RpcError):
            await client.initialize(options)
        await heard(client, "the end")


async def test_before_initialize_nothing_else_is_done(make: Make) -> None:
    async with listen_tcp(0, TOKEN, make) as address, tcp_client(address) as client:
        with pytest.raises(RpcError):
            await client.command("editsvc.report")


async def test_the_sessions_of_two_connections_know_nothing_of_each_other(make: Make) -> None:
    async with (
        listen_tcp(0, TOKEN, make) as address,
        tcp_client(address) as one,
        tcp_client(address) as two,
    ):
        await one.initialize({"token": TOKEN})
        await two.initialize({"token": TOKEN})
        one.open(URI, "one = 1\n")
        with pytest.raises(RpcError, match="not open"):
            await two.command("editsvc.edit", {"uri": URI, "instruction": "x"})
        await two.shutdown()
        await heard(two, "the end")
        assert "+two = 1" in await edited(one)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"params": {"token": TOKEN}}, id="in the URL"),
        pytest.param({"headers": {"Authorization": f"Bearer {TOKEN}"}}, id="in a header"),
    ],
)
async def test_a_websocket_has_its_token_before_it_opens(make: Make, how: dict[str, Any]) -> None:
    async with listen_ws(0, TOKEN, make) as address, ws_client(address, **how) as client:
        await client.initialize()

        assert "+two = 1" in await edited(client)
        await client.shutdown()
        await heard(client, "the end")


async def test_or_with_initialize(make: Make) -> None:
    async with listen_ws(0, TOKEN, make) as address, ws_client(address) as client:
        await client.initialize({"token": TOKEN})

        assert "+two = 1" in await edited(client)


async def test_a_websocket_without_the_token_is_closed(make: Make) -> None:
    async with listen_ws(0, TOKEN, make) as address, ws_client(address) as client:
        with pytest.raises(RpcError):
            await client.initialize()
        await heard(client, "the end")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": "https://evil.example"}, 403, id="a web page"),
        pytest.param({"Origin": "http://127.0.0.1:8000"}, 403, id="a page of a local server"),
        pytest.param({"Origin": "null"}, 403, id="a sandboxed page"),
        pytest.param({"Host": "evil.example:80"}, 403, id="a name that was made to lead here"),
        pytest.param({"Authorization": "Bearer wrong"}, 401, id="a wrong token"),
    ],
)
async def test_a_websocket_from_elsewhere_is_not_opened(
    make: Make, headers: dict[str, str], status: int
) -> None:
    async with listen_ws(0, TOKEN, make) as address:
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            async with ws_client(address, headers=headers):
                pass
    assert error.value.status == status


async def test_an_editor_that_is_a_web_page_may_open_one(make: Make) -> None:
    headers = {"Origin": "vscode-webview://abc"}
    async with listen_ws(0, TOKEN, make) as address, ws_client(address, headers=headers) as client:
        await client.initialize({"token": TOKEN})


@pytest.mark.parametrize("way", ["--tcp", "--ws"])
async def test_the_process_says_where_it_listens_and_with_which_token(way: str, tmp_path: Path) -> None:
    pipe = asyncio.subprocess.PIPE
    environ = {"EDITSVC_LSP_TOKEN": TOKEN, "EDITSVC_DATA_DIR": str(tmp_path), "PATH": ""}
    process = await asyncio.create_subprocess_exec(*COMMAND, way, "0", stdout=pipe, env=environ)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().split()
        assert (line[:2], line[3:]) == (["listening", "on"], ["token", TOKEN])
        client = tcp_client(line[2]) if way == "--tcp" else ws_client(line[2])
        async with client as connected:
            await connected.initialize({"token": TOKEN})
    finally:
        process.terminate()
    assert await asyncio.wait_for(process.wait(), 60) == 128 + 15


async def opened(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(address.rsplit(":", 1)[1]))


async def test_before_the_token_a_message_is_short(make: Make) -> None:
    async with listen_tcp(0, TOKEN, make) as address:
        reader, writer = await opened(address)
        writer.write(b"Content-Length: 150000000\r\n\r\n" + b"x" * 100_000)
        assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()


async def test_with_the_token_it_may_be_long(make: Make) -> None:
    async with listen_tcp(0, TOKEN, make) as address, tcp_client(address) as client:
        await client.initialize({"token": TOKEN})
        client.open(URI, "one = 1\n" + "# x\n" * 400_000)
        await client.shutdown()
        await heard(client, "the end")


async def test_before_the_token_a_few_connections_are_enough(make: Make) -> None:
    async with listen_tcp(0, TOKEN, make) as address:
        several = [await opened(address) for _ in range(16)]
        reader, one_more = await opened(address)
        assert await asyncio.wait_for(reader.read(), 60) == b""
        for _, writer in [*several[:1], (reader, one_more)]:
            writer.close()
        async with asyncio.timeout(60):  # until the server has seen that it left
            while True:
                async with tcp_client(address) as client:
                    try:
                        await asyncio.wait_for(client.initialize({"token": TOKEN}), 1)
                        break
                    except (TimeoutError, ConnectionError):
                        continue
        for _, writer in several[1:]:
            writer.close()


async def test_who_does_not_show_the_token_is_sent_away(make: Make) -> None:
    async with listen_tcp(0, TOKEN, make, first_s=0.0) as address:
        reader, writer = await opened(address)
        assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()


async def test_over_a_websocket_without_the_token_neither_are_there_many_nor_long_ones(make: Make) -> None:
    async with listen_ws(0, TOKEN, make) as address, aiohttp.ClientSession() as web:
        several = [await web.ws_connect(address) for _ in range(16)]
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await web.ws_connect(address)
        with suppress(ConnectionError):  # it may be closed while this is written
            await several[0].send_str("x" * (17 << 20))
        assert (await asyncio.wait_for(several[0].receive(), 60)).type in {
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.ERROR,
        }
        for socket in several:
            await socket.close()
