"""What checks will ask of a reply, worked out while it is still coming: for parts that differ, and are complete.

For speed alone. Whatever is found here is remembered by the text it was found in, so that it does not matter whether
a part was recognised, or the reply was taken to stand for other lines than the comparison will say in the end.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from editsvc.guard.elision import stands_in
from editsvc.guard.kept import key_of
from editsvc.guard.unasked import alike, names_apart
from editsvc.syntax import ParseBudget
from editsvc.text.diff import Span, changed_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.guard.original import Original
    from editsvc.syntax import Segments

_STEPS: Final = 40_000  # of the parser, for all parts together
_LONGEST: Final = 2_000  # lines of a part


class Ahead:
    """Takes the lines of one reply, in order; they stand for those of `original` from the first on, if not told so."""

    def __init__(self, original: Original) -> None:
        self._original = original
        self._segments = original.segments
        self._budget = ParseBudget(_STEPS)
        self._new: list[str] = []
        self._at = 0  # the line of the original that the next one is expected to equal
        self._end = len(original.lines)
        self._open: tuple[int, int] | None = None  # where a part that differs began: lines of both texts
        self._starts: dict[str, list[int]] = {}
        for start in () if self._segments is None else self._segments.starts:
            self._starts.setdefault(original.lines[start], []).append(start)

    def turn_to(self, first: int, end: int) -> None:
        """What comes next stands for the lines `first` up to `end` of the original, 0-based."""
        if self._segments is None:
            return
        starts, old = self._segments.starts, self._original.lines
        if self._open is not None:
            behind = bisect_right(starts, self._end)
            self.push(old[self._end : starts[behind] + 1] if behind < len(starts) else ())
        segment = starts[max(0, bisect_right(starts, first) - 1)]
        self._new = old[segment:first]
        self._at, self._end, self._open = first, end, None

    def push(self, lines: Sequence[str]) -> None:
        """More lines of the reply, with their ends."""
        while lines and self._segments is not None:
            lines = self._follow(lines) if self._open is not None else self._pass(lines, self._segments)

    def _pass(self, lines: Sequence[str], segments: Segments) -> Sequence[str]:
        """Go on as long as the reply is like the original; what is left of `lines`."""
        some = self._original.lines[self._at : self._at + len(lines)]
        same = len(lines)
        if some != lines:
            pairs = enumerate(zip(some, lines, strict=False))
            same = next((number for number, (old, new) in pairs if old != new), len(some))
        self._new += lines[:same]
        self._at += same
        if same < len(lines):
            first = segments.starts[max(0, bisect_right(segments.starts, self._at - 1) - 1)]
            self._open = first, len(self._new) - (self._at - first)
        return lines[same:]

    def _follow(self, lines: Sequence[str]) -> Sequence[str]:
        """Go on with a part that differs, up to where a segment begins as before; what is left of `lines`."""
        old = self._original.lines
        first, new_first = self._open or (0, 0)
        for number, line in enumerate(lines):
            starts = self._starts.get(line, ())
            place = bisect_right(starts, first)
            if place < len(starts) and self._new and old[starts[place] - 1] == self._new[-1]:
                self._complete(first, starts[place], new_first)
                self._at, self._open = starts[place], None
                return lines[number:]
            self._new.append(line)
        if len(self._new) - new_first > _LONGEST:
            self._segments = None
        return ()

    def _complete(self, first: int, last: int, new_first: int) -> None:
        """A part is complete: the lines `first` up to `last` of the original, and the reply from `new_first` on."""
        segments, old, new = self._segments, self._original.lines[first:last], self._new[new_first:]
        if segments is None:
            return
        shift = new_first - first
        spans = [
            Span(
                first + span.old_start,
                first + span.old_end,
                new_first + span.new_start,
                new_first + span.new_end,
            )
            for span in changed_spans("".join(old), "".join(new))
        ]
        self._read(spans)
        for segment in segments.changed(spans, shift):
            if segment.old_end != -1 and segment.new_end <= len(self._new):
                segments.read("".join(self._new[segment.new_start : segment.new_end]), self._budget)

    def _read(self, spans: Sequence[Span]) -> None:
        """What is asked of single lines, and of what stands for them."""
        once, language = self._original.once, self._original.language
        mark = language.line_comment if language is not None else ""
        for span in spans:
            old = self._original.lines[span.old_start : span.old_end]
            new = self._new[span.new_start : span.new_end]
            for line in (*old, *new):
                once(key_of, line)
                once(stands_in, line.rstrip("\n"))
            before, after = "".join(old), "".join(new)
            once(names_apart, before, after)
            once(alike, before, after, mark)
