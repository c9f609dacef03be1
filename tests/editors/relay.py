"""Stand between an editor and its language server, and note when each message passed.

``python relay.py NOTES LATE_MS COMMAND...``; a line of NOTES is ``{"at": seconds, "to": "server" or "client",
"message": …}``. What the server says is held back for so many milliseconds, in its order, as if it were far away.
"""

import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from lsp.wire.frames import FrameReader


def pass_on(source: IO[bytes], target: IO[bytes], to: str, notes: IO[str], late_s: float = 0.0) -> None:
    """Return when `source` has ended, and all of it is at `target`."""
    waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
    frames = FrameReader()

    def read() -> None:
        while data := source.read1(65536):  # type: ignore[attr-defined]
            waiting.put((time.monotonic() + late_s, data))
        waiting.put((0.0, b""))

    # The server's end is seen at once, and what it said before is still handed on.
    threading.Thread(target=read, daemon=True).start()
    while True:
        due, data = waiting.get()
        if not data:
            break
        time.sleep(max(due - time.monotonic(), 0))
        at = time.time()
        target.write(data)
        target.flush()
        for body in frames.push(data):
            notes.write(json.dumps({"at": at, "to": to, "message": json.loads(body)}) + "\n")
            notes.flush()
    target.close()


def main(place: str, late_ms: str, *command: str) -> int:
    with Path(place).open("a", encoding="utf-8") as notes:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert server.stdin is not None
        assert server.stdout is not None
        there = threading.Thread(
            target=pass_on, args=(sys.stdin.buffer, server.stdin, "server", notes), daemon=True
        )
        there.start()
        pass_on(server.stdout, sys.stdout.buffer, "client", notes, int(late_ms) / 1000)
        return server.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
