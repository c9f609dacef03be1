"""Signals that ask this process to end."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def call_at_end(end: Callable[[int], object], *, interrupts: bool = True) -> None:
    """From now on, have the running loop call `end` with the number of a signal that asks this process to end.

    On Windows that is also a closed console window, a log-out, and Ctrl-Break. Without `interrupts`, Ctrl-C stays
    what it was.
    """
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGTERM, *([signal.SIGINT] if interrupts else [])]
    if sys.platform == "win32":
        # The loops of Windows know no signals, but wake up for them.
        for number in [*numbers, signal.SIGBREAK]:
            signal.signal(number, lambda came, _frame: loop.call_soon_threadsafe(end, came))
    else:
        for number in numbers:
            loop.add_signal_handler(number, end, int(number))
