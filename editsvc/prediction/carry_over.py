"""Carry-over: when one instruction runs over many files, the first edits draft the next ones.

Four things carry over from file to file: a word (or a path, ``time.time``) that became another, a few lines
that became others, lines that went, and an import that came with what it is for. A lesson is believed until an
edit contradicts it: by another replacement, or by leaving in place what the lesson would have changed. A wrong
one costs time only, as the model's reply decides; so the first sight of a lesson is enough to use it.

Texts are compared without their line ends, and blocks of lines without the indentation that they share;
deeper levels are kept as tabs, and written as the next document indents.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from editsvc.text.diff import changed_spans, edits
from editsvc.text.document import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from editsvc.syntax import Language
    from editsvc.text.diff import Span
    from editsvc.text.document import Edit

_Lines = tuple[str, ...]
_Key = TypeVar("_Key", bound="Hashable")
_Value = TypeVar("_Value", bound="Hashable")

_LONGEST_TEXT: Final = 8_000_000
# One instruction teaches a handful; more are noise, and would make every draft slower.
_MOST_OF_A_KIND: Final = 200
_LONGEST_BLOCK: Final = 6
_LONGEST_NEW_BLOCK: Final = 24
# A shorter line ("}", "else:") is found in every file, and says nothing.
_TELLING: Final = 8
# Shorter names mean something else in every function.
_SHORTEST_WORD: Final = 3
# What share of a word may be left by an edit that replaced it: a string, a name that only looks like it.
_MAY_BE_LEFT: Final = 0.1
_MOST_STEPS: Final = 3

_DEFAULT_LEVEL: Final = "    "
_LINES_FOR_LEVEL: Final = 1_000
_BLANK: Final = " \t"

_ECMASCRIPT_IMPORT: Final = r"import\b.*['\"];?|(?:const|let|var) .+ = require\(.+\);?"
_IMPORTS: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(form)
    for name, form in {
        "python": r"import [\w., ]+|from [\w.]+ import [\w., *]+",
        "javascript": _ECMASCRIPT_IMPORT,
        "javascriptreact": _ECMASCRIPT_IMPORT,
        "typescript": _ECMASCRIPT_IMPORT,
        "typescriptreact": _ECMASCRIPT_IMPORT,
        "go": r"\t?(?:import )?(?:[\w.]+ )?\"[\w./~-]+\"",
        "rust": r"(?:pub(?:\([\w:]+\))? )?use .+;",
        "java": r"import .+;",
        "kotlin": r"import [\w.* ]+",
        "csharp": r"using [\w.= ]+;",
    }.items()
}
_NO_NAMES: Final = frozenset(
    {"as", "const", "crate", "from", "import", "let", "pub", "require", "self", "static", "super", "type"}
    | {"use", "using", "var"}
)


@dataclass(frozen=True, slots=True)
class _Import:
    """The names that belong to a changed import line.

    The names in `brings` came into use with it, those in `drops` went out of use. An added line stood between
    `above` and `below`, import lines both, or empty.
    """

    language: str
    brings: frozenset[str]
    drops: frozenset[str]
    above: str = ""
    below: str = ""


@dataclass(frozen=True, slots=True)
class CarryOver:
    """The lessons of the edits so far, as a value; `learn` returns a new one. None marks a contradicted lesson."""

    _words: Mapping[str, str | None] = field(default_factory=dict)
    _blocks: Mapping[_Lines, _Lines | None] = field(default_factory=dict)
    _imports: Mapping[tuple[_Lines, _Lines], _Import | None] = field(default_factory=dict)

    def learn(self, before: str, after: str, language: Language | None) -> CarryOver:
        """These lessons and those of one more edit, without what the two contradict. Time is linear."""
        if max(len(before), len(after)) > _LONGEST_TEXT:
            return self
        old = _Page.of(normalise(before), language)
        new = _Page(normalise(after), language, old.level)
        fresh_words, fresh_blocks, fresh_imports = _taught(old, new)
        words = _joined(self._words, fresh_words)
        words.update(dict.fromkeys(_left(words, old, new)))
        blocks = _joined(self._blocks, fresh_blocks)
        while left_alone := [match.old for match in _matches(new, _believed(blocks))]:
            blocks.update(dict.fromkeys(left_alone))
        imports = dict(islice((fresh_imports | dict(self._imports)).items(), _MOST_OF_A_KIND))
        imports.update(dict.fromkeys([(was, became) for was, became in imports if (became, was) in imports]))
        return CarryOver(words, blocks, imports)

    def draft(self, document: str, language: Language | None) -> tuple[Edit, ...]:
        """The edits that the lessons make in `document`, in order, each of whole lines.

        Empty where they make none. What they make, they would not change again: lessons that go on changing
        each other's results make no edits at all. Time is linear.
        """
        if len(document) > _LONGEST_TEXT:
            return ()
        page = _Page.of(normalise(document), language)
        for _ in range(_MOST_STEPS):
            text = self._step(page)
            if text == page.text:
                return tuple(edits(document, text))
            page = _Page(text, language, page.level)
        return ()

    def _step(self, page: _Page) -> str:
        """The text of `page` with every lesson done once."""
        blocks = _believed(self._blocks)
        words = _believed(self._words)
        # Of "a to b" and "b to c" the second alone: together, nobody could tell where an edit would end.
        replaced = page.replacer({old: new for old, new in words.items() if new not in words})
        parts: list[str] = []
        done = 0
        for match in _matches(page, blocks):
            if match.start > done:
                parts.append(replaced("\n".join(page.lines[done : match.start])))
            parts += page.written(match, blocks[match.old])
            done = match.start + len(match.old)
        if done < len(page.lines):
            parts.append(replaced("\n".join(page.lines[done:])))
        text = "\n".join(parts)
        imports = {
            key: lesson
            for key, lesson in _believed(self._imports).items()
            if page.language is not None and lesson.language == page.language.name
        }
        return _with_imports(page, _Page(text, page.language, page.level), imports) if imports else text


@dataclass(frozen=True, slots=True)
class _Match:
    """A block that was found: at which line, its key, and the indentation that comes on top of the key's."""

    start: int
    old: _Lines
    indentation: str


