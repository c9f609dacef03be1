r"""Which lines of a reply stand for which lines of the original, while the reply is still coming.

For show only: when the reply is complete, `editsvc.text.diff` decides. The promises here are others: every line
costs about the same however long the file is, what was once committed never changes, and a line of the
original that the reply has not reached is never called deleted.

How: a cursor walks the original. Lines equal to the line under the cursor are committed at once. At the first
other line a gap opens, and lines gather in it until a run of them matches the original at or after the
cursor; candidates come from an index of rare lines, of the next 25,000 at least, and from a window right behind
the cursor. The farther the jump, the longer the run must be, or a moved block would look like two huge rewrites.
The gap is then compared exactly and committed. What has waited too long is committed before that, so that no line
waits for more than 200 others: lines of which the original has one each, and which come in its order, tell how far
the reply is; without them, what waits is new, and nothing of the original is said to be gone. Lines match regardless
of their white space, so that a block whose indentation changes is followed instead of gathered; whether they are
*equal* is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.text.diff import changed_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_AHEAD: Final = (
    50_000  # lines behind the cursor that are known at least by half; an index takes six times their size
)
_RARE: Final = 8  # a line that occurs more often than this is no anchor
_WINDOW: Final = 24  # lines behind the cursor that are looked at even if they are not rare
_RUN: Final = 3
# With fewer rare lines, a run that jumps must be twice as long: every function ends with common ones.
_RARE_IN_A_RUN: Final = 2
_SKIPPED_PER_LINE: Final = 8
_CANDIDATES: Final = 64
_MOST_WAITING: Final = 192  # lines of the reply
# Of so many waiting lines one must be the original's, and alone of its kind, or all are new.
_TELLING: Final = 16


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `old_start` up to `old_end` correspond to `new_start` up to `new_end`, 0-based and half-open.

    If `equal`, they are the same lines; otherwise the old ones are replaced by the new ones. Blocks come in
    order and without gaps on both sides.
    """

    old_start: int
    old_end: int
    new_start: int
    new_end: int
    equal: bool


