"""Each defect of pygls 2.1.1 that matters here: what must hold, which bare pygls fails, and this server does not.

The tests of bare pygls are expected to fail, strictly: when a new version repairs one, the suite says so, and
the repair in `lsp.wire.jsonrpc` can go.
"""

import asyncio
import json
import logging
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lsp_client import RpcError
from lsp_peers import Bare, Ours, Peer
from lsprotocol import types

from lsp.session import EditServer, ProcessContext
from lsp.wire.frames import FrameReader, frame
from lsp.wire.sockets import listen_tcp

URI = "file:///project/a.py"


@pytest.fixture(
    params=[
        pytest.param(Ours, id="this server"),
        pytest.param(Bare, id="bare pygls", marks=pytest.mark.xfail(reason="a defect of pygls", strict=True)),
    ]
)
async def peer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Peer]:
    (tmp_path / "config.toml").touch()
    environ = {"EDITSVC_DATA_DIR": str(tmp_path), "EDITSVC_CONFIG": str(tmp_path / "config.toml")}
    made: Peer = request.param(environ)
    await made.client.initialize()
    yield made
    await made.close()


async def soon(peer: Peer, future: asyncio.Future[Any]) -> Any:
    return await asyncio.wait_for(future, peer.patience_s)


async def settled() -> None:
    """Until everything that was sent has been handled, and everything that was answered has come."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_cancelled_request_stops_its_handler(peer: Peer) -> None:
    started, stopped = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        started.set()
        try:
            await asyncio.sleep(peer.patience_s)
        finally:
            stopped.set()

    peer.add_command("wait", wait)
    answer = peer.client.command("wait")
    answer.add_done_callback(lambda done: done.exception())
    await started.wait()
    peer.client.notify("$/cancelRequest", {"id": peer.client.last_id})

    await asyncio.wait_for(stopped.wait(), peer.patience_s / 2)
    with pytest.raises(RpcError) as error:
        await soon(peer, answer)
    assert error.value.code == -32800


async def test_a_handler_that_ends_cancelled_is_answered(peer: Peer) -> None:
    async def give_up() -> None:
        raise asyncio.CancelledError

    peer.add_command("give-up", give_up)

    with pytest.raises(RpcError) as error:
        await soon(peer, peer.client.command("give-up"))
    assert error.value.code == -32800


async def test_a_shutdown_ends_what_runs_and_is_answered(peer: Peer) -> None:
    started = asyncio.Event()

    async def wait() -> None:
        started.set()
        await asyncio.sleep(peer.patience_s)

    peer.add_command("wait", wait)
    answers = [peer.client.command("wait") for _ in range(3)]
    for answer in answers:
        answer.add_done_callback(lambda done: done.exception())
    await started.wait()

    assert await soon(peer, peer.client.request("shutdown")) is None
    assert all(answer.done() for answer in answers)


async def test_a_late_answer_to_an_abandoned_question_is_ignored(peer: Peer) -> None:
    held: list[dict[str, Any]] = []
    peer.client.before_apply = lambda params: held.append(params) or {"silence": True}  # type: ignore[func-returns-value]
    peer.client._answer = held.append  # type: ignore[method-assign]
    params = types.ApplyWorkspaceEditParams(edit=types.WorkspaceEdit(changes={}))
    question = peer.ask(types.WORKSPACE_APPLY_EDIT, params)
    await settled()
    question.cancel()
    await settled()
    peer.client._send({"jsonrpc": "2.0", "id": held[0]["id"], "result": {"applied": True}})
    await settled()

    assert not peer.client.said("window/showMessage")


async def test_malformed_parameters_are_answered(peer: Peer) -> None:
    with pytest.raises(RpcError) as error:
        await soon(peer, peer.client.request("textDocument/codeLens", {"textDocument": "no object"}))
    assert error.value.code == -32602


async def test_malformed_json_is_answered(peer: Peer) -> None:
    feed = peer.server.receive if isinstance(peer, Ours) else lambda data: peer._in.feed_data(frame(data))  # type: ignore[attr-defined]
    feed(b'{"jsonrpc": "2.0", "id": 7, "method":')
    await settled()

    errors = [message["error"]["code"] for message in peer.client.heard if "error" in message]
    assert errors == [-32700]


async def test_an_argument_with_a_key_jsonrpc_is_an_argument(peer: Peer) -> None:
    async def answer() -> str:
        return "called"

    peer.add_command("call", answer)

    argument = {"jsonrpc": "2.0", "id": 1, "method": "initialize"}
    assert await soon(peer, peer.client.command("call", argument)) == "called"


@pytest.mark.parametrize("odd", ["\f", "\v", "\x1c", "\x85", "\u2028"], ids=ascii)
async def test_a_change_behind_an_odd_character_goes_to_the_right_place(peer: Peer, odd: str) -> None:
    text = f"one{odd}two\nthree\n"
    peer.client.open(URI, text)
    peer.client.type(URI, text.index("three"), text.index("three"), "and ")
    await settled()

    assert peer.text(URI) == f"one{odd}two\nand three\n"


async def test_a_slow_command_does_not_hold_up_another_request(peer: Peer) -> None:
    if isinstance(peer, Bare):
        # The naive way to write it; pygls' threads, the other way, can't be cancelled.
        peer.server.command("editsvc.report")(lambda *_: sum(range(3_000_000)))
    order: list[str] = []
    slow = peer.client.command("editsvc.report")
    slow.add_done_callback(lambda _: order.append("report"))
    quick = peer.client.request("textDocument/codeLens", {"textDocument": {"uri": URI}})
    quick.add_done_callback(lambda _: order.append("lenses"))
    await asyncio.wait_for(asyncio.gather(slow, quick), 60)

    assert order == ["lenses", "report"]


async def test_a_version_that_goes_back_is_reported(peer: Peer) -> None:
    peer.client.open(URI, "one\n", version=5)
    change = {"textDocument": {"uri": URI, "version": 3}, "contentChanges": [{"text": "two\n"}]}
    peer.client.notify("textDocument/didChange", change)
    await settled()

    assert len(peer.client.said("window/logMessage")) == 1


async def test_a_change_of_an_unopened_document_troubles_no_user(peer: Peer) -> None:
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
    changes = [{"range": place, "text": "x"}]
    document = {"uri": "file:///never/opened.py", "version": 1}
    peer.client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
    await settled()

    assert not peer.client.said("window/showMessage")


async def test_a_progress_token_is_forgotten_when_its_work_is_done(peer: Peer) -> None:
    peer.client.open(URI, "def one():\n    return 1\n")
    if isinstance(peer, Bare):
        peer.server.work_done_progress.begin("token", types.WorkDoneProgressBegin(title="work"))
        peer.server.work_done_progress.end("token", types.WorkDoneProgressEnd())
    else:
        asked = {"uri": URI, "instruction": "rename one to two", "mode": "preview"}
        answer = await peer.client.command("editsvc.edit", asked, workDoneToken="token")
        assert answer["status"] == "changed"
        assert [step["value"]["kind"] for step in peer.client.said("$/progress")][::3] == ["begin"]

    assert not peer.tokens()


async def test_no_log_holds_the_users_code(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    peer.client.open(URI, "password = 'hunter2'\n")
    peer.client.type(URI, 0, 0, "# hunter2\n")
    params = types.ShowMessageParams(types.MessageType.Info, "hunter2")
    server: Any = peer.server  # type: ignore[attr-defined]
    server.window_show_message(params)
    broken = {"textDocument": {"uri": URI, "version": "hunter2"}, "contentChanges": "hunter2"}
    peer.client.notify("textDocument/didChange", broken)
    await settled()

    assert "hunter2" not in caplog.text


# --- the transports: a process of bare pygls, and this server's listener ------------------------------------

_BARE_TCP = """
import logging, sys
from pygls.lsp.server import LanguageServer
logging.basicConfig(level=logging.INFO, format="%(message)s")
LanguageServer("bare", "1").start_tcp("127.0.0.1", int(sys.argv[1]))
"""


def _initialize(message_id: int, token: str) -> bytes:
    params = {
        "processId": None,
        "rootUri": None,
        "capabilities": {},
        "initializationOptions": {"token": token},
    }
    message = {"jsonrpc": "2.0", "id": message_id, "method": "initialize", "params": params}
    return frame(json.dumps(message).encode())


async def _first_answer(reader: asyncio.StreamReader, patience_s: float) -> Any:
    frames = FrameReader()
    while data := await asyncio.wait_for(reader.read(65536), patience_s):
        for body in frames.push(data):
            message = json.loads(body)
            if "method" not in message:
                return message["id"]
    return None


async def _two_connections(port: int, token: str, patience_s: float) -> list[Any]:
    first, first_out = await asyncio.open_connection("127.0.0.1", port)
    second, second_out = await asyncio.open_connection("127.0.0.1", port)
    try:
        # The second one is there before the first one speaks.
        await asyncio.sleep(0.1)
        first_out.write(_initialize(1, token))
        second_out.write(_initialize(2, token))
        return [await _first_answer(reader, patience_s) for reader in (first, second)]
    finally:
        for writer in (first_out, second_out):
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_every_tcp_connection_gets_its_own_answers(tmp_path: Path) -> None:
    context = ProcessContext({"EDITSVC_DATA_DIR": str(tmp_path)}, offline=True)
    async with listen_tcp(0, "secret", lambda token: EditServer(context, token)) as address:
        assert await _two_connections(int(address.rsplit(":", 1)[1]), "secret", Ours.patience_s) == [1, 2]


@pytest.mark.xfail(reason="a defect of pygls", strict=True, raises=TimeoutError)
async def test_every_tcp_connection_gets_its_own_answers_from_bare_pygls() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", _BARE_TCP, str(port)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: ASYNC220 - no loop is held up by it
    assert process.stderr is not None
    try:
        while not process.stderr.readline().startswith("Serving on"):
            pass
        assert await _two_connections(port, "", Bare.patience_s) == [1, 2]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