class _Page:
    r"""A text with ``\n`` only, seen as lines of a language, with `level` as its step of indentation."""

    def __init__(self, text: str, language: Language | None, level: str) -> None:
        self.text = text
        self.language = language
        self.level = level
        self.lines = text.split("\n")
        self._letters = language.name_characters if language is not None else r"\w"
        self.word = re.compile(f"[{self._letters}]+")
        self.path = re.compile(rf"[{self._letters}]+(?:(?:\.|::|->|\?\.)[{self._letters}]+)*")
        self._import = _IMPORTS.get(language.name) if language is not None else None

    @classmethod
    def of(cls, text: str, language: Language | None) -> _Page:
        """The page of `text`, with the step of indentation that it seems to use."""
        return cls(text, language, _level(islice(text.split("\n"), _LINES_FOR_LEVEL)))

    def counts(self, words: Iterable[str]) -> Counter[str]:
        """How often each of `words` occurs, whole; of two at one place the longer."""
        pattern = self._either(words)
        return Counter(pattern.findall(self.text) if pattern is not None else ())

    def replacer(self, words: Mapping[str, str]) -> Callable[[str], str]:
        """What replaces whole words in a part of the page as `words` says."""
        pattern = self._either(words)
        return lambda part: pattern.sub(lambda match: words[match[0]], part) if pattern is not None else part

    def _either(self, words: Iterable[str]) -> re.Pattern[str] | None:
        """What matches any of `words` that the page has, whole; None if it has none."""
        present = sorted((word for word in words if word in self.text), key=len, reverse=True)
        either = "|".join(map(re.escape, present))
        return re.compile(f"(?<![{self._letters}])(?:{either})(?![{self._letters}])") if present else None

    def is_import(self, line: str) -> bool:
        """True if `line` is an import, whole."""
        return self._import is not None and self._import.fullmatch(line) is not None

    def names(self, lines: Iterable[str]) -> set[str]:
        """The words of import `lines` that can be names."""
        return {word for line in lines for word in self.word.findall(line)} - _NO_NAMES

    def in_use(self) -> set[str]:
        """The words of all lines but the imports."""
        if self._import is None:
            return set(self.word.findall(self.text))
        return set(self.word.findall("\n".join(line for line in self.lines if not self.is_import(line))))

    def canonical(self, line: str) -> str:
        """`line` with each level of its indentation as one tab."""
        content = line.lstrip(_BLANK)
        blank = line[: len(line) - len(content)]
        levels = 0
        while blank:
            step = "\t" if blank[0] == "\t" else self.level
            if not blank.startswith(step):
                break
            blank = blank[len(step) :]
            levels += 1
        return "\t" * levels + blank + content

    def written(self, match: _Match, new: _Lines) -> list[str]:
        """The lines `new` as they stand in place of `match`."""
        first = next(index for index, line in enumerate(match.old) if line)
        raw = self.lines[match.start + first]
        blank = raw[: len(raw) - len(raw.lstrip(_BLANK))]
        own = match.old[first][: len(match.old[first]) - len(match.old[first].lstrip(_BLANK))]
        inner = self._expanded(own)
        # The indentation as it is written there, as long as the block's own can be told from it.
        outer = blank.removesuffix(inner) if blank.endswith(inner) else self._expanded(match.indentation)
        return [outer + self._expanded(line) if line else "" for line in new]

    def _expanded(self, line: str) -> str:
        content = line.lstrip("\t")
        return self.level * (len(line) - len(content)) + content


