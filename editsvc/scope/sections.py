"""A document as a list of sections, natural units of whole lines, so that a model can rewrite only some of them.

A section begins with a definition and its comments, decorators and attributes, or is what stands between two of
them. Without a grammar, blank lines and indentation tell; in Markdown, headings do. Lengths are estimates.
"""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.syntax import outline_of
from editsvc.text.document import LineIndex
from editsvc.text.section import Section
from editsvc.tokens import CHARACTERS_PER_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from editsvc.syntax import Definition, Language, Outline, ParseBudget, Tree

LONGEST_TOKENS: Final = 225
"""How long a section may become before it is split, in estimated tokens."""

SHORTEST_TOKENS: Final = 25
"""Neighbours that are all shorter are merged, up to a third of the longest, in estimated tokens."""

_TAB: Final = 4
_BLANK: Final = -1

# What makes a place for a cut worse, in columns of indentation: being at the very end of the part instead of in
# its middle, no blank line above, and a line that goes on with what stands above it.
_OFF_CENTRE: Final = 12
_NO_BLANK_ABOVE: Final = 3
_GOES_ON: Final = 4
_CONTINUING: Final = frozenset(")]}efc")  # what such a line can begin with
_CONTINUATION: Final = late.pattern(r"\s*(?:[)\]}]|(?:elif|else|except|finally|catch|end)\b)")

# The places that are weighed: the middle half of a part, and of that no more lines than this.
_NEAR: Final = 256

# So many times as long as a section may be, it is cut wherever a line ends, or inside of a line.
_FAR_TOO_LONG: Final = 4
_SEPARATORS: Final = (late.pattern("[;}]"), late.pattern("[,{>]"), late.pattern(r"\s(?=\S)"))
# Characters of a document without an outline, above which it is divided by size.
_LARGE: Final = 1_000_000
_BEGINNINGS: Final = (
    late.pattern(r"\n[ \t]*\n+(?=[^\s)\]}])"),
    late.pattern(r"\n(?=[^\s)\]}])"),
    late.pattern(r"\n"),
)
_BLANK_LINES: Final = late.pattern(r"(?:[ \t]*\n)+")
_JOINER: Final = "\u200d"
# The joiner itself, the colours of skin, letters of flags, vowels and finals of Hangul, second halves of surrogates.
_JOINED: Final = frozenset(
    {
        _JOINER,
        *map(chr, range(0x1F3FB, 0x1F400)),
        *map(chr, range(0xE0020, 0xE0080)),
        *map(chr, range(0x1160, 0x1200)),
        *map(chr, range(0xDC00, 0xE000)),
    }
)
_FLAGS: Final = frozenset(map(chr, range(0x1F1E6, 0x1F200)))

_ROOT: Final = -1
_FUNCTIONS: Final = frozenset({"function", "method"})
_HEADING: Final = late.pattern(r" {0,3}#{1,6}[ \t]+(?P<title>[^\n]*?)[ \t#]*\n?")
_FENCE: Final = late.pattern(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)")
_UNBREAKABLE: Final = late.pattern("string|comment|template|heredoc|block_scalar")


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a document by their offsets, with one more for the end; a list of their texts would be large."""

    document: str
    starts: Sequence[int]
    # How much worse than in column 0, in the middle and behind a blank line a cut before each line is; `_BLANK` for
    # a blank line. Every line is weighed about once, so this is worked out for all of them in one go.
    costs: Sequence[int]

    @classmethod
    def of(cls, document: str) -> _Lines:
        starts = array("q", LineIndex(document).starts)
        if starts[-1] < len(document):
            starts.append(len(document))
        costs = array("q")
        above_is_blank = False
        for start, end in pairwise(starts):
            text = document[start:end]
            content = text.lstrip()
            if not content:
                costs.append(_BLANK)
                above_is_blank = True
                continue
            margin = text[: len(text) - len(content)]
            cost = len(margin.expandtabs(_TAB)) if "\t" in margin else len(margin)
            if not above_is_blank:
                cost += _NO_BLANK_ABOVE
            if content[0] in _CONTINUING and _CONTINUATION.match(content):
                cost += _GOES_ON
            costs.append(cost)
            above_is_blank = False
        return cls(document, starts, costs)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.costs)

    def text(self, line: int) -> str:
        """The line with its end."""
        return self.document[self.starts[line] : self.starts[line + 1]]

    def tokens(self, first: int, end: int) -> float:
        """About how many tokens the lines `first` up to `end` have."""
        return (self.starts[end] - self.starts[first]) / CHARACTERS_PER_TOKEN

    def blank(self, line: int) -> bool:
        return self.costs[line] == _BLANK

    def after_blanks(self, line: int) -> int:
        """The first line from `line` on that is not blank, or their number."""
        while line < self.count and self.blank(line):
            line += 1
        return line


@dataclass(frozen=True, slots=True)
class _DefinitionLines:
    """The lines `first` up to `end` (0-based) that a definition covers."""

    first: int
    end: int
    name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The lines `first` up to `end`, and the first line of the block around (of the outer one, for its head)."""

    first: int
    end: int
    name: str
    around: int


