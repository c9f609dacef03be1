r"""Which sections of listed contents an edit needs. Pure; all texts have ``\n`` only.

The contents tell lines and beginnings; where several sections lie on one line, the beginnings tell them apart.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from editsvc.text.diff import changed_spans
from editsvc.text.document import LineIndex, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.prompt.contents import Entry


def are_of(entries: Sequence[Entry], document: str) -> bool:
    """Whether these can be the contents of `document`: the lines end with it, and each begins as it is said to."""
    lines = split_lines(document)
    if not entries or entries[-1].last_line > len(lines):
        return False
    return all(_begins(entry, lines) for entry in entries if entry.alone)


def _begins(entry: Entry, lines: Sequence[str]) -> bool:
    within = lines[entry.first_line - 1 : entry.last_line]
    first = next((line.strip() for line in within if line.strip()), "")
    # A name may stand before the beginning, and the beginning may be cut off, or lie inside of a long line.
    said = entry.heading.rpartition(": ")[2]
    return said in first or first.startswith(entry.heading)


def needed(entries: Sequence[Entry], before: str, after: str) -> list[tuple[int, int]]:
    """The numbers of the sections in which `before` has to change to become `after`, as ranges; at least one."""
    index, new = LineIndex(before), split_lines(after)
    starts = _starts(entries, before, index)
    ends = [*starts[1:], len(before)]
    found: dict[tuple[int, int], None] = {}
    for span in changed_spans(before, after):
        start, end = (
            index.starts[line] if line < len(index.starts) else len(before)
            for line in (span.old_start, span.old_end)
        )
        if span.old_end - span.old_start == 1:
            start, end = _differing(before[start:end], "".join(new[span.new_start : span.new_end]), start)
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


def _differing(old: str, new: str, start: int) -> tuple[int, int]:
    """The offsets between which one line differs from what replaces it."""
    least = min(len(old), len(new))
    first = next((at for at in range(least) if old[at] != new[at]), least)
    last = next((at for at in range(least - first) if old[-1 - at] != new[-1 - at]), least - first)
    return start + first, start + max(first, len(old) - last)


def _starts(entries: Sequence[Entry], document: str, index: LineIndex) -> list[int]:
    """Where each entry begins."""
    starts = [index.starts[min(entry.first_line, index.line_count) - 1] for entry in entries]
    for number, (previous, entry) in enumerate(pairwise(entries), 1):
        if entry.first_line <= previous.last_line:
            at = document.find(entry.heading.rpartition(": ")[2], starts[number - 1] + 1)
            starts[number] = max(at, starts[number - 1])
    return starts
