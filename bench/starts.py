"""How long a start takes, beside peers in the same run: ``python -m bench.starts [--rounds N] [--tls] [--json]``.

Three starts, each interleaved with its peers, as medians of wall and of processor time:

- ``rewrite``: from the start of ``editsvc rewrite`` to the first byte of its request at the server, beside a script
  of ten lines that sends the same request with the SDK, with the SDK's warming of the connection and without; and the
  same handed to ``editsvc serve``, whose child's processor time counts as well;
- ``initialize``: from the start of ``editsvc-lsp`` to its answer, beside a server that is pygls and nothing else;
- ``first edit``: from the command to the first byte of the request, as the first edit of a session, beside the fifth:
  each when the server has been idle for a moment, as it is when somebody writes an instruction, and with no pause at
  all.

Processor time is that of the whole process, with all of its threads, read by its clock when the byte arrives, so
what a process does beside the way to the request counts as well. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from bench import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS: Final = 15
LINES: Final = 120
EDITS: Final = 5
_PATIENCE_S: Final = 60
_MOMENT_S: Final = 0.7
_HANDED: Final = "editsvc rewrite, handed over"
_SCRIPT: Final = """\
import json, sys
from cerebras.cloud.sdk import Cerebras
request = json.loads(open(sys.argv[1]).read())
client = Cerebras({options})
text = ""
for chunk in client.chat.completions.create(**request):
    if chunk.choices and chunk.choices[0].delta.content:
        text += chunk.choices[0].delta.content
print(text)
"""
_BARE_SERVER: Final = """\
from pygls.lsp.server import LanguageServer
LanguageServer("bare", "1").start_io()
"""


@dataclass(frozen=True)
class Start:
    """What one start took, in seconds."""

    wall: float
    processor: float


@dataclass
class Figures:
    """The starts of one kind, by who made them; the first that is named is the one that others are compared with."""

    title: str
    found: dict[str, list[Start]] = field(default_factory=dict)

    def add(self, who: str, start: Start) -> None:
        """One more."""
        self.found.setdefault(who, []).append(start)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each of them: medians in milliseconds, and the medians' ratios to the first one's."""
        base: dict[str, float] = {}
        made = []
        for who, starts in self.found.items():
            row: dict[str, Any] = {"measure": self.title, "who": who, "runs": len(starts)}
            for name in ("wall", "processor"):
                times = sorted(1000 * getattr(start, name) for start in starts)
                middle = median(times)
                base.setdefault(name, middle)
                row[f"{name}_ms"] = round(middle, 2)
                row[f"{name}_quartiles_ms"] = [round(times[len(times) * part // 4], 2) for part in (1, 3)]
                row[f"{name}_ratio"] = round(middle / base[name], 3)
            made.append(row)
        return made


def processor_time(pid: int) -> float:
    """Seconds that all threads of a process have run, those that have ended too, by the clock of that process."""
    return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3), as Linux makes it


class NotingServer:
    """Notes when the first byte of each completion's request arrives, and answers with the text it was given last."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.noted: queue.SimpleQueue[tuple[Start, bytes]] = queue.SimpleQueue()
        self.pids: Callable[[], list[int]] = list
        """The processes whose clocks are read when a byte arrives."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The base URL."""
        scheme = "https" if self._context else "http"
        return f"{scheme}://localhost:{self._listening.getsockname()[1]}"

    def next(self) -> tuple[Start, bytes]:
        """The moment on both clocks, and the body, of the next request."""
        return self.noted.get(timeout=_PATIENCE_S)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), connection:
            channel = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            while True:
                first = channel.recv(1)
                moment = Start(time.perf_counter(), sum(map(processor_time, self.pids())))
                if not first:
                    return
                with channel.makefile("rb") as reading:
                    head = first + b"".join(iter(reading.readline, b"\r\n"))
                    length = next(
                        (
                            int(line.split(b":")[1])
                            for line in head.split(b"\r\n")
                            if line.lower().startswith(b"content-length:")
                        ),
                        0,
                    )
                    body = reading.read(length)
                if head.startswith(b"POST"):
                    channel.sendall(_answer(body))
                    self.noted.put((moment, body))
                else:
                    channel.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def _answer(body: bytes) -> bytes:
    """The prediction, as it is: whatever was asked for, nothing changes."""
    predicted = json.loads(body)["prediction"]["content"]
    events = [
        {"delta": {"content": predicted}},
        {"delta": {}, "finish_reason": "stop"},
    ]
    head = {
        "id": "c",
        "model": "m",
        "created": 1,
        "object": "chat.completion.chunk",
        "system_fingerprint": "f",
    }
    stream = b"".join(
        b"data: %s\n\n" % json.dumps({**head, "choices": [{"index": 0, **event}]}).encode()
        for event in events
    )
    stream += b"data: [DONE]\n\n"
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s" % (
        len(stream),
        stream,
    )