def _level(lines: Iterable[str]) -> str:
    """The step by which `lines` are indented: a tab, or the number of spaces that most deeper lines add."""
    steps: Counter[str] = Counter()
    before = 0
    for line in lines:
        content = line.lstrip(_BLANK)
        if not content:
            continue
        if line[0] == "\t":
            steps["\t"] += 1
            continue
        depth = len(line) - len(content)
        if depth - before > 1:
            steps[" " * (depth - before)] += 1
        before = depth
    return min(steps, key=lambda step: (-steps[step], len(step)), default=_DEFAULT_LEVEL)


def _taught(
    old: _Page, new: _Page
) -> tuple[dict[str, str | None], dict[_Lines, _Lines | None], dict[tuple[_Lines, _Lines], _Import | None]]:
    """What the edit from `old` to `new` shows, each kind by itself."""
    spans = changed_spans(old.text, new.text)
    words = _words_taught(old, new, spans)
    replaced = old.replacer(_believed(words))
    blocks: dict[_Lines, _Lines | None] = {}
    changed_imports: list[Span] = []
    for span in spans:
        before, after = old.lines[span.old_start : span.old_end], new.lines[span.new_start : span.new_end]
        if [replaced(line) for line in before] == after:
            continue
        if all(old.is_import(line) or not line for line in (*before, *after)):
            changed_imports.append(span)
            continue
        pairs = [(before, after)]
        if len(before) > _LONGEST_BLOCK and len(before) == len(after):
            pairs = [([one], [other]) for one, other in zip(before, after, strict=True) if one != other]
        for lines, others in pairs:
            block = _block(old, lines, others)
            if block is not None:
                blocks = _joined(blocks, dict([block]))
    return words, blocks, _imports_taught(old, new, changed_imports) if changed_imports else {}


def _words_taught(old: _Page, new: _Page, spans: Iterable[Span]) -> dict[str, str | None]:
    """Words that became another one wherever they stood, and else paths (``time.time``) that did."""
    lines = [
        (old.lines[span.old_start + line], new.lines[span.new_start + line])
        for span in spans
        if span.old_end - span.old_start == span.new_end - span.new_start
        for line in range(span.old_end - span.old_start)
    ]
    words = _replacements(old, new, lines, old.word)
    replaced = old.replacer(_believed(words))
    unexplained = [(before, after) for before, after in lines if replaced(before) != after]
    return words | _replacements(old, new, unexplained, old.path)


