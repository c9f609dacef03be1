"""The syntax errors that a change introduces: those of the new text that the old one did not have.

Made for refusing an edit, so it is on the side of the edit wherever a parser may be wrong: grammars lag behind
their languages, dialects and templates look like errors, and what a macro of C expands to is not known.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from editsvc.syntax.budget import ParseBudget
from editsvc.syntax.parsing import error_nodes, parse
from editsvc.syntax.surroundings import flush_left, surroundings
from editsvc.text.diff import changed_spans
from editsvc.text.document import LineIndex, normalise, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    import tree_sitter

    from editsvc.syntax.languages import Language
    from editsvc.syntax.parsing import Tree
    from editsvc.text.diff import Span

# Of each text; some 120,000 lines of ordinary code, a second and a half.
_STEPS: Final = 40_000
# Ordinary code has about a hundred characters a step; what has more than these is not even begun.
_CHARACTERS_A_STEP: Final = 150
_MACROS: Final = frozenset({"c", "cpp"})
_SHOWN: Final = 60
_MISSING: Final = "missing "


class Extent(StrEnum):
    """How much of a text was parsed to check an edit."""

    WHOLE = "whole"
    AROUND_CHANGES = "around-changes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class SyntaxFault:
    """Something that the parser could not read, or misses: the line (0-based), and what it is, in a few words.

    `text` is a piece of the document's line, or ``missing …``.
    """

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Breakage:
    """The faults that an edit introduced, in order of lines, each line once; and how much was checked.

    With `Extent.UNKNOWN` some of the changes, or all, were not checked.
    """

    faults: tuple[SyntaxFault, ...]
    extent: Extent


def breakage(
    before: str,
    after: str,
    language: Language,
    *,
    steps: int = _STEPS,
) -> Breakage | None:
    """The faults of `after` that `before` did not have; None if the language has no grammar.

    Where `before` has none, all are new. Where it has some, those are new that it has no counterpart for: on a
    line that stayed, one on the same line; on changed lines, one on the lines that they replace; anywhere, one of
    the same text. In C and C++, whose macros look like errors, none is new then.

    Each text may take `steps` of the parser. A text that takes more is looked at around the changes, one definition
    after the other, as far as another `steps` go; a definition that was no sound code before is passed over.
    """
    if not language.grammar:
        return None
    before, after = normalise(before), normalise(after)
    if max(len(before), len(after)) <= steps * _CHARACTERS_A_STEP:
        found = faults(after, language, budget=ParseBudget(steps))
        if found == []:
            return Breakage((), Extent.WHOLE)
        known = None if found is None else faults(before, language, budget=ParseBudget(steps))
        if found is not None and known is not None:
            return Breakage(tuple(_new(before, after, found, known, language)), Extent.WHOLE)
    return _around_changes(before, after, language, ParseBudget(steps))


def _around_changes(before: str, after: str, language: Language, budget: ParseBudget) -> Breakage:
    old, new = split_lines(before), split_lines(after)
    broken: list[SyntaxFault] = []
    extent = Extent.AROUND_CHANGES
    for span in surroundings(old, new, changed_spans(before, after)):
        was = flush_left(old[span.old_start : span.old_end])
        known = faults(was, language, budget=budget)
        found = (
            None
            if known is None or known
            else faults(flush_left(new[span.new_start : span.new_end]), language, budget=budget)
        )
        if found is None:
            extent = Extent.UNKNOWN
        else:
            broken += [SyntaxFault(span.new_start + fault.line, fault.text) for fault in found]
    return Breakage(tuple(broken), extent)


def _new(
    before: str, after: str, found: list[SyntaxFault], known: list[SyntaxFault], language: Language
) -> list[SyntaxFault]:
    if not known:
        return found
    if language.name in _MACROS:
        return []
    return _not_known(found, known, changed_spans(before, after))


def faults(text: str, language: Language, *, budget: ParseBudget | None = None) -> list[SyntaxFault] | None:
    """Everything that the parser cannot read or misses in `text`, in order, the first of each line.

    None if the language has no grammar, the budget is used up, or the text is nested too deeply.
    """
    tree = parse(text, language, budget=budget)
    if tree is None:
        return None
    nodes = error_nodes(tree)
    if not nodes:
        return []
    lines = LineIndex(text)
    first: dict[int, SyntaxFault] = {}
    for one, node in nodes:
        line = lines.line_of(one.offset(node.start_byte))
        first.setdefault(line, SyntaxFault(line, _said(one, node)))
    return [first[line] for line in sorted(first)]


def _said(tree: Tree, node: tree_sitter.Node) -> str:
    if node.is_missing:
        return _MISSING + node.type
    piece = tree.source(node).lstrip().partition("\n")[0].rstrip()
    return piece if len(piece) <= _SHOWN else piece[: _SHOWN - 1] + "…"


def _not_known(
    found: Sequence[SyntaxFault], known: Sequence[SyntaxFault], spans: Sequence[Span]
) -> list[SyntaxFault]:
    """Those of `found` for which `known` has no counterpart.

    On a line that stayed, that is a fault on the same line; in changed lines, one on any of the lines that they
    replace, since whoever edits a line of a dialect writes the dialect; and anywhere, one with the same text.
    """
    before = {fault.line for fault in known}
    dialect = {fault.text for fault in known if not fault.text.startswith(_MISSING)}
    starts = [span.new_start for span in spans]
    room = [sum(line in before for line in range(span.old_start, span.old_end)) for span in spans]
    result = []
    for fault in found:
        if fault.text in dialect:
            continue
        number = bisect_right(starts, fault.line) - 1
        span = spans[number] if number >= 0 else None
        if span is not None and fault.line < span.new_end:
            if room[number]:
                room[number] -= 1
                continue
        elif fault.line + (span.old_end - span.new_end if span is not None else 0) in before:
            continue
        result.append(fault)
    return result
