"""Replies that repeat themselves without end: a model that has lost its way writes, and is paid, up to its limit.

A file may repeat itself as often as it did before, and new text some hundred times over. What is beyond that is certain
before the reply ends.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Final

from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_BLOCK: Final = 8  # lines that repeat together
_REPEATED: Final = 400  # lines of nothing but repetition, beyond what the file has
_LONGEST_LINE: Final = 100_000  # characters, beyond the file's longest line
_SHOWN: Final = 60


class Runaway:
    """Takes one reply to a file; `one_line` tells that it is to be written on one line, as JSON is."""

    def __init__(self, original: str, *, one_line: bool = False) -> None:
        self._original = original
        self._most: dict[int, int] = {}
        self._one_line = one_line
        self._recent: deque[str] = deque(maxlen=_LONGEST_BLOCK)
        self._runs = [0] * (_LONGEST_BLOCK + 1)
        self._number = 0
        self._parts: list[str] = []
        self._length = 0

    def push(self, delta: str) -> str | None:
        """A sentence on what the reply repeats or never ends, as soon as that is certain; else None."""
        *ended, rest = delta.split("\n")
        for piece in ended:
            line = "".join((*self._parts, piece))
            self._parts, self._length = [], 0
            found = self._line(line)
            if found is not None:
                return found
        if rest:
            self._parts.append(rest)
            self._length += len(rest)
        if self._length > _LONGEST_LINE and self._length > _LONGEST_LINE + self._longest_line:
            return f"Line {self._number + 1} of the reply has no end: it was stopped after {self._length:,} characters."
        return None

    @cached_property
    def _longest_line(self) -> int:
        """As long as a line of the reply may well be; few come near to where that matters."""
        if self._one_line:
            return len(self._original)
        return max(map(len, split_lines(self._original)), default=0)

    def _line(self, line: str) -> str | None:
        self._number += 1
        for size in range(1, len(self._recent) + 1):
            if self._recent[-size] != line:
                self._runs[size] = 0
                continue
            self._runs[size] += 1
            if self._runs[size] > _REPEATED and self._runs[size] > _REPEATED + self._usual(size):
                what = f"“{line.strip()[:_SHOWN]}”" if line.strip() else "blank lines"
                return (
                    f"The reply repeats itself without end ({what}): it was stopped at line {self._number:,}."
                )
        self._recent.append(line)
        return None

    def _usual(self, size: int) -> int:
        """The longest run of lines in the file that equal those `size` lines before them."""
        if size not in self._most:
            self._most[size] = _longest_run([line.rstrip("\n") for line in split_lines(self._original)], size)
        return self._most[size]


def _longest_run(lines: Sequence[str], size: int) -> int:
    longest = run = 0
    for line, before in zip(lines[size:], lines, strict=False):
        run = run + 1 if line == before else 0
        longest = max(longest, run)
    return longest
