"""Definitions that stand in another order than before, though nobody asked for that."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Final

from editsvc.guard.changes import tells
from editsvc.guard.findings import Answer, Check, Finding, Lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from editsvc.guard.proposal import Proposal
    from editsvc.syntax import Definition
    from editsvc.text.diff import Span

_BLOCK: Final = 3  # lines
_NAMES_SHOWN: Final = 3


def reordered(proposal: Proposal) -> Iterator[Finding]:
    """Definitions of both texts that changed places, of which as few as possible are named."""
    intent = proposal.intent
    if proposal.before == proposal.after or intent.reorders or intent.rewrites or intent.removes:
        return
    if not _lines_moved(proposal):
        return
    before, after = proposal.old_outline, proposal.new_outline
    if before is None or after is None or not before.definitions:
        yield from _blocks(proposal)
        return
    old, new = _unique(before.definitions), _unique(after.definitions)
    both = [name for name in old if name in new]
    places = {name: place for place, name in enumerate(name for name in new if name in old)}
    stayed = _longest_rise([places[name] for name in both])
    moved = [name for place, name in enumerate(both) if place not in stayed]
    # What is inside of a definition that moved went along.
    moved = [name for name in moved if not any(name.startswith(f"{other}.") for other in moved)]
    if not moved:
        return
    strong = intent.understood and (intent.narrow or len(moved) > 1)
    alone = len(moved) == 1 and not intent.narrow  # little is at stake, and code often moves beside its use
    shown = ", ".join(moved[:_NAMES_SHOWN])
    more = f" and {len(moved) - _NAMES_SHOWN} more" if len(moved) > _NAMES_SHOWN else ""
    yield Finding(
        Check.ORDER,
        f"{shown}{more} {'stands' if len(moved) == 1 else 'stand'} in another place than before.",
        Answer.ASK_THEN_REFUSE if strong else Answer.WARN if alone else Answer.ASK_THEN_WARN,
        before=_lines(old[moved[0]], proposal.before),
        after=_lines(new[moved[0]], proposal.after),
        when="if the new order is wanted",
    )


def _lines_moved(proposal: Proposal) -> bool:
    """Whether lines that are gone somewhere came somewhere; it needs no parsing to tell."""
    old, new = proposal.old, proposal.new
    gone = {
        line.strip() for span in proposal.spans for line in old[span.old_start : span.old_end] if tells(line)
    }
    return bool(gone) and any(
        line.strip() in gone for span in proposal.spans for line in new[span.new_start : span.new_end]
    )


def _blocks(proposal: Proposal) -> Iterator[Finding]:
    """As `reordered`, where no grammar tells definitions: a block of lines that went from one place to another."""
    certain = proposal.intent.understood and proposal.intent.narrow
    gone: dict[tuple[str, ...], Span] = {}
    for span in proposal.spans:
        key = _block(proposal.old[span.old_start : span.old_end])
        if span.new_start == span.new_end and len(key) >= _BLOCK:
            gone.setdefault(key, span)
    for span in proposal.spans:
        if span.old_start != span.old_end:
            continue
        was = gone.get(_block(proposal.new[span.new_start : span.new_end]))
        if was is not None:
            yield Finding(
                Check.ORDER,
                f"Lines {was.old_start + 1} to {was.old_end} stand in another place than before.",
                Answer.ASK_THEN_REFUSE if certain else Answer.WARN,
                before=Lines(was.old_start + 1, was.old_end),
                after=Lines(span.new_start + 1, span.new_end),
                when="if the new order is wanted",
            )
            return


def _block(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines to compare blocks by; in any order, since a diff may begin a block in its middle."""
    return tuple(sorted(line.strip() for line in lines if tells(line)))


def _unique(definitions: Sequence[Definition]) -> dict[str, Definition]:
    """The definitions by qualified name, in order, without prototypes, and those of which there are several."""
    count = Counter(definition.qualified for definition in definitions)
    return {
        each.qualified: each
        for each in definitions
        if count[each.qualified] == 1 and each.kind != "declaration"
    }


def _longest_rise(places: Sequence[int]) -> set[int]:
    """The indexes of a longest rising part of `places`."""
    ends: list[int] = []  # the index at which the best part of each length ends
    tops: list[int] = []
    previous: list[int] = []
    for index, place in enumerate(places):
        length = bisect_left(tops, place)
        previous.append(ends[length - 1] if length else -1)
        if length == len(ends):
            ends.append(index)
            tops.append(place)
        else:
            ends[length], tops[length] = index, place
    result: set[int] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        result.add(index)
        index = previous[index]
    return result


def _lines(definition: Definition, text: str) -> Lines:
    return Lines(
        text.count("\n", 0, definition.start) + 1, text.count("\n", 0, max(0, definition.end - 1)) + 1
    )
