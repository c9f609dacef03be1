"""Text that a reply leaves out though nobody asked for that: all of it, the end, a large share, or definitions.

Each finding rests on evidence, and its answer on how strong that is: a definition that the new text still uses, an
instruction that states one change in full and a complete draft do not depend on how the instruction is read. Where the
instruction was not understood, the rest is asked about once, and the model is believed if it insists.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from editsvc.guard.changes import Change, tells, without_successor
from editsvc.guard.findings import Answer, Check, Finding, Lines
from editsvc.guard.form import is_json
from editsvc.guard.similarity import similarity, words
from editsvc.syntax import TYPE_KINDS
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

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
_FRAGMENT: Final = 3  # lines
_SEVERAL: Final = 2  # definitions
_CONCENTRATED: Final = 0.5  # of a word's occurrences; it points to where they are
_SHORTEST_WORD: Final = 4
_MOST_USES: Final = 50  # places of a name that are looked at
_NAMES_SHOWN: Final = 3
_FEW_NAMES: Final = 8  # that are searched for one by one
_STRENGTH: Final = (Answer.ASK_THEN_REFUSE, Answer.ASK_THEN_WARN, Answer.WARN)

_NAME: Final = re.compile(r"[\w$]+")
_PART: Final = re.compile(r"[^\W\d_]+")
_HUMP: Final = re.compile(r"(?<=[a-z\d])(?=[A-Z])")
_BINDS: Final = re.compile(r"\s*(?:import|from|use|using|include|require|#\s*include|@import|export)\b")
_IMPORTS: Final = re.compile(
    r"\s*(?:import\s|from\s+\S+\s+import\b|use\s|using\s|extern\s+crate\b|(?:pub(?:\([\w:]+\))?\s+)?mod\s+\w+;|"
    r"(?:const|let|var|local)\s+\w+\s*=\s*require\b)"
)
_IMPORT_WORDS: Final = frozenset({"import", "from", "require", "local", "const", "let", "var", "static"})
_QUOTED: Final = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_ASSIGNS: Final = re.compile(
    r"\s*(?:(?:local|let|const|var|val|my|final|auto|mut|export)\s+)*(\w+)\s*(?:\+|:)?=(?![=>])"
)
_OF_ITSELF: Final = re.compile(r"(?:\b(?:self|this|cls|Self|super)(?:\.|->|::))$")
# With prototypes and signatures, a header or an interface is arranged, not code lost.
# Where a name of another file stands in an import; elsewhere a whole package shares its names.
_IMPORTS_NAMES: Final = frozenset(
    {"python", "javascript", "javascriptreact", "typescript", "typescriptreact", "rust"}
)
_FREE: Final = frozenset({"function", "class", "macro"})  # used by their bare name even where they are nested
_CONTAINERS: Final = TYPE_KINDS | {"module", "namespace"}
_NO_BODY: Final = frozenset({"declaration"})


class _Facts:
    """What is asked of a proposal for each of its changes, worked out once."""

    def __init__(self, proposal: Proposal) -> None:
        self.proposal = proposal

    @cached_property
    def total(self) -> int:
        """How many lines of the old text tell something."""
        return max(1, self.proposal.original.total)

    @cached_property
    def draft(self) -> frozenset[str]:
        """The lines of the complete draft; none without one."""
        drafted = self.proposal.drafted
        return frozenset() if drafted is None else frozenset(line.strip() for line in split_lines(drafted))

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The words of the instruction that may point somewhere."""
        words = self.proposal.intent.words
        return frozenset(word for word in words if len(word) >= _SHORTEST_WORD or not word.isascii())

    @cached_property
    def everywhere(self) -> Counter[str]:
        """How many lines of the old text each of these words stands on."""
        return Counter(word for line in self.proposal.old for word in self.wanted & _words_of(line))

    @property
    def starts(self) -> Sequence[int]:
        """The offsets of the old lines, and the end."""
        return self.proposal.original.starts

    @cached_property
    def new_starts(self) -> list[int]:
        """The offsets of the new lines, and the end."""
        return [0, *accumulate(map(len, self.proposal.new))]

    @cached_property
    def heads(self) -> list[int]:
        """The new lines with the name of a definition, in order."""
        outline = self.proposal.new_outline
        found = () if outline is None else outline.definitions
        return sorted(_line(self.new_starts, definition.name_start) for definition in found)

    @cached_property
    def old_words(self) -> Counter[str]:
        """How often the old text has each word."""
        return Counter(_NAME.findall(self.proposal.before))

    @cached_property
    def new_words(self) -> frozenset[str]:
        """All words of the new text."""
        return frozenset(_NAME.findall(self.proposal.after))

    def is_idle(self, name: str) -> bool:
        """Whether the old text used a name that stood on one line of it, and the new text is silent of it.

        What an index of modules lists, it does not use: there nothing is idle.
        """
        return name not in self.new_words and self.old_words[name] > 1

    def idle_imports(self, change: Change) -> int:
        """How many lines of `change` that are gone import what was used, and no longer is."""
        imports = (
            _NAME.findall(_QUOTED.sub("", line))
            for number in change.gone
            if _IMPORTS.match(line := self.proposal.old[number])
        )
        names = ([name for name in line if name not in _IMPORT_WORDS] for line in imports)
        return sum(bool(line) and self.is_idle(line[-1]) for line in names)

    def is_spent(self, change: Change) -> bool:
        """Whether `change` takes values away that were used where the text was written anew, and no longer are."""
        old, new = self.proposal.old, self.proposal.new
        margin = min((_indent(old[number]) for number in change.gone), default=0)
        outermost = (old[number] for number in change.gone if _indent(old[number]) == margin)
        names = {found[1] for line in outermost if (found := _ASSIGNS.match(line))}
        if not names:
            return False
        others = [other for other in self.proposal.changes if other is not change and other.come]
        was = _counted(names, (old[number] for other in others for number in other.gone))
        now = _counted(names, new)
        return was.total() > 0 and all(count < was[name] for name, count in now.items())

    @cached_property
    def defined(self) -> Counter[str]:
        """How often the new text defines each name."""
        outline = self.proposal.new_outline
        return Counter() if outline is None else Counter(each.name for each in outline.definitions)


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
    changes = proposal.changes
    facts = _Facts(proposal)
    missing = _missing(facts, changes)
    ranges = [(each.first, each.last) for each in missing]
    places = (*_cut_off(facts, changes), *_holes(facts, changes, ranges))
    findings = [finding for finding in places if finding.kind is not Check.LOSS]
    findings += _judged([each for each in missing if not _taken(each, proposal.old)], facts, changes)
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


