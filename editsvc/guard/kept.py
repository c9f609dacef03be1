"""Which lines of a document a reply kept, in whatever dress: the pairs, and the blank lines between them.

Only what stands in or beside changed lines is read, so that the cost follows the change.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.guard.fold import Dress, difference, garbled, key
from editsvc.text.diff import Span, changed_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from editsvc.guard.proposal import Proposal

_JOINED: Final = (
    4  # unchanged lines between two changes that still belong to one: blank lines and braces match anywhere
)


# Characters of a line that no model writes out again, and that no pattern is to be tried on twenty times.
_LONGEST: Final = 100_000


class Twin(NamedTuple):
    """A line of the old text, and the line of the new one that it became: both 0-based, with the same key."""

    old: int
    new: int
    dresses: frozenset[Dress]


class Gap(NamedTuple):
    """Blank lines between two neighbouring lines that were kept, where their number differs: half-open ranges."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


@dataclass(frozen=True)
class Kept:
    """The lines that were kept in another dress, in order, and what changed beside them.

    `edited` are the new lines, and `gone` the old ones, that are no twins of any: the edit proper, without blank
    lines. `edits` are those of them that stand for each other, since as many lines came as went. `regions` are
    half-open ranges of new lines that were looked at, and whether anything in them was edited.
    """

    twins: list[Twin] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    edited: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    edits: list[tuple[int, int]] = field(default_factory=list)
    regions: list[tuple[int, int, bool]] = field(default_factory=list)

    @cached_property
    def by_new(self) -> dict[int, Twin]:
        """The twins by their new line."""
        return {twin.new: twin for twin in self.twins}

    def is_near(self, new: int) -> bool:
        """Whether the new line `new` stands in one region with an edit."""
        at = bisect_right(self.regions, new, key=itemgetter(0)) - 1
        return at >= 0 and self.regions[at][2]


def kept_lines(proposal: Proposal) -> Kept:
    """The lines of `proposal` that were kept but for their dress; all of it is empty where there can be none."""
    old, new = proposal.old, proposal.new
    kept = Kept()
    once = proposal.original.once

    def keys(line: str) -> str:
        return once(key_of, line)

    if not _any_twin(proposal, keys):
        return kept
    for region in _regions(proposal):
        edited = len(kept.edited) + len(kept.gone)
        _align(old, new, region, kept, keys)
        kept.regions.append((region.new_start, region.new_end, len(kept.edited) + len(kept.gone) > edited))
    return kept


def key_of(line: str) -> str:
    """The key of a line; only what is without the white space around it, where it is very long."""
    return key(line) if len(line) <= _LONGEST else line.strip()


def _any_twin(proposal: Proposal, keys: Callable[[str], str]) -> bool:
    """Whether any changed line could be an old one in another dress: decided without aligning them."""
    olds: Counter[str] = Counter()
    news: Counter[str] = Counter()
    blank = special = False
    for span in proposal.spans:
        old = proposal.old[span.old_start : span.old_end]
        new = proposal.new[span.new_start : span.new_end]
        blank = blank or not any(line.strip() for line in (*old, *new))
        special = special or not all(line.isascii() for line in old)
        olds.update(map(keys, old))
        news.update(map(keys, new))
    del olds[""], news[""]
    return blank or special or bool(olds & news)


def _regions(proposal: Proposal) -> Iterator[Span]:
    """The changed spans, those that lie together as one, each with a line that is not blank at either end."""
    old, new = proposal.old, proposal.new
    joined: list[Span] = []
    for span in proposal.spans:
        if joined and span.old_start - joined[-1].old_end <= _JOINED:
            last = joined.pop()
            span = Span(last.old_start, span.old_end, last.new_start, span.new_end)  # noqa: PLW2901
        joined.append(span)
    end = 0
    for span in joined:
        before = after = 0
        while span.old_start - before > end:
            before += 1
            if old[span.old_start - before].strip():
                break
        while span.old_end + after < len(old) and span.new_end + after < len(new):
            after += 1
            if old[span.old_end + after - 1].strip():
                break
        end = span.old_end
        yield Span(
            span.old_start - before, span.old_end + after, span.new_start - before, span.new_end + after
        )


def _align(
    old: Sequence[str], new: Sequence[str], region: Span, kept: Kept, keys: Callable[[str], str]
) -> None:
    olds = [(number, k) for number in range(region.old_start, region.old_end) if (k := keys(old[number]))]
    news = [(number, k) for number in range(region.new_start, region.new_end) if (k := keys(new[number]))]
    lines, others = [number for number, _ in olds], [number for number, _ in news]
    steps: list[
        tuple[int, int]
    ] = []  # indices of lines that stand for each other, or at one end of the same change
    at_old = at_new = 0
    changes = changed_spans("".join(f"{k}\n" for _, k in olds), "".join(f"{k}\n" for _, k in news))
    for change in (*changes, Span(len(olds), len(olds), len(news), len(news))):
        for step in range(change.old_start - at_old):
            steps.append((at_old + step, at_new + step))
            _pair(old, new, lines[at_old + step], others[at_new + step], kept)
        gone, come = lines[change.old_start : change.old_end], others[change.new_start : change.new_end]
        _unlike(old, new, gone, come, kept)
        if len(gone) == len(come):
            steps.extend(
                zip(
                    range(change.old_start, change.old_end),
                    range(change.new_start, change.new_end),
                    strict=True,
                )
            )
        elif gone and come:
            steps += [(change.old_start, change.new_start), (change.old_end - 1, change.new_end - 1)]
        at_old, at_new = change.old_end, change.new_end
    for (a, b), (c, d) in pairwise(steps):
        if (c - a, d - b) == (1, 1):
            gap = Gap(lines[a] + 1, lines[c], others[b] + 1, others[d])
            if old[gap.old_start : gap.old_end] != new[gap.new_start : gap.new_end]:
                kept.gaps.append(gap)


def _pair(old: Sequence[str], new: Sequence[str], here: int, there: int, kept: Kept) -> None:
    before, after = old[here].rstrip("\n"), new[there].rstrip("\n")
    if before == after:
        return
    dresses = difference(before, after)
    if dresses is None:
        kept.gone.append(here)
        kept.edited.append(there)
        kept.edits.append((here, there))
    else:
        kept.twins.append(Twin(here, there, dresses))


def _if_short(line: str) -> str:
    return line if len(line) <= _LONGEST else ""


def _unlike(old: Sequence[str], new: Sequence[str], olds: list[int], news: list[int], kept: Kept) -> None:
    """Lines that no key brings together: twins only if letters of the old one were garbled in the new one."""
    found = garbled([_if_short(old[number]) for number in olds], [_if_short(new[number]) for number in news])
    kept.twins.extend(Twin(olds[a], news[b], frozenset({dress})) for a, b, dress in found)
    gone, come = {a for a, _, _ in found}, {b for _, b, _ in found}
    lost = [number for index, number in enumerate(olds) if index not in gone]
    added = [number for index, number in enumerate(news) if index not in come]
    kept.gone.extend(lost)
    kept.edited.extend(added)
    if len(lost) == len(added):
        kept.edits.extend(zip(lost, added, strict=True))
