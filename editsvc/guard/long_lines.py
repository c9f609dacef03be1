"""A proposal as rules read it that compare lines: lines that are very long are broken where their parts end.

In minified code, or in data and prose on one line, a whole part is less than a line: its text can be lost, repeated or
put elsewhere, and all that a rule would see is a line that changed. Where lines are broken follows from what stands
there alone, so that the same text is broken alike before and after. Lines of findings are those of the document again.
Only rules that compare lines see it: what reads a single line would take a part of one for all of it.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from editsvc.guard.findings import Lines
from editsvc.guard.proposal import Piece, Proposal
from editsvc.text.document import LineIndex, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from editsvc import syntax
    from editsvc.guard.findings import Finding

LONGEST: Final = 2_000
"""Characters of a changed line, above which lines are broken."""

# Rules take it for white space, and no text has it.
_BREAK: Final = "\x1f\n"
# A part ends behind one of the first; one that is longer than so many characters also behind one of the next.
_SHORT: Final = 80
_SIGNS: Final = ((0, re.compile("[;}]+")), (_SHORT, re.compile(r"[{>,]\s*")), (200, re.compile(r"[.!?]\s+")))
_SPACES: Final = re.compile(r"\s+")
_LONG_PART: Final = 300
_LONG_WORD: Final = 6  # letters; behind such a word, so that it does not matter where the part begins
_SAID_LINES: Final = re.compile(r"\b(?P<word>[Ll]ines?) (?P<first>\d+)(?P<to> to |-)?(?(to)(?P<last>\d+))")


@dataclass(frozen=True)
class Reading:
    """A proposal with its long lines broken, and how to tell what was found in it."""

    proposal: Proposal
    _before: _Broken
    _after: _Broken

    def found(self, rule: Callable[[Proposal], Iterable[Finding]]) -> Iterator[Finding]:
        """What `rule` finds, with the lines of the document as it is."""
        for finding in rule(self.proposal):
            side = self._before if finding.before is not None else self._after
            yield replace(
                finding,
                message=_SAID_LINES.sub(side.said, finding.message),
                before=self._before.lines(finding.before),
                after=self._after.lines(finding.after),
            )


@dataclass(frozen=True)
class _Unparsed(Proposal):
    """Broken code is not parsed: definitions are known by their lines alone."""

    @property
    def old_outline(self) -> syntax.Outline | None:
        return None

    @cached_property
    def new_outline(self) -> syntax.Outline | None:
        return None


@dataclass(frozen=True)
class _Broken:
    """A text and the offsets at which it is broken, in order."""

    text: str
    cuts: Sequence[int]

    @classmethod
    def of(cls, text: str) -> _Broken:
        cuts = array("q")
        start = 0
        while start < len(text):
            end = text.find("\n", start) + 1 or len(text)
            if end - start > LONGEST:
                cuts.extend(cut for cut in _ends(text, start, end) if cut < end)
            start = end
        return cls(text, cuts)

    def between(self, start: int, end: int) -> str:
        """The text from `start` to `end`, broken."""
        at = bisect_right(self.cuts, start)
        parts: list[str] = []
        for cut in self.cuts[at : bisect_right(self.cuts, end)]:
            parts += (self.text[start:cut], _BREAK)
            start = cut
        return "".join((*parts, self.text[start:end]))

    def shift(self, offset: int) -> int:
        """How many breaks there are up to `offset`."""
        return bisect_right(self.cuts, offset)

    @cached_property
    def _real(self) -> list[int]:
        """The line of the text (1-based) that each broken line belongs to."""
        line, found = 1, []
        for broken in split_lines(self.between(0, len(self.text))):
            found.append(line)
            line += not broken.endswith(_BREAK)
        return found or [1]

    def real(self, line: int) -> int:
        """The line of the text that a broken line belongs to; both 1-based."""
        return self._real[min(max(line, 1), len(self._real)) - 1]

    def lines(self, broken: Lines | None) -> Lines | None:
        """The lines of the text that broken lines belong to."""
        return None if broken is None else Lines(self.real(broken.first), self.real(broken.last))

    def said(self, match: re.Match[str]) -> str:
        """The lines in a message, as lines of the text."""
        first = self.real(int(match["first"]))
        last = f"{match['to']}{self.real(int(match['last']))}" if match["to"] else ""
        return f"{match['word']} {first}{last}"


def read(proposal: Proposal) -> Reading | None:
    """`proposal` with all long lines broken; None where no changed line is long, so that nothing has to be."""
    if not any(len(line) > LONGEST for line in _changed(proposal)):
        return None
    if _BREAK[0] in proposal.before or _BREAK[0] in proposal.after:
        return None
    before, after = _Broken.of(proposal.before), _Broken.of(proposal.after)
    whole = before.between(0, len(before.text)), after.between(0, len(after.text))
    drafted = proposal.drafted
    if drafted is not None:
        drafted = _Broken.of(drafted).between(0, len(drafted))
    broken = _Unparsed(
        *whole,
        proposal.intent,
        proposal.language,
        proposal.filename,
        tuple(_pieces(proposal, before, after, whole)),
        proposal.whole,
        proposal.offered,
        _selected(proposal, before),
        drafted,
        proposal.received,
    )
    return Reading(broken, before, after)


def _changed(proposal: Proposal) -> Iterator[str]:
    for span in proposal.spans:
        yield from proposal.old[span.old_start : span.old_end]
        yield from proposal.new[span.new_start : span.new_end]


def _pieces(proposal: Proposal, before: _Broken, after: _Broken, whole: tuple[str, str]) -> Iterator[Piece]:
    shift = 0
    for piece in proposal.pieces:
        if proposal.whole:
            yield replace(piece, section=replace(piece.section, text=whole[0]), text=whole[1])
            continue
        section, start = piece.section, piece.section.start + shift
        breaks = before.shift(section.start)
        shift += len(piece.text) - len(section.text)
        if after.text.startswith(piece.text, start):
            new = after.between(start, start + len(piece.text))
        else:  # something around it was put back, or went along with it
            new = _Broken.of(piece.text).between(0, len(piece.text))
        yield replace(
            piece,
            section=replace(
                section,
                text=before.between(section.start, section.end),
                first_line=section.first_line + breaks,
                start=section.start + len(_BREAK) * breaks,
            ),
            text=new,
        )


def _selected(proposal: Proposal, before: _Broken) -> Lines | None:
    if proposal.selected is None:
        return None
    starts = LineIndex(proposal.before).starts
    first, last = proposal.selected.first, proposal.selected.last
    end = starts[last] if last < len(starts) else len(proposal.before)
    return Lines(first + before.shift(starts[first - 1]), last + before.shift(end))


def _ends(text: str, start: int, end: int, level: int = 0) -> Iterator[int]:
    """Where the parts of a line end that goes from `start` to `end`, the last of them included."""
    if level == len(_SIGNS):
        yield from _words(text, start, end)
        return
    longest, sign = _SIGNS[level]
    if end - start > longest:
        for match in sign.finditer(text, start, end):
            at = match.end()
            if at - start <= _SHORT:
                yield at
            else:
                yield from _ends(text, start, at, level + 1)
            start = at
    if start < end:
        yield from _ends(text, start, end, level + 1)


def _words(text: str, start: int, end: int) -> Iterator[int]:
    """As `_ends`, of a part without signs: it is divided behind long words, if it is long itself."""
    if end - start > _LONG_PART:
        word = start
        for match in _SPACES.finditer(text, start, end):
            if match.start() - word >= _LONG_WORD and match.end() < end:
                yield match.end()
            word = match.end()
    yield end
