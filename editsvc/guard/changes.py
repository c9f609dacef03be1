"""What became of each changed place of a document: which lines are gone for good, and which are new.

Lines are compared without their indentation and by how often they stand there, so that a line that moved is neither
gone nor new. Lines without a letter or digit (braces, blanks) are left out: they match anywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.guard.similarity import similarity, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from editsvc.text.diff import Span

_TELLS: Final = re.compile(r"[^\W_]")
_ALIKE: Final = 0.6
_MOST_COME: Final = 20  # lines; above, that something came for what is gone needs no closer look
_BESIDE: Final = 5  # lines; in-place changes lie at the edges of what is gone


@dataclass(frozen=True, slots=True)
class Change:
    """Changed lines with nothing but braces and blanks between them: 0-based half-open ranges of both texts.

    `gone` are the numbers of old lines that stand nowhere in the new text, `come` those of new lines that stood nowhere
    in the old one.
    """

    old_start: int
    old_end: int
    new_start: int
    new_end: int
    gone: tuple[int, ...]
    come: tuple[int, ...]

    @property
    def net(self) -> int:
        """How many more lines are gone than came; negative where more came."""
        return len(self.gone) - len(self.come)


def tells(line: str) -> bool:
    """Whether `line` has a letter or digit; a brace or a blank line says nothing about where it belongs."""
    return _TELLS.search(line) is not None


def changes_of(old: Sequence[str], new: Sequence[str], spans: Sequence[Span]) -> list[Change]:
    """The changed places of two texts, given as lines and as the `spans` that differ, in order."""
    before = _contents(old, ((span.old_start, span.old_end) for span in spans))
    after = _contents(new, ((span.new_start, span.new_end) for span in spans))
    was, now = Counter(before.values()), Counter(after.values())
    missing, extra = was - now, now - was
    result = []
    for group in _neighbours(old, spans):
        gone = (number for span in group for number in range(span.old_start, span.old_end))
        come = (number for span in group for number in range(span.new_start, span.new_end))
        result.append(
            Change(
                group[0].old_start,
                group[-1].old_end,
                group[0].new_start,
                group[-1].new_end,
                tuple(number for number in gone if before.get(number) in missing),
                tuple(number for number in come if after.get(number) in extra),
            )
        )
    return result


def without_successor(change: Change, old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines of `change` are gone, if all that came in their place are such lines, changed; else 0.

    A line is such a changed one if most of its words are those of a line that is gone.
    """
    if change.net <= 0 or len(change.come) > _MOST_COME:
        return 0
    edge = len(change.come) + _BESIDE
    gone = change.gone if len(change.gone) <= 2 * edge else change.gone[:edge] + change.gone[-edge:]
    left = [words(old[number]) for number in gone]
    for number in change.come:
        mine = words(new[number])
        best = max(left, key=lambda other: similarity(mine, other), default=Counter())
        if similarity(mine, best) < _ALIKE:
            return 0
        left.remove(best)
    return change.net


def _contents(lines: Sequence[str], ranges: Iterable[tuple[int, int]]) -> dict[int, str]:
    """The lines in `ranges` that tell something, by their numbers, without the white space around them."""
    return {
        number: content
        for start, end in ranges
        for number in range(start, end)
        if _TELLS.search(content := lines[number].strip())
    }


def _neighbours(old: Sequence[str], spans: Sequence[Span]) -> list[list[Span]]:
    """Spans with nothing between them but blank lines and braces, which match anywhere."""
    groups: list[list[Span]] = []
    for span in spans:
        if groups and not any(map(tells, old[groups[-1][-1].old_end : span.old_start])):
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups
