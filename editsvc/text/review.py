"""Review of an edit that is in the buffer: its hunks follow what the user types until each is decided.

Offsets are code points. A hunk is the range that the edit wrote, in the text as it is now. Typing at its border
stays outside; typing inside makes it *edited*: accepting it is possible then, rejecting is not, until its text
reads again as the edit wrote it. A hunk that only deleted is a point; what the user types there stays behind it.

An undo is not announced: it arrives as ordinary changes. So `refresh` and `close` look at the text: a hunk
that reads as before the edit was taken back by the user, and counts as rejected.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from editsvc.errors import Stale, UsageError
from editsvc.text.document import Edit, apply
from editsvc.text.rebase import insertion_point, map_offset

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class HunkState(StrEnum):
    """The state of a hunk."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EDITED = "edited"
    GONE = "gone"
    SURVIVED = "survived"


_LINE_ENDS: Final = frozenset({"\n", "\r\n"})
_UNDECIDED: Final = frozenset({HunkState.OPEN, HunkState.EDITED})


@dataclass(frozen=True, slots=True)
class OpenHunk:
    """A hunk as it is now: code points `start` up to `end` of the current text.

    `id` counts from 0, in the order of the edits; `old_text` is what the edit replaced, `new_text` what it wrote.
    """

    id: int
    start: int
    end: int
    old_text: str
    new_text: str
    state: HunkState


@dataclass(frozen=True, slots=True)
class Rejections:
    """The edits of the current text that take hunks back, and the ids of the hunks that could not be."""

    edits: tuple[Edit, ...]
    hunk_ids: tuple[int, ...]
    refused: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HunkCounts:
    """How many hunks ended in which way.

    `survived` ones were never decided, and stand as the edit wrote them; `edited` ones the user went on from;
    `gone` ones were deleted with what was around them.
    """

    accepted: int = 0
    rejected: int = 0
    survived: int = 0
    edited: int = 0
    gone: int = 0


class Review:
    """The hunks of one applied edit.

    `edits` are in order and were applied to `before_text` at once; the buffer holds the result when the review
    begins. From then on `changed` must hear of every change, those that carry out a rejection included.
    """

    def __init__(self, edits: Sequence[Edit], before_text: str) -> None:
        self._applied: Final = apply(before_text, edits)
        self._hunks: list[_TrackedHunk] = []
        shift = 0
        for edit in edits:
            start = edit.start + shift
            old_text = before_text[edit.start : edit.end]
            self._hunks.append(
                _TrackedHunk(start, start + len(edit.new_text), start, old_text, edit.new_text)
            )
            shift += len(edit.new_text) - len(old_text)

    @property
    def hunks(self) -> tuple[OpenHunk, ...]:
        """All hunks as they are now, decided ones included."""
        return tuple(hunk.seen(number) for number, hunk in enumerate(self._hunks))

    @property
    def undecided(self) -> tuple[OpenHunk, ...]:
        """The hunks that are open or edited: those that can still be accepted."""
        return tuple(hunk for hunk in self.hunks if hunk.state in _UNDECIDED)

    def changed(self, change: Edit) -> None:
        """Follow one change of the text, given in code points of the text before it; O(hunks)."""
        restored = self._restored_by(change)
        for number, hunk in enumerate(self._hunks):
            hunk.follow(change, behind=restored is not None and number > restored)

    def refresh(self, current_text: str) -> None:
        """Judge undecided hunks by the text: as the edit wrote it is open, as before the edit, rejected."""
        for hunk in self._hunks:
            hunk.look(current_text)

    def accept(self, hunk_id: int) -> None:
        """Decide for the hunk as it is now, edited or not.

        Raises Stale if it is gone or taken back, UsageError if there is no such hunk or it is decided.
        """
        hunk = self._undecided(hunk_id)
        if hunk.state not in _UNDECIDED:
            raise Stale(f"Hunk {hunk_id + 1} cannot be accepted: its text is no longer in the document.")
        hunk.verdict = HunkState.ACCEPTED

    def reject(self, hunk_id: int, current_text: str) -> Edit:
        """Decide against the hunk, and return the edit of `current_text` that puts its old text back.

        Raises Stale, with nothing decided, if the hunk does not read as the edit wrote it; UsageError if there
        is no such hunk or it is decided. If the editor does not make the edit, call `reopen`.
        """
        hunk = self._undecided(hunk_id)
        edit = hunk.inverse(current_text, self._applied)
        if edit is None:
            raise Stale(
                f"Hunk {hunk_id + 1} cannot be rejected: its text was changed since the edit wrote it.",
                hint="Change it by hand, or undo what you typed there and reject it then.",
            )
        hunk.verdict = HunkState.REJECTED
        return edit

    def accept_all(self) -> tuple[int, ...]:
        """Accept all that is undecided, and return the ids."""
        ids = tuple(hunk.id for hunk in self.undecided)
        for number in ids:
            self.accept(number)
        return ids

    def reject_all(self, current_text: str, among: Collection[int] | None = None) -> Rejections:
        """Reject all that is undecided, or those of it `among` some; what cannot be is left as it is, and named."""
        edits: list[Edit] = []
        done: list[int] = []
        refused: list[int] = []
        for hunk in self.undecided:
            if among is not None and hunk.id not in among:
                continue
            try:
                edits.append(self.reject(hunk.id, current_text))
            except Stale:
                refused.append(hunk.id)
            else:
                done.append(hunk.id)
        return Rejections(tuple(edits), tuple(done), tuple(refused))

    def reopen(self, hunk_id: int, current_text: str) -> None:
        """Take a decision back: the editor did not carry it out."""
        hunk = self._hunk(hunk_id)
        hunk.verdict = None
        hunk.look(current_text)

    def close(self, current_text: str) -> HunkCounts:
        """End the review: every hunk gets its final state, undecided ones by what the text says."""
        for hunk in self._hunks:
            hunk.finish(current_text)
        counts = Counter(hunk.state for hunk in self._hunks)
        return HunkCounts(
            accepted=counts[HunkState.ACCEPTED],
            rejected=counts[HunkState.REJECTED],
            survived=counts[HunkState.SURVIVED],
            edited=counts[HunkState.EDITED],
            gone=counts[HunkState.GONE],
        )

    def _hunk(self, hunk_id: int) -> _TrackedHunk:
        if not 0 <= hunk_id < len(self._hunks):
            raise UsageError(f"There is no hunk {hunk_id + 1}; the edit has {len(self._hunks)}.")
        return self._hunks[hunk_id]

    def _undecided(self, hunk_id: int) -> _TrackedHunk:
        hunk = self._hunk(hunk_id)
        if hunk.verdict is not None:
            raise UsageError(f"Hunk {hunk_id + 1} is {hunk.verdict} already.")
        return hunk

    def _restored_by(self, change: Edit) -> int | None:
        """The rejected deletion that `change` puts back: what stood behind its point goes behind the text."""
        if change.start != change.end:
            return None
        for number, hunk in enumerate(self._hunks):
            if hunk.is_restored_by(change):
                return number
        return None