def _cut_off(facts: _Facts, changes: Sequence[Change]) -> Iterator[Finding]:
    """The end of the document, if nothing came for it: the reply stops in the middle of the old text."""
    proposal = facts.proposal
    if not changes:
        return
    old, new, last = proposal.old, proposal.new, changes[-1]
    if any(map(tells, old[last.old_end :])):
        return
    lines = without_successor(last, old, new)
    if (
        not lines
        or facts.is_spent(last)
        or (last.net < _LARGE_HOLE * facts.total and _ends_as_before(last, old, new))
    ):
        return
    if _is_closed(proposal):
        return
    share = max(lines, last.net) / facts.total
    intent = proposal.intent
    if (intent.removes or intent.rewrites) and proposal.drafted is None:
        if share < _HALF:
            return
        answer = Answer.ASK_THEN_REFUSE if _more_than_named(proposal) else Answer.ASK_THEN_WARN
    elif (certain := _certain(last, lines, facts)) is not None:
        answer = certain
    elif share >= _LARGE_HOLE:
        answer = _answer(intent, strong=lines > 1)
    elif lines >= _TAIL_FLOOR and not _pointed_at(last, facts):
        answer = _answer(intent, strong=_ends_code(last, facts, changes))
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


def _is_closed(proposal: Proposal) -> bool:
    """Whether the new text has an end that no cut leaves: JSON with all its brackets closed."""
    return proposal.language is not None and proposal.language.name == "json" and is_json(proposal.after)


def _ends_code(last: Change, facts: _Facts, changes: Sequence[Change]) -> bool:
    """Whether what is gone at the end begins inside of a definition, or is several; not what an edit no longer uses."""
    outline, starts = facts.proposal.old_outline, facts.starts
    if outline is None or not outline.definitions:
        return False
    first = last.gone[0]
    around = [
        definition
        for definition in outline.definitions
        if _line(starts, definition.start) < first <= _line(starts, definition.end - 1)
    ]
    if around and around[-1].kind not in _CONTAINERS:
        return True
    behind = [
        _Missing(definition, _line(starts, definition.start), _line(starts, definition.end - 1), last)
        for definition in _outermost(
            each for each in outline.definitions if _line(starts, each.start) >= first
        )
    ]
    uses = _Uses(facts, changes, behind)
    return len(behind) >= _SEVERAL and not any(uses.went(each) for each in behind)


