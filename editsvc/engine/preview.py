"""The live preview: the lines of a reply next to the lines of the document that they correspond to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from editsvc.engine.edit import StreamUpdate
from editsvc.text.streaming_diff import StreamingDiff

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.scope.scopes import Scope
    from editsvc.text.section import Section
    from editsvc.text.streaming_diff import Block


class Preview:
    """Takes the lines of one reply by the numbers of their sections; other numbers stand for the whole document."""

    def __init__(self, document: list[str], scope: Scope) -> None:
        self._scope = scope
        self._old = document
        self._new: list[str] = []
        self._number: int | None = None
        alone = len(scope.sections) == 1
        # Counted once: a section counts its lines each time it is asked for the last one.
        self._shown = (scope.first_line - 1, scope.last_line) if alone else (0, len(self._old))
        self._streaming = StreamingDiff([])
        self._first = 0  # the line of the document with which the present section begins
        self._new_first = 0

    def push(self, number: int, lines: Iterable[str]) -> StreamUpdate:
        """The blocks that `lines` make certain; a part of a line is not shown before the edit is complete."""
        section = self._scope.section(number)
        if section is not None and not self._is_whole(section):
            return StreamUpdate([], section.last_line, len(self._old), self._old, self._new)
        blocks = [] if number == self._number else self._begin(number)
        taken = list(lines)
        self._new.extend(taken)
        blocks += map(self._placed, self._streaming.push(taken))
        first, last = self._shown
        reached = self._first + self._streaming.reached
        return StreamUpdate(blocks, max(0, reached - first), last - first, self._old, self._new)

    def _is_whole(self, section: Section) -> bool:
        """Whether `section` is whole lines: it has the end of its last one, or that has none."""
        return section.whole_lines or section.last_line == len(self._old)

    def _begin(self, number: int) -> list[Block]:
        """Go on with another section; lines of the last one that the reply did not repeat are deleted."""
        blocks = [] if self._number is None else [self._placed(block) for block in self._streaming.finish()]
        section = self._scope.section(number)
        if section is None:
            self._first, last = 0, len(self._old)
        else:
            self._first, last = section.first_line - 1, section.last_line
        self._number = number
        self._new_first = len(self._new)
        self._streaming = StreamingDiff(self._old[self._first : last])
        return blocks

    def _placed(self, block: Block) -> Block:
        """`block` in lines of the document, and of the whole reply."""
        return replace(
            block,
            old_start=block.old_start + self._first,
            old_end=block.old_end + self._first,
            new_start=block.new_start + self._new_first,
            new_end=block.new_end + self._new_first,
        )
