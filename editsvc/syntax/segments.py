"""A text without syntax errors in segments, so that after an edit only those that changed have to be parsed.

A segment is one or more statements of the outermost level, as the parser found them. In the languages named here, a
text is sound if its segments are: each begins at the margin, with a sign that no statement above it can go on with.
What is not sound by its segments may still be so as a whole; then the whole has to be parsed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from editsvc.syntax.blocks import misplaced
from editsvc.syntax.budget import WHOLE_AT_MOST, ParseBudget
from editsvc.syntax.parsing import parse
from editsvc.text.diff import Span
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from editsvc.syntax.languages import Language
    from editsvc.syntax.parsing import Tree
    from editsvc.text.comparison import Comparison, Lined

_LANGUAGES: Final = frozenset(
    {
        *("c", "cpp", "css", "go", "java", "javascript", "javascriptreact", "python", "rust"),
        *("toml", "typescript", "typescriptreact"),
    }
)
# With these, nothing goes on that stands above.
_BEGINS: Final = re.compile(r"[A-Za-z_@#]|//|/\*")
_BEGINS_RULE: Final = re.compile(r"[A-Za-z_@#.:*\[/]")
_OF_RULES: Final = frozenset({"css", "toml"})
_PART: Final = 100_000  # characters of a long text
_TRIED: Final = 4  # places at which a part may end; one may lie within a string


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of a text: the lines (0-based) with which they begin. `parsed` are new ones that were parsed before.

    In `parsed` is None for a segment that is not sound; those in `settled` are, and in Python so are their blocks.
    """

    language: Language
    starts: Sequence[int]
    parsed: dict[str, Tree | None] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def changed(self, spans: Sequence[Span], shift: int = 0) -> Iterator[Span]:
        """The segments that `spans` change, those that are no longer told apart as one, in lines of both texts.

        Before the first of `spans`, lines of the new text have numbers that are by `shift` higher.
        """
        found: Span | None = None
        for span in spans:
            above = bisect_left(self.starts, span.old_start) - 1
            first = self.starts[max(0, above)]
            below = bisect_right(self.starts, span.old_end)
            last = self.starts[below] if below < len(self.starts) else -1
            if found is None or (found.old_end != -1 and first >= found.old_end):
                if found is not None:
                    yield found
                found = Span(first, last, first + shift, -1)
            shift = span.new_end - span.old_end
            found = Span(found.old_start, last, found.new_start, last + shift if last != -1 else -1)
        if found is not None:
            yield found

    def sound(self, text: str, budget: ParseBudget) -> Tree | None:
        """The tree of a segment; None if it has errors, or the budget is used up."""
        if text not in self.parsed:
            tree = self._tree(text, budget)
            if budget.used_up:
                return None
            self.parsed[text] = tree
        return self.parsed[text]

    def read(self, text: str, budget: ParseBudget) -> None:
        """Find out all that may be asked of a segment; of one that is right in all, no tree is kept."""
        if text in self.settled or text in self.parsed:
            return
        tree = self._tree(text, budget)
        if tree is not None and (self.language.name != "python" or _is_flush(tree, text)):
            self.settled.add(text)
        elif not budget.used_up:
            self.parsed[text] = tree

    def _tree(self, text: str, budget: ParseBudget) -> Tree | None:
        if len(text) > WHOLE_AT_MOST:
            return None
        tree = parse(text, self.language, budget=budget)
        return None if tree is None or tree.root.has_error or not _at_margin(tree) else tree


def segments_of(known: Lined, language: Language | None, budget: ParseBudget) -> Segments | None:
    """The segments of a text; None if it has errors, or cannot be told to be sound by segments.

    A long text is parsed in parts, one after the other, each of which begins as a segment does and is sound.
    """
    if language is None or language.name not in _LANGUAGES:
        return None
    begins = _BEGINS_RULE if language.name in _OF_RULES else _BEGINS
    lines = known.lines
    starts = [0]
    first = 0
    while first < len(lines) or not first:
        for last in _ends(known, first, begins):
            tree = parse("".join(lines[first:last]), language, budget=budget)
            if tree is not None and not tree.root.has_error and _at_margin(tree):
                break
            if budget.used_up:
                return None
        else:
            return None
        for child in tree.root.children:
            row, column = child.start_point
            if not column and first + row > starts[-1] and begins.match(lines[first + row]):
                starts.append(first + row)
        first = last or 1
    return Segments(language, starts)


def _ends(known: Lined, first: int, begins: re.Pattern[str]) -> Iterator[int]:
    """Where a part that begins with the line `first` may end: all of the text, if it is not long, or a few places."""
    lines, starts = known.lines, known.starts
    if len(known.text) <= WHOLE_AT_MOST or starts[-1] - starts[first] <= 2 * _PART:
        yield len(lines)
        return
    tried = 0
    for number in range(bisect_left(starts, starts[first] + _PART), len(lines)):
        if begins.match(lines[number]) and not lines[number - 1].strip():
            yield number
            tried += 1
        if tried == _TRIED or starts[number] - starts[first] > 2 * _PART:
            return


def _is_flush(tree: Tree, text: str) -> bool:
    """Whether all blocks are as Python wants them."""
    lines = split_lines(text)
    return not misplaced(tree, lines, [Span(0, 0, 0, len(lines))])


def _at_margin(tree: Tree) -> bool:
    """Whether the first statement is at the margin, which tells where those behind it have to be."""
    first = next((child for child in tree.root.children if not child.is_extra), None)
    return first is None or not first.start_point.column


def sound_by_segments(comparison: Comparison, segments: Segments, spans: Sequence[Span], steps: int) -> bool:
    """Whether the new text is sound, as far as it can be told by its segments.

    In Python, blocks have to be sound where `spans`, some of those of the comparison, are.
    """
    budget = ParseBudget(steps)
    new = comparison.new
    places = iter(spans)
    place = next(places, None)
    for segment in segments.changed(comparison.spans):
        end = len(new) if segment.old_end == -1 else segment.new_end
        lines = new[segment.new_start : end]
        text = "".join(lines)
        tree = None if text in segments.settled else segments.sound(text, budget)
        if tree is None and text not in segments.settled:
            return False
        inside: list[Span] = []
        while place is not None and place.new_start <= end:
            shift = segment.new_start
            inside.append(Span(0, 0, place.new_start - shift, place.new_end - shift))
            place = next(places, None)
        if inside and tree is not None and misplaced(tree, lines, inside):
            return False
    return True
