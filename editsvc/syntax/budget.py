"""How much work parsing may be, counted so that the answer does not depend on how busy the machine is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

PARSE_STEPS: Final = 16_000
"""Enough for 50,000 lines of ordinary code: about half a second."""

WHOLE_AT_MOST: Final = 600_000
"""Characters of a text that is parsed as a whole where nobody asked for it: a tree is forty times as large."""

PATIENT_STEPS: Final = 160_000
"""For what somebody asked for by name, and waits for: enough for half a million lines."""

# In error recovery, a step can take a hundred times as long as in a text that fits the grammar.
_HOSTILE: Final = 4.0
_STEP_S: Final = 40e-6


class ParseBudget:
    """Work for as many texts as it is handed along with; used up, it stays used up.

    `steps` are the parser's own, a hundred of its operations each: the same text takes as many of them on every
    machine, busy or not. Only a text that sends error recovery astray can reach the other bound, `processor_s` of the
    thread's processor time, which lies far above what the steps take otherwise. `clock` tells that time.
    """

    def __init__(
        self,
        steps: int = PARSE_STEPS,
        *,
        processor_s: float | None = None,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._left = steps
        self._processor_s = _HOSTILE * steps * _STEP_S if processor_s is None else processor_s
        self._clock = clock
        self._end: float | None = None  # the clock is that of the thread which takes the first step
        self.used_up = steps <= 0

    def step(self) -> bool:
        """Take a step; false if there is none left."""
        if self.used_up:
            return False
        now = self._clock()
        if self._end is None:
            self._end = now + self._processor_s
        self._left -= 1
        self.used_up = self._left < 0 or now > self._end
        return not self.used_up
