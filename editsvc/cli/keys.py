"""How somebody answers questions: by single keys on a terminal, and else by lines on standard input.

Both wait without stopping the event loop, on which other edits go on. What is asked stands on stderr.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import TYPE_CHECKING, Final, Protocol

import click

from editsvc.cli import looks

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.key_binding import KeyPressEvent

_DUMB: Final = frozenset({"dumb", "unknown"})
_AT_ONCE: Final = 65_536


class Ended(Exception):
    """There are no more answers: the input has ended, or Ctrl-D was pressed."""


class Answers(Protocol):
    """Where answers come from."""

    async def key(self, question: str) -> tuple[str, str]:
        """A key, and what was typed behind it: all but the key is empty where keys count by themselves.

        Raises Ended, and click.Abort for Ctrl-C.
        """
        ...

    async def line(self, question: str) -> str:
        """A line; raises as `key`."""
        ...


def answers() -> Answers:
    """The user's: by keys if standard input is a terminal that can do more than print."""
    capable = os.environ.get("TERM", "").lower() not in _DUMB
    return Keys() if sys.stdin.isatty() and capable else Lines()


def _styled(question: str) -> str:
    return click.style(question, fg="blue", bold=True) if looks.coloured(sys.stderr) else question


class Lines:
    """A line for each answer, of which the first letter is the key, as ``git add -p`` reads them."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._reader: threading.Thread | None = None

    async def key(self, question: str) -> tuple[str, str]:
        """The first letter of a line, and the rest of it."""
        answer = (await self.line(question)).strip()
        return answer[:1], answer[1:].strip()

    async def line(self, question: str) -> str:
        """A line."""
        click.echo(f"{_styled(question)} ", err=True, nl=False, color=True)
        if self._reader is None:
            # A thread that nobody waits for: a read of a pipe cannot be called off.
            loop = asyncio.get_running_loop()
            self._reader = threading.Thread(target=self._read, args=(loop,), name="answers", daemon=True)
            self._reader.start()
        line = await self._lines.get()
        if line is None:
            self._lines.put_nowait(None)
            click.echo(err=True)
            raise Ended
        return line

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        rest = b""
        try:
            while data := os.read(sys.stdin.fileno(), _AT_ONCE):
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    self._put(loop, line)
        except (OSError, ValueError):  # it is closed
            pass
        if rest:
            self._put(loop, rest)
        self._put(loop, None)

    def _put(self, loop: asyncio.AbstractEventLoop, line: bytes | None) -> None:
        text = None if line is None else line.decode("utf-8", "replace").rstrip("\r")
        try:
            loop.call_soon_threadsafe(self._lines.put_nowait, text)
        except RuntimeError:  # the run has ended, and its loop with it
            return


class Keys:
    """Keys of a terminal, each of them an answer by itself."""

    def __init__(self) -> None:
        self._keys: PromptSession[str] | None = None

    async def key(self, question: str) -> tuple[str, str]:
        """One key; Enter is none, since fingers press it out of habit."""
        if self._keys is None:
            self._keys = _session(single=True)
        return await _answer(self._keys, question), ""

    async def line(self, question: str) -> str:
        """A line that can be edited while it is typed."""
        return await _answer(_session(single=False), question)


async def _answer(session: PromptSession[str], question: str) -> str:
    from prompt_toolkit.formatted_text import ANSI

    try:
        return await session.prompt_async(ANSI(f"{_styled(question)} "))
    except EOFError:
        raise Ended from None
    except KeyboardInterrupt:
        raise click.Abort from None


def _session(*, single: bool) -> PromptSession[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.keys import Keys as Named

    from editsvc.cli.prompt import drawn_on_stderr

    bound = KeyBindings()

    def take(event: KeyPressEvent) -> None:
        if len(event.data) == 1 and event.data.isprintable():
            event.current_buffer.text = event.data
            event.app.exit(result=event.data)

    def ignore(_: KeyPressEvent) -> None:
        return

    if single:
        bound.add(Named.Any)(take)
        for name in (Named.Enter, Named.Tab, Named.BracketedPaste, Named.Up, Named.Down):
            bound.add(name)(ignore)
    return PromptSession(
        output=drawn_on_stderr(),
        key_bindings=bound,
        enable_suspend=True,
        reserve_space_for_menu=0,  # where there is none, it would be blank lines
    )
