r"""Which sections of listed contents an edit needs. Pure; all texts have ``\n`` only.

The contents tell lines and beginnings; where several sections lie on one line, the beginnings tell them apart.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from editsvc.emulator.parts import changed_words
from editsvc.text.diff import changed_spans
from editsvc.text.document import LineIndex, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.prompt.contents import Entry

_NEARLY_ALL: Final = 0.9


def are_of(entries: Sequence[Entry], document: str) -> bool:
    """Whether these can be the contents of `document`: the lines end with it, and nearly all begin as they are said to.

    Not all, since placeholders may stand for secrets.
    """
    lines = split_lines(document)
    if not entries or entries[-1].last_line > len(lines):
        return False
    alone = [entry for entry in entries if entry.alone]
    return sum(_begins(entry, lines) for entry in alone) >= _NEARLY_ALL * len(alone)


def _begins(entry: Entry, lines: Sequence[str]) -> bool:
    within = lines[entry.first_line - 1 : entry.last_line]
    first = next((line.strip() for line in within if line.strip()), "")
    # A name may stand before the beginning, and the beginning may be cut off, or lie inside of a long line.
    said = entry.heading.rpartition(": ")[2]
    return said in first or first.startswith(entry.heading)


def needed(entries: Sequence[Entry], before: str, after: str) -> list[tuple[int, int]]:
    """The numbers of the sections in which `before` has to change to become `after`, as ranges; at least one."""
    index = LineIndex(before)
    starts = _starts(entries, before, index)
    ends = [*starts[1:], len(before)]
    shared = any(entry.first_line <= previous.last_line for previous, entry in pairwise(entries))
    found: dict[tuple[int, int], None] = {}
    for start, end in _changed(before, after, index, by_words=shared):
        touched = [
            entry
            for entry, first, last in zip(entries, starts, ends, strict=True)
            if first < end and start < last
        ]
        if start == end or not touched:  # text that is new goes behind the section before
            touched = [
                entry
                for entry, first, last in zip(entries, starts, ends, strict=True)
                if first < start <= last or first == start == 0
            ][:1]
        found.update(dict.fromkeys((entry.first, entry.last) for entry in touched))
    return sorted(found) or [(entries[0].first, entries[0].last)]


def _changed(before: str, after: str, index: LineIndex, *, by_words: bool) -> list[tuple[int, int]]:
    """The ranges of `before` that change: of lines, or, where several sections are on one line, of words."""
    if by_words:
        return [(start, end) for start, end, _ in changed_words(before, after)]
    starts = [*index.starts, len(before)]
    return [
        (starts[min(span.old_start, len(starts) - 1)], starts[min(span.old_end, len(starts) - 1)])
        for span in changed_spans(before, after)
    ]


def _starts(entries: Sequence[Entry], document: str, index: LineIndex) -> list[int]:
    """Where each entry begins."""
    starts = [index.starts[min(entry.first_line, index.line_count) - 1] for entry in entries]
    for number, (previous, entry) in enumerate(pairwise(entries), 1):
        if entry.first_line <= previous.last_line:
            at = document.find(entry.heading.rpartition(": ")[2], starts[number - 1] + 1)
            starts[number] = max(at, starts[number - 1])
    return starts
