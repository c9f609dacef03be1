"""Wrong place: a part goes into a document only if it fits there.

Replies to requests for a part have been seen to run into the next one, to come under another part's number, to be the
whole file, or only the line that changed. That shows in what becomes of the document: lines that stood outside of the
part are there twice, or lines of the part are gone. Which lines say so is a question of their rarity, not of their
length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from editsvc.guard.findings import Answer, Check, Finding, Lines
from editsvc.guard.telling import telling, tells
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from editsvc.guard.original import Original
    from editsvc.guard.proposal import Piece, Proposal

_SEVERAL: Final = 2
_MANY: Final = 10  # parts
_HALF: Final = 0.5
_MOST: Final = 0.6
_ALL_BUT_FEW: Final = 0.9
_NEARLY: Final = 0.65  # a copy that is made into something else has more lines of its own
_LITTLE: Final = 0.3
_HEAD: Final = 3  # lines with which a neighbour begins, one of which says that it does
_SHORT: Final = 5  # lines, all of which may be the change
_FEW: Final = 40  # lines; what comes back of a part beside a change is short
_COMMENT: Final = re.compile(r"\s*(?:#(?!\w)|//|/?\*|<!--|--|;|%)")
_DIRECTIVE: Final = re.compile(
    r"#\s*(?:if|ifdef|ifndef|elif|else|endif|define|undef|pragma|region|endregion|error|warning|line)\b"
)
_WORD: Final = re.compile(r"\w+")
_NAME_PART: Final = re.compile(r"[^\W_]+")
_IMPORT: Final = re.compile(
    r"import\s+[\w.{*\"'(@]|from\s+[\w.]+\s+import\b|#\s*include\s*[<\"]|use\s+[\w\\:]+.*;|using\s+[\w.=\s]+;|"
    r"require(?:_relative|_once)?\s*\(?\s*['\"]|(?:const|let|var|local)\s.*=\s*require\b|@(?:import|use)\b"
)


@dataclass(frozen=True)
class _Part:
    """A part that the reply rewrote: its lines as they were and are to be, without blank ones and white space around.

    `repeated` are those of the new ones that stood elsewhere in the document, and of which it now has more;
    `doubled` are those that stood there once.
    """

    piece: Piece
    old: list[str]
    new: list[str]
    repeated: frozenset[str]
    doubled: frozenset[str]
    known: Original

    @cached_property
    def own(self) -> set[str]:
        """The old lines that tell something."""
        return set(filter(self.known.tells, self.old))

    @cached_property
    def said(self) -> set[str]:
        """The new lines that tell something."""
        return set(filter(self.known.tells, self.new))

    def finding(self, what: str) -> Finding:
        """The finding that the part does not fit."""
        section = self.piece.section
        return _misplaced(section.first_line, section.last_line, what)


def placement(proposal: Proposal) -> Iterator[Finding]:
    """Parts that do not fit where they are to go: at most one finding for each."""
    if proposal.whole or proposal.before == proposal.after or _is_mostly_new(proposal):
        return
    yield from _fragments(proposal)
    parts = list(_parts(proposal))
    exchanged = () if proposal.intent.reorders else _exchanged(parts)
    for number, part in enumerate(parts):
        if (
            what := _runs_over(proposal, part)
            or _stands_elsewhere(proposal, part)
            or _imports(proposal, part)
        ):
            yield part.finding(what)
        elif number in exchanged:
            yield part.finding("is like that of another part")


def _is_mostly_new(proposal: Proposal) -> bool:
    """Whether most of a document comes in many parts: then each may hold what stood anywhere."""
    rewritten = sum(len(piece.section.text) for piece in proposal.pieces)
    return len(proposal.pieces) >= _MANY and rewritten >= _HALF * len(proposal.before)


def _parts(proposal: Proposal) -> Iterator[_Part]:
    """The parts that are not to go."""
    came: Counter[str] = Counter()
    for span in proposal.spans:
        came.update(telling(proposal.new[span.new_start : span.new_end]))
        came.subtract(telling(proposal.old[span.old_start : span.old_end]))
    contents = proposal.original.contents
    held = {line: contents[line] for line, count in came.items() if count > 0 and line in contents}
    for piece in proposal.pieces:
        if piece.text.strip():
            old, new = _contents(piece.section.text), _contents(piece.text)
            repeated = frozenset(new).intersection(held).difference(old)
            doubled = frozenset(line for line in repeated if held[line] == 1)
            yield _Part(piece, old, new, repeated, doubled, proposal.original)


def _contents(text: str) -> list[str]:
    return [line.strip() for line in _filled(text)]


def _filled(text: str) -> list[str]:
    return [line for line in split_lines(text) if line.strip()]


def _runs_over(proposal: Proposal, part: _Part) -> str:
    """Whether a part begins or ends with the lines around it, as they are or a little changed."""
    # Of lines that a user drew, one too many may be any line.
    again = part.doubled if proposal.selected is None else part.repeated
    if not again:
        return ""
    first = part.piece.section.first_line - 1
    end = first + len(split_lines(part.piece.section.text))
    below = _nearest(proposal.old, range(end, len(proposal.old)), len(part.new))
    above = _nearest(proposal.old, range(first - 1, -1, -1), len(part.new))
    if _goes_on(again, below, part.new):
        return "ends with lines that stand behind them"
    if _goes_on(again, above, part.new[::-1]):
        return "begins with lines that stand before them"
    return ""


def _nearest(lines: Sequence[str], numbers: range, most: int) -> list[str]:
    found: list[str] = []
    for number in numbers:
        if len(found) == most:
            break
        if content := lines[number].strip():
            found.append(content)
    return found


def _goes_on(again: Collection[str], outside: Sequence[str], new: Sequence[str]) -> bool:
    """Whether `new` ends with lines that `outside` begins with, or from one of them on is much like it.

    `again` are the lines that tell so.
    """
    if any(line in again for line in outside[: _overlap(outside, new)]):
        return True
    head = next((line for line in outside[:_HEAD] if line in again), None)
    if head is None:
        return False
    rest = [line for line in new[new.index(head) :] if tells(line)]
    known = set(outside)
    several = sum(line in again for line in rest) >= _SEVERAL
    # Without the line that it begins with, a neighbour was copied to become something else.
    begins = head == next(filter(tells, outside), None)
    return several and sum(line in known for line in rest) >= (_NEARLY if begins else _ALL_BUT_FEW) * len(
        rest
    )


def _overlap(beginning: Sequence[str], text: Sequence[str]) -> int:
    """How many lines at most `text` ends with that `beginning` begins with (Knuth, Morris and Pratt)."""
    if not beginning:
        return 0
    table = [0]
    for line in beginning[1:]:
        at = table[-1]
        while at and beginning[at] != line:
            at = table[at - 1]
        table.append(at + (beginning[at] == line))
    at = 0
    for line in text:
        while at and (at == len(beginning) or beginning[at] != line):
            at = table[at - 1]
        at += beginning[at] == line
    return at


def _stands_elsewhere(proposal: Proposal, part: _Part) -> str:
    """Whether a part has little of what it replaces, and repeats other places of the document, or one of them."""
    own, said = part.own, part.said
    kept = len(own & said)
    only_others = len(part.repeated) > _SEVERAL and len(part.repeated) >= _MOST * len(said)
    if only_others and kept < _LITTLE * len(own):
        return "holds lines of other parts of the file, and few of its own"
    asked = (
        proposal.intent.removes or proposal.selected is not None
    )  # lines that a user drew may all be replaced
    if not kept and own and not asked and _is_other(proposal, part):
        return "has nothing of what it replaces"
    if len(part.doubled) < _SEVERAL or len(part.doubled) <= kept or kept >= _HALF * len(own):
        return ""
    places = [number for number, line in enumerate(proposal.old) if line.strip() in part.doubled]
    reach = 2 * len(part.new)
    together = max(bisect_right(places, first + reach) - at for at, first in enumerate(places))
    if together >= max(_SEVERAL, _HALF * len(part.doubled)):
        return "is more like another part of the file than like its own"
    return ""


def _is_other(proposal: Proposal, part: _Part) -> bool:
    """Whether a part of which every line is new is about something else, too, by its words or its name.

    Text that moves between parts side by side tells nothing.
    """
    section = part.piece.section
    if any(
        section.start == piece.section.end or section.end == piece.section.start for piece in proposal.pieces
    ):
        return False
    old, new = set(_WORD.findall(section.text)), set(_WORD.findall(part.piece.text))
    name = section.name.rpartition(".")[2]
    gone = name in old and name not in new and name.lower() not in proposal.intent.words
    copied = len(part.repeated) >= _LITTLE * len(part.new)
    if gone and not copied and _is_renamed(proposal, part):
        return False
    return gone or len(old & new) < _HALF * min(len(old), len(new))


def _is_renamed(proposal: Proposal, part: _Part) -> bool:
    """Whether a part begins as it did, but for a name that the document did not have before."""
    old, new = part.old[0], part.new[0]
    words = set(_WORD.findall(old))
    name = next((word for word in _WORD.findall(new) if word not in words), "")
    if not name or re.search(rf"\b{re.escape(name)}\b", proposal.before):
        return False
    was, now = (set(_NAME_PART.findall(head.lower())) for head in (old, new))
    shared = len(was & now)
    return shared >= _SEVERAL and shared >= _MOST * min(len(was), len(now))


def _exchanged(parts: Sequence[_Part]) -> set[int]:
    """The indices of parts each of whose new texts is more like the other one than like what it replaces."""
    owners: dict[str, int | None] = {}
    for number, part in enumerate(parts):
        for line in part.own:
            owners[line] = None if line in owners else number
    sizes = Counter(owners.values())
    nearest: dict[int, int] = {}
    for number, part in enumerate(parts):
        shares = Counter(owners.get(line) for line in part.said)
        kept = shares.pop(number, 0)
        shares.pop(None, None)
        other, most = max(shares.items(), key=itemgetter(1), default=(None, 0))
        if other is not None and most >= _SEVERAL and most > kept and kept < _HALF * sizes[number]:
            nearest[number] = other
    return {number for number, other in nearest.items() if nearest.get(other) == number}


def _imports(proposal: Proposal, part: _Part) -> str:
    """Whether a part that stood behind the head of the file, and was not drawn by the user, begins with an import."""
    new = next((line for line in split_lines(part.piece.text) if line.strip()), "")
    old = part.old[0] if part.old else ""
    if (
        proposal.selected is not None
        or part.piece.section.first_line == 1
        or _IMPORT.match(old)
        or new.strip() in part.old
        or _follows_imports(proposal, part.piece)
    ):
        return ""
    return "begins with an import, which belongs to the head of the file" if _IMPORT.match(new) else ""


def _follows_imports(proposal: Proposal, piece: Piece) -> bool:
    """Whether the part right before `piece` was imports, and came back too: then some may have moved across."""
    return any(
        other.section.end == piece.section.start
        and (lines := _filled(other.section.text))
        and any(map(_IMPORT.match, lines[-_HEAD:]))
        for other in proposal.pieces
    )


def _fragments(proposal: Proposal) -> Iterator[Finding]:
    """Parts of which only the lines around the change came back; those side by side count as one."""
    for group in _side_by_side(proposal.pieces):
        old = _filled("".join(piece.section.text for piece in group))
        new = _filled("".join(piece.text for piece in group))
        if new and _is_fragment(proposal, old, new):
            first, last = group[0].section.first_line, group[-1].section.last_line
            what = f"is only {len(new)} of {len(old)} lines, without the beginning and the end"
            yield _misplaced(first, last, what)


def _side_by_side(pieces: Iterable[Piece]) -> list[list[Piece]]:
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and groups[-1][-1].section.end == piece.section.start:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _is_fragment(proposal: Proposal, old: list[str], new: list[str]) -> bool:
    if len(new) >= len(old) or len(new) > _FEW:
        return False
    contents = {line.strip() for line in new}
    own = telling(old)
    known = {line.strip() for line in old}
    if all(line in contents for line in own):
        return False
    if (
        _margin(new) > _margin(old)
        and not proposal.intent.reindents
        and not (new[0] == old[0] and _margin(new[:1]) == _margin(new))
    ):
        return True  # a block without what it is in
    # What came back of a part are lines of it; other text takes its place.
    came_back = sum(line in known for line in contents)
    if len(new) > _SHORT and came_back < _LITTLE * len(contents):
        return False
    # Lines that a user drew may hold little more than the change.
    if proposal.selected is not None or proposal.intent.removes or len(new) >= _HALF * len(old):
        return False
    ends = {own[0], own[-1]} & contents or new[0] == old[0] or new[-1] == old[-1]
    return not ends and not all(_COMMENT.match(line) for line in new)


def _margin(lines: list[str]) -> int:
    """The least indentation; directives stand at the left edge whatever is around them."""
    inner = [line for line in lines if not _DIRECTIVE.match(line)] or lines
    return min(len(line) - len(line.lstrip()) for line in inner)


def _misplaced(first: int, last: int, what: str) -> Finding:
    return Finding(
        Check.PLACE,
        f"The new text for lines {first} to {last} {what}.",
        Answer.ASK_THEN_REFUSE,
        before=Lines(first, last),
        when="if it belongs there",
    )
