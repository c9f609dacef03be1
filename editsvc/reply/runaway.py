"""Replies that repeat themselves: a model that has lost its way writes, and is paid, up to its limit.

Two questions are answered here. While a reply comes: is it certain by now that it has no end? And of one that was cut
off at its limit: did it only repeat itself, so that more room would be no use? A file may repeat itself as often as it
did before, new text as often as the instruction counts, and beyond that some hundred times, or, as far as the limit
goes, a few. What counts up ("line 1", "line 2") is no repetition: tables are written so.
"""

from __future__ import annotations

import re
from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_WINDOW: Final = 400  # lines of nothing but repetition, beyond what the file has
_TIMES: Final = 6  # that a block comes, at least
_LOOKED_AT_EVERY: Final = 50  # lines
_LONGEST_LINE: Final = 100_000  # characters, beyond the file's longest line
_WITHIN_A_LINE: Final = 8_000  # likewise, of nothing but repetition
_SHOWN: Final = 60

# Of a reply that was cut off at its limit.
_CUT_OFF: Final = 1_000  # characters of repetition, beyond what the file has
_MARK: Final = 48  # characters by whose earlier places a period is found
_LONGEST_PERIOD: Final = 2_000  # characters
_PLACES: Final = 64  # earlier places that are tried

# "100 zeros", and not "change it to 100".
_COUNT: Final = late.pattern(r"(?<![A-Za-z0-9_.])(\d{1,8})[ -]?(?!and\b|or\b|instead\b)[^\W\d_]")
_MANY: Final = late.pattern(r"\b(?:hundred|thousand)s?\b", re.IGNORECASE)
_MOST_COUNTED: Final = 100_000