def divide(
    document: str,
    language: Language | None,
    *,
    longest_tokens: int = LONGEST_TOKENS,
    outline: Outline | None = None,
    budget: ParseBudget | None = None,
) -> list[Section]:
    r"""The sections of `document` (``\n`` only), numbered from 1 on; joined they are the document, and none is empty.

    Blank lines belong to the section above them; only the first section may begin with some. A section is longer
    than about `longest_tokens` only if it has no good place for a cut, such as a string over many lines, and never by
    far: then it is cut at the end of any line, and a long line behind what separates its parts. `outline` is that of
    this document, where the caller has it; else the document is parsed within the budget.
    """
    if not document:
        return []
    if outline is None:
        outline = outline_of(document, language, budget=budget)
    if outline is None and len(document) > _LARGE:
        return _by_size(document, int(longest_tokens * CHARACTERS_PER_TOKEN))
    lines = _Lines.of(document)
    tree = None if outline is None else outline.tree
    if language is not None and language.name == "markdown":
        blocks = _chapters(lines)
    else:
        blocks = _definitions(lines, () if outline is None else outline.definitions, longest_tokens)
    pieces = [piece for part in _parts(lines, blocks) for piece in _split(lines, part, longest_tokens, tree)]
    most = int(longest_tokens * CHARACTERS_PER_TOKEN)
    found: list[Section] = []
    for piece in _merged(lines, pieces, longest_tokens / 3):
        line = piece.first + 1
        start, end = lines.starts[piece.first], lines.starts[piece.end]
        for cut in _cuts(document, start, end, most):
            found.append(Section(len(found) + 1, document[start:cut], line, start, piece.name))
            line += document.count("\n", start, cut)
            start = cut
    return found


def _by_size(document: str, most: int) -> list[Section]:
    """Sections of a large document of which no structure is known, each as long as may be.

    They begin behind blank lines where these are near, with lines that are not indented, or with any line.
    """
    found: list[Section] = []
    start, line = 0, 1
    while start < len(document):
        end = _natural_end(document, start, most)
        for cut in _cuts(document, start, end, most):
            found.append(Section(len(found) + 1, document[start:cut], line, start))
            line += document.count("\n", start, cut)
            start = cut
    return found


def _natural_end(document: str, start: int, most: int) -> int:
    """Where a section that begins at `start` best ends."""
    low, high = start + most // 2, start + most
    if high >= len(document):
        return len(document)
    for beginning in _BEGINNINGS:
        ends = [match.end() for match in beginning.finditer(document, low, high)]
        if ends:
            end = ends[-1]
            break
    else:
        end = document.find("\n", high) + 1 or len(document)
    blank = _BLANK_LINES.match(document, end)
    return end if blank is None else blank.end()


def _cuts(document: str, start: int, end: int, most: int) -> Iterator[int]:
    """Where a piece that has no good place for a cut is cut nevertheless, if it is far too long; last, its `end`."""
    if end - start > _FAR_TOO_LONG * most:
        while end - start > most:
            low, high = start + most // 2, start + most
            cut = document.rfind("\n", low, high) + 1
            if not cut:
                found = (list(separator.finditer(document, low, high)) for separator in _SEPARATORS)
                cut = next((ends[-1].end() for ends in found if ends), high)
            while cut > low and _goes_with(document[cut - 1], document[cut]):
                cut -= 1
            yield cut
            start = cut
    yield end


def _goes_with(character: str, following: str) -> bool:
    """Whether the second belongs to the first: a mark that is put on it, or a part of the same emoji or syllable."""
    return (
        following in _JOINED
        or character == _JOINER
        or unicodedata.category(following).startswith("M")
        or (character in _FLAGS and following in _FLAGS)
    )


def _definitions(lines: _Lines, found: Iterable[Definition], longest: int) -> Iterator[_DefinitionLines]:
    """The blocks of those definitions that are worth sections of their own, the outer before the inner."""
    around: list[_DefinitionLines] = []
    for definition in found:
        first = bisect_left(lines.starts, definition.start + 1) - 1
        while around and around[-1].end <= first:
            around.pop()
        end = bisect_left(lines.starts, definition.end)
        if around:
            outer = around[-1]
            end = min(end, outer.end)
            # What fits as a whole is not cut, and a small function inside of a long definition is part of its flow.
            if lines.tokens(outer.first, outer.end) <= longest or first == outer.first:
                continue
            if outer.kind in _FUNCTIONS and lines.tokens(first, end) < SHORTEST_TOKENS:
                continue
        alone = not lines.document[lines.starts[first] : definition.start].strip()
        if alone and definition.kind != "declaration":
            around.append(_DefinitionLines(first, end, definition.qualified, definition.kind))
            yield around[-1]


