"""The server as its editor starts it: a process, with pipes that end in every way."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsp_client import VSCODE
from lsp_process import COMMAND, running
from patience import until

URI = "file:///project/a.py"
TEXT = "def one():\n    return 1\n\n\nprint(one())\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config.toml").touch()
    return {
        "CEREBRAS_API_KEY": "",
        "EDITSVC_DATA_DIR": str(tmp_path / "data"),
        "EDITSVC_CONFIG": str(tmp_path / "config.toml"),
    }


async def test_a_session_without_a_key_edits_with_the_offline_engine(environ: dict[str, str]) -> None:
    async with running(VSCODE, environ) as server:
        await server.client.initialize()
        server.client.open(URI, TEXT)
        asked = {"uri": URI, "instruction": "rename one to two", "mode": "apply"}
        answer = await asyncio.wait_for(server.client.command("editsvc.edit", asked), 60)
        await server.client.shutdown()

        assert await server.status() == 0
        assert await server.errors() == ""
    assert (answer["status"], answer["offline"]) == ("changed", True)
    assert "no API key" in answer["message"]
    assert server.client.text(URI) == TEXT.replace("one", "two")


async def test_the_end_of_standard_input_ends_the_process(environ: dict[str, str]) -> None:
    async with running(VSCODE, environ) as server:
        await server.client.initialize()
        server.hang_up()

        assert await server.status() == 0
        assert await server.errors() == ""


async def test_the_end_of_standard_input_in_the_middle_of_an_edit_does_too(
    environ: dict[str, str], slow_emulator: str
) -> None:
    environ |= {"CEREBRAS_API_KEY": "any", "CEREBRAS_BASE_URL": slow_emulator}
    async with running(VSCODE, environ) as server:
        await server.client.initialize()
        server.client.open(URI, TEXT)
        asked = {"uri": URI, "instruction": "anything", "prediction": "off"}
        server.client.command("editsvc.edit", asked, workDoneToken=1)
        await until(lambda: "report" in [step["value"]["kind"] for step in server.client.said("$/progress")])
        server.hang_up()

        assert await server.status() == 0


async def test_an_exit_without_a_shutdown_is_status_1(environ: dict[str, str]) -> None:
    async with running(VSCODE, environ) as server:
        await server.client.initialize()
        server.client.notify("exit")

        assert await server.status() == 1


async def test_bytes_that_are_no_protocol_end_the_process(environ: dict[str, str]) -> None:
    async with running(VSCODE, environ) as server:
        server.send_bytes(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert await server.status() == 0
        assert "base protocol" in await server.errors()


async def test_a_signal_ends_the_process(environ: dict[str, str]) -> None:
    async with running(VSCODE, environ) as server:
        await server.client.initialize()
        server.process.terminate()

        assert await server.status() == 128 + 15


async def test_a_client_that_stops_reading_holds_up_nothing(environ: dict[str, str]) -> None:
    """More than any pipe holds is waiting for a client that reads nothing; the process still ends by itself."""
    async with running(VSCODE, environ) as server:
        await server.client.initialize()
        server.client.open(URI, TEXT)
        server.stop_reading()
        server.process.stdout._transport.pause_reading()  # type: ignore[union-attr]
        for number in range(3000):
            unread = {"jsonrpc": "2.0", "id": f"n{number}", "method": "textDocument/codeAction"}
            where = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
            params = {"textDocument": {"uri": URI}, "range": where, "context": {"diagnostics": []}}
            server.send({**unread, "params": params})
        server.client.notify("exit")

        assert await server.status() == 1


def test_what_else_prints_does_not_get_into_the_protocol(environ: dict[str, str]) -> None:
    script = (
        "import os; from lsp.wire.stdio import claim_standard_streams\n"
        "_, client = claim_standard_streams(); print('stray'); os.write(client, b'x')"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert (ran.stdout, ran.stderr.strip()) == (b"x", b"stray")


@pytest.mark.parametrize(
    ("arguments", "start"),
    [(["--version"], "editsvc-lsp "), (["--help"], "usage: editsvc-lsp"), (["--settings-schema"], "{")],
)
def test_the_command_answers_without_a_client(arguments: list[str], start: str) -> None:
    ran = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=True)

    assert ran.stdout.startswith(start)


def test_the_command_line_starts_it_too() -> None:
    command = [sys.executable, "-m", "editsvc", "lsp", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)

    assert ran.stdout.startswith("editsvc-lsp ")


def test_help_and_version_load_nothing_heavy() -> None:
    script = "import sys, lsp; print(sorted({'pygls', 'lsprotocol', 'aiohttp', 'editsvc.app'} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"


def test_the_printed_schema_is_json() -> None:
    ran = subprocess.run([*COMMAND, "--settings-schema"], capture_output=True, text=True, check=True)
    schema: dict[str, Any] = json.loads(ran.stdout)

    assert schema["title"] == "editsvc"
