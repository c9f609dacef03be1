r"""Two texts set beside each other: their lines, and what differs, worked out once for all who ask."""

from __future__ import annotations

from array import array
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from editsvc.text.diff import changed_spans
from editsvc.text.document import Edit, shared_lines, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.text.diff import Span


class Lined:
    r"""A text (``\n`` only) and its lines."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        """The lines, with their ends."""
        return shared_lines(self.text)

    @cached_property
    def starts(self) -> Sequence[int]:
        """The offsets at which the lines begin, and the end of the text."""
        return array("q", accumulate(map(len, self.lines), initial=0))

    def forget(self) -> None:
        """Drop what was worked out, which may be several times as large as the text; it is made again when needed."""
        self.__dict__.pop("lines", None)
        self.__dict__.pop("starts", None)


class Comparison:
    r"""An old text and a new one (``\n`` only)."""

    def __init__(self, was: Lined, after: str) -> None:
        self.was = was
        self.after = after

    @property
    def before(self) -> str:
        """The old text."""
        return self.was.text

    @cached_property
    def spans(self) -> list[Span]:
        """The changed lines, in order, as 0-based half-open ranges of `old` and `new`."""
        return changed_spans(self.before, self.after)

    @property
    def old(self) -> list[str]:
        """The lines of `before`, with their ends."""
        return self.was.lines

    @cached_property
    def new(self) -> list[str]:
        """The lines of `after`, with their ends; those that stayed are the same objects as in `old`."""
        old, starts, after = self.old, self.was.starts, self.after
        lines: list[str] = []
        at = offset = 0
        for span in self.spans:
            lines += old[at : span.old_start]
            offset += starts[span.old_start] - starts[at]
            end = offset
            for _ in range(span.new_start, span.new_end):
                end = after.find("\n", end) + 1 or len(after)
            lines += split_lines(after[offset:end])
            at, offset = span.old_end, end
        lines += old[at:]
        return lines

    def edits(self) -> list[Edit]:
        """The edits that turn `before` into `after`, one for each of `spans`, in order."""
        starts, new = self.was.starts, self.new
        return [
            Edit(starts[span.old_start], starts[span.old_end], "".join(new[span.new_start : span.new_end]))
            for span in self.spans
        ]
