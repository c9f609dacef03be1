"""A server whose reply is right, and whose numbers are whatever a test says."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
from in_a_thread import at_work


class OddServer(ThreadingHTTPServer):
    """Answers every completion with `code`; `usage` and `time_info` are JSON, or what a server takes for it."""

    daemon_threads = True
    code = ""
    usage = b"null"
    time_info = b"null"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def body(self) -> bytes:
        text = msgspec.json.encode(f"````\n{self.code}````")
        return (
            b'data: {"id":"r","model":"m","choices":[{"index":0,"delta":{"content":%s}}]}\n\n'
            b'data: {"id":"r","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":%s,"time_info":%s}\n\n'
            b"data: [DONE]\n\n"
        ) % (text, self.usage, self.time_info)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OddServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = self.server.body()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def odd_server(code: str) -> Iterator[OddServer]:
    """A server on loopback that answers with `code`."""
    server = OddServer(("127.0.0.1", 0), _Handler)
    server.code = code
    with at_work(server):
        yield server
