"""Hovers over changes: what stood there before, and what an edit that waits would write.

For clients without a plugin, nearly all of which show hovers, also those that can open no diff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from editsvc.text.document import line_end, split_lines
from lsp.contract import HunkStatus
from lsp.wire.convert import offsets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lsp.contract import Hunk
    from lsp.documents import Document
    from lsp.editing.decisions import Decisions
    from lsp.editing.reviews import Reviews

_FENCE = "```"


def hover(
    document: Document, place: types.Position, reviews: Reviews, decisions: Decisions, *, markdown: bool
) -> types.Hover | None:
    """The changes on a line, as a diff; None where there is none."""
    changes = [
        _as_diff(document, hunk)
        for hunk in _hunks(document, reviews, decisions)
        if hunk.range.start.line <= place.line <= max(hunk.range.start.line, hunk.range.end.line - 1)
    ]
    if not changes:
        return None
    diff = "\n".join(changes)
    if not markdown:
        return types.Hover(types.MarkupContent(types.MarkupKind.PlainText, diff))
    fence = _FENCE
    while fence in diff:
        fence += "`"
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, f"{fence}diff\n{diff}\n{fence}"))


def _hunks(document: Document, reviews: Reviews, decisions: Decisions) -> Iterator[Hunk]:
    for edit in reviews.of(document.uri):
        for hunk in edit.hunks(document):
            if hunk.state in {HunkStatus.OPEN, HunkStatus.EDITED}:
                yield hunk
    for proposal in decisions.proposed(document.uri):
        fitting = proposal.fitting(document)
        for hunk in proposal.hunks(document):
            if hunk.id in fitting:
                yield hunk


def _as_diff(document: Document, hunk: Hunk) -> str:
    """The old and the new lines, whole: a hunk may begin and end inside of a line."""
    start, end = offsets(document, hunk.range)
    first = document.offset(hunk.range.start.line, 0)
    before = document.text_between(first, start)
    behind = ""
    if hunk.old_text[-1:] not in {"", "\n", "\r"} or hunk.new_text[-1:] not in {"", "\n", "\r"}:
        behind = document.text_between(end, document.line_end(hunk.range.end.line))
    old, new = (
        f"{before}{text}{behind}" if text else before + behind for text in (hunk.old_text, hunk.new_text)
    )
    lines = [f"-{line.removesuffix(line_end(line))}" for line in split_lines(old)]
    lines += [f"+{line.removesuffix(line_end(line))}" for line in split_lines(new)]
    return "\n".join(lines)
