"""Stand between an editor and its server, and note each message: ``python client_relay.py NOTES COMMAND...``.

A line of NOTES is ``{"to": "server" or "client", "message": …}``. While there is a file NOTES.refuse, edits are
answered as by an editor that refuses them, and do not reach the one that is there.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from lsp.wire.frames import FrameReader, frame

REFUSAL = {"applied": False, "failureReason": "the file is locked"}


def pass_on(source: IO[bytes], send: Callable[[dict[str, Any]], None]) -> None:
    frames = FrameReader()
    while data := source.read1(65536):  # type: ignore[attr-defined]
        for body in frames.push(data):
            send(json.loads(body))


def main(place: str, *command: str) -> int:
    refuse = Path(f"{place}.refuse")
    lock = threading.Lock()
    with Path(place).open("a", encoding="utf-8") as notes:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert server.stdin is not None
        assert server.stdout is not None
        pipes = {"server": server.stdin, "client": sys.stdout.buffer}

        def send(to: str, message: dict[str, Any]) -> None:
            with lock:
                notes.write(json.dumps({"to": to, "message": message}) + "\n")
                notes.flush()
                if to == "client" and message.get("method") == "workspace/applyEdit" and refuse.exists():
                    to, message = "server", {"jsonrpc": "2.0", "id": message["id"], "result": REFUSAL}
                pipes[to].write(frame(json.dumps(message).encode()))
                pipes[to].flush()

        def serve() -> None:
            pass_on(sys.stdin.buffer, lambda message: send("server", message))
            pipes["server"].close()

        threading.Thread(target=serve, daemon=True).start()
        pass_on(server.stdout, lambda message: send("client", message))
        return server.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
