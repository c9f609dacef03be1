r"""Replies as structured edits, as a model constrained to a JSON schema writes them. Pure.

The form is that of `editsvc.reply.search_replace`: search texts with their replacements.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from editsvc.emulator.responder import ModelReply, ModelReplyKind
from editsvc.reply.search_replace import SearchReplace, StructuredReply
from editsvc.text.diff import changed_spans
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.emulator.task import Job
    from editsvc.text.diff import Span


def unnumbered(job: Job) -> Job:
    """`job` without numbered sections: a search text says by itself where it belongs."""
    return replace(job, sections=()) if job.numbered else job


def structured(reply: ModelReply, text: str) -> StructuredReply:
    r"""`reply` as edits of `text` (``\n`` only), or as the reason for refusing."""
    if reply.kind is not ModelReplyKind.CODE:
        return StructuredReply((), reply.text)
    if not text and reply.text:
        return StructuredReply((), "There is no text to search in.")
    return StructuredReply(edits_between(text, reply.text))


def encode(reply: StructuredReply) -> str:
    """The JSON that a model would stream."""
    return msgspec.json.encode(reply).decode()


def edits_between(before: str, after: str) -> tuple[SearchReplace, ...]:
    r"""The edits that turn `before`, which is not empty, into `after`: one for each place that changes.

    A search text is made of whole lines, with as many unchanged ones around the change as make it occur once
    in `before`; places whose lines would overlap become one. At the end of the text it goes without the last
    newline, if that stays: nobody sees in a frame whether the file has one. Both texts have ``\n`` only.
    """
    old, new = split_lines(before), split_lines(after)
    regions: list[_Region] = []
    for span in changed_spans(before, after):
        region = _unmistakable(span, old, before)
        while regions and regions[-1].end > region.start:
            region = regions.pop().joined(region)
        regions.append(region)
    return tuple(_edit(region, old, new, before) for region in regions)


@dataclass(frozen=True, slots=True)
class _Region:
    """Lines `start` up to `end` of the old text, and the first and last of the changes in them."""

    start: int
    end: int
    first: Span
    last: Span

    def joined(self, other: _Region) -> _Region:
        """This region and a later one that overlaps it."""
        return _Region(min(self.start, other.start), max(self.end, other.end), self.first, other.last)


def _unmistakable(span: Span, old: Sequence[str], before: str) -> _Region:
    """The smallest unique region around `span`, with as many lines above as below."""

    def around(count: int) -> slice:
        return slice(max(0, span.old_start - count), min(len(old), span.old_end + count))

    # A text that contains a unique text is unique too, so bisection finds the smallest.
    count = bisect_left(
        range(len(old)), x=True, key=lambda count: _occurs_once("".join(old[around(count)]), before)
    )
    lines = around(count)
    return _Region(lines.start, lines.stop, span, span)


def _edit(region: _Region, old: Sequence[str], new: Sequence[str], before: str) -> SearchReplace:
    start = region.first.new_start - (region.first.old_start - region.start)
    end = region.last.new_end + (region.end - region.last.old_end)
    search, replacement = "".join(old[region.start : region.end]), "".join(new[start:end])
    if region.end == len(old) and search.endswith("\n") and replacement.endswith("\n"):
        shorter = search.removesuffix("\n")
        if _occurs_once(shorter, before):
            return SearchReplace(shorter, replacement.removesuffix("\n"))
    return SearchReplace(search, replacement)


def _occurs_once(search: str, text: str) -> bool:
    """Whether `search`, a piece of `text`, is not empty and occurs there only once."""
    return bool(search) and text.find(search, text.find(search) + 1) < 0
