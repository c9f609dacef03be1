"""The terminal itself, whatever standard streams are: its keys, and who is interrupted by them."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def keys() -> Iterator[int | None]:
    """A descriptor to read keys from; None where there is no terminal, and on Windows, where programs find theirs."""
    terminal: int | None
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        terminal = None
    try:
        yield terminal
    finally:
        if terminal is not None:
            os.close(terminal)


def has_keys() -> bool:
    """Whether a program that is started here can read keys: not where commands are handed over to."""
    with keys() as terminal:
        return terminal is not None or sys.platform == "win32"


@contextmanager
def interrupts_are_for_others() -> Iterator[None]:
    """Meanwhile Ctrl-C is for the programs that were started, and not for this one."""
    before = signal.getsignal(signal.SIGINT)
    # A program inherits deafness (SIG_IGN), but no function.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