def _ends_as_before(change: Change, old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether the last line that came is the old last line, changed: then the end is there."""
    if not change.come or any(map(tells, new[change.come[-1] + 1 :])):
        return False
    mine = words(new[change.come[-1]])
    alike = [similarity(mine, words(old[number])) for number in change.gone[-_EDGE:]]
    return alike[-1] == max(alike)


def _holes(
    facts: _Facts, changes: Sequence[Change], definitions: Sequence[tuple[int, int]]
) -> Iterator[Finding]:
    """Lines without a successor that make a large share of the document, in one place or all together.

    Small ones that are `definitions`, given by their first and last lines, are left to whoever looks at those.
    """
    proposal, total = facts.proposal, facts.total
    old, new, intent = proposal.old, proposal.new, proposal.intent
    left = [change for change in changes if change.net <= 0 or not facts.is_spent(change)]
    net = sum(change.net - facts.idle_imports(change) for change in left)
    if net <= 0:
        return
    holes = [
        (change, lines - facts.idle_imports(change))
        for change in left
        if (lines := without_successor(change, old, new)) > facts.idle_imports(change)
    ]
    if (intent.removes or intent.rewrites) and proposal.drafted is None:
        if net >= (_ALL_BUT_A_FEW if intent.rewrites else _NEARLY_ALL) * total:
            refuse = intent.removes and _more_than_named(proposal)
            yield _shrunk(net, facts, changes, Answer.ASK_THEN_REFUSE if refuse else Answer.ASK_THEN_WARN)
        return
    if not holes and net < _HALF * total:
        return
    comments = [] if proposal.language is None else proposal.old_remarks
    lost = [number for change in changes for number in change.gone]
    remarks = sum(comments[number] for number in lost) if comments else 0
    if net >= _HALF * total and remarks < _NEARLY_COMMENT * len(lost):
        yield _shrunk(net, facts, changes, _answer(intent, strong=intent.narrow or net > 1))
        return
    for change, lines in holes:
        share = lines / total
        said = sum(comments[number] for number in change.gone) if comments else 0
        if said >= _NEARLY_COMMENT * len(change.gone) or len(change.gone) - said <= len(change.come):
            continue  # comments are looked at on their own
        if (certain := _certain(change, lines, facts)) is not None:
            answer = certain
        elif share >= _LARGE_HOLE and net >= _LEFT_OPEN * total:
            answer = _answer(intent, strong=lines > 1)
        elif all(_within(number, definitions) for number in change.gone):
            continue
        elif lines >= _HOLE_FLOOR and share >= _HOLE and not _pointed_at(change, facts):
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


def _shrunk(net: int, facts: _Facts, changes: Sequence[Change], answer: Answer) -> Finding:
    total = facts.total
    gone = [number for change in changes for number in change.gone]
    return Finding(
        Check.SHRINK,
        f"Only {total - net} of {total} lines are left in the reply, but the instruction does not ask for that.",
        answer,
        before=_lines(gone),
        when=_IF_THEY_SHOULD_GO,
    )


def _missing(facts: _Facts, changes: Sequence[Change]) -> list[_Missing]:
    """The outermost definitions that are gone from their place, and of whose name there are fewer now."""
    candidates = [change for change in changes if change.net > 0]
    before = facts.proposal.old_outline if candidates else None
    if before is None or not before.definitions:
        return []
    starts = facts.starts
    gone = {number for change in candidates for number in change.gone}
    heads = [
        definition
        for definition in before.definitions
        if definition.kind not in _NO_BODY and _line(starts, definition.name_start) in gone
    ]
    if not heads:
        return []
    names = _names_after(facts.proposal, heads)
    was = Counter(definition.name for definition in before.definitions)
    firsts = [change.old_start for change in candidates]
    return [
        _Missing(
            definition,
            _line(starts, definition.start),
            _line(starts, definition.end - 1),
            candidates[bisect_right(firsts, _line(starts, definition.name_start)) - 1],
        )
        for definition in _outermost(heads)
        if not _is_idle_module(definition, facts) and was[definition.name] > names[definition.name]
    ]


def _is_idle_module(definition: Definition, facts: _Facts) -> bool:
    """Whether a definition only says that a module is elsewhere (``mod parse;``), and is idle."""
    text = facts.proposal.before[definition.node_start : definition.node_end]
    return definition.kind == "module" and text.endswith(";") and facts.is_idle(definition.name)


@dataclass(frozen=True, slots=True)
class _Missing:
    """A definition that is gone: its lines in the old text, 0-based and inclusive, and the change it was lost in."""

    definition: Definition
    first: int
    last: int
    change: Change

    @property
    def gone(self) -> Sequence[int]:
        """Those of its lines that stand nowhere else."""
        lines = self.change.gone
        return lines[bisect_left(lines, self.first) : bisect_right(lines, self.last)]


def _taken(missing: _Missing, old: Sequence[str]) -> bool:
    """Whether most of a definition's lines stand elsewhere, or as many new ones in its place."""
    own = [number for number in range(missing.first, missing.last + 1) if tells(old[number])]
    return len(missing.gone) <= _LIVES_ON * len(own) or len(missing.change.come) >= _REPLACED * len(own)


def _judged(missing: Sequence[_Missing], facts: _Facts, changes: Sequence[Change]) -> Iterator[Finding]:
    proposal = facts.proposal
    intent = proposal.intent
    uses = _Uses(facts, changes, missing)
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
    torn = [each for each in rest if not (intent.removes or intent.rewrites) and _torn(each, facts)]
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
        kept = any(_drafted(each.change, facts) for each in rest)
        fell = not intent.narrow and all(map(uses.fell, rest))
        answer = Answer.ASK_THEN_REFUSE if kept else _answer(intent, strong=strong and not fell)
        if fell and not kept and not strong:
            answer = Answer.WARN
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
        not intent.understood
        or intent.removes
        or intent.rewrites
        or definition.kind == "macro"
        or definition.name.isupper()
    )


