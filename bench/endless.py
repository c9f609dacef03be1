"""What a reply without end costs, whatever it is made of: ``python -m bench.endless``.

For each shape a process of its own makes one edit with a server that never ends, and says how long that took, how long
the event loop was away at worst, and how much memory the process had. Exit code 1 if a limit was exceeded.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from typing import Final

from editsvc.app.composition import open_service
from editsvc.engine.edit import EditRequest
from editsvc.settings.environment import load
from editsvc.text.document import Snapshot
from editsvc.tokenlog.values import Source

_EVENTS: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
_CHUNK: Final = b'data: {"choices":[{"index":0,"delta":{"content":"x = 1\\n"}}]}\n\n'
# What comes first, and what comes again and again.
_SHAPES: Final = {
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
_AT_ONCE: Final = 60_000
_DEADLINE_S: Final = 10.0
_TICK_S: Final = 0.005
_SPARE_S: Final = 1.0
_MOST_AWAY_S: Final = 0.5
_MOST_MB: Final = 300


def _serve(listener: socket.socket, shape: str) -> None:
    head, part = _SHAPES[shape]
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


async def _edit(shape: str) -> dict[str, object]:
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=_serve, args=(listener, shape), daemon=True).start()
        environ = {**os.environ, "EDITSVC_DATA_DIR": folder, "CEREBRAS_API_KEY": "csk-none"}
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = load({"base_url": address, "deadline_s": _DEADLINE_S}, environ=environ).settings
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
            request = EditRequest(
                Snapshot("a = 1\nb = 2\n" * 40), "improve it", filename="a.py", source=Source.BENCH
            )
            result = await service.edit(request)
            took = time.monotonic() - started
            ticking.cancel()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"shape": shape, "error": result.error, "took_s": took, "away_s": worst, "memory_mb": memory}


def main() -> int:
    """Make an edit for each shape; 1 if one went on too long, kept the loop, or filled the memory."""
    if len(sys.argv) > 1:
        print(json.dumps(asyncio.run(_edit(sys.argv[1]))))
        return 0
    bad = 0
    print(f"{'shape':<20}{'error':<24}{'took':>9}{'away':>10}{'memory':>10}")
    for shape in _SHAPES:
        command = [sys.executable, "-m", "bench.endless", shape]
        row = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        took, away, memory = row["took_s"], row["away_s"], row["memory_mb"]
        bad += took > _DEADLINE_S + _SPARE_S or away > _MOST_AWAY_S or memory > _MOST_MB
        print(f"{shape:<20}{row['error']:<24}{took:>7.2f} s{1000 * away:>7.0f} ms{memory:>7} MB", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