def _replacements(
    old: _Page, new: _Page, lines: Iterable[tuple[str, str]], pattern: re.Pattern[str]
) -> dict[str, str | None]:
    """What became something else in those `lines` that differ only in what `pattern` finds.

    None for what did not do so everywhere, and for what changed together with such.
    """
    changed = [pairs for before, after in lines if (pairs := _substitutions(pattern, before, after))]
    found: dict[str, str | None] = {}
    for one, other in (pair for pairs in changed for pair in pairs):
        can_be = len(one) >= _SHORTEST_WORD and not one[0].isdigit() and found.get(one, other) == other
        found[one] = other if can_be else None
    found.update(dict.fromkeys(_left(found, old, new)))
    # A word that changed together with another one, which is no lesson, may mean something else without it.
    while unsure := {
        one
        for pairs in changed
        if any(found[one] is None for one, _ in pairs)
        for one, _ in pairs
        if found[one] is not None
    }:
        found.update(dict.fromkeys(unsure))
    return found


def _substitutions(pattern: re.Pattern[str], before: str, after: str) -> list[tuple[str, str]]:
    """What `pattern` finds in one line beside what it finds in the other, where these differ; else nothing.

    Nothing, too, if the lines differ in anything else.
    """
    if pattern.sub("", before) != pattern.sub("", after):
        return []
    olds, news = list(pattern.finditer(before)), list(pattern.finditer(after))
    if len(olds) != len(news):
        return []
    moved = 0
    pairs = []
    for one, other in zip(olds, news, strict=True):
        if other.start() - one.start() != moved:
            return []
        moved += len(other[0]) - len(one[0])
        if one[0] != other[0]:
            pairs.append((one[0], other[0]))
    return pairs


def _left(words: Mapping[str, str | None], old: _Page, new: _Page) -> list[str]:
    """Those of `words` that are still in `new`, more often than by oversight."""
    before, after = old.counts(words), new.counts(words)
    return [word for word in words if after[word] > _MAY_BE_LEFT * before[word]]


def _block(page: _Page, before: Sequence[str], after: Sequence[str]) -> tuple[_Lines, _Lines] | None:
    """A changed range of lines as a lesson; None if it is too long, or says too little."""
    if not 0 < len(before) <= _LONGEST_BLOCK or len(after) > _LONGEST_NEW_BLOCK:
        return None
    old = [page.canonical(line) if line.strip(_BLANK) else "" for line in before]
    new = [page.canonical(line) for line in after]
    if all(len(line.strip(_BLANK)) < _TELLING for line in old) or any(
        line and not line.strip(_BLANK) for line in new
    ):
        return None
    shared = _shared_indentation([line for line in (*old, *new) if line])
    return tuple(line[shared:] for line in old), tuple(line[shared:] for line in new)


def _shared_indentation(lines: Sequence[str]) -> int:
    """How many tabs and spaces all `lines` begin with alike."""
    first, last = min(lines), max(lines)
    shared = 0
    while shared < len(first) and first[shared] == last[shared] and first[shared] in _BLANK:
        shared += 1
    return shared


def _matches(page: _Page, blocks: Mapping[_Lines, _Lines]) -> Iterator[_Match]:
    """Where `blocks` stand in `page`, in order, the longer before the shorter; no two overlap."""
    anchors: dict[str, list[tuple[int, _Lines]]] = {}
    for old in sorted(blocks, key=len, reverse=True):
        index = max(range(len(old)), key=lambda line: len(old[line].strip(_BLANK)))
        anchors.setdefault(old[index].strip(_BLANK), []).append((index, old))
    if not anchors:
        return
    free = 0
    for number, line in enumerate(page.lines):
        for index, old in anchors.get(line.strip(_BLANK), ()):
            start = number - index
            if start < free or start + len(old) > len(page.lines):
                continue
            indentation = _indentation(page, start, old, index)
            if indentation is not None:
                yield _Match(start, old, indentation)
                free = start + len(old)
                break


