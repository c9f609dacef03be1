"""The product seen from outside: programs that are started, files that they leave, and a server that means harm.

Nothing of editsvc is imported, so that the same tests can be run against any version of it: the variable
PYTHON_UNDER_TEST names the Python that has it installed, and by default it is the one that runs the tests.
"""

from __future__ import annotations

import gzip
import json
import os
import queue
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from in_a_thread import at_work
from patience import HANGING_S

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = os.environ.get("PYTHON_UNDER_TEST", sys.executable)
TEXT = "\n\n".join(f"def step_{number}(value):\n    return value + {number}\n" for number in range(20))
EDITED = TEXT.replace("step_7", "seventh_step")
INSTRUCTION = "Call step 7 seventh_step."
_SSE = "Content-Type: text/event-stream"


@dataclass(frozen=True)
class Ran:
    """How a command ended. `code` is negative for a signal, as with subprocess."""

    code: int
    out: str
    err: str

    @property
    def edit(self) -> dict[str, Any]:
        """The only edit of a `rewrite --json`."""
        (only,) = json.loads(self.out)["edits"]
        found: dict[str, Any] = only
        return found

    @property
    def is_told(self) -> bool:
        """Whether it ended as it can, and without a word that only we understand."""
        return self.code in {0, 1, 2, 3, 4} and "Traceback" not in self.err


@dataclass(frozen=True)
class Product:
    """A folder to work in, settings and data of its own, and the programs."""

    folder: Path
    data: Path
    environ: dict[str, str]

    def file(self, name: str, content: str | bytes = TEXT) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def asks(self, address: str) -> None:
        """Let it ask the server at `address`."""
        self.environ["CEREBRAS_BASE_URL"] = address
        self.environ["CEREBRAS_API_KEY"] = "csk-nobodys-key"

    def popen(self, *args: str | bytes, cpu_s: int = 0, **how: Any) -> subprocess.Popen[bytes]:
        """Start `editsvc`; with `cpu_s` the system ends it when it has computed for so many seconds."""
        limit = ["sh", "-c", f'ulimit -t {cpu_s}; exec "$@"', "sh"] if cpu_s else []
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
        command = [*limit, PYTHON, "-m", "editsvc", *args]
        return subprocess.Popen(command, cwd=self.folder, env=self.environ, **pipes)

    def run(self, *args: str | bytes, cpu_s: int = 0) -> Ran:
        with self.popen(*args, cpu_s=cpu_s) as process:
            return ended(process)

    def rewrite(self, *args: str | bytes, instruction: str | bytes = INSTRUCTION, cpu_s: int = 0) -> Ran:
        return self.run("rewrite", "-i", instruction, *args, cpu_s=cpu_s)

    @contextmanager
    def log(self) -> Iterator[sqlite3.Connection]:
        """The log's file, which whoever has it can read and write."""
        with closing(sqlite3.connect(self.data / "log.db")) as connection, connection:
            connection.row_factory = sqlite3.Row
            yield connection

    def records(self) -> list[dict[str, Any]]:
        with self.log() as log:
            return [dict(row) for row in log.execute("SELECT * FROM editsvc_requests")]

    @contextmanager
    def editor(self) -> Iterator[Editor]:
        """A language server at pipes."""
        with self.popen("lsp", "--stdio", stdin=subprocess.PIPE) as process:
            assert process.stdin is not None and process.stdout is not None
            with _ended_at_last(process):
                yield Editor(process.stdin, process.stdout)

    @contextmanager
    def listening(self) -> Iterator[int]:
        """A language server at a loopback port."""
        with self.popen("lsp", "--tcp", "0", stderr=subprocess.DEVNULL) as process, _ended_at_last(process):
            assert process.stdout is not None
            # It says that it is listening on an address, and then which token it wants.
            yield int(process.stdout.readline().split()[2].rpartition(b":")[2])