def _torn(missing: _Missing, facts: _Facts) -> bool:
    """Whether the beginning of a definition is gone, but lines like its own stand, alone, in its place."""
    proposal, change = facts.proposal, missing.change
    new = proposal.new
    own = missing.gone
    if not 0 < len(change.come) <= min(_FRAGMENT, len(own) - 1) or _defines(change, facts):
        return False
    first = change.come[0]
    apart = first == 0 or not new[first - 1].strip()
    inside = all(_indent(new[number]) > _indent(proposal.old[own[0]]) for number in change.come)
    if apart and inside:
        return True
    if not inside or not without_successor(change, proposal.old, new):
        return False
    head, body = words(proposal.old[own[0]]), [words(proposal.old[number]) for number in own[1:]]
    return all(
        max((similarity(mine, other) for other in body), default=0) > similarity(mine, head)
        for mine in (words(new[number]) for number in change.come)
    )


def _defines(change: Change, facts: _Facts) -> bool:
    """Whether a definition came in `change`."""
    place = bisect_left(facts.heads, change.new_start)
    return place < len(facts.heads) and facts.heads[place] < change.new_end


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

    def __init__(self, facts: _Facts, changes: Sequence[Change], missing: Iterable[_Missing]) -> None:
        proposal = facts.proposal
        self._missing = list(missing)
        names = {each.definition.name for each in self._missing}
        self._proposal, self._facts = proposal, facts
        self._before, self._after = _places(names, proposal.before), _places(names, proposal.after)
        self._come = {number for change in changes for number in change.come}
        self._edited = {
            number for change in changes if change.come for number in range(change.old_start, change.old_end)
        }

    def left(self, missing: _Missing) -> int | None:
        """The first line of the new text that uses `missing` as the old one did; None if there is none.

        None, too, if a new line speaks of the name: then that may be where it comes from now.
        """
        name = missing.definition.name
        if self._facts.defined[name]:
            return None
        lines = []
        for offset in self._after.get(name, ()):
            line = _line(self._facts.new_starts, offset)
            if line in self._come or _BINDS.match(self._proposal.new[line]):
                return None
            if self._refers(missing.definition, offset):
                lines.append(line)
        return lines[0] if lines else None

    def went(self, missing: _Missing) -> bool:
        """Whether the old text used `missing` where the new one was written anew, and no longer does."""
        lines = (
            _line(self._facts.starts, offset) for offset in self._before.get(missing.definition.name, ())
        )
        return any(line in self._edited and not missing.first <= line <= missing.last for line in lines)

    def fell(self, missing: _Missing) -> bool:
        """Whether every use of `missing` is gone as well, and one of them from another place.

        A reply that leaves code out is not so thorough. What missing definitions use of each other tells nothing.
        """
        name = missing.definition.name
        if self._after.get(name):
            return False
        lines = {_line(self._facts.starts, offset) for offset in self._before.get(name, ())}
        uses = {line for line in lines if not any(each.first <= line <= each.last for each in self._missing)}
        beside = range(missing.change.old_start, missing.change.old_end)
        return bool(uses) and any(line not in beside for line in uses)

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


