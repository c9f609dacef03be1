"""Edits that can still be decided on, in a buffer or proposed, and their hunks as a client is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from editsvc.guard.findings import Mark
from editsvc.text.rebase import changes_between, map_offset
from editsvc.text.review import HunkState
from lsp.contract import Hunk, HunkStatus
from lsp.wire.convert import contract_range_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from editsvc.text.document import Edit, Snapshot
    from editsvc.text.review import OpenHunk, Review
    from lsp.documents import Document


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said of a hunk: whether its instruction explains it, and what checks found in its lines."""

    mark: Mark = Mark.UNKNOWN
    findings: tuple[str, ...] = ()


@dataclass(slots=True)
class OpenEdit:
    """One edit in a buffer. Hunks have the numbers of the edits that were proposed; `conflicts` are not in it.

    `remarks` are those of the edits that were proposed.
    """

    id: str
    uri: str
    proposed: tuple[Edit, ...]
    base_text: str
    review: Review
    numbers: tuple[int, ...]
    conflicts: tuple[int, ...]
    silent: bool
    remarks: tuple[Remark, ...]

    def local(self, hunk: int) -> int | None:
        """The review's number for a hunk; None if it has none."""
        return self.numbers.index(hunk) if hunk in self.numbers else None

    def undecided(self) -> Iterator[tuple[int, OpenHunk]]:
        """The hunks that can still be decided, with their numbers."""
        for hunk in self.review.undecided:
            yield self.numbers[hunk.id], hunk

    def unexplained(self) -> list[int]:
        """The numbers of the hunks that can still be decided, and that the instruction does not explain."""
        return [number for number, _ in self.undecided() if self.remarks[number].mark is Mark.UNEXPLAINED]

    def hunks(self, document: Document) -> tuple[Hunk, ...]:
        """All hunks, in the order of their numbers."""
        self.review.refresh(document.text)
        in_buffer = [
            Hunk(
                id=self.numbers[hunk.id],
                range=contract_range_of(document, hunk.start, hunk.end),
                state=self._status(hunk.state),
                old_text=hunk.old_text,
                new_text=hunk.new_text,
                mark=self.remarks[self.numbers[hunk.id]].mark,
                findings=self.remarks[self.numbers[hunk.id]].findings,
            )
            for hunk in self.review.hunks
        ]
        left_out = absent_hunks(
            self.proposed, self.remarks, self.conflicts, self.base_text, document, status=HunkStatus.CONFLICT
        )
        return tuple(sorted((*in_buffer, *left_out), key=lambda hunk: hunk.id))

    def _status(self, state: HunkState) -> HunkStatus:
        if self.silent and state is HunkState.OPEN:
            return HunkStatus.APPLIED
        return HunkStatus[state.name]


@dataclass(eq=False)
class Proposal:
    """An edit of mode ``preview``: what is not decided is in no buffer."""

    id: str
    base: Snapshot
    edits: tuple[Edit, ...]
    label: str
    states: list[HunkState]
    remarks: tuple[Remark, ...]

    @property
    def uri(self) -> str:
        """The document."""
        return self.base.uri

    def unexplained(self) -> list[int]:
        """The numbers of the hunks that are not decided, and that the instruction does not explain."""
        return [
            number
            for number, state in enumerate(self.states)
            if state is HunkState.OPEN and self.remarks[number].mark is Mark.UNEXPLAINED
        ]

    def hunks(self, document: Document) -> tuple[Hunk, ...]:
        """All hunks; of those that are open the state is ``proposed``."""
        numbers = range(len(self.edits))
        hunks = absent_hunks(
            self.edits, self.remarks, numbers, self.base.text, document, status=HunkStatus.PROPOSED
        )
        return tuple(
            hunk if state is HunkState.OPEN else msgspec.structs.replace(hunk, state=HunkStatus[state.name])
            for hunk, state in zip(hunks, self.states, strict=True)
        )


def absent_hunks(
    edits: Sequence[Edit],
    remarks: Sequence[Remark],
    numbers: Iterable[int],
    base_text: str,
    document: Document,
    *,
    status: HunkStatus,
) -> tuple[Hunk, ...]:
    """Some edits of `base_text` that are not in the document, at the place where they would go by now."""
    text = document.text
    changes = changes_between(base_text, text) if text != base_text else []
    hunks = []
    for number in numbers:
        edit = edits[number]
        start, end = edit.start, edit.end
        for change in changes:
            start = map_offset(start, change, stick_right=False)
            end = map_offset(end, change, stick_right=True)
        hunks.append(
            Hunk(
                id=number,
                range=contract_range_of(document, start, max(start, end)),
                state=status,
                old_text=base_text[edit.start : edit.end],
                new_text=edit.new_text,
                mark=remarks[number].mark,
                findings=remarks[number].findings,
            )
        )
    return tuple(hunks)
