"""Which lines an edit may rewrite, by what is selected: pure, parsing apart.

A selection is widened to whole lines. A cursor, or a selection of one character (Helix cannot have less),
means the definition around it, and where there is none, the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc import syntax
from editsvc.scope import ScopeKind, ScopeRequest
from editsvc.text import LineIndex, normalise

if TYPE_CHECKING:
    from editsvc.syntax import Definition, Language

_FILE = ScopeRequest(ScopeKind.FILE)


def selected(text: str, start: int, end: int, language: Language | None) -> ScopeRequest:
    """The lines that a selection from offset `start` up to `end` means; parses if it is a cursor."""
    if end - start > 1:
        return whole_lines(text, start, end)
    return around(text, start, language)


def whole_lines(text: str, start: int, end: int) -> ScopeRequest:
    """The lines that the range touches; one that ends at the start of a line does not touch that line."""
    index = LineIndex(text)
    # The empty line behind the last line end is no line to the model.
    last_line = max(0, index.line_count - 1 - (index.starts[-1] == len(text)))
    first = min(index.line_of(start), last_line)
    last = index.line_of(end)
    if last > first and index.starts[last] == end:
        last -= 1
    return ScopeRequest(ScopeKind.LINES, first_line=first + 1, last_line=min(last, last_line) + 1)


def around(text: str, offset: int, language: Language | None) -> ScopeRequest:
    """The lines of the innermost definition around `offset`, or the file."""
    holding = [one for one in _definitions(text, language) if one.start <= offset <= one.end]
    if not holding:
        return _FILE
    inner = min(holding, key=lambda one: one.end - one.start)
    return whole_lines(text, inner.start, inner.end)


def below(text: str, offset: int, language: Language | None) -> ScopeRequest:
    """What a comment at `offset`, a line's start, is about: the definition that begins there, or around it."""
    line_of = LineIndex(text).line_of
    line = line_of(offset)
    beginning = [one for one in _definitions(text, language) if line_of(one.start) == line]
    if not beginning:
        return around(text, offset, language)
    outer = max(beginning, key=lambda one: one.end - one.start)
    return whole_lines(text, outer.start, outer.end)


def _definitions(text: str, language: Language | None) -> list[Definition]:
    if (
        language is None
        or not language.grammar
        or (normalise(text) != text and "\r" in text.replace("\r\n", ""))
    ):
        # Grammars do not know a lone \r as a line end, and would see one line.
        return []
    return syntax.definitions(text, language)
