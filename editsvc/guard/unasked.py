"""Which changes of a proposal the instruction explains, and which are more than was asked.

A change is explained where the user drew a selection, where the instruction names what stands in it or around it, where
a complete draft makes it too, and where it follows from an explained change: it has a name that came or went there, or
is an import, a version or a test beside it. It is harmless if it only looks different. What is neither is more than was
asked; unless nobody can tell, because the instruction is too wide, not understood, or points nowhere. Many lines that
go are explained only by what is named in them.

Looked at are the changed lines and those that they are indented under; nothing is parsed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from editsvc.guard.findings import Mark
from editsvc.instruction.vocabulary import pointers_of
from editsvc.text.diff import changed_spans
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from editsvc.guard.proposal import Proposal
    from editsvc.instruction.intent import Intent
    from editsvc.text.diff import Span


@dataclass(frozen=True, slots=True)
class Judged:
    """A changed span, if it was asked for, and a few words about why one thinks so."""

    span: Span
    mark: Mark
    reason: str


# Bounds that keep the cost small of a long change, of very many, and of a line far below its head.
_LONGEST_SPAN: Final = 2_000
_MOST_SPANS: Final = 1_000
_MOST_LINES_UP: Final = 3_000
_MOST_LEVELS_UP: Final = 12
# More lines than this that go, net, are much.
_GREAT_LOSS: Final = 5
_NAMED_SHARE: Final = 4
# So many lines may change beside those that a narrow instruction names.
_LINES_BESIDE: Final = 2
_SHORTEST_STEM: Final = 4
_PATTERNS_KEPT: Final = 1_000

_NAME: Final = re.compile(r"[^\W\d]\w+")
_WORD: Final = re.compile(r"\w+")
_ENDS: Final = r"(?![^\W_])"
_HUMP: Final = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ENDING: Final = re.compile(r"(?:ations?|ings?|ers?|ors?|ies|ed|es|s|e|y)$")
_IMPORT: Final = re.compile(
    r"\s*(?:import\b|from\s+\S+\s+import\b|(?:pub\s+)?use\s|#\s*include\b|@import\b|@use\b|using\s|require\b"
    r"|(?:const|let|var)\b.*\brequire\(|(?:pub\s+)?mod\s|export\s.*\bfrom\b|\}\s*from\b|extern crate|package\s|load\()"
)
_VERSION: Final = re.compile(r"\d+\.\d+(?:\.\d+)*|[0-9a-f]{20,}|sha\d+-")
_TEST: Final = re.compile(
    r"\b(?:test|it|describe|should)\w*\s*\(|\btest_\w+|@Test\b|#\[test\]|\bfunc Test\w+", re.IGNORECASE
)
_OPENS_COMMENT: Final = re.compile(r"/\*|<!--")
_QUOTED: Final = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'")
_TRAILING: Final = re.compile(r"[,;](?= ?(?:[)\]}]|$))")
# A blank beside punctuation, which joins or parts no words.
_LOOSE: Final = re.compile(r" (?!\w)|(?<![\w ]) ")
# Languages in which indentation means something; without a known one it may.
_INDENTED: Final = frozenset({"coffeescript", "haskell", "makefile", "markdown", "nim", "python", "yaml"})
# Words of languages; that one came or went joins no two changes.
_KEYWORDS: Final = frozenset(
    _NAME.findall("""
    and as async await bool boolean break byte case catch char class const continue def default del delete do
    double elif else end enum except export extends extern false final finally float fn for from func function
    get global go goto if impl import in include inline instanceof int interface is let list local long map
    match mod mut new nil none not null object of or override package pass print private protected pub public
    raise ref return self set short static str string struct super switch table template test the then this
    throw throws to trait true try type typedef typeof undefined union unsigned use using val value var void
    where while with yield
    """)
)


def judge(proposal: Proposal) -> tuple[Judged, ...]:
    """Every changed span of `proposal`, in order, with whether it was asked for. Raises nothing."""
    intent, pointers = proposal.intent, _Pointers.of(proposal)
    changes = [_Change.of(proposal, span) for span in proposal.spans[:_MOST_SPANS]]
    drafted = _drafted(proposal)
    found: dict[int, Judged] = {}

    def explain(number: int, reason: str) -> None:
        found[number] = Judged(changes[number].span, Mark.EXPLAINED, reason)

    for number, change in enumerate(changes):
        if _selected(proposal, change.span):
            explain(number, "it lies in the selection")
        elif change.key in drafted:
            explain(number, "the instruction says just that")
        elif change.looks_alike(proposal):
            found[number] = Judged(change.span, Mark.HARMLESS, "it only looks different")
        elif change.fits(intent, pointers):
            if word := pointers.first_in(change.text):
                explain(number, f"the instruction names {word}")
            elif not intent.narrow and (word := pointers.first_in(_around(proposal, change.span))):
                explain(number, f"it lies in what the instruction names, {word}")
    explained = [number for number, judged in found.items() if judged.mark is Mark.EXPLAINED]
    for number, reason in _followers(changes, explained, found, may_lose=intent.removes or intent.rewrites):
        explain(number, reason)
    rest = _rest(intent, known=bool(explained or pointers.named or intent.narrow))
    judged = [found.get(number) or Judged(change.span, *rest) for number, change in enumerate(changes)]
    beyond = proposal.spans[_MOST_SPANS:]
    return (*judged, *(Judged(span, Mark.UNKNOWN, "there are very many changes") for span in beyond))


def _rest(intent: Intent, *, known: bool) -> tuple[Mark, str]:
    """What is true of changes that nothing explains; `known` tells that it is clear what the instruction speaks of."""
    if not known:
        return Mark.UNKNOWN, "no word of the instruction points at a change"
    if intent.rewrites or not intent.understood:
        return Mark.UNKNOWN, "the instruction does not say what is to stay"
    return Mark.UNEXPLAINED, "the instruction names nothing in it or around it"


def _selected(proposal: Proposal, span: Span) -> bool:
    lines = proposal.selected
    return lines is not None and span.old_start + 1 >= lines.first and span.old_end <= lines.last


def _drafted(proposal: Proposal) -> frozenset[tuple[int, int, tuple[str, ...]]]:
    """The changes of a complete draft, as keys of `_Change`."""
    if proposal.drafted is None:
        return frozenset()
    lines = split_lines(proposal.drafted)
    return frozenset(
        (span.old_start, span.old_end, tuple(lines[span.new_start : span.new_end][:_LONGEST_SPAN]))
        for span in changed_spans(proposal.before, proposal.drafted)
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """A changed span with its lines; `text` is all of them, `names` are those of which there are more or fewer."""

    span: Span
    old: tuple[str, ...]
    new: tuple[str, ...]
    text: str
    names: frozenset[str]

    @classmethod
    def of(cls, proposal: Proposal, span: Span) -> _Change:
        old = tuple(proposal.old[span.old_start : min(span.old_end, span.old_start + _LONGEST_SPAN)])
        new = tuple(proposal.new[span.new_start : min(span.new_end, span.new_start + _LONGEST_SPAN)])
        before, after = "".join(old), "".join(new)
        return cls(span, old, new, before + after, proposal.original.once(names_apart, before, after))

    @property
    def key(self) -> tuple[int, int, tuple[str, ...]]:
        return self.span.old_start, self.span.old_end, self.new

    def fits(self, intent: Intent, pointers: _Pointers) -> bool:
        """True unless it does more than an instruction that names something in it can mean.

        One change said in full has what is wanted, and few lines beside those that are named. Any other loses many
        lines only if it is to remove or to rewrite.
        """
        if intent.removes or not intent.narrow:
            return intent.removes or intent.rewrites or not self.loses(pointers.first_in)
        new = "".join(self.new).lower()
        if intent.wanted and not any(wanted.lower() in new for wanted in intent.wanted):
            return False
        kept = {line.strip() for line in self.old} & {line.strip() for line in self.new}
        lines = [line for line in (*self.old, *self.new) if line.strip() and line.strip() not in kept]
        named = sum(bool(pointers.first_in(line)) for line in lines)
        return len(lines) - named <= _LINES_BESIDE + named

    def loses(self, named: Callable[[str], object]) -> bool:
        """True if many more lines go than come, and few of them are `named`."""
        going = [line for line in self.old if line.strip()]
        loss = len(going) - sum(bool(line.strip()) for line in self.new)
        return loss > _GREAT_LOSS and sum(bool(named(line)) for line in going) * _NAMED_SHARE <= len(going)

    def looks_alike(self, proposal: Proposal) -> bool:
        """True if only white space, quotes, comments and trailing commas differ, and no comment is lost."""
        before, after = "".join(self.old), "".join(self.new)
        mark = proposal.language.line_comment if proposal.language is not None else ""
        if not proposal.original.once(alike, before, after, mark):
            return False
        if not proposal.intent.comments and len(_WORD.findall(before)) > len(_WORD.findall(after)):
            return False
        if proposal.language is not None and proposal.language.name not in _INDENTED:
            return True
        old, new = _margins(self.old), _margins(self.new)
        return len(old) != len(new) or old == new


def names_apart(before: str, after: str) -> frozenset[str]:
    """The names of which there are more, or fewer, in the one text than in the other."""
    gone, come = _counted(before), _counted(after)
    return frozenset(
        name
        for name in gone.keys() | come.keys()
        if gone.get(name) != come.get(name) and name.lower() not in _KEYWORDS
    )


def alike(before: str, after: str, mark: str) -> bool:
    """Whether two texts differ only in white space, quotes, comments (those behind `mark` too) and trailing commas."""
    return _bare(before, mark) == _bare(after, mark)


def _margins(lines: Sequence[str]) -> list[str]:
    return [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()]


def _bare(text: str, mark: str) -> tuple[str, list[str]]:
    """`text` without blanks, comments (those behind `mark` too), quotes and trailing commas; and what is quoted."""
    if mark and mark in text:
        text = _behind(mark).sub("", text)
    text = without_block_comments(text)
    quoted = [one or other for one, other in _QUOTED.findall(text)]
    text = _TRAILING.sub("", " ".join(text.split()))
    return _LOOSE.sub("", text).replace("'", '"'), quoted


@cache
def _behind(mark: str) -> re.Pattern[str]:
    """What stands behind the sign of a comment, to the end of its line."""
    return re.compile(rf"(?<![\w:'\"]){re.escape(mark)}[^\n]*$", re.MULTILINE)


def _counted(text: str) -> dict[str, int]:
    """The names in `text`, and how often each occurs."""
    found: dict[str, int] = {}
    for name in _NAME.findall(text):
        found[name] = found.get(name, 0) + 1
    return found


def without_block_comments(text: str) -> str:
    """`text` without ``/* … */``, and without ``<!-- … -->`` on one line; what is not closed stays.

    Written out, since a pattern would look for the end of each that is not closed.
    """
    if "/*" not in text and "<!--" not in text:
        return text
    parts: list[str] = []
    at = line_end = 0
    open_from = len(text)  # from here on no block is closed
    open_until = 0  # up to here, the end of a line, nothing is closed on that line
    for match in _OPENS_COMMENT.finditer(text):
        start, inner = match.span()
        if start < at:
            continue
        if match[0] == "/*":
            end = text.find("*/", inner) + 2 if start < open_from else 1
            if end == 1:
                open_from = min(open_from, start)
                continue
        else:
            if start < open_until:
                continue
            if start >= line_end:
                line_end = text.find("\n", start)
                line_end = len(text) if line_end < 0 else line_end
            end = text.find("-->", inner, line_end) + 3
            if end == 2:  # noqa: PLR2004 - not found
                open_until = line_end
                continue
        parts.append(text[at:start])
        at = end
    return "".join((*parts, text[at:]))


@dataclass(frozen=True, slots=True)
class _Pointers:
    """What an instruction names, as it is looked for: beginnings of words, and whole words.

    `named` tells that it names something of the document as code; then only that points, and no plain word does.
    """

    stems: tuple[str, ...]
    wholes: tuple[str, ...]
    named: bool

    @classmethod
    def of(cls, proposal: Proposal) -> _Pointers:
        spoken = pointers_of(proposal.intent.literal)
        before, after = proposal.before.lower(), proposal.after.lower()
        names = spoken.names | {name.lower() for name in (*proposal.intent.named, *proposal.intent.wanted)}
        present = {name for name in names if name in before or name in after}
        named = any(len(name) >= _SHORTEST_STEM and name in before for name in present)
        loose = {part for name in spoken.names - present for part in spoken.parts[name]}
        stems, wholes = [], sorted(present)
        for word in sorted(loose if named else loose | spoken.words):
            stem = _ENDING.sub("", word) if len(word) > _SHORTEST_STEM + 1 else word
            if len(stem) >= _SHORTEST_STEM and not stem.isdigit():
                stems.append(stem)
            else:
                wholes.append(word)
        return cls(tuple(stems), tuple(wholes), named)

    def first_in(self, text: str) -> str:
        """The first that stands in `text`, as a word or a part of a name; "" if none does."""
        lowered = text.lower()
        found = [word for word in (*self.stems, *self.wholes) if word in lowered]
        if not found:
            return ""
        parted = _HUMP.sub(" ", text).lower()
        for word in found:
            pattern = _standing(word, word not in self.stems)
            if pattern.search(lowered) or pattern.search(parted):
                return word
        return ""


@lru_cache(_PATTERNS_KEPT)
def _standing(word: str, alone: bool) -> re.Pattern[str]:  # noqa: FBT001
    """`word` where a name begins, and, if it stands `alone`, also ends."""
    return re.compile(rf"(?<![^\W_]){re.escape(word)}{_ENDS if alone else ''}")


def _around(proposal: Proposal, span: Span) -> str:
    """The lines that `span` is indented under: of the old document, or of the new one where lines are added."""
    old = "".join(_heads(proposal.old, span.old_start)) if span.old_end > span.old_start else ""
    return old or "".join(_heads(proposal.new, span.new_start))


def _heads(lines: Sequence[str], start: int) -> Iterator[str]:
    """The lines above line `start` that are indented less than all between, from the inner to the outer."""
    least, levels = None, 0
    for number in range(min(start, len(lines) - 1), max(-1, start - _MOST_LINES_UP), -1):
        line = lines[number]
        content = line.lstrip(" \t")
        if not content.strip():
            continue
        depth = len(line) - len(content)
        if least is None:
            least = depth + (1 if number < start else 0)
        if depth < least:
            yield line
            least, levels = depth, levels + 1
        if least == 0 or levels == _MOST_LEVELS_UP:
            return


def _followers(
    changes: Sequence[_Change], explained: Sequence[int], found: dict[int, Judged], *, may_lose: bool
) -> Iterator[tuple[int, str]]:
    """The changes that follow from `explained` ones, by number, and why."""
    users: dict[str, list[int]] = defaultdict(list)
    left = [number for number in range(len(changes)) if number not in found]
    for number in left:
        for name in changes[number].names:
            users[name].append(number)
    seen: set[int] = set()
    waiting = list(explained)
    while waiting:
        for name in sorted(changes[waiting.pop()].names):
            for number in users.pop(name, ()):
                if number in seen or not (may_lose or not changes[number].loses(_holds(name))):
                    continue
                seen.add(number)
                waiting.append(number)
                yield number, f"it follows from a change of {name}"
    for number in left if explained else ():
        reason = _beside(changes[number])
        if number not in seen and reason:
            yield number, reason


def _holds(name: str) -> Callable[[str], bool]:
    return lambda line: name in line


def _beside(change: _Change) -> str:
    """Why `change` may stand beside any other; "" if it may not."""
    lines = [line for line in (*change.old, *change.new) if line.strip()]
    if lines and all(_IMPORT.match(line) for line in lines):
        return "it is an import"
    if lines and all(_VERSION.search(line) for line in lines):
        return "it is a version"
    if not change.old and _TEST.search("".join(change.new)):
        return "it is a test"
    return ""
