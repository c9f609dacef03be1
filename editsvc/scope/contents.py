"""The contents of a document that is not shown whole: its sections in lines, and the places an instruction points at.

Nothing here limits what may be rewritten. The contents have every section, one by one or in groups, and hints are an
order: what they leave out can be asked for like everything else.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import groupby
from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.prompt.contents import Entry, Hint
from editsvc.scope import named_symbols, relevance
from editsvc.text.document import LineIndex
from editsvc.tokens import estimate_from_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from editsvc.syntax import Definition
    from editsvc.text.section import Section

_PART_OF: Final = 32  # characters of a name
_BEGINNING: Final = 48  # characters of a first line
_NAMES: Final = 120  # characters of the names in a group
_MOST_HINTS: Final = 24
_MOST_IN_ONE: Final = 3  # hints in one section
_SHOWN: Final = 100  # characters of a line
_LINE: Final = late.pattern(
    r"\b(?:lines?|l\.?|zeilen?|lignes?|l\u00edneas?|linhas?|righe|riga|\u0441\u0442\u0440\u043e\u043a[\u0430-\u044f]*)\s*"
    r"(?P<first>\d{1,9})(?:\s*(?:-|\u2013|to|bis|\u00e0|a)\s*(?P<last>\d{1,9}))?"
    r"|(?:\.[A-Za-z]\w*:|\bL)(?P<place>\d{1,9})\b"
    r"|(?P<chinese>\d{1,9})\s*\u884c",
    re.IGNORECASE,
)
_QUOTED: Final = late.pattern(
    r"(?P<mark>[`\"'])(?P<text>[^`\"'\n]{3,})(?P=mark)"
    r"|[\u201c\u201e\u00ab](?P<curly>[^\u201d\u00bb\n]{3,})[\u201d\u201c\u00bb]"
)


def entries(
    sections: Sequence[Section], most_tokens: int, among: Collection[int] | None = None
) -> list[Entry]:
    """The sections, or those `among` the numbers, as lines of no more than `most_tokens` in all.

    Where a line for each is too much, groups of neighbours share one; what is not beside one another never does.
    """
    chosen = [section for section in sections if among is None or section.number in among]
    single = [
        Entry(section.number, section.number, section.first_line, section.last_line, beginning(section))
        for section in chosen
    ]
    tokens = sum(map(_tokens, single))
    if tokens <= most_tokens:
        return single
    by_number = {section.number: section for section in chosen}
    # A line of a group is longer than one of a section, by the names in it.
    size = -(-2 * tokens // max(1, most_tokens))
    while True:
        groups = [_group([by_number[entry.first] for entry in run]) for run in _runs(single, size)]
        if size >= len(single) or sum(map(_tokens, groups)) <= most_tokens:
            return groups
        size += -(-size // 2)


def _runs(single: Sequence[Entry], size: int) -> Iterable[list[Entry]]:
    """`single` in runs of at most `size` neighbours."""
    numbered = enumerate(single)
    for _, stretch in groupby(numbered, key=lambda item: item[1].first - item[0]):
        run = [entry for _, entry in stretch]
        for start in range(0, len(run), size):
            yield run[start : start + size]


def beginning(section: Section) -> str:
    """How `section` begins, and the end of the name of what it is a part of."""
    first = section.first_words
    last_name = section.name.rpartition(".")[2]
    if not last_name or last_name in first:
        return first[:_BEGINNING].rstrip()
    name = section.name
    while len(name) > _PART_OF and "." in name:
        name = name.partition(".")[2]
    return f"{name[:_PART_OF]}: {first[:_BEGINNING]}".rstrip()


def _group(sections: Sequence[Section]) -> Entry:
    first, last = sections[0], sections[-1]
    names = dict.fromkeys(section.name for section in sections if section.name)
    heading = beginning(first)
    for name in names:
        if name in heading:
            continue
        if len(heading) + len(name) > _NAMES:
            break
        heading = f"{heading}, {name}" if heading else name
    return Entry(first.number, last.number, first.first_line, last.last_line, heading)


def _tokens(entry: Entry) -> int:
    return estimate_from_text(str(entry)) + 1


def tokens(listed: Iterable[Entry]) -> int:
    """About how many tokens the lines take."""
    return sum(map(_tokens, listed))


def numbers_of(
    sections: Sequence[Section],
    numbers: Iterable[tuple[int, int]],
    lines: Iterable[tuple[int, int]] = (),
) -> set[int]:
    """The numbers of the `sections` in ranges of `numbers` or of `lines` (1-based); others are left out."""
    if not sections:
        return set()
    lowest, highest = sections[0].number, sections[-1].number
    found = {
        number for first, last in numbers for number in range(max(first, lowest), min(last, highest) + 1)
    }
    starts = [section.first_line for section in sections]
    for first, last in lines:
        begin = max(0, bisect_right(starts, first) - 1)
        end = bisect_right(starts, last)
        if first <= sections[-1].last_line:
            found.update(section.number for section in sections[begin:end] if section.last_line >= first)
    return found


def hints(
    instruction: str,
    document: str,
    sections: Sequence[Section],
    *,
    definitions: Sequence[Definition] = (),
    cursor_line: int = 0,
) -> list[Hint]:
    """The places that `instruction` points at, the plainest first: lines, the cursor, quoted text, names, words."""
    index = LineIndex(document)
    finder = _Finder(document, sections, index)
    for match in _LINE.finditer(instruction):
        number = int(match["first"] or match["place"] or match["chinese"])
        finder.add_line(number)
        if match["last"]:
            finder.add_line(int(match["last"]))
    if cursor_line:
        finder.add_line(cursor_line)
    for match in _QUOTED.finditer(instruction):
        finder.add_text(match["text"] or match["curly"])
    for definition in named_symbols.named(instruction, definitions):
        finder.add(definition.name_start)
    words = relevance.words(instruction)
    for number in relevance.rank(instruction, [section.text for section in sections])[:_MOST_HINTS]:
        finder.add_words(sections[number], words)
    return finder.found


class _Finder:
    """Collects hints, each line once, and no more than a few in one section."""

    def __init__(self, document: str, sections: Sequence[Section], index: LineIndex) -> None:
        self._document = document
        self._sections = sections
        self._starts = [section.start for section in sections]
        self._index = index
        self._lines_seen: set[tuple[int, int]] = set()
        self._count: dict[int, int] = {}
        self.found: list[Hint] = []

    @property
    def full(self) -> bool:
        return len(self.found) >= _MOST_HINTS

    def add_line(self, line: int) -> None:
        """A line, 1-based."""
        if 1 <= line <= self._index.line_count:
            self.add(self._index.starts[line - 1])

    def add_text(self, text: str) -> None:
        """Every place where `text` stands."""
        at = self._document.find(text)
        while at >= 0 and not self.full:
            self.add(at)
            at = self._document.find(
                text, max(at + len(text), self._index.line_span(self._index.line_of(at))[1])
            )

    def add_words(self, section: Section, words: Iterable[str]) -> None:
        """The lines of `section` that hold most of `words`."""
        lowered = section.text.lower()
        places: dict[int, set[str]] = {}
        for word in words:
            at = lowered.find(word)
            while at >= 0:
                # Lowering may change lengths in a few scripts; then the place is one beside it.
                places.setdefault(lowered.rfind("\n", 0, at) + 1, set()).add(word)
                at = lowered.find(word, at + len(word))
        best = sorted(places, key=lambda start: (-len(places[start]), start))
        for start in sorted(best[:_MOST_IN_ONE]):
            self.add(min(section.start + start, max(section.start, section.end - 1)))

    def add(self, offset: int) -> None:
        """The line at `offset`."""
        line = self._index.line_of(offset)
        if self.full or not self._sections:
            return
        section = self._sections[max(0, bisect_right(self._starts, offset) - 1)]
        if (line, section.number) in self._lines_seen or self._count.get(section.number, 0) >= _MOST_IN_ONE:
            return
        self._lines_seen.add((line, section.number))
        self._count[section.number] = self._count.get(section.number, 0) + 1
        start, end = self._index.line_span(line)
        # Of a long line, what stands around the place.
        begin = start if end - start <= _SHOWN else max(start, offset - _SHOWN // 2)
        text = self._document[begin : min(end, begin + _SHOWN)].strip()
        self.found.append(Hint(section.number, line + 1, text))
