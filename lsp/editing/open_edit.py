"""Edits that can still be decided on, in a buffer or proposed, and their hunks as a client is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from editsvc.guard.findings import Mark
from editsvc.text.document import Edit, apply
from editsvc.text.rebase import changes_between, map_offset
from editsvc.text.review import HunkState
from lsp.contract import Hunk, HunkStatus
from lsp.editing.apply_edits import carried
from lsp.settings import ApplyMode
from lsp.wire.convert import contract_range_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from editsvc.text.document import Snapshot
    from editsvc.text.review import OpenHunk, Review
    from lsp.documents import Document
    from lsp.editing.apply_edits import Pending


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

    def before_and_after(self, document: Document) -> tuple[str, str]:
        """The document's text without the hunks that are open, and with them."""
        text = document.text
        self.review.refresh(text)
        back = [
            Edit(hunk.start, hunk.end, hunk.old_text)
            for hunk in self.review.undecided
            if hunk.state is HunkState.OPEN
        ]
        return apply(text, back), text

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
    """An edit that is in no buffer: of mode ``preview``, or one that the editor did not make.

    `mode` is how it goes into the buffer, where ``preview`` means that putting it in accepts it. `offered`: by code
    actions. `pending`: the editor may still make it. `by_model`: a model wrote it. `logged`: it has a record in the
    log; the rest of an edit has none, whose other hunks are in the buffer.
    """

    id: str
    base: Snapshot
    edits: tuple[Edit, ...]
    label: str
    states: list[HunkState]
    remarks: tuple[Remark, ...]
    mode: ApplyMode = ApplyMode.PREVIEW
    offered: bool = False
    by_model: bool = False
    logged: bool = True
    pending: Pending | None = None
    _fitting: tuple[int, tuple[int, ...]] | None = None

    @property
    def undecided(self) -> list[int]:
        """The numbers of the hunks that are not decided."""
        return [number for number, state in enumerate(self.states) if state is HunkState.OPEN]

    def fitting(self, document: Document) -> tuple[int, ...]:
        """Those of the undecided that can be put into the document as it is; none if some may be there already."""
        if self._fitting is None or self._fitting[0] != document.version:
            self._fitting = document.version, self._find_fitting(document)
        return self._fitting[1]

    def _find_fitting(self, document: Document) -> tuple[int, ...]:
        if self.pending is not None and self.pending.is_in(document.text):
            return ()
        numbers = self.undecided
        rebased = carried(self.base, [self.edits[number] for number in numbers], document)
        return tuple(numbers[index] for index in rebased.indices)

    def decide(self, number: int, state: HunkState) -> None:
        """Take down what became of a hunk."""
        self.states[number] = state
        self._fitting = None

    def before_and_after(self, document: Document) -> tuple[str, str]:
        """The document's text, and the same with the edit; if nothing of it fits, those that it was made for."""
        numbers = self.fitting(document)
        if not numbers:
            return self.base.text, apply(self.base.text, self.edits)
        rebased = carried(self.base, [self.edits[number] for number in numbers], document)
        return document.text, apply(document.text, rebased.applied)

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
