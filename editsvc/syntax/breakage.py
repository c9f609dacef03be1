"""What a change breaks: the syntax errors of the new text that the old one did not have.

Made for refusing an edit, so it is on the side of the edit wherever a parser may be wrong: grammars lag behind
their languages, dialects and templates look like errors, and what a macro of C expands to is not known.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.diff import changed_spans
from editsvc.syntax.parsing import PARSE_DEADLINE_S, error_nodes, parse
from editsvc.text import LineIndex, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import tree_sitter

    from editsvc.diff import Span
    from editsvc.syntax.languages import Language
    from editsvc.syntax.parsing import Tree

_MACROS: Final = frozenset({"c", "cpp"})
_SHOWN: Final = 60
_MISSING: Final = "missing "


@dataclass(frozen=True, slots=True, order=True)
class SyntaxFault:
    """Something that the parser could not read, or misses: the line (0-based), and what it is, in a few words.

    `text` is a piece of the document's line, or ``missing …``.
    """

    line: int
    text: str


def breakage(
    before: str,
    after: str,
    language: Language,
    *,
    deadline_s: float = PARSE_DEADLINE_S,
    clock: Callable[[], float] = time.monotonic,
) -> list[SyntaxFault] | None:
    """The faults of `after` that `before` did not have, in order of lines, each line once.

    Where `before` has none, all are new. Where it has some, those are new that it has no counterpart for: on a
    line that stayed, one on the same line; on changed lines, one on the lines that they replace; anywhere, one of
    the same text. In C and C++, whose macros look like errors, none is new then. None if nothing can
    be said: no grammar, or `deadline_s`, for both texts together, passed.
    """
    end = clock() + deadline_s
    before, after = normalise(before), normalise(after)
    found = faults(after, language, deadline_s=deadline_s, clock=clock)
    if not found:
        return found
    known = faults(before, language, deadline_s=end - clock(), clock=clock)
    if known is None:
        return None
    if not known:
        return found
    if language.name in _MACROS:
        return []
    return _not_known(found, known, changed_spans(before, after))


def faults(
    text: str,
    language: Language,
    *,
    deadline_s: float = PARSE_DEADLINE_S,
    clock: Callable[[], float] = time.monotonic,
) -> list[SyntaxFault] | None:
    """Everything that the parser cannot read or misses in `text`, in order, the first of each line; None as above."""
    tree = parse(text, language, deadline_s=deadline_s, clock=clock)
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
