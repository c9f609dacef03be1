"""A real Neovim, driven by key strokes, with a user interface attached that sees what a user would see."""

import gc
import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nvim_screen import Screen

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "editors" / "nvim"
NVIM = Path(sys.executable).with_name("nvim")
SIZE = (110, 36)
"""Columns and rows of the screen, if nothing else is said."""
_PATIENCE_S = 60.0


def _listens(address: Path) -> bool:
    # The file is there a moment before anybody listens.
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(address)) == 0


class Neovim:
    """A running Neovim; `screen` follows what it shows."""

    def __init__(self, process: subprocess.Popen[bytes], address: Path, size: tuple[int, int] = SIZE) -> None:
        self.process = process
        self._size = size
        self.screen = Screen()
        import pynvim

        self._nvim: Any = pynvim.attach("socket", path=str(address))
        self._asked_at: float | None = None
        self._over = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name="watchdog")
        self._watchdog.start()
        attached = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(address, attached), name="screen")
        self._thread.start()
        assert attached.wait(_PATIENCE_S)

    def _look(self, address: Path, attached: threading.Event) -> None:
        import pynvim

        # A session belongs to the thread that opened it, so the interface has one of its own.
        interface = pynvim.attach("socket", path=str(address))
        interface.ui_attach(*self._size, rgb=True, ext_linegrid=True)
        attached.set()

        def notified(name: str, arguments: list[Any]) -> None:
            if name == "redraw":
                self.screen.redraw(arguments)

        with suppress(EOFError, OSError):  # Neovim has left
            interface.run_loop(None, notified)
        interface.close()

    def _watch(self) -> None:
        """End a Neovim that waits for a key instead of answering: the question then fails instead of hanging."""
        while not self._over.wait(1):
            if self._asked_at is not None and time.monotonic() - self._asked_at > _PATIENCE_S:
                self.process.kill()

    def keys(self, keys: str) -> None:
        """Type, as a user does; ``<CR>`` and its like are keys."""
        self._nvim.input(keys)

    def lua(self, code: str, *arguments: Any) -> Any:
        """Ask Neovim about itself."""
        # While Neovim waits for a key it answers nothing but this.
        self.until(lambda: not self._nvim.request("nvim_get_mode")["blocking"], "an answer")
        self._asked_at = time.monotonic()
        try:
            return self._nvim.exec_lua(code, *arguments)
        finally:
            self._asked_at = None

    def buffer(self) -> str:
        """The text of the current buffer."""
        text: str = self.lua(
            "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n') .. '\\n'"
        )
        return text

    def cursor_line(self) -> int:
        """The cursor's line, from 1."""
        line: int = self.lua("return vim.fn.line('.')")
        return line

    def until(self, holds: Callable[[], Any], what: str) -> None:
        """Wait until something holds, or fail with what is on the screen."""
        end = time.monotonic() + _PATIENCE_S
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come about; the screen:\n{self.screen.text()}")
            time.sleep(0.005)

    def until_shown(self, text: str) -> None:
        """Wait until a text is on the screen."""
        self.until(lambda: text in self.screen.text(), repr(text))

    def until_said(self, message: str) -> None:
        """Wait until a message is on the screen, wherever its lines are broken."""
        sought = "".join(message.split())
        self.until(lambda: sought in "".join(self.screen.text().split()), repr(message))

    def answer(self, question: str, answer: str) -> None:
        """Wait for a question, answer it, and wait until it is gone: the next one may look the same."""
        self.until_shown(question)
        self.keys(f"{answer}<CR><C-l>")
        self.until(lambda: question not in self.screen.text(), f"the end of {question!r}")

    def until_buffer(self, text: str) -> None:
        """Wait until the buffer holds exactly this."""
        self.until(lambda: self.buffer() == text, "the buffer's text")

    def end(self) -> None:
        """End Neovim, whatever it waits for; its server loses its client and ends too."""
        self.process.terminate()
        try:
            self.process.wait(_PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()
            self._over.set()
            self._watchdog.join()
            self._thread.join(_PATIENCE_S)
            self._nvim.close()
            # The client closes its transports on a loop that never runs again; nobody is to hear of it.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                self._nvim = None
                gc.collect()


@contextmanager
def running(
    environ: Mapping[str, str], folder: Path, *arguments: str, size: tuple[int, int] = SIZE
) -> Iterator[Neovim]:
    """Neovim in `folder`, started with `arguments`; its server ends with it."""
    address = Path(environ["XDG_RUNTIME_DIR"]) / "nvim.sock"
    process = subprocess.Popen(
        [NVIM, "--headless", "--listen", address, *arguments],
        cwd=folder,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + _PATIENCE_S
        while not _listens(address):
            assert process.poll() is None and time.monotonic() < end, "Neovim does not start"
            time.sleep(0.005)
        neovim = Neovim(process, address, size)
    except BaseException:
        process.kill()
        process.wait()
        raise
    try:
        yield neovim
    finally:
        neovim.end()
