"""What the language server does not load before it has answered ``initialize``, as nobody could use it by then."""

import subprocess
import sys

import pytest

_NOTED = """
import asyncio, sys
from lsprotocol import types
from lsp.session import EditServer, ProcessContext

class Noted:
    backlog = 0
    def send(self, body):
        sys.stdout.write(body.decode() + " ".join(sys.modules))

async def introduced():
    server = EditServer(ProcessContext({}))
    server.connect(Noted())
    server.receive(b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}')

asyncio.run(introduced())
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    ran = subprocess.run([sys.executable, "-c", _NOTED], capture_output=True, text=True, check=True)
    answer, _, modules = ran.stdout.rpartition("}")
    assert '"editsvc.edit"' in answer
    return set(modules.split())


@pytest.mark.parametrize(
    "module",
    [
        "aiohttp",
        "editsvc.errors",
        "editsvc.settings",
        "editsvc.syntax",
        "lsp.contract",
        "lsp.editing",
        "lsp.parts",
    ],
)
def test_initialize_is_answered_before_it_is_loaded(loaded: set[str], module: str) -> None:
    assert "lsp.session" in loaded
    assert module not in loaded
