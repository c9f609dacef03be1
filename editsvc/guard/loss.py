"""Text that a reply leaves out though nobody asked for that: all of it, the end, a large share, or definitions.

Each finding rests on evidence, and its answer on how strong that is: a definition that the new text still uses, an
instruction that states one change in full and a complete draft do not depend on how the instruction is read. Where the
instruction was not understood, the rest is asked about once, and the model is believed if it insists.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final

from editsvc.guard.changes import Change, changes_of, similarity, tells, without_successor, words
from editsvc.guard.comments import comment_lines
from editsvc.guard.findings import Answer, Check, Finding, Lines
from editsvc.syntax import TYPE_KINDS
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from editsvc.guard.proposal import Proposal
    from editsvc.instruction.intent import Intent
    from editsvc.syntax import Definition

_IF_THEY_SHOULD_GO: Final = "if they should be removed"

# Shares of the lines that tell something. What was measured over real commits is in the page on false alarms.
_LEFT_OPEN: Final = 0.22  # of the lines, though something may have come elsewhere
_LARGE_HOLE: Final = 0.28
_HOLE: Final = 0.12
_HOLE_FLOOR: Final = 3  # lines
_TAIL_FLOOR: Final = 3  # lines
_SMALL_TAIL: Final = 0.02
_EDGE: Final = 25  # lines; those at the end that a last line is compared with
_NEARLY_ALL: Final = 0.6
_ALL_BUT_A_FEW: Final = 0.8
_NEARLY_COMMENT: Final = 0.8
_HALF: Final = 0.5
_LIVES_ON: Final = 0.5  # of a definition's lines, somewhere else
_REPLACED: Final = 0.5  # as many lines came as are gone, by half
_SEVERAL: Final = 2  # definitions
_CONCENTRATED: Final = 0.5  # of a word's occurrences; it points to where they are
_SHORTEST_WORD: Final = 4
_MOST_USES: Final = 50  # places of a name that are looked at
_NAMES_SHOWN: Final = 3
_STRENGTH: Final = (Answer.ASK_THEN_REFUSE, Answer.ASK_THEN_WARN, Answer.WARN)

_PART: Final = re.compile(r"[^\W\d_]+")
_HUMP: Final = re.compile(r"(?<=[a-z\d])(?=[A-Z])")
_BINDS: Final = re.compile(r"\s*(?:import|from|use|using|include|require|#\s*include|@import|export)\b")
_OF_ITSELF: Final = re.compile(r"(?:\b(?:self|this|cls|Self|super)(?:\.|->|::))$")
# With prototypes and signatures, a header or an interface is arranged, not code lost.
# Where a name of another file stands in an import; elsewhere a whole package shares its names.
_IMPORTS_NAMES: Final = frozenset(
    {"python", "javascript", "javascriptreact", "typescript", "typescriptreact", "rust"}
)
_FREE: Final = frozenset({"function", "class", "macro"})  # used by their bare name even where they are nested
_CONTAINERS: Final = TYPE_KINDS | {"module", "namespace"}
_NO_BODY: Final = frozenset({"declaration"})


def lost(proposal: Proposal) -> Iterator[Finding]:
    """What the reply leaves out: everything, the end of the document, a large share of its lines, or definitions.

    What several kinds find in the same lines is reported once, by the strongest evidence.
    """
    if proposal.before == proposal.after or not proposal.before.strip():
        return
    if not proposal.after.strip():
        if not proposal.replied[0].strip():  # else an empty reply is reported as such
            yield _emptied(proposal)
        return
    changes = changes_of(proposal)
    missing = _missing(proposal, changes)
    ranges = [(each.first, each.last) for each in missing]
    places = (*_cut_off(proposal, changes), *_holes(proposal, changes, ranges))
    findings = [finding for finding in places if finding.kind is not Check.LOSS]
    findings += _judged([each for each in missing if not _taken(each, proposal.old)], proposal, changes)
    findings += [finding for finding in places if finding.kind is Check.LOSS]
    reported: list[Lines] = []
    for finding in sorted(findings, key=lambda finding: _STRENGTH.index(finding.answer)):
        lines = finding.before
        if lines is None or not any(_overlap(lines, other) for other in reported):
            yield finding
            reported += [] if lines is None else [lines]


def _emptied(proposal: Proposal) -> Finding:
    asked = proposal.intent.removes and sum(map(tells, proposal.old)) <= _HOLE_FLOOR
    if proposal.intent.removes and not asked:
        outline = proposal.old_outline
        outer = [] if outline is None else list(_outermost(outline.definitions))
        asked = bool(outer) and all(_named(definition, proposal.intent) for definition in outer)
    return Finding(
        Check.EMPTY,
        "The reply would delete everything.",
        Answer.ASK_THEN_WARN if asked else Answer.ASK_THEN_REFUSE,
        before=Lines(1, len(proposal.old)),
        when="if that is intended",
    )


def _cut_off(proposal: Proposal, changes: Sequence[Change]) -> Iterator[Finding]:
    """The end of the document, if nothing came for it: the reply stops in the middle of the old text."""
    if not changes:
        return
    old, new, last = proposal.old, proposal.new, changes[-1]
    if any(map(tells, old[last.old_end :])):
        return
    lines = without_successor(last, old, new)
    if not lines or _ends_as_before(last, old, new):
        return
    share = lines / _telling(old)
    intent = proposal.intent
    if (intent.removes or intent.rewrites) and proposal.drafted is None:
        if share < _HALF:
            return
        answer = Answer.ASK_THEN_REFUSE if _more_than_named(proposal) else Answer.ASK_THEN_WARN
    elif (certain := _certain(last, lines, proposal)) is not None:
        answer = certain
    elif share >= _LARGE_HOLE:
        answer = _answer(intent, strong=lines > 1)
    elif lines >= _TAIL_FLOOR and not _pointed_at(last, proposal):
        answer = _answer(intent, strong=_ends_code(last, proposal, changes))
        if answer is Answer.ASK_THEN_WARN and (share < _SMALL_TAIL or not intent.understood):
            answer = Answer.WARN
    else:
        return
    yield Finding(
        Check.TAIL,
        f"The last {lines} of {len(old)} lines are missing from the reply, as if it had been cut off.",
        answer,
        before=_lines(last.gone),
        when=_IF_THEY_SHOULD_GO,
    )


def _ends_code(last: Change, proposal: Proposal, changes: Sequence[Change]) -> bool:
    """Whether what is gone at the end begins inside of a definition, or is several; not what an edit no longer uses."""
    outline = proposal.old_outline
    if outline is None or not outline.definitions:
        return False
    starts = [0, *accumulate(map(len, proposal.old))]
    first = last.gone[0]
    around = [
        definition
        for definition in outline.definitions
        if _line(starts, definition.start) < first <= _line(starts, definition.end - 1)
    ]
    if around and around[-1].kind not in _CONTAINERS:
        return True
    uses = _Uses(proposal, changes)
    behind = [
        _Missing(definition, _line(starts, definition.start), _line(starts, definition.end - 1), last)
        for definition in _outermost(
            each for each in outline.definitions if _line(starts, each.start) >= first
        )
    ]
    return len(behind) >= _SEVERAL and not any(uses.went(each) for each in behind)


def _ends_as_before(change: Change, old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether the last line that came is the old last line, changed: then the end is there."""
    if not change.come or any(map(tells, new[change.come[-1] + 1 :])):
        return False
    mine = words(new[change.come[-1]])
    alike = [similarity(mine, words(old[number])) for number in change.gone[-_EDGE:]]
    return alike[-1] == max(alike)