class _TrackedHunk:
    """One hunk, where it is now: `start` up to `end` is what it wrote, or, of a deletion, what is typed there.

    `origin` is where it began in the text that the edit gave. `verdict` is what was decided; without one, the
    state is what the changes and the text say.
    """

    def __init__(self, start: int, end: int, origin: int, old_text: str, new_text: str) -> None:
        self.start = start
        self.end = end
        self.verdict: HunkState | None = None
        self._origin = origin
        self._old_text = old_text
        self._new_text = new_text
        self._found = HunkState.OPEN
        # True once a change went across a border: an empty range then says nothing about what was meant.
        self._crossed = False

    @property
    def state(self) -> HunkState:
        return self.verdict or self._found

    def seen(self, number: int) -> OpenHunk:
        # What is typed where the hunk deleted something is the user's, unless it is an undo.
        point = not self._new_text and self.state is not HunkState.REJECTED
        end = self.start if point else self.end
        return OpenHunk(number, self.start, end, self._old_text, self._new_text, self.state)

    def is_restored_by(self, change: Edit) -> bool:
        return (
            self.verdict is HunkState.REJECTED
            and not self._new_text
            and change.new_text == self._old_text
            and self.start <= change.start <= self.end
        )

    def follow(self, change: Edit, *, behind: bool) -> None:
        """Map the range. `behind`: what is inserted here is the old text of a hunk that stands before this one."""
        start, end = self.start, self.end
        if start == end or not self._new_text:
            # A place rather than a text: what is typed here is kept in the range, since it may be an undo.
            self._crossed = self._crossed or (change.start < start and end < change.end)
            self.start = map_offset(start, change, stick_right=behind)
            self.end = map_offset(end, change, stick_right=True)
        else:
            touched = change.start < end and start < change.end
            self._crossed = self._crossed or (touched and (change.start < start or end < change.end))
            self.start = map_offset(start, change, stick_right=True)
            # Where the whole range is replaced with what is around it, its ends change places.
            self.end = map_offset(end, change, stick_right=False)
            self.start = min(self.start, self.end)
            if touched and self._found is HunkState.OPEN:
                self._found = HunkState.EDITED
        if self._crossed and self.start == self.end:
            self._found = HunkState.GONE

    def look(self, text: str) -> None:
        """Judge by the text in the range."""
        self._take_in_line_end(text)
        now = text[self.start : self.end]
        telling = bool(now) or not self._crossed
        if now == self._new_text and telling:
            self._found, self._crossed = HunkState.OPEN, False
        elif now == self._old_text and telling:
            self._found, self._crossed = HunkState.REJECTED, False
        elif self._found is HunkState.REJECTED:
            pass  # the user took it back, and goes on from there
        elif not self._new_text and not self._crossed:
            self._found = HunkState.OPEN
        else:
            self._found = HunkState.EDITED if now and self._new_text else HunkState.GONE

    def _take_in_line_end(self, text: str) -> None:
        """An editor may tell a last line's end as replaced: the new one then stands at the border, outside."""
        now = text[self.start : self.end]
        for whole in (self._new_text, self._old_text):
            if (
                now
                and whole[: len(now)] == now
                and whole[len(now) :] in _LINE_ENDS
                and text.startswith(whole, self.start)
            ):
                self.end = self.start + len(whole)
                return

    def inverse(self, text: str, applied: str) -> Edit | None:
        """The edit of `text` that puts the old text back; None if what the edit wrote is not there."""
        self.look(text)
        if self._found is not HunkState.OPEN:
            return None
        if self._new_text:
            return Edit(self.start, self.end, self._old_text)
        typed = self.start, self.end
        point = insertion_point(self._old_text, before=applied, offset=self._origin, after=text, typed=typed)
        return None if point is None else Edit(point, point, self._old_text)

    def finish(self, text: str) -> None:
        self.look(text)
        if self.verdict is None:
            self.verdict = HunkState.SURVIVED if self._found is HunkState.OPEN else self._found