class Bench:
    """A server, a folder with files to edit, and an environment in which everybody talks to that server."""

    def __init__(self, folder: Path, server: NotingServer, certificates: Path | None) -> None:
        self.folder, self.server = folder, server
        self.file = folder / "prices.py"
        self.file.write_text(a_file())
        self.environ = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("EDITSVC", "CEREBRAS"))
            },
            "CEREBRAS_API_KEY": "csk-bench",
            "CEREBRAS_BASE_URL": server.url,
            "EDITSVC_DATA_DIR": str(folder / "data"),
            "EDITSVC_CONFIG": str(folder / "settings.toml"),
            "HOME": str(folder),
            **({"SSL_CERT_FILE": str(certificates)} if certificates else {}),
        }
        (folder / "settings.toml").write_text("exploration = 0\n")  # no prediction is held back

    @contextmanager
    def process(
        self, *command: str, handed_to: int | None = None, **options: Any
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A process whose clock the server reads, and those of the children of `handed_to`; it must end by itself."""
        environ = {**self.environ, "XDG_RUNTIME_DIR": str(self.folder if handed_to else self.folder / "none")}
        with subprocess.Popen(command, env=environ, cwd=self.folder, **options) as running:
            self.server.pids = lambda: [running.pid, *_children(handed_to)]
            try:
                yield running
            except BaseException:
                running.kill()
                raise

    @contextmanager
    def ready(self) -> Iterator[int]:
        """The id of a running ``editsvc serve``."""
        environ = {**self.environ, "XDG_RUNTIME_DIR": str(self.folder)}
        command = [_editsvc(), "serve"]
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as running:
            assert running.stderr is not None
            assert b"ready" in running.stderr.readline()
            try:
                yield running.pid
            finally:
                running.terminate()

    def to_request(self, *command: str, handed_to: int | None = None) -> tuple[Start, bytes]:
        """From the start of a command to its request, and the request's body."""
        started = time.perf_counter()
        pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        with self.process(*command, handed_to=handed_to, **pipes) as running:
            moment, body = self.server.next()
            _, errors = running.communicate()
        if running.returncode:
            raise SystemExit(f"{command[0]} failed: {errors.decode()}")
        return Start(moment.wall - started, moment.processor), body


def _editsvc() -> str:
    return shutil.which("editsvc", path=str(Path(sys.executable).parent)) or "editsvc"


def _children(pid: int | None) -> list[int]:
    if pid is None:
        return []
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def a_file(lines: int = LINES) -> str:
    """A file of functions that nobody has written before."""
    return "".join(
        f"def price_{number}(base):\n    tax = base * {number} / 100\n    return base + tax\n\n\n"
        for number in range(lines // 5)
    )


def rewrite(bench: Bench, rounds: int) -> Figures:
    """`editsvc rewrite`, beside scripts."""
    ours = [_editsvc(), "rewrite", "-i", "let every price be rounded to cents", bench.file.name]
    _, body = bench.to_request(*ours)
    request = bench.folder / "request.json"
    request.write_bytes(body)
    commands = {"SDK script, no warming": [], "editsvc rewrite": ours, "SDK script, as it is": []}
    for name, options in (
        ("SDK script, no warming", "warm_tcp_connection=False"),
        ("SDK script, as it is", ""),
    ):
        script = bench.folder / f"{len(options)}.py"
        script.write_text(_SCRIPT.format(options=options))
        commands[name] = [sys.executable, str(script), str(request)]
    figures = Figures("rewrite: start to request")
    with ExitStack() as stack:
        ready = None
        # An earlier version has no process to hand a command to.
        if find_spec("editsvc.cli.serve"):
            ready = stack.enter_context(bench.ready())
            commands[_HANDED] = ours
        for number in range(rounds + 1):
            for name, command in commands.items():
                start, sent = bench.to_request(*command, handed_to=ready if name == _HANDED else None)
                assert json.loads(sent) == json.loads(body), "the peers send the same"
                if number:
                    figures.add(name, start)
    return figures


class Editor:
    """A client of a language server, over its standard streams."""

    def __init__(self, running: subprocess.Popen[bytes]) -> None:
        self._running = running
        self._ids = iter(range(1, 1000))

    def send(self, method: str, params: Any, *, request: bool = False) -> int:
        """Send a request or a notification; returns the id."""
        number = next(self._ids)
        message = {
            "jsonrpc": "2.0",
            "method": method,
            "params": params,
            **({"id": number} if request else {}),
        }
        body = json.dumps(message).encode()
        assert self._running.stdin is not None
        self._running.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._running.stdin.flush()
        return number

    def answer(self, number: int) -> Any:
        """The answer to a request; everything before it is passed over."""
        reading = self._running.stdout
        assert reading is not None
        while True:
            length = 0
            while line := reading.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                raise SystemExit("the server has left")
            message = json.loads(reading.read(length))
            if message.get("id") == number and "method" not in message:
                return message["result"]

    def initialize(self) -> None:
        """Shake hands, as an editor does that can do much."""
        capabilities = {
            "workspace": {
                "applyEdit": True,
                "workspaceEdit": {
                    "documentChanges": True,
                    "changeAnnotationSupport": {"groupsOnLabel": True},
                },
                "executeCommand": {"dynamicRegistration": True},
                "workspaceFolders": True,
            },
            "textDocument": {
                "synchronization": {"didSave": True},
                "codeAction": {
                    "codeActionLiteralSupport": {
                        "codeActionKind": {"valueSet": ["", "quickfix", "refactor"]}
                    },
                    "resolveSupport": {"properties": ["edit"]},
                },
                "codeLens": {},
            },
            "window": {"showMessage": {}},
            "general": {"positionEncodings": ["utf-16"]},
        }
        params = {"processId": None, "rootUri": None, "capabilities": capabilities}
        self.answer(self.send("initialize", params, request=True))

    def leave(self) -> None:
        """End the session."""
        self.answer(self.send("shutdown", None, request=True))
        self.send("exit", None)
        self._running.communicate()


def _ours() -> list[str]:
    return [shutil.which("editsvc-lsp", path=str(Path(sys.executable).parent)) or "editsvc-lsp"]


_PIPES: Final[dict[str, Any]] = {
    "stdin": subprocess.PIPE,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.DEVNULL,
}


def initialize(bench: Bench, rounds: int) -> Figures:
    """`editsvc-lsp`, beside pygls."""
    bare = bench.folder / "bare.py"
    bare.write_text(_BARE_SERVER)
    commands = {"bare pygls": [sys.executable, str(bare)], "editsvc-lsp": _ours()}
    figures = Figures("language server: start to initialize")
    for number in range(rounds + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            with bench.process(*command, **_PIPES) as running:
                editor = Editor(running)
                editor.initialize()
                start = Start(time.perf_counter() - started, processor_time(running.pid))
                editor.leave()
            if number:
                figures.add(name, start)
    return figures


def _until_idle(pid: int) -> None:
    """Wait until a process has used no processor for a moment."""
    while True:
        before = processor_time(pid)
        time.sleep(_MOMENT_S)
        if processor_time(pid) - before < _MOMENT_S / 100:
            return


def edits_of_a_session(bench: Bench, *, wait: bool) -> list[Start]:
    """From command to request, for each of the first edits of a session; every edit has a document of its own."""
    found = []
    with bench.process(*_ours(), **_PIPES) as running:
        editor = Editor(running)
        editor.initialize()
        editor.send("initialized", {})
        for number in range(EDITS):
            item = {"uri": f"untitled:prices{number}.py", "languageId": "python", "version": 1}
            editor.send("textDocument/didOpen", {"textDocument": {**item, "text": f"# {number}\n{a_file()}"}})
        for number in range(EDITS):
            if wait:
                _until_idle(running.pid)
            argument = {
                "uri": f"untitled:prices{number}.py",
                "instruction": "let every price be rounded to cents",
                "mode": "preview",
            }
            params = {"command": "editsvc.edit", "arguments": [argument]}
            before = Start(time.perf_counter(), processor_time(running.pid))
            asked = editor.send("workspace/executeCommand", params, request=True)
            moment, _ = bench.server.next()
            found.append(Start(moment.wall - before.wall, moment.processor - before.processor))
            answered = editor.answer(asked)
            assert answered["status"] == "unchanged", answered
        editor.leave()
    return found


def first_edit(bench: Bench, rounds: int) -> Figures:
    """The first edit of a session, beside its fifth."""
    figures = Figures("language server: edit to request")
    for _ in range(rounds):
        waited, at_once = edits_of_a_session(bench, wait=True), edits_of_a_session(bench, wait=False)
        figures.add("fifth edit, each when idle", waited[-1])
        figures.add("first edit, each when idle", waited[0])
        figures.add("first edit, at once", at_once[0])
        figures.add("fifth edit, after one at once", at_once[-1])
    return figures


MEASURES: Final[dict[str, Callable[[Bench, int], Figures]]] = {
    "rewrite": rewrite,
    "initialize": initialize,
    "edit": first_edit,
}


COMPARED: Final = (
    ("rewrite", "editsvc rewrite", "SDK script, no warming", "to request", 1.2),
    ("rewrite", _HANDED, "SDK script, no warming", "to request", 0.3),
    ("initialize", "editsvc-lsp", "bare pygls", "to its answer", 1.1),
    (
        "edit",
        "first edit, each when idle",
        "fifth edit, each when idle",
        "to request",
        1.2,
    ),
)
"""What the table of results has: measure, ours, peer, until when, and the highest ratio that is wanted."""


def measure(rounds: int) -> Iterator[rows.Row]:
    """The rows of the table of results."""
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), NotingServer(), None)
        taken = {title: MEASURES[title](bench, rounds).found for title in MEASURES}
        for title, ours, peer, until, goal in COMPARED:
            found = taken[title]
            if ours not in found:
                continue
            for clock in ("processor", "wall"):
                yield rows.compared(
                    f"{ours}, {until}: {clock} time",
                    peer,
                    *([1000 * getattr(start, clock) for start in found[who]] for who in (ours, peer)),
                    goal=goal,
                )


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context, and the file with the authority that signed it."""
    import trustme  # noqa: PLC0415 - only with --tls

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return context, file


def main() -> None:
    """Print a table, or a line of JSON for each row of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--measures", default=",".join(MEASURES))
    parser.add_argument("--tls", action="store_true", help="the server speaks TLS")
    parser.add_argument("--json", action="store_true", help="a line for each row instead of a table")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        context, certificates = certified(folder) if options.tls else (None, None)
        bench = Bench(folder, NotingServer(context), certificates)
        for name in options.measures.split(","):
            found = MEASURES[name](bench, options.rounds).rows()
            print("\n".join(map(json.dumps, found)) if options.json else _table(found), flush=True)


def _table(found: list[dict[str, Any]]) -> str:
    lines = [f"\n{found[0]['measure']} ({found[0]['runs']} runs)", f"  {'':<36}{'wall':>21}{'processor':>22}"]
    for row in found:
        wall, processor = (
            f"{row[f'{name}_ms']:>11.1f} ms{row[f'{name}_ratio']:>7.2f}x" for name in ("wall", "processor")
        )
        lines.append(f"  {row['who']:<36}{wall}{processor}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