@contextmanager
def _ended_at_last(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()


def ended(process: subprocess.Popen[bytes]) -> Ran:
    """How `process` ends, which has a minute for it."""
    try:
        out, err = process.communicate(timeout=HANGING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Ran(process.returncode, (out or b"").decode(), (err or b"").decode())


class Editor:
    """A client of a language server that knows as little as can be."""

    def __init__(self, to: Any, of: Any) -> None:
        self._to, self._of = to, of
        self._last = 0
        self.answers: dict[int, dict[str, Any]] = {}
        self._came: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.wait(self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}}))
        self.send({"method": "initialized", "params": {}})

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._to.flush()

    def ask(self, method: str, params: Any) -> int:
        """Send a request; returns its id."""
        self._last += 1
        self.send({"id": self._last, "method": method, "params": params})
        return self._last

    def open(self, path: Path) -> str:
        document = {
            "uri": path.as_uri(),
            "languageId": "python",
            "version": 1,
            "text": path.read_text("utf-8"),
        }
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return path.as_uri()

    def edit(self, uri: str, instruction: str = INSTRUCTION) -> int:
        asked = {"uri": uri, "instruction": instruction, "mode": "preview"}
        return self.ask("workspace/executeCommand", {"command": "editsvc.edit", "arguments": [asked]})

    def wait(self, request: int, seconds: float = HANGING_S) -> dict[str, Any]:
        """The answer to a request; what else comes meanwhile is answered with nothing."""
        while request not in self.answers and (message := self._came.get(timeout=seconds)) is not None:
            if "method" not in message:
                self.answers[message["id"]] = message
            elif "id" in message:
                self.send({"id": message["id"], "result": None})
        if request in self.answers:
            return self.answers[request]
        raise AssertionError("the language server has ended")

    def _read(self) -> None:
        with suppress(OSError, ValueError):
            while header := self._of.readline():
                size = 0
                while header.strip():
                    name, _, value = header.partition(b":")
                    size = int(value) if name.lower() == b"content-length" else size
                    header = self._of.readline()
                self._came.put(json.loads(self._of.read(size)))
        self._came.put(None)


@dataclass(frozen=True)
class Request:
    """What a server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def messages(self) -> str:
        """All that the model would read, a prediction with it."""
        return json.dumps([self.json["messages"], self.json.get("prediction")], ensure_ascii=False)

    @property
    def filename(self) -> str:
        """The name of the file that is to be edited."""
        return self._asked.partition("\n")[0].removeprefix("File: ")

    @property
    def shown(self) -> str:
        """The code between the first fence lines of the question."""
        return self._asked.split("````", 2)[1].partition("\n")[2]

    @property
    def _asked(self) -> str:
        asked: str = next(one["content"] for one in self.json["messages"] if one["role"] == "user")
        return asked


Answer = Callable[[Request], Iterable[bytes]]


@dataclass
class Server:
    """A server that sends whatever bytes `answer` gives for a request; `taken` counts those that it got rid of."""

    address: str
    answer: Answer
    asked: list[Request] = field(default_factory=list)
    taken: int = 0
    under_way: int = 0
    most_under_way: int = 0
    left: threading.Event = field(default_factory=threading.Event)
    """Whether a client has hung up before the end."""


class _Handler(BaseHTTPRequestHandler):
    world: Server

    def _any(self) -> None:
        world = self.world
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        if headers.get("content-encoding") == "gzip":
            request = replace(request, body=gzip.decompress(body))
        world.asked.append(request)
        world.under_way += 1
        world.most_under_way = max(world.most_under_way, world.under_way)
        self.close_connection = True
        # What the system keeps ready for a client would else count as taken.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        try:
            for piece in world.answer(request):
                self.connection.sendall(piece)
                world.taken += len(piece)
        except OSError:
            world.left.set()
        finally:
            world.under_way -= 1

    def do_GET(self) -> None:
        self._any()

    def do_POST(self) -> None:
        self._any()

    def log_message(self, *_: object) -> None:
        pass


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # `server_close` would wait for clients that keep their connections.
    block_on_close = False


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    """A server on loopback that answers with `answer`."""
    handler: Any = type("Handler", (_Handler,), {})
    listener = _Listener(("127.0.0.1", 0), handler)
    handler.world = Server(f"http://127.0.0.1:{listener.server_port}", answer)
    with at_work(listener):
        yield handler.world


# What servers send


def http(body: bytes | str, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer."""
    body = body.encode() if isinstance(body, str) else body
    head = "\r\n".join((f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"))
    return head.encode() + b"\r\n\r\n" + body


def head(*headers: str) -> bytes:
    """The beginning of a stream of events whose end nobody knows."""
    return "\r\n".join(("HTTP/1.1 200 OK", _SSE, *headers, "Connection: close", "", "")).encode()


def event(text: str | dict[str, Any], **more: Any) -> bytes:
    """An event; of a text, the one that brings it."""
    if isinstance(text, str):
        text = {"id": "r", "choices": [{"index": 0, "delta": {"content": text}}], **more}
    return f"data: {json.dumps(text)}\n\n".encode()


def end(usage: str = "null", finish: str = '"stop"', more: str = "") -> bytes:
    """The last events, with JSON or what a server takes for it."""
    choice = f'{{"index":0,"delta":{{}},"finish_reason":{finish}}}'
    return f'data: {{"id":"r","choices":[{choice}],"usage":{usage}{more}}}\n\ndata: [DONE]\n\n'.encode()


def framed(code: str) -> str:
    return f"````\n{code}````"


def reply(
    code: str = EDITED, *headers: str, usage: str = "null", finish: str = '"stop"', more: str = ""
) -> bytes:
    """The whole stream of a reply that consists of `code`."""
    return http(event(framed(code)) + end(usage, finish, more), _SSE, *headers)


def always(*pieces: bytes) -> Answer:
    return lambda _: pieces