class StreamingDiff:
    r"""Takes the reply's lines as they come; `original` is the list of lines they rewrite, with their ends."""

    def __init__(self, original: Sequence[str]) -> None:
        self._old = original
        self._new: list[str] = []
        self._cursor = 0  # the next line of the original that is not committed
        self._known = 0  # the line with which what is known of the original begins
        self._keys: list[str] = []
        self._index: dict[str, list[int]] = {}
        self._look_ahead()
        self._committed = 0  # the next line of the reply that is not committed
        self._following = False  # inside of a run that matches but for white space
        # Next expected line of the original -> length of the run up to it, and how many of its lines are rare.
        self._runs: dict[int, tuple[int, int]] = {}
        self._early = 0  # lines of the gap that were committed because they had waited too long
        self._blocks: list[Block] = []

    @property
    def reached(self) -> int:
        """How many lines of the original are committed."""
        return self._cursor

    def push(self, lines: Iterable[str]) -> list[Block]:
        """The blocks that these lines commit, most often none or one; adjacent ones of a kind are merged."""
        for line in lines:
            self._new.append(line)
            self._take(line)
        blocks, self._blocks = self._blocks, []
        return blocks

    def finish(self) -> list[Block]:
        """The remaining blocks: what the reply did not reach by now is deleted."""
        self._commit_gap(len(self._old), len(self._new))
        blocks, self._blocks = self._blocks, []
        return blocks

    def _look_ahead(self) -> None:
        """Know the next lines of the original by what they say, regardless of white space."""
        self._known = self._cursor
        self._keys = [line.strip() for line in self._old[self._cursor : self._cursor + _AHEAD]]
        self._index = {}
        for number, key in enumerate(self._keys, self._known):
            if key:
                self._index.setdefault(key, []).append(number)

    def _says(self, number: int, key: str) -> bool:
        """Whether that line of the original is one that says `key`, as far as is known."""
        at = number - self._known
        return 0 <= at < len(self._keys) and self._keys[at] == key

    def _take(self, line: str) -> None:
        if self._committed == len(self._new) - 1 and self._cursor < len(self._old):
            if line == self._old[self._cursor]:
                self._following = self._following and not line.strip()
                self._commit(1, 1, equal=True)
                return
            if self._following and self._says(self._cursor, line.strip()):
                self._commit(1, 1, equal=False)
                return
        self._following = False
        self._search(line)
        if len(self._new) - self._committed >= _MOST_WAITING:
            self._commit_early()

    def _search(self, line: str) -> None:
        key = line.strip()
        is_rare = bool(key) and len(self._index.get(key, ())) <= _RARE
        runs: dict[int, tuple[int, int]] = {}
        for expected, (length, rare) in self._runs.items():
            if self._says(expected, key):
                runs[expected + 1] = length + 1, rare + is_rare
        if key and len(runs) < _CANDIDATES:
            for number in self._anchors(key):
                runs.setdefault(number + 1, (1, int(is_rare)))
        self._runs = runs
        best: int | None = None
        for end, (length, rare) in runs.items():
            # Lines that were replaced one by one are no jump: only what is skipped beyond them is.
            replaced = self._early + len(self._new) - length - self._committed
            skipped = end - length - self._cursor
            jump = max(0, skipped - replaced)
            needed = _RUN + jump // _SKIPPED_PER_LINE
            told = length if rare >= _RARE_IN_A_RUN or not jump else length // 2
            if told >= needed and (best is None or end < best):
                best = end
        if best is not None:
            self._accept(best, runs[best][0])

    def _anchors(self, key: str) -> list[int]:
        places = self._index.get(key, [])
        if len(places) <= _RARE:
            return [number for number in places if number >= self._cursor]
        window = range(self._cursor, self._cursor + _WINDOW)
        return [number for number in window if self._says(number, key)]

    def _commit_early(self) -> None:
        """Commit what waits up to the last line that tells how far the reply has come, or the oldest lines as new."""
        waiting = self._new[self._committed :]
        old = self._old[self._cursor : self._cursor + len(waiting) + _WINDOW]
        spans = changed_spans("".join(old), "".join(waiting)) if old else []
        last, telling, at = None, 0, 0
        for span in spans:
            for number in range(at, span.old_start):
                if len(self._index.get(old[number].strip(), ())) == 1:
                    telling += 1
                    last = number, number + span.new_start - span.old_start
            at = span.old_end
        if last is not None and telling * _TELLING >= len(waiting):
            self._commit_gap(self._cursor + last[0] + 1, self._committed + last[1] + 1)
            return
        early = len(waiting) // 4
        self._commit(0, early, equal=False)
        self._early += early

    def _accept(self, end: int, length: int) -> None:
        length = min(length, len(self._new) - self._committed)
        self._commit_gap(end - length, len(self._new) - length)
        for old, new in zip(self._old[end - length : end], self._new[-length:], strict=True):
            self._commit(1, 1, equal=old == new)
            self._following = old != new

    def _commit_gap(self, old_end: int, new_end: int) -> None:
        """Commit everything up to the two line numbers, as finely as an exact diff has it."""
        self._runs = {}
        self._early = 0
        old, new = self._old[self._cursor : old_end], self._new[self._committed : new_end]
        if old and new:
            old_at = 0
            for span in changed_spans("".join(old), "".join(new)):
                same = span.old_start - old_at
                self._commit(same, same, equal=True)
                self._commit(span.old_end - span.old_start, span.new_end - span.new_start, equal=False)
                old_at = span.old_end
            same = len(old) - old_at
            self._commit(same, same, equal=True)
        else:
            self._commit(len(old), len(new), equal=False)

    def _commit(self, old: int, new: int, *, equal: bool) -> None:
        if not old and not new:
            return
        start = self._cursor, self._committed
        self._cursor += old
        self._committed += new
        end = self._known + len(self._keys)
        if end - self._cursor < _AHEAD // 2 and end < len(self._old):
            self._look_ahead()
        if self._blocks and self._blocks[-1].equal == equal:
            last = self._blocks.pop()
            start = last.old_start, last.new_start
        self._blocks.append(Block(start[0], self._cursor, start[1], self._committed, equal))