def _holes(
    proposal: Proposal, changes: Sequence[Change], definitions: Sequence[tuple[int, int]]
) -> Iterator[Finding]:
    """Lines without a successor that make a large share of the document, in one place or all together.

    Small ones that are `definitions`, given by their first and last lines, are left to whoever looks at those.
    """
    old, new, intent = proposal.old, proposal.new, proposal.intent
    total = _telling(old)
    net = sum(change.net for change in changes)
    if net <= 0 or not total:
        return
    holes = [(change, lines) for change in changes if (lines := without_successor(change, old, new))]
    if (intent.removes or intent.rewrites) and proposal.drafted is None:
        if net >= (_ALL_BUT_A_FEW if intent.rewrites else _NEARLY_ALL) * total:
            refuse = intent.removes and _more_than_named(proposal)
            yield _shrunk(net, proposal, changes, Answer.ASK_THEN_REFUSE if refuse else Answer.ASK_THEN_WARN)
        return
    if net >= _HALF * total:
        strong = net >= _NEARLY_ALL * total or sum(lines for _, lines in holes) >= _HALF * total
        yield _shrunk(net, proposal, changes, _answer(intent, strong=strong))
        return
    comments = [] if proposal.language is None else comment_lines(old, proposal.language)
    for change, lines in holes:
        share = lines / total
        said = sum(comments[number] for number in change.gone) if comments else 0
        if said >= _NEARLY_COMMENT * len(change.gone) or len(change.gone) - said <= len(change.come):
            continue  # comments are looked at on their own
        if (certain := _certain(change, lines, proposal)) is not None:
            answer = certain
        elif share >= _LARGE_HOLE and net >= _LEFT_OPEN * total:
            answer = _answer(intent, strong=True)
        elif all(any(first <= number <= last for first, last in definitions) for number in change.gone):
            continue
        elif lines >= _HOLE_FLOOR and share >= _HOLE and not _pointed_at(change, proposal):
            answer = Answer.WARN if share < _LARGE_HOLE else Answer.ASK_THEN_WARN
        else:
            continue
        where = _lines(change.gone)
        yield Finding(
            Check.SHRINK if share >= _LARGE_HOLE else Check.LOSS,
            f"{lines} of {len(old)} lines are missing from the reply, and nothing came for them "
            f"({_said(where)}).",
            answer,
            before=where,
            when=_IF_THEY_SHOULD_GO,
        )