def _indentation(page: _Page, start: int, old: _Lines, anchor: int) -> str | None:
    """What stands before every line of `old` in the lines from `start` on; None if they are others."""
    indentation = page.canonical(page.lines[start + anchor]).removesuffix(old[anchor])
    if indentation.strip(_BLANK):
        return None
    for line, expected in zip(page.lines[start : start + len(old)], old, strict=True):
        if page.canonical(line) != indentation + expected if expected else line.strip(_BLANK):
            return None
    return indentation


def _imports_taught(
    old: _Page, new: _Page, spans: Iterable[Span]
) -> dict[tuple[_Lines, _Lines], _Import | None]:
    """What changed among the imports, together with the names that came into use or went out of it."""
    used_before, used = old.in_use(), new.in_use()
    language = old.language.name if old.language is not None else ""
    lessons: dict[tuple[_Lines, _Lines], _Import | None] = {}
    for span in spans:
        before = tuple(old.lines[span.old_start : span.old_end])
        after = tuple(new.lines[span.new_start : span.new_end])
        drops = frozenset(old.names(before) - new.names(after) - used)
        if before:
            brings = frozenset((new.names(after) - old.names(before)) & (used - used_before))
            lessons[before, after] = _Import(language, brings, drops)
            continue
        for number in range(span.new_start, span.new_end):
            line = new.lines[number]
            brings = frozenset(new.names([line]) & (used - used_before))
            if brings:
                around = [new.lines[number - 1] if number else "", *new.lines[number + 1 : number + 2], ""]
                above, below = (near if new.is_import(near) else "" for near in around[:2])
                lessons[(), (line,)] = _Import(language, brings, frozenset(), above, below)
    return lessons


def _with_imports(original: _Page, page: _Page, lessons: Mapping[tuple[_Lines, _Lines], _Import]) -> str:
    """`page` with its imports changed as `lessons` says, where what has become of `original` calls for it."""
    used = page.in_use()
    fresh = used - original.in_use()
    lines = list(page.lines)
    for (old, new), lesson in lessons.items():
        if lesson.drops & used or (lesson.brings and not lesson.brings & fresh):
            continue
        start = _find(lines, old) if old else _place(page, lines, new[0], lesson)
        if start is not None:
            lines[start : start + len(old)] = new
    return "\n".join(lines)


def _find(lines: Sequence[str], wanted: _Lines) -> int | None:
    starts = (start for start, line in enumerate(lines) if line == wanted[0])
    return next((start for start in starts if tuple(lines[start : start + len(wanted)]) == wanted), None)


def _place(page: _Page, lines: Sequence[str], new: str, lesson: _Import) -> int | None:
    """The line before which the import `new` belongs; None if it is not needed, or there are no imports."""
    imports = [number for number, line in enumerate(lines) if page.is_import(line)]
    if not imports or lesson.brings & page.names(lines[number] for number in imports):
        return None
    by_line = {lines[number]: number for number in reversed(imports)}
    if lesson.above in by_line:
        return by_line[lesson.above] + 1
    if lesson.below in by_line:
        return by_line[lesson.below]
    # Where nothing is known, by the alphabet among the first imports that have no gap between them.
    first = imports[0]
    run = next((index for index, number in enumerate(imports) if number != first + index), len(imports))
    smaller = [number for number in imports[:run] if lines[number] < new]
    return smaller[-1] + 1 if smaller else first


def _believed(lessons: Mapping[_Key, _Value | None]) -> dict[_Key, _Value]:
    return {key: value for key, value in lessons.items() if value is not None}


def _joined(known: Mapping[_Key, _Key | None], fresh: Mapping[_Key, _Key | None]) -> dict[_Key, _Key | None]:
    """Both; None for what has two values, and for what one of them does and another undoes."""
    both = dict(known)
    for old, new in fresh.items():
        both[old] = new if both.get(old, new) == new else None
    both.update(dict.fromkeys([old for old, new in both.items() if new is not None and both.get(new) == old]))
    return dict(islice(both.items(), _MOST_OF_A_KIND))
