"""Runs a language server, hands on what it and its client say, and notes when they said it.

``python nvim_tap.py LOG COMMAND...`` appends a line to LOG for each message: the time in seconds by the clock that
all processes share (``time.monotonic``), who spoke, and the method, the command, or "answer".
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from lsp.wire.frames import FrameReader


def _name(message: dict[str, Any]) -> str:
    method: str = message.get("method", "answer")
    if method == "workspace/executeCommand":
        return str(message["params"]["command"])
    return method


def _hand_on(source: IO[bytes], target: IO[bytes], log: IO[str], speaker: str) -> None:
    frames = FrameReader()
    while data := os.read(source.fileno(), 65536):
        now = time.monotonic()
        target.write(data)
        target.flush()
        for body in frames.push(data):
            log.write(f"{now} {speaker} {_name(json.loads(body))}\n")
    target.close()


def main(path: str, *command: str) -> int:
    """Returns the server's status."""
    with (
        Path(path).open("a", buffering=1, encoding="utf-8") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server,
    ):
        assert server.stdin is not None and server.stdout is not None
        ways = [
            threading.Thread(
                target=_hand_on, args=(sys.stdin.buffer, server.stdin, log, "client"), daemon=True
            ),
            threading.Thread(target=_hand_on, args=(server.stdout, sys.stdout.buffer, log, "server")),
        ]
        for way in ways:
            way.start()
        ways[1].join()
        return server.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
