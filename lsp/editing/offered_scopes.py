"""What can be rewritten from a selection or a cursor, in words and lines, before anything is asked for. Pure.

It follows the rules of an edit (`selection_scope`, `editsvc.scope.scopes`): what a client shows is what is rewritten.
Lines are 0-based, and `last` is inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from editsvc import figures
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeKind
from editsvc.text.document import LineIndex, normalise
from lsp.contract import ScopeName
from lsp.editing import selection_scope

if TYPE_CHECKING:
    from editsvc.syntax import Language


@dataclass(frozen=True, slots=True)
class Offered:
    """One scope: its name, the words for it, and its lines."""

    name: ScopeName
    title: str
    first: int
    last: int


def offered(
    text: str, selection: tuple[int, int], cursor: int, language: Language | None, *, divide_above: int
) -> list[Offered]:
    """The scopes of an edit from a selection with its cursor (offsets), the most likely first; never empty."""
    found = []
    start, end = selection
    request = selection_scope.selected(text, start, end)
    if request.kind is ScopeKind.LINES:
        first, last = request.first_line - 1, request.last_line - 1
        found.append(Offered(ScopeName.SELECTION, lines(first, last), first, last))
    document = normalise(text)
    index = LineIndex(document)
    count = max(1, index.line_count - document.endswith("\n"))
    line = LineIndex(text).line_of(cursor)
    around = scopes.definition_at(line + 1, document, language)
    if around is not None:
        first, last = index.line_of(around.start), index.line_of(max(around.start, around.end - 1))
        title = f"{around.kind} {around.qualified}, {lines(first, last)}"
        found.append(Offered(ScopeName.SYMBOL, title, first, last))
    elif scopes.is_long(document, divide_above):
        found.append(Offered(ScopeName.PARTS, "the parts of the file that need it", 0, count - 1))
    found.append(Offered(ScopeName.FILE, f"the whole file, {figures.count(count, 'line')}", 0, count - 1))
    return found


def lines(first: int, last: int) -> str:
    """The lines in words, from 1 on."""
    return f"line {first + 1:,}" if first == last else f"lines {first + 1:,} to {last + 1:,}"