class Runaway:
    """Takes one reply to a file; `one_line` tells that it is to be written on one line, as JSON is.

    As often as `instruction` counts, a line may come again.
    """

    def __init__(self, original: str, *, one_line: bool = False, instruction: str = "") -> None:
        self._original = original
        self._one_line = one_line
        self._instruction = instruction
        self._recent: deque[str] = deque(maxlen=_WINDOW)
        self._size = 0  # lines of the block that comes again and again, if one does
        self._run = 0  # lines that equal those so many lines before them
        self._most = 0  # as many of them as there may be
        self._number = 0
        self._parts: list[str] = []
        self._length = 0
        self._looked_at = 0

    def push(self, delta: str) -> str | None:
        """A sentence on what the reply repeats or never ends, as soon as that is certain; else None."""
        *ended, rest = delta.split("\n")
        for piece in ended:
            line = "".join((*self._parts, piece))
            self._parts, self._length, self._looked_at = [], 0, 0
            if self._line(line):
                return self._sentence(line, f"was stopped at line {self._number:,}")
        if rest:
            self._parts.append(rest)
            self._length += len(rest)
        return self._long_line() if self._length > _WITHIN_A_LINE else None

    def at_its_limit(self, text: str) -> str | None:
        """A sentence on what the whole reply `text`, which was cut off, repeats up to its end; None if it does not.

        Takes milliseconds for a long reply.
        """
        tail = text[-_LONGEST_PERIOD * (_TIMES + 1) - len(self._original) :]
        for period in _periods(tail):
            repeated = _repeated(tail, period)
            times = max(repeated // period, 1)
            if repeated < max(_CUT_OFF, _TIMES * period) or times <= self._counted:
                continue
            unit = tail[-period:]
            lines = unit.count("\n")
            if lines:
                usual = (_longest_run(self._lines, lines) or -lines) + lines
                new = repeated * (1 - usual / (lines * times))
            else:
                new = repeated - self._longest_line
            if new >= max(_CUT_OFF, _TIMES * period):
                return self._sentence(
                    max(unit.split("\n"), key=len), "was cut off, and more room would not help"
                )
        return None

    def _sentence(self, line: str, end: str) -> str:
        what = f"“{line.strip()[:_SHOWN]}”" if line.strip() else "blank lines"
        return f"The reply repeats itself without end ({what}): it {end}."

    def _long_line(self) -> str | None:
        most = self._longest_line
        if self._length > max(_WITHIN_A_LINE + most, self._looked_at + _WITHIN_A_LINE // 4):
            self._looked_at = self._length
            line = "".join(self._parts)
            self._parts = [line]
            for period in _periods(line):
                repeated = _repeated(line, period)
                if repeated > _WITHIN_A_LINE + most and repeated // period > self._counted:
                    end = f"was stopped after {self._length:,} characters of line {self._number + 1:,}"
                    return self._sentence(line[-period:], end)
        if self._length > _LONGEST_LINE + most:
            return f"Line {self._number + 1} of the reply has no end: it was stopped after {self._length:,} characters."
        return None

    @cached_property
    def _longest_line(self) -> int:
        """As long as a line of the reply may well be; few come near to where that matters."""
        if self._one_line:
            return len(self._original)
        return max(map(len, self._lines), default=0)

    @cached_property
    def _lines(self) -> Sequence[str]:
        return [line.rstrip("\n") for line in split_lines(self._original)]

    @cached_property
    def _counted(self) -> int:
        """How often something is to come at most, as far as the instruction says."""
        said = [int(number) for number in _COUNT.findall(self._instruction[:_MOST_COUNTED])]
        many = [_MOST_COUNTED] if _MANY.search(self._instruction) else []
        return min(max(said + many, default=0), _MOST_COUNTED)

    def _line(self, line: str) -> bool:
        """Whether it is certain with this line that the reply repeats itself."""
        self._number += 1
        self._recent.append(line)
        size = self._size
        if size and line == self._recent[-1 - size]:
            self._run += 1
            return self._run > self._most
        self._size = 0
        if self._number % _LOOKED_AT_EVERY or len(self._recent) < _WINDOW:
            return False
        if len(set(self._recent)) > _WINDOW // _TIMES:  # no block is so long
            return False
        size = _block(self._recent)
        if size > _WINDOW // _TIMES:
            return False
        self._size = size
        self._run = _WINDOW - size
        self._most = max(_WINDOW + _longest_run(self._lines, size), self._counted * size)
        return self._run > self._most


def _longest_run(lines: Sequence[str], size: int) -> int:
    """The longest run of lines that equal those `size` lines before them."""
    longest = run = 0
    for line, before in zip(lines[size:], lines, strict=False):
        run = run + 1 if line == before else 0
        longest = max(longest, run)
    return longest


def _block(lines: Sequence[str]) -> int:
    """How many lines repeat, where all of `lines` are repetition; the number of lines where they are not.

    Source: the failure function of Knuth, Morris and Pratt.
    """
    lines = list(lines)
    longest = [0]
    for line in lines[1:]:
        known = longest[-1]
        while known and lines[known] != line:
            known = longest[known - 1]
        longest.append(known + 1 if lines[known] == line else 0)
    return len(lines) - longest[-1]


def _periods(text: str) -> list[int]:
    """How many characters before it the end of `text` may have come already, nearest first."""
    mark, found = text[-_MARK:], list[int]()
    if not mark:
        return found
    at = end = len(text) - len(mark)
    while len(found) < _PLACES:
        at = text.rfind(mark, max(0, end - _LONGEST_PERIOD), at + len(mark) - 1)
        if at < 0:
            break
        found.append(end - at)
    return found


def _repeated(text: str, period: int) -> int:
    """How many characters at the end of `text` are one block of `period` characters, again and again."""
    low, high = 0, len(text) - period  # so many at the end equal those a period before: at least, at most
    step = period
    while low < high:
        # Most ends are no repetition: that is seen in a short piece.
        size = min(low + step, high)
        if text[len(text) - size :] == text[len(text) - size - period : len(text) - period]:
            low, step = size, step * 2
        elif step == 1:
            break
        else:
            high, step = size - 1, max(1, step // 2)
    return low + period
