"""One line, typed on a terminal: the arrow keys, Ctrl-R and the rest work as in a shell.

It is drawn on stderr, because stdout is for diffs.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.output import create_output
from prompt_toolkit.output.vt100 import Vt100_Output

from editsvc.files import typed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from prompt_toolkit.output import Output


class _Kept(History):
    """The instructions in a file; whoever asked decides what is added to them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """The latest first."""
        return reversed(typed.load(self._path))

    def store_string(self, string: str) -> None:
        """Nothing: a line counts when it is used."""


def line(question: str, history: Path | None) -> str:
    """What is typed behind `question`; raises EOFError for Ctrl-D, KeyboardInterrupt for Ctrl-C."""
    kept = InMemoryHistory() if history is None else _Kept(history)
    session: PromptSession[str] = PromptSession(output=drawn_on_stderr(), history=kept, enable_suspend=True)
    return session.prompt(question)


def drawn_on_stderr() -> Output:
    """What the library draws on."""
    drawn = create_output(sys.stderr)
    if isinstance(drawn, Vt100_Output):
        # Where the cursor is need not be asked: a terminal that does not answer would be told off by the library.
        drawn.enable_cpr = False
    return drawn
