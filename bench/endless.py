"""What a reply without end costs, whatever it is made of: ``python -m bench.endless [--front lsp]``.

For each shape a process of its own makes one edit with a server that never ends, and says how long that took, how long
the event loop was away at worst, and how much memory the process had. With ``--front lsp`` that process is the language
server, and what counts is how long its client waited at worst for the answer to another request meanwhile. Exit code 1
if a limit was exceeded.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editsvc.app.composition import open_service
from editsvc.engine.edit import EditRequest
from editsvc.settings.environment import load
from editsvc.text.document import Snapshot
from editsvc.tokenlog.values import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SUPPORT: Final = Path(__file__).parents[1] / "tests" / "support"
_TEXT: Final = "a = 1\nb = 2\n" * 40
_EVENTS: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
_CHUNK: Final = b'data: {"choices":[{"index":0,"delta":{"content":"x = 1\\n"}}]}\n\n'
SHAPES: Final = {
    "content": (_EVENTS, _CHUNK),
    "empty events": (_EVENTS, b'data: {"choices":[]}\n\n'),
    "comments": (_EVENTS, b": x\n\n"),
    "empty lines": (_EVENTS, b"\n"),
    "one line": (_EVENTS + b"data: ", b"x" * 1_000),
    "lines of one event": (_EVENTS + b"data: [\n", b'data: "x",\n'),
    "one body": (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{", b"x" * 1_000),
    "an error": (b"HTTP/1.1 500 No\r\ncontent-type: text/plain\r\n\r\n", b"x" * 1_000),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"),
    "a header": (b"HTTP/1.1 200 OK\r\nx-a: ", b"x" * 1_000),
    "interim answers": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}
"""Replies without end: what comes first, and what comes again and again."""
_AT_ONCE: Final = 60_000
_DEADLINE_S: Final = 10.0
_TICK_S: Final = 0.005
_SPARE_S: Final = 1.0
_MOST_AWAY_S: Final = 0.5
_MOST_MB: Final = 300


def _serve(listener: socket.socket, shape: str) -> None:
    head, part = SHAPES[shape]
    many = part * (_AT_ONCE // len(part))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection, head, many), daemon=True).start()


def _answer(connection: socket.socket, head: bytes, many: bytes) -> None:
    with connection, suppress(OSError):
        connection.recv(1 << 20)
        connection.sendall(head)
        while True:
            connection.sendall(many)


@contextmanager
def _endless(shape: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server with such replies, and an environment in which it is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=_serve, args=(listener, shape), daemon=True).start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield address, {"EDITSVC_DATA_DIR": folder, "CEREBRAS_API_KEY": "csk-none"}


async def _edit(shape: str, deadline_s: float) -> dict[str, Any]:
    with _endless(shape) as (address, more):
        environ = {**os.environ, **more}
        settings = load({"base_url": address, "deadline_s": deadline_s}, environ=environ).settings
        worst = 0.0

        async def tick() -> None:
            nonlocal worst
            while True:
                before = time.monotonic()
                await asyncio.sleep(_TICK_S)
                worst = max(worst, time.monotonic() - before - _TICK_S)

        async with open_service(settings, offline=False, environ=environ) as service:
            ticking = asyncio.ensure_future(tick())
            started = time.monotonic()
            request = EditRequest(Snapshot(_TEXT), "improve it", filename="a.py", source=Source.BENCH)
            result = await service.edit(request)
            took = time.monotonic() - started
            ticking.cancel()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"shape": shape, "error": result.error, "took_s": took, "away_s": worst, "memory_mb": memory}


async def in_the_language_server(shape: str, deadline_s: float = _DEADLINE_S) -> dict[str, Any]:
    """The same figures of a language server, as its client sees them; `error` is what it was told."""
    if str(_SUPPORT) not in sys.path:
        sys.path.insert(0, str(_SUPPORT))
    client_of, process_of = map(importlib.import_module, ("lsp_client", "lsp_process"))
    uri = "file:///project/a.py"
    with _endless(shape) as (address, more):
        environ = {**more, "CEREBRAS_BASE_URL": address, "EDITSVC_DEADLINE_S": str(deadline_s)}
        async with process_of.running(client_of.VSCODE, environ) as server:
            client = server.client
            await client.initialize({"stream": True})
            client.open(uri, _TEXT)
            worst = 0.0

            async def wait_s() -> float:
                """How long the actions at a place take, which editors ask for wherever their user goes."""
                place = {"line": 1, "character": 0}
                asked = {
                    "textDocument": {"uri": uri},
                    "range": {"start": place, "end": place},
                    "context": {"diagnostics": []},
                }
                before = time.monotonic()
                await client.request("textDocument/codeAction", asked)
                return time.monotonic() - before

            async def ask() -> None:
                nonlocal worst
                while True:
                    worst = max(worst, await wait_s())
                    await asyncio.sleep(_TICK_S)

            await wait_s()  # the first one loads what all need
            asking = asyncio.ensure_future(ask())
            started = time.monotonic()
            answer = await client.command("editsvc.edit", {"uri": uri, "instruction": "improve it"})
            took = time.monotonic() - started
            asking.cancel()
            memory = _peak_mb(server.process.pid)
            changed = client.text(uri) != _TEXT
    return {
        "shape": shape,
        "error": "changed" if changed else answer["message"],
        "took_s": took,
        "away_s": worst,
        "memory_mb": memory,
    }


def _peak_mb(pid: int) -> int:
    """The most memory that a process has had; Linux tells."""
    status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    (peak,) = (line.split()[1] for line in status.split("\n") if line.startswith("VmHWM:"))
    return int(peak) // 1024


def exceeds(row: dict[str, Any], deadline_s: float = _DEADLINE_S) -> bool:
    """Whether an edit went on too long, kept the loop, filled the memory, or changed something."""
    late = row["took_s"] > deadline_s + _SPARE_S
    return late or row["away_s"] > _MOST_AWAY_S or row["memory_mb"] > _MOST_MB or row["error"] == "changed"


def main(words: Sequence[str] | None = None) -> int:
    """Make an edit for each shape; 1 if a limit was exceeded."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.endless", description="What a reply without end costs."
    )
    parser.add_argument("--front", choices=("engine", "lsp"), default="engine", help="who makes the edit")
    parser.add_argument("--only", choices=tuple(SHAPES), action="append", help="such replies alone")
    parser.add_argument("--deadline", type=float, default=_DEADLINE_S, help="seconds that an edit may take")
    parser.add_argument("--one", choices=tuple(SHAPES), help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.one:
        print(json.dumps(asyncio.run(_edit(asked.one, asked.deadline))))
        return 0
    bad = 0
    print(f"{'shape':<20}{'error':<60}{'took':>9}{'away':>10}{'memory':>10}")
    for shape in asked.only or SHAPES:
        if asked.front == "lsp":
            row = asyncio.run(in_the_language_server(shape, asked.deadline))
        else:
            command = [sys.executable, "-m", "bench.endless", "--one", shape]
            command += ["--deadline", str(asked.deadline)]
            row = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        bad += exceeds(row, asked.deadline)
        took, away, memory = row["took_s"], 1000 * row["away_s"], row["memory_mb"]
        print(f"{shape:<20}{row['error'][:58]:<60}{took:>7.2f} s{away:>7.0f} ms{memory:>7} MB", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