def _shrunk(net: int, proposal: Proposal, changes: Sequence[Change], answer: Answer) -> Finding:
    total = _telling(proposal.old)
    gone = [number for change in changes for number in change.gone]
    return Finding(
        Check.SHRINK,
        f"Only {total - net} of {total} lines are left in the reply, but the instruction does not ask for that.",
        answer,
        before=_lines(gone),
        when=_IF_THEY_SHOULD_GO,
    )


def _missing(proposal: Proposal, changes: Sequence[Change]) -> list[_Missing]:
    """The outermost definitions that are gone from their place, and of whose name there are fewer now."""
    candidates = [change for change in changes if change.net > 0]
    if not candidates:
        return []
    before = proposal.old_outline
    if before is None or not before.definitions:
        return []
    starts = [0, *accumulate(map(len, proposal.old))]
    gone = {number for change in candidates for number in change.gone}
    heads = [
        definition
        for definition in before.definitions
        if definition.kind not in _NO_BODY and _line(starts, definition.name_start) in gone
    ]
    if not heads:
        return []
    names = _names_after(proposal, heads)
    was = Counter(definition.name for definition in before.definitions)
    return [
        _Missing(definition, first, last, change)
        for definition in _outermost(heads)
        if was[definition.name] > names[definition.name]
        for first, last in [(_line(starts, definition.start), _line(starts, definition.end - 1))]
        for change in candidates
        if change.old_start <= _line(starts, definition.name_start) < change.old_end
    ]


@dataclass(frozen=True, slots=True)
class _Missing:
    """A definition that is gone: its lines in the old text, 0-based and inclusive, and the change it was lost in."""

    definition: Definition
    first: int
    last: int
    change: Change


def _taken(missing: _Missing, old: Sequence[str]) -> bool:
    """Whether most of a definition's lines stand elsewhere, or as many new ones in its place."""
    own = [number for number in range(missing.first, missing.last + 1) if tells(old[number])]
    gone = sum(1 for number in missing.change.gone if missing.first <= number <= missing.last)
    return gone <= _LIVES_ON * len(own) or len(missing.change.come) >= _REPLACED * len(own)


def _judged(missing: Sequence[_Missing], proposal: Proposal, changes: Sequence[Change]) -> Iterator[Finding]:
    intent = proposal.intent
    uses = _Uses(proposal, changes)
    used = {
        each: line for each in missing if _must_stay(each, proposal) and (line := uses.left(each)) is not None
    }
    rest = [each for each in missing if each not in used]
    if intent.removes:
        aimed = _any_named(proposal)
        rest = [
            each for each in rest if aimed and not _named(each.definition, intent) and not uses.went(each)
        ]
        strong = intent.narrow
    elif intent.rewrites:
        rest, strong = [], False
    else:
        rest = [each for each in rest if intent.narrow or not uses.went(each)]
        gone = sum(len(each.change.gone) for each in rest)
        strong = intent.narrow or (
            len({each.definition.name for each in rest}) >= _SEVERAL
            and sum(change.net for change in changes) >= _HALF * gone
        )
    torn = [each for each in rest if not (intent.removes or intent.rewrites) and _torn(each, proposal)]
    rest = [each for each in rest if each not in torn]
    if torn:
        yield _left_out(torn, Answer.ASK_THEN_REFUSE, "and lines of it stand alone in the new text")
    if used:
        yield _left_out(
            list(used),
            Answer.ASK_THEN_REFUSE,
            f"still used on line {min(used.values()) + 1} of the new text",
        )
    if rest:
        kept = any(_drafted(each.change, proposal) for each in rest)
        answer = Answer.ASK_THEN_REFUSE if kept else _answer(intent, strong=strong)
        if answer is Answer.ASK_THEN_WARN and sum(change.net for change in changes) <= 0:
            answer = Answer.WARN  # as much came elsewhere
        yield _left_out(rest, answer, "not named by the instruction and nowhere else in the new text")


