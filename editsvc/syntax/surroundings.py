"""The definitions around the changes of a text that is too large to be parsed as a whole, by its lines alone."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from editsvc.text.diff import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# So many lines above a change may be parsed with it, rather than only those that must be.
_NEAR: Final = 200
# Longer than nearly every function; in a list of a hundred thousand rows there is nothing to find anyway.
_FARTHEST: Final = 2_000
# With these a line goes on with what stands above it.
_GOES_ON: Final = re.compile(
    r"[)\]}{]|(?:else|elif|except|finally|catch|case|default|end|fi|done|esac|then|do|in|where|and|or|from|public|private)\b"
)


def surroundings(old: Sequence[str], new: Sequence[str], spans: Sequence[Span]) -> Iterator[Span]:
    """For each of `spans`, or several that are close, the lines of both texts that belong to the same definition.

    A definition begins with a line behind a blank one, indented no more than the lines from there to the end of the
    change, and ends before the next line of the kind, or one that is indented less. What surrounds a change is the
    same in both texts.
    """
    around: Span | None = None
    for index, span in enumerate(spans):
        changed = (*old[span.old_start : span.old_end], *new[span.new_start : span.new_end])
        first = _beginning(
            old, span.old_start, spans[index - 1].old_end if index else 0, _least_indent(changed)
        )
        ceiling = spans[index + 1].old_start if index + 1 < len(spans) else len(old)
        end = _end(old, span.old_end, ceiling, _indent(old[first]) if first < len(old) else 0)
        above, below = span.old_start - first, end - span.old_end
        here = Span(first, end, span.new_start - above, span.new_end + below)
        if around is not None and first <= around.old_end:
            around = Span(around.old_start, here.old_end, around.new_start, here.new_end)
            continue
        if around is not None:
            yield around
        around = here
    if around is not None:
        yield around


def _beginning(lines: Sequence[str], start: int, floor: int, most: float) -> int:
    """The line above `start` with which its definition begins, indented by `most` at most.

    The outermost that is near, else the innermost; `floor`, or so far as one looks, if there is none.
    """
    best: int | None = None
    for number in range(start - 1, max(floor, start - _FARTHEST) - 1, -1):
        if best is not None and number < start - _NEAR:
            break
        if not lines[number].strip():
            continue
        indent = _indent(lines[number])
        if _begins(lines, number) and indent <= most and (best is None or indent < _indent(lines[best])):
            best = number
        most = min(most, indent)
    return max(floor, start - _FARTHEST) if best is None else best


def _end(lines: Sequence[str], start: int, ceiling: int, indent: int) -> int:
    """The line from `start` on before which the definition ends whose first line is indented so much."""
    highest = min(ceiling, start + _FARTHEST)
    return next(
        (
            number
            for number in range(start, highest)
            if lines[number].strip() and _indent(lines[number]) < indent + _begins(lines, number)
        ),
        highest,
    )


def _least_indent(lines: Sequence[str]) -> float:
    return min((_indent(line) for line in lines if line.strip()), default=math.inf)


def _begins(lines: Sequence[str], number: int) -> bool:
    line = lines[number]
    return (
        bool(line.strip())
        and (not number or not lines[number - 1].strip())
        and not _GOES_ON.match(line.lstrip())
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def flush_left(lines: Sequence[str]) -> str:
    """`lines` joined, without the indentation of the first where all that are not blank have it, too."""
    first = next((line for line in lines if line.strip()), "")
    shared = first[: _indent(first)]
    if not all(line.startswith(shared) for line in lines if line.strip()):
        return "".join(lines)
    return "".join(line.removeprefix(shared) for line in lines)
