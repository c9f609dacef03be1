"""Getting ready behind ``initialized``: the first edit loads nothing any more, and nobody is asked for a key."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from held_server import held_server
from patience import HANGING_S

from editsvc.emulator import Emulator, EmulatorOptions
from lsp.service_handle import ServiceHandle

_FIRST_EDIT = """
import asyncio, json, sys
from lsp.session import EditServer, ProcessContext

noted = None

def note(event, args):
    if noted is not None and event in ("import", "compile"):
        noted.append(str(args[0]))

sys.addaudithook(note)

class Channel:
    backlog = 0
    answers = asyncio.Queue()
    def send(self, body):
        message = json.loads(body)
        if "result" in message:
            self.answers.put_nowait(message["result"])

async def session(url, folder):
    global noted
    server, channel = EditServer(ProcessContext({
        "CEREBRAS_API_KEY": "k", "CEREBRAS_BASE_URL": url, "EDITSVC_DATA_DIR": folder, "EDITSVC_CONFIG": "/dev/null",
    })), Channel()
    server.connect(channel)

    def send(method, params, **more):
        server.receive(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode())

    send("initialize", {"capabilities": {}}, id=1)
    await channel.answers.get()
    send("initialized", {})
    document = {"uri": "untitled:a.py", "languageId": "python", "version": 1, "text": "import os\\n"}
    send("textDocument/didOpen", {"textDocument": document})
    while not server._warm or server._tasks:
        await asyncio.sleep(0.01)
    noted = []
    argument = {"uri": "untitled:a.py", "instruction": "use sys", "mode": "preview"}
    send("workspace/executeCommand", {"command": "editsvc.edit", "arguments": [argument]}, id=2)
    answer = await channel.answers.get()
    found, noted = noted, None
    print(json.dumps([answer["status"], answer["diff"], found]))
    await server.wind_up()

asyncio.run(session(*sys.argv[1:]))
"""


def test_the_first_edit_loads_nothing_any_more(tmp_path: Path) -> None:
    with held_server("import sys\n", "") as server:
        server.go_on.set()
        ran = subprocess.run(
            [sys.executable, "-c", _FIRST_EDIT, server.url, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    status, diff, loaded = json.loads(ran.stdout)
    assert status == "changed"
    assert "+import sys" in diff
    assert loaded == []


def handle(url: str, folder: Path, **environ: str) -> ServiceHandle:
    given = {
        "CEREBRAS_BASE_URL": url,
        "EDITSVC_DATA_DIR": str(folder),
        "EDITSVC_CONFIG": "/dev/null",
        **environ,
    }
    made = ServiceHandle(given, offline=False)
    made.configure({}, None)
    return made


async def test_the_service_is_opened_if_the_key_is_there(tmp_path: Path) -> None:
    async with Emulator(EmulatorOptions(echo=True)) as emulator:
        made = handle(emulator.base_url, tmp_path, CEREBRAS_API_KEY="k")

        await asyncio.wait_for(made.warm_up(), HANGING_S)

        assert made._opened is not None
        assert not made._to_load
        await made.close()


async def test_nobody_is_asked_for_a_key_that_an_edit_may_never_need(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    config = tmp_path / "config.toml"
    config.write_text(f"api_key_command = ['touch', '{asked}']\n")
    made = handle("http://127.0.0.1:9", tmp_path, EDITSVC_CONFIG=str(config))

    await asyncio.wait_for(made.warm_up(), HANGING_S)

    assert made._opened is None
    assert not asked.exists()


async def test_an_edit_ends_it_behind_the_present_step(tmp_path: Path) -> None:
    async with Emulator(EmulatorOptions(echo=True)) as emulator:
        made = handle(emulator.base_url, tmp_path, CEREBRAS_API_KEY="k")
        async with made.service():
            left = len(made._to_load)
            await made.warm_up()
            assert len(made._to_load) == left > 0

        await asyncio.wait_for(made.warm_up(), HANGING_S)

        assert not made._to_load
        await made.close()


@pytest.mark.parametrize("language", ["python", "no-such-language"])
async def test_a_language_is_loaded_once(tmp_path: Path, language: str) -> None:
    made = handle("http://127.0.0.1:9", tmp_path)

    assert made.will_edit(language)
    assert not made.will_edit(language)
    await asyncio.wait_for(made.warm_up(), HANGING_S)
    assert not made._to_load
