"""Stand between an editor and its language server, and note when each message passed.

``python relay.py NOTES COMMAND...``; a line of NOTES is ``{"at": seconds, "to": "server" or "client", "message": …}``.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from lsp.wire.frames import FrameReader


def pass_on(source: IO[bytes], target: IO[bytes], to: str, notes: IO[str]) -> None:
    frames = FrameReader()
    while data := source.read1(65536):  # type: ignore[attr-defined]
        at = time.time()
        target.write(data)
        target.flush()
        for body in frames.push(data):
            notes.write(json.dumps({"at": at, "to": to, "message": json.loads(body)}) + "\n")
            notes.flush()
    target.close()


def main(place: str, *command: str) -> int:
    with Path(place).open("a", encoding="utf-8") as notes:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert server.stdin is not None
        assert server.stdout is not None
        there = threading.Thread(target=pass_on, args=(sys.stdin.buffer, server.stdin, "server", notes))
        there.start()
        pass_on(server.stdout, sys.stdout.buffer, "client", notes)
        return server.wait()


sys.exit(main(*sys.argv[1:]))