def _places(names: Collection[str], text: str) -> dict[str, list[int]]:
    """Where each of `names` stands in `text` as a word, the first of many."""
    found: dict[str, list[int]] = {name: [] for name in names}
    if not found:
        return found
    few = len(found) <= _FEW_NAMES
    form = re.compile(rf"(?<![\w$])(?:{'|'.join(map(re.escape, found))})(?![\w$])") if few else _NAME
    for match in form.finditer(text):
        places = found.get(match[0])
        if places is not None and len(places) < _MOST_USES:
            places.append(match.start())
    return found


def _names_after(proposal: Proposal, heads: Sequence[Definition]) -> Counter[str]:
    """How often the new text defines each name; without a tree, that it holds the name must do."""
    outline = proposal.new_outline
    if outline is not None:
        return Counter(definition.name for definition in outline.definitions)
    places = _places({head.name for head in heads}, proposal.after)
    return Counter({name: len(heads) for name, found in places.items() if found})


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


def _certain(change: Change, lines: int, facts: _Facts) -> Answer | None:
    """The answer to a loss that is one however the instruction is read; None if it is none.

    Few lines may have to go with what changes: the import of what is no longer used.
    """
    drafted = _drafted(change, facts)
    proposal = facts.proposal
    if not drafted and not (proposal.intent.narrow and proposal.intent.understood):
        return None
    if lines >= _HOLE_FLOOR or lines >= _HOLE * facts.total:
        return Answer.ASK_THEN_REFUSE
    if _pointed_at(change, facts) or (not drafted and _is_accounted_for(change, proposal)):
        return Answer.ASK_THEN_WARN if drafted else Answer.WARN
    return Answer.ASK_THEN_REFUSE if drafted else Answer.ASK_THEN_WARN


def _is_accounted_for(change: Change, proposal: Proposal) -> bool:
    """Whether each line that is gone has what a narrow instruction names, or its words came in another line."""
    named = {name for text in proposal.intent.named for name in _NAME.findall(text)}
    came = sum((words(proposal.new[number]) for number in change.come), Counter[str]())
    return all(
        named & set(_NAME.findall(proposal.old[number])) or words(proposal.old[number]) <= came
        for number in change.gone
    )


def _drafted(change: Change, facts: _Facts) -> bool:
    """Whether there is a complete draft, and it keeps lines that are gone."""
    return bool(facts.draft) and any(
        facts.proposal.old[number].strip() in facts.draft for number in change.gone
    )


def _pointed_at(change: Change, facts: _Facts) -> bool:
    """Whether the instruction has a word that stands in lines which are gone, and hardly anywhere else."""
    old = facts.proposal.old
    gone = Counter(word for number in change.gone for word in facts.wanted & _words_of(old[number]))
    return any(count >= _CONCENTRATED * facts.everywhere[word] for word, count in gone.items())


def _words_of(line: str) -> set[str]:
    whole = set(re.findall(r"\w+", line.lower()))
    return whole | {part.lower() for word in _PART.findall(line) for part in _HUMP.split(word)}


def _answer(intent: Intent, *, strong: bool) -> Answer:
    return Answer.ASK_THEN_REFUSE if strong and intent.understood else Answer.ASK_THEN_WARN


def _line(starts: Sequence[int], offset: int) -> int:
    return bisect_right(starts, offset) - 1


def _lines(numbers: Sequence[int]) -> Lines:
    return Lines(numbers[0] + 1, numbers[-1] + 1)


def _said(lines: Lines) -> str:
    return f"line {lines.first}" if lines.first == lines.last else f"lines {lines.first} to {lines.last}"


def _counted(names: Collection[str], lines: Iterable[str]) -> Counter[str]:
    return Counter(name for line in lines for name in _NAME.findall(line) if name in names)


def _within(number: int, ranges: Sequence[tuple[int, int]]) -> bool:
    """Whether `number` is in one of `ranges`, which are inclusive, in order, and do not overlap."""
    place = bisect_right(ranges, (number, sys.maxsize)) - 1
    return place >= 0 and number <= ranges[place][1]


def _overlap(one: Lines, other: Lines) -> bool:
    return one.first <= other.last and other.first <= one.last
