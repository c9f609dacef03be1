"""The texts that a reply put into a document, at their places: their ends, and which of their lines are new."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from editsvc.guard.findings import Answer, Check, Finding, Lines, quoted
from editsvc.text.document import line_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from editsvc.guard.proposal import Proposal
    from editsvc.text.diff import Span

_EDGE: Final = 8  # lines at either end of a text in which a request or a chat may be quoted
_NEW_END: Final = attrgetter("new_end")


@dataclass(frozen=True)
class Text:
    """A text of the reply, the lines `start` up to `end` (0-based) of the new document; never blank.

    `replaced` is what stood in its place.
    `head` and `tail` are the numbers of the lines at its ends that are new and not blank, the outermost first, and no
    more than a request or a chat would take.
    """

    proposal: Proposal
    start: int
    end: int
    replaced: str

    @cached_property
    def first(self) -> int:
        """The first line that is not blank."""
        return next(number for number in range(self.start, self.end) if self.proposal.new[number].strip())

    @cached_property
    def last(self) -> int:
        """The last line that is not blank."""
        backwards = reversed(range(self.start, self.end))
        return next(number for number in backwards if self.proposal.new[number].strip())

    @cached_property
    def head(self) -> list[int]:
        """The new lines from the first on."""
        return self._edge(range(self.first, self.last + 1))

    @cached_property
    def tail(self) -> list[int]:
        """The new lines from the last on, backwards."""
        return self._edge(range(self.last, self.first - 1, -1))

    def _edge(self, numbers: Iterable[int]) -> list[int]:
        found: list[int] = []
        for number in numbers:
            if len(found) == _EDGE or span_of(self.proposal, number) is None:
                break
            if self.proposal.new[number].strip():
                found.append(number)
        return found


def texts(proposal: Proposal) -> Iterator[Text]:
    """The texts of the reply: all of the document, or the pieces; none that is blank."""
    if not proposal.pieces or proposal.whole:
        if proposal.after.strip():
            yield Text(proposal, 0, len(proposal.new), proposal.before)
        return
    at = line = 0
    for piece in proposal.pieces:
        found = proposal.after.find(piece.text, at) if piece.text.strip() else -1
        if found < 0:
            continue
        line += proposal.after.count("\n", at, found)
        end = min(line + line_count(piece.text), len(proposal.new))
        yield Text(proposal, line, end, piece.section.text)
        at, line = found + len(piece.text), line + piece.text.count("\n")


def span_of(proposal: Proposal, number: int) -> Span | None:
    """The change that line `number` (0-based) of the new document belongs to; None if it is as it was."""
    at = bisect_right(proposal.spans, number, key=_NEW_END)
    return proposal.spans[at] if at < len(proposal.spans) and proposal.spans[at].new_start <= number else None


def new_lines(proposal: Proposal) -> Iterator[int]:
    """The numbers (0-based) of the lines that changed or came."""
    for span in proposal.spans:
        yield from range(span.new_start, span.new_end)


def is_no_content(proposal: Proposal, number: int, what: str, last: int | None = None) -> Finding:
    """The finding that line `number` (0-based), or all up to `last`, is no part of the file."""
    return Finding(
        Check.WRAPPING,
        f"Line {number + 1} of the new text {what}: {quoted(proposal.new[number])}",
        Answer.ASK_THEN_REFUSE,
        after=Lines(number + 1, (number if last is None else last) + 1),
        when="if it belongs to the file",
    )
