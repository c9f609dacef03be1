r"""Parts of a file, and the new text of each when the file changes. Pure; all texts have ``\n`` only.

A request holds the texts of the parts, but not always their positions. So they are searched for: in their
order, without overlap, and such that every change lies in one of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from editsvc.text.diff import changed_spans
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from editsvc.text.diff import Span

_WORD: Final = re.compile(r"\w+|\W")
_BEFORE_THE_FILE: Final = -1  # before even an insertion at its start
_OLD_END: Final = attrgetter("old_end")


def rewritten(
    parts: Sequence[str], before: str, after: str, first_lines: Sequence[int] = ()
) -> dict[int, str] | None:
    """The parts that change when `before` becomes `after`: the new text of each by its index, in order.

    Put in the places of the old ones they give `after` exactly. An insertion between two parts that touch
    belongs to the first of them; otherwise to the part at whose edge it stands. Lines that are replaced across
    such a border are divided one by one, and surplus lines go to the first part. None if
    the parts do not occur in `before`, or do not hold all changes. `first_lines` are those of the parts (1-based),
    where they are known.
    """
    old, new = split_lines(before), split_lines(after)
    spans = changed_spans(before, after)
    places = _places(parts, old, spans) if not first_lines else _known_places(parts, old, spans, first_lines)
    return None if places is None else _changed(places, old, new, spans)


def rewritten_inside(parts: Sequence[str], before: str, after: str) -> dict[int, str] | None:
    """As `rewritten`, for parts that begin or end inside of lines: compared word by word.

    A part whose text does not occur with the line end that a frame gives it, has none.
    """
    places: list[tuple[int, int]] = []
    end = 0
    for part in parts:
        text = part if before.find(part, end) >= 0 else part.removesuffix("\n")
        start = before.find(text, end)
        if start < 0:
            return None
        end = start + len(text)
        places.append((start, end))
    changes = changed_words(before, after)
    held = [
        next((index for index, (start, end) in enumerate(places) if start <= first and last <= end), None)
        for first, last, _ in changes
    ]
    if None in held:
        return None
    changed: dict[int, str] = {}
    for index, (start, end) in enumerate(places):
        own = [change for change, holder in zip(changes, held, strict=True) if holder == index]
        if own:
            text = before[start:end]
            for first, last, new in reversed(own):
                text = text[: first - start] + new + text[last - start :]
            changed[index] = text
    return changed


def changed_words(before: str, after: str) -> list[tuple[int, int, str]]:
    """What changes, to the word: the offsets in `before`, and the new text in their place."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    starts = [0, *accumulate(map(len, old))]
    # A line for each word, so that words are compared as lines are; a word is never empty.
    spans = changed_spans(
        *("".join(word.replace("\n", "\r\r") + "\n" for word in words) for words in (old, new))
    )
    return [
        (starts[span.old_start], starts[span.old_end], "".join(new[span.new_start : span.new_end]))
        for span in spans
    ]


def rewritten_alone(parts: Sequence[str], before: str, after: str) -> dict[int, str] | None:
    """As `rewritten`, where other parts of the file change as well: each part is where it occurs first."""
    old = split_lines(before)
    places = _places(parts, old, ())
    return None if places is None else _changed(places, old, split_lines(after), changed_spans(before, after))


def _changed(
    places: Sequence[tuple[int, int]], old: Sequence[str], new: Sequence[str], spans: Sequence[Span]
) -> dict[int, str]:
    changed = {}
    previous_end = _BEFORE_THE_FILE
    for index, (start, end) in enumerate(places):
        first = _new_line(spans, start, behind_insertion=start == previous_end)
        text = "".join(new[first : _new_line(spans, end, behind_insertion=True)])
        if text != "".join(old[start:end]):
            changed[index] = text
        previous_end = end
    return changed


def _known_places(
    parts: Sequence[str], old: Sequence[str], spans: Sequence[Span], first_lines: Sequence[int]
) -> list[tuple[int, int]] | None:
    """The line ranges of parts that begin on known lines; None if changes lie outside of them, or they differ."""
    places = []
    contents = _contents(old)
    end = _BEFORE_THE_FILE
    for part, first_line in zip(parts, first_lines, strict=True):
        text = _contents(split_lines(part))
        start = first_line - 1
        if contents[start : start + len(text)] != text or not _untouched(spans, end, start):
            return None
        end = start + len(text)
        places.append((start, end))
    return places if _untouched(spans, end, len(old) + 1) else None


def _places(parts: Iterable[str], old: Sequence[str], spans: Sequence[Span]) -> list[tuple[int, int]] | None:
    """The line ranges of the parts, with no change outside of them; of several solutions the first.

    For every place of a part only the nearest end of the part before matters: the lines between the two are
    then the fewest, and so are the changes that they could hold.
    """
    contents = _contents(old)
    lines: dict[str, list[int]] = defaultdict(list)
    for number, content in enumerate(contents):
        lines[content].append(number)
    texts = [_contents(split_lines(part)) for part in parts]
    behind = sum(map(len, texts))
    starts_by_end: list[dict[int, tuple[int, int]]] = []
    ends = [_BEFORE_THE_FILE]
    for text in texts:
        found: dict[int, tuple[int, int]] = {}
        for start in _candidates(text, lines, max(0, ends[0]), len(old) - behind):
            end = ends[bisect_right(ends, start) - 1]
            if contents[start : start + len(text)] == text and _untouched(spans, end, start):
                found[start + len(text)] = start, end
        if not found:
            return None
        starts_by_end.append(found)
        ends = list(found)
        behind -= len(text)
    last = next((end for end in ends if _untouched(spans, end, len(old) + 1)), None)
    if last is None:
        return None
    places = []
    end = last
    for found in reversed(starts_by_end):
        start, previous_end = found[end]
        places.append((start, end))
        end = previous_end
    return places[::-1]


def _contents(lines: Iterable[str]) -> list[str]:
    """Lines without their ends: whether a file ends in a newline cannot be seen in a frame."""
    return [line.removesuffix("\n") for line in lines]


def _candidates(text: Sequence[str], lines: dict[str, list[int]], least: int, most: int) -> Iterable[int]:
    """Where a part may start from `least` to `most`, judged by that line of it which the file has fewest of."""
    if not text:
        return range(least, most + 1)
    places = [lines.get(content, []) for content in text]
    rarest = min(range(len(text)), key=lambda index: len(places[index]))
    numbers = places[rarest]
    within = slice(bisect_left(numbers, least + rarest), bisect_right(numbers, most + rarest))
    return [number - rarest for number in numbers[within]]


def _untouched(spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether no change lies between two parts that end and start there; changes at their edges are theirs."""
    if start == end:
        return True
    first = bisect_right(spans, start, key=_OLD_END)
    return first == len(spans) or spans[first].old_start >= end


def _new_line(spans: Sequence[Span], line: int, *, behind_insertion: bool) -> int:
    """The line of the new text that corresponds to the border before `line` of the old one."""
    first = bisect_left(spans, line, key=_OLD_END)
    if first == len(spans):
        return line + (spans[-1].new_end - spans[-1].old_end if spans else 0)
    span = spans[first]
    before, behind = line - span.old_start, span.old_end - line
    if before < 0:
        return span.new_start + before
    if not behind and (before or behind_insertion):
        return span.new_end
    if not before:
        return span.new_start
    count = span.new_end - span.new_start
    if count >= before + behind:
        return span.new_end - behind
    return span.new_start + min(before, count)
