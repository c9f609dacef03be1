"""What is shown of a file that is too long to be shown: its head, and the lines around what may be rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.text.document import LineIndex
from editsvc.text.section import Section
from editsvc.tokens import estimate_from_length

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD_SHARE: Final = 0.15  # imports, and what the file says of itself
_LEAST_AROUND: Final = 3  # lines, if they are not very long
_LEAST_TOKENS: Final = 200
_MOST_OF_A_LINE: Final = 400  # characters


def excerpts(document: str, sections: Sequence[Section], most_tokens: int) -> list[Section] | None:
    """About `most_tokens` of `document` around `sections`, which are in order.

    None if it all fits. The sections themselves are left out: they are shown in any case.
    """
    if estimate_from_length(len(document)) <= most_tokens:
        return None
    if sum(len(section.text) for section in sections) == len(document):
        return [_first_line(document)]
    index = LineIndex(document)
    count = index.line_count - (1 if document.endswith("\n") else 0)
    ranges = [(section.first_line, section.last_line) for section in sections]
    room = most_tokens - sum(_tokens(index, first - 1, last) for first, last in ranges)
    shown = set(range(_fitting(index, 0, 1, int(_HEAD_SHARE * max(0, room)))))
    for first, last in ranges:
        share = (room - _HEAD_SHARE * room) / (2 * len(ranges))
        above = _fitting(index, first - 2, -1, int(share)) or _least(index, first - 2, -1)
        below = _fitting(index, last, 1, int(share)) or _least(index, last, 1)
        shown.update(range(max(0, first - 1 - above), min(count, last + below)))
    for first, last in ranges:
        shown.difference_update(range(first - 1, last))
    found: list[Section] = []
    lines = sorted(shown)
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or lines[at] != lines[at - 1] + 1:
            first, last = lines[start], lines[at - 1]
            text = document[index.starts[first] : _end(index, last)]
            found.append(Section(0, text, first + 1, index.starts[first]))
            start = at
    return found or [_first_line(document)]


def _first_line(document: str) -> Section:
    """Where the ranges are all there is, a line of the file still has to be shown around them."""
    end = document.find("\n", 0, _MOST_OF_A_LINE) + 1 or _MOST_OF_A_LINE
    return Section(0, document[:end], 1)


def _least(index: LineIndex, line: int, step: int) -> int:
    """How many of the next few lines are shown though there is no room."""
    return min(_LEAST_AROUND, _fitting(index, line, step, _LEAST_TOKENS))


def _fitting(index: LineIndex, line: int, step: int, tokens: int) -> int:
    """How many lines from `line` on (0-based) fit into so many tokens."""
    fitting = 0
    left = tokens
    while 0 <= line < index.line_count:
        left -= _tokens(index, line, line + 1)
        if left < 0:
            break
        fitting += 1
        line += step
    return fitting


def _tokens(index: LineIndex, first: int, end: int) -> int:
    return estimate_from_length(_end(index, end - 1) - index.starts[first])


def _end(index: LineIndex, line: int) -> int:
    return index.starts[line + 1] if line + 1 < index.line_count else len(index.text)