def _must_stay(missing: _Missing, proposal: Proposal) -> bool:
    """Whether a use of the name proves that the definition is missing: it can come from nowhere else."""
    intent, definition = proposal.intent, missing.definition
    if intent.removes and _named(definition, intent):
        return False
    imported = proposal.language is not None and proposal.language.name in _IMPORTS_NAMES
    return imported or not (
        intent.removes or intent.rewrites or definition.kind == "macro" or definition.name.isupper()
    )


def _torn(missing: _Missing, proposal: Proposal) -> bool:
    """Whether the beginning of a definition is gone, but lines like its own stand, alone, in its place."""
    change, new = missing.change, proposal.new
    own = [number for number in change.gone if missing.first <= number <= missing.last]
    if not change.come or len(change.come) >= len(own) or _defines(change, proposal):
        return False
    first = change.come[0]
    apart = first == 0 or not new[first - 1].strip()
    if apart and all(_indent(new[number]) > _indent(proposal.old[own[0]]) for number in change.come):
        return True
    if not without_successor(change, proposal.old, new):
        return False
    head, body = words(proposal.old[own[0]]), [words(proposal.old[number]) for number in own[1:]]
    return all(
        max((similarity(mine, other) for other in body), default=0) > similarity(mine, head)
        for mine in (words(new[number]) for number in change.come)
    )