def _chapters(lines: _Lines) -> Iterator[_DefinitionLines]:
    """From each Markdown heading to the next; a ``#`` inside of a code block is none (CommonMark 0.31, 4.2, 4.5)."""
    heads: list[tuple[int, str]] = []
    fence = ""
    for number, line in enumerate(map(lines.text, range(lines.count))):
        if mark := _FENCE.match(line):
            closes = mark["fence"].startswith(fence) and not mark["info"].strip()
            if not fence:
                fence = mark["fence"]
            elif closes:
                fence = ""
        elif not fence and (heading := _HEADING.fullmatch(line)):
            heads.append((number, heading["title"]))
    for (first, title), (end, _) in pairwise([*heads, (lines.count, "")]):
        yield _DefinitionLines(first, end, title)


def _parts(lines: _Lines, blocks: Iterable[_DefinitionLines]) -> list[_Stretch]:
    """The document cut where blocks begin and end; lines that two blocks leave between them are a part as well."""
    count = lines.count
    begins = {0: ("", _ROOT)}
    around = [_DefinitionLines(_ROOT, count)]

    def close(line: int) -> None:
        while len(around) > 1 and around[-1].end <= line:
            end = around.pop().end
            begins[end] = (around[-1].name, around[-1].first)

    for block in blocks:
        close(block.first)
        begins[block.first] = (block.name, around[-1].first)
        around.append(block)
    close(count)
    # Blank lines belong to what is above. Where two beginnings meet behind some, the later one is the inner one.
    moved = {lines.after_blanks(line): begins[line] for line in sorted(begins)}
    moved.pop(count, None)
    firsts = [0, *list(moved)[1:]]
    return [
        _Stretch(first, end, name, outer)
        for (first, end), (name, outer) in zip(
            pairwise([*firsts, count]), moved.values() or [("", _ROOT)], strict=True
        )
    ]


def _split(lines: _Lines, part: _Stretch, longest: int, tree: Tree | None) -> list[_Stretch]:
    """`part` in pieces of at most `longest` tokens, as far as it has places for cuts."""
    if lines.tokens(part.first, part.end) <= longest:
        return [part]
    cut = _place(lines, part, tree)
    if cut is None:
        return [part]
    head, tail = replace(part, end=cut), replace(part, first=cut)
    return [*_split(lines, head, longest, tree), *_split(lines, tail, longest, tree)]


def _place(lines: _Lines, part: _Stretch, tree: Tree | None) -> int | None:
    """The best line of `part` to begin a new piece with; None if there is none."""
    start, end = lines.starts[part.first], lines.starts[part.end]
    length = end - start
    middle = bisect_left(lines.starts, start + length // 2, part.first, part.end)
    low = max(bisect_left(lines.starts, start + length // 4, part.first, part.end), middle - _NEAR // 2)
    high = min(bisect_left(lines.starts, end - length // 4, part.first, part.end), middle + _NEAR // 2)
    first = lines.after_blanks(part.first) + 1

    unbroken: list[tuple[int, int]] = []  # in order, and none in another
    starts = lines.starts
    for reach in (range(max(low, first), min(high + 1, part.end)), range(first, part.end)):
        weighed = (
            (cost + _OFF_CENTRE * abs((starts[line] - start) / length - 0.5), line)
            for line, cost in zip(reach, lines.costs[reach.start : reach.stop], strict=True)
            if cost != _BLANK
        )
        for _, line in sorted(weighed):
            offset = lines.starts[line]
            at = bisect_left(unbroken, (offset, offset))
            if at and offset < unbroken[at - 1][1]:
                continue
            span = _unbreakable(tree, offset)
            if span is None:
                return line
            unbroken.insert(at, span)
    return None


def _unbreakable(tree: Tree | None, offset: int) -> tuple[int, int] | None:
    """The string or comment over several lines that goes on at `offset`, where a line begins."""
    if tree is None:
        return None
    byte = tree.byte(offset)
    node = tree.root.named_descendant_for_byte_range(byte - 1, byte)
    found = None
    while node is not None:
        if _UNBREAKABLE.search(node.type) and node.start_byte < byte < node.end_byte:
            found = node
        node = node.parent
    return None if found is None else tree.span(found)


def _merged(lines: _Lines, parts: Iterable[_Stretch], most: float) -> list[_Stretch]:
    """Short parts side by side as one, and the short head of a block with the short ones that it begins with."""
    result: list[_Stretch] = []
    short_before = False
    for part in parts:
        short = lines.tokens(part.first, part.end) < SHORTEST_TOKENS
        last = result[-1] if result else part
        related = part.around in {last.around, last.first}
        few = short_before and related and lines.tokens(last.first, part.end) <= most
        # A closing bracket means nothing without what it closes.
        closing = _CONTINUATION.match(lines.document, lines.starts[part.first])
        if result and short and (few or closing):
            result[-1] = replace(last, end=part.end)
        else:
            result.append(part)
        short_before = short
    return result
