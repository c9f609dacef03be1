"""Which lines an edit may rewrite, by what is selected. Pure.

A selection is widened to whole lines, and bounds the edit. A cursor, or a selection of one character (Helix
cannot have less), means the definition around it, from which the model may ask for more.
"""

from __future__ import annotations

from editsvc.scope.scopes import ScopeKind, ScopeRequest
from editsvc.text.document import LineIndex


def selected(text: str, start: int, end: int) -> ScopeRequest:
    """What a selection from offset `start` up to `end` means."""
    if end - start > 1:
        return whole_lines(text, start, end)
    return at(text, start)


def at(text: str, offset: int) -> ScopeRequest:
    """The place of a cursor at `offset`, or of a comment that stood there."""
    return ScopeRequest(ScopeKind.AUTO, cursor_line=LineIndex(text).line_of(offset) + 1)


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