def _defines(change: Change, proposal: Proposal) -> bool:
    """Whether a definition came in `change`."""
    outline = proposal.new_outline
    if outline is None:
        return False
    starts = [0, *accumulate(map(len, proposal.new))]
    return any(
        change.new_start <= _line(starts, definition.name_start) < change.new_end
        for definition in outline.definitions
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _left_out(missing: Sequence[_Missing], answer: Answer, why: str) -> Finding:
    names = [each.definition.qualified for each in missing]
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    where = Lines(missing[0].first + 1, missing[0].last + 1)
    return Finding(
        Check.LOSS,
        f"The reply leaves out {shown}{more} ({_said(where)}), {why}.",
        answer,
        before=where,
        when="if it should be removed" if len(names) == 1 else _IF_THEY_SHOULD_GO,
    )


class _Uses:
    """Where the names of missing definitions occur in both texts, apart from the definitions themselves."""

    def __init__(self, proposal: Proposal, changes: Sequence[Change]) -> None:
        self._proposal = proposal
        self._edited = [change for change in changes if change.come]
        self._come = {number for change in changes for number in change.come}
        self._old_starts = [0, *accumulate(map(len, proposal.old))]
        self._new_starts = [0, *accumulate(map(len, proposal.new))]

    def left(self, missing: _Missing) -> int | None:
        """The first line of the new text that uses `missing` as the old one did; None if there is none.

        None, too, if a new line speaks of the name: then that may be where it comes from now.
        """
        outline = self._proposal.new_outline
        if outline is not None and any(each.name == missing.definition.name for each in outline.definitions):
            return None
        lines = []
        for offset in _places(missing.definition.name, self._proposal.after):
            line = _line(self._new_starts, offset)
            if line in self._come or _BINDS.match(self._proposal.new[line]):
                return None
            if self._refers(missing.definition, offset):
                lines.append(line)
        return lines[0] if lines else None

    def went(self, missing: _Missing) -> bool:
        """Whether the old text used `missing` where the new one was written anew, and no longer does."""
        return any(
            change.old_start <= line < change.old_end
            for offset in _places(missing.definition.name, self._proposal.before)
            if not missing.first <= (line := _line(self._old_starts, offset)) <= missing.last
            for change in self._edited
        )

    def _refers(self, definition: Definition, offset: int) -> bool:
        text = self._proposal.after
        tree = self._proposal.new_outline.tree if self._proposal.new_outline is not None else None
        if tree is not None:
            byte = tree.byte(offset)
            node = tree.root.named_descendant_for_byte_range(byte, byte + 1)
            if node is None or "identifier" not in node.type:
                return False
        before = text[max(0, offset - 8) : offset]
        if definition.kind not in _FREE and "." in definition.qualified:
            return _OF_ITSELF.search(before) is not None
        return not before.endswith((".", "->", "::"))


def _places(name: str, text: str) -> Iterator[int]:
    if not name.isidentifier():
        return
    for match in islice(re.finditer(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text), _MOST_USES):
        yield match.start()


def _names_after(proposal: Proposal, heads: Sequence[Definition]) -> Counter[str]:
    """How often the new text defines each name; without a tree, that it holds the name must do."""
    outline = proposal.new_outline
    if outline is not None:
        return Counter(definition.name for definition in outline.definitions)
    return Counter(
        {
            head.name: len(heads)
            for head in heads
            if next(_places(head.name, proposal.after), None) is not None
        }
    )


def _outermost(definitions: Iterable[Definition]) -> Iterator[Definition]:
    end = -1
    for definition in definitions:
        if definition.start >= end:
            end = definition.end
            yield definition


def _named(definition: Definition, intent: Intent) -> bool:
    """Whether the instruction has the name of a definition, or of one around it."""
    return any(name.lower() in intent.words for name in definition.qualified.split("."))


def _any_named(proposal: Proposal) -> bool:
    outline = proposal.old_outline
    return outline is not None and any(
        _named(definition, proposal.intent) for definition in outline.definitions
    )


def _more_than_named(proposal: Proposal) -> bool:
    """Whether the instruction names definitions, and some, but not all, of the others are gone."""
    before, after = proposal.old_outline, proposal.new_outline
    if before is None or after is None or not _any_named(proposal):
        return False
    others = [each for each in _outermost(before.definitions) if not _named(each, proposal.intent)]
    left = {each.qualified for each in after.definitions}
    gone = [each for each in others if each.qualified not in left]
    return _SEVERAL <= len(gone) < len(others)


def _certain(change: Change, lines: int, proposal: Proposal) -> Answer | None:
    """The answer to a loss that is one however the instruction is read; None if it is none.

    Few lines may have to go with what changes: the import of what is no longer used.
    """
    drafted = _drafted(change, proposal)
    if not drafted and not (proposal.intent.narrow and proposal.intent.understood):
        return None
    if lines >= _HOLE_FLOOR or lines >= _HOLE * _telling(proposal.old):
        return Answer.ASK_THEN_REFUSE
    if _pointed_at(change, proposal):
        return Answer.ASK_THEN_WARN if drafted else Answer.WARN
    return Answer.ASK_THEN_REFUSE if drafted else Answer.ASK_THEN_WARN


def _drafted(change: Change, proposal: Proposal) -> bool:
    """Whether there is a complete draft, and it keeps lines that are gone."""
    if proposal.drafted is None:
        return False
    draft = {line.strip() for line in split_lines(proposal.drafted)}
    return any(proposal.old[number].strip() in draft for number in change.gone)


def _pointed_at(change: Change, proposal: Proposal) -> bool:
    """Whether the instruction has a word that stands in lines which are gone, and not all over the document."""
    wanted = {word for word in proposal.intent.words if len(word) >= _SHORTEST_WORD or not word.isascii()}
    here = wanted & {word for number in change.gone for word in _words_of(proposal.old[number])}
    if not here:
        return False
    everywhere = Counter(word for line in proposal.old for word in here & _words_of(line))
    gone = Counter(word for number in change.gone for word in here & _words_of(proposal.old[number]))
    return any(gone[word] >= _CONCENTRATED * everywhere[word] for word in here)


def _words_of(line: str) -> set[str]:
    whole = set(re.findall(r"\w+", line.lower()))
    return whole | {part.lower() for word in _PART.findall(line) for part in _HUMP.split(word)}


def _answer(intent: Intent, *, strong: bool) -> Answer:
    return Answer.ASK_THEN_REFUSE if strong and intent.understood else Answer.ASK_THEN_WARN


def _telling(lines: Sequence[str]) -> int:
    return max(1, sum(map(tells, lines)))


def _line(starts: Sequence[int], offset: int) -> int:
    return bisect_right(starts, offset) - 1


def _lines(numbers: Sequence[int]) -> Lines:
    return Lines(numbers[0] + 1, numbers[-1] + 1)


def _said(lines: Lines) -> str:
    return f"line {lines.first}" if lines.first == lines.last else f"lines {lines.first} to {lines.last}"


def _overlap(one: Lines, other: Lines) -> bool:
    return one.first <= other.last and other.first <= one.last
