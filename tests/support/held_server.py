"""A server that sends the beginning of a reply, and the rest when it is told to: no clock decides what comes when.

Run as a program, ``python held_server.py BEGINNING``, it never sends the rest; it prints its address, and then
"begun" when the beginning is sent.
"""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import click
from patience import HANGING_S


class HeldServer(ThreadingHTTPServer):
    """Answers every completion with the code `beginning` and `rest`; `begun` and `go_on` are between the two."""

    daemon_threads = True
    # `server_close` would wait for connections that clients keep open.
    block_on_close = False

    def __init__(self, beginning: str, rest: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.beginning, self.rest = beginning, rest
        self.begun, self.go_on = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: HeldServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self._event({"delta": {"content": f"````\n{self.server.beginning}"}})
        self.server.begun.set()
        assert self.server.go_on.wait(HANGING_S)
        self._event({"delta": {"content": f"{self.server.rest}````"}})
        self._event({"delta": {}, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, choice: dict[str, object]) -> None:
        event = {"id": "held", "model": "held", "choices": [{"index": 0, **choice}]}
        self.wfile.write(b"data: %s\n\n" % json.dumps(event).encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def held_server(beginning: str, rest: str) -> Iterator[HeldServer]:
    """A server on loopback."""
    server = HeldServer(beginning, rest)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join(HANGING_S)


def _never_end(beginning: str) -> None:
    server = HeldServer(beginning, "")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    click.echo(server.url)
    server.begun.wait()
    click.echo("begun")
    threading.Event().wait()


if __name__ == "__main__":
    _never_end(sys.argv[1])
