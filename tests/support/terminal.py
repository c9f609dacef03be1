"""A terminal with a screen, in which a command runs; and a server that answers about a file when it is let through."""

import os
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pexpect
import pyte

_PATIENCE_S = 60


class Terminal:
    """A screen that scrolls into a history, with the process that draws on it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        rows: int = 40,
        columns: int = 100,
        environ: dict[str, str] | None = None,
    ) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        self.child = pexpect.spawn(
            command[0],
            list(command[1:]),
            cwd=str(folder),
            env=inherited | {"TERM": "xterm-256color", "EDITSVC_READ_TIMEOUT_S": "60"} | (environ or {}),
            dimensions=(rows, columns),
            encoding="utf-8",
            timeout=_PATIENCE_S,
        )
        self.screen = pyte.HistoryScreen(columns, rows, history=2000)
        self._stream = pyte.Stream(self.screen)
        self.raw = ""

    @property
    def shown(self) -> list[str]:
        """The lines on the screen."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """All lines that ever came to stay, those that scrolled away first."""
        top = [
            "".join(line[column].data for column in range(self.screen.columns)).rstrip()
            for line in self.screen.history.top
        ]
        return "\n".join([*top, *self.shown]).rstrip()

    def until(self, seen: Callable[[], bool]) -> None:
        """Read until something is to be seen; what never comes is an error."""
        while not seen():
            try:
                self._feed(self.child.read_nonblocking(4096, timeout=_PATIENCE_S))
            except (pexpect.EOF, pexpect.TIMEOUT) as exc:
                raise AssertionError(f"{type(exc).__name__}, and this is there:\n{self.text}") from exc

    def end(self) -> int:
        """Read all that comes, and return the exit code."""
        with suppress(pexpect.EOF):
            while True:
                self._feed(self.child.read_nonblocking(4096, timeout=_PATIENCE_S))
        self.child.close()
        code = self.child.exitstatus
        assert code is not None, self.child.signalstatus
        return int(code)

    def resize(self, rows: int, columns: int) -> None:
        """As somebody who drags a corner of the window."""
        self.child.setwinsize(rows, columns)
        self.screen.resize(rows, columns)

    def _feed(self, text: str) -> None:
        self.raw += text
        self._stream.feed(text)


def editsvc(*args: str) -> list[str]:
    return [sys.executable, "-m", "editsvc", *args]


class Gates:
    """A server in front of another one: holds back each request until its file is let through.

    `most` is how many requests were there at the same time, and `asked` has the file of each that came. A request is
    that of the file whose name it holds.
    """

    def __init__(self, target: str, names: Sequence[str]) -> None:
        self._place = urlsplit(target)
        self._open = {name: threading.Event() for name in names}
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self.most = 0
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def let(self, *names: str) -> None:
        """Let the requests about these files through."""
        for name in names:
            self._open[name].set()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def close(self) -> None:
        self.let(*self._open)
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _relay(self, client: socket.socket) -> None:
        client.settimeout(_PATIENCE_S)
        with (
            client,
            suppress(OSError),
            socket.create_connection((self._place.hostname, self._place.port or 80), _PATIENCE_S) as server,
        ):
            heard, name = b"", None
            while name is None and (data := client.recv(65536)):
                heard += data
                name = next((one for one in self._open if one.encode() in heard), None)
            if name is None:
                return
            with self._lock:
                self._waiting.add(name)
                self.asked.append(name)
                self.most = max(self.most, len(self._waiting))
            self._open[name].wait(_PATIENCE_S)
            with self._lock:
                self._waiting.discard(name)
            # Each request is to come by a connection of its own.
            server.sendall(
                re.sub(rb"(?i)\r\nconnection: keep-alive\r\n", b"\r\nConnection: close\r\n", heard)
            )
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
            self._pass_on(server, client)

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@contextmanager
def gated(target: str, names: Sequence[str]) -> Iterator[Gates]:
    """Gates before the server at the address `target`."""
    gates = Gates(target, names)
    thread = threading.Thread(target=gates.serve, daemon=True)
    thread.start()
    try:
        yield gates
    finally:
        gates.close()
        thread.join(_PATIENCE_S)
