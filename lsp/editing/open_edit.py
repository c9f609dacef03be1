"""One edit that is in a buffer, and hunks as a client is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from editsvc.text.rebase import changes_between, map_offset
from editsvc.text.review import HunkState
from lsp.wire.convert import range_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from editsvc.text.document import Edit
    from editsvc.text.review import OpenHunk, Review
    from lsp.documents import Document


@dataclass(slots=True)
class OpenEdit:
    """One edit in a buffer. Hunks have the numbers of the edits that were proposed; `conflicts` are not in it."""

    id: str
    uri: str
    proposed: tuple[Edit, ...]
    base_text: str
    review: Review
    numbers: tuple[int, ...]
    conflicts: tuple[int, ...]
    silent: bool

    def local(self, hunk: int) -> int | None:
        """The review's number for a hunk; None if it has none."""
        return self.numbers.index(hunk) if hunk in self.numbers else None

    def undecided(self) -> Iterator[tuple[int, OpenHunk]]:
        """The hunks that can still be decided, with their numbers."""
        for hunk in self.review.undecided:
            yield self.numbers[hunk.id], hunk

    def json(self, document: Document) -> list[dict[str, Any]]:
        """All hunks for a command's answer, in the order of their numbers."""
        self.review.refresh(document.text)
        shown = {
            self.numbers[hunk.id]: {
                "id": self.numbers[hunk.id],
                "range": range_json(document, hunk.start, hunk.end),
                "state": "applied" if self.silent and hunk.state is HunkState.OPEN else hunk.state.value,
                "oldText": hunk.old_text,
                "newText": hunk.new_text,
            }
            for hunk in self.review.hunks
        }
        lost = hunks_json(self.proposed, self.conflicts, self.base_text, document, "conflict")
        shown.update({hunk["id"]: hunk for hunk in lost})
        return [shown[number] for number in sorted(shown)]


def hunks_json(
    edits: Sequence[Edit], numbers: Iterable[int], base_text: str, document: Document, state: str
) -> list[dict[str, Any]]:
    """Some edits of `base_text` that are not in the document, at the place where they would go by now."""
    text = document.text
    changes = changes_between(base_text, text) if text != base_text else []
    result = []
    for number in numbers:
        edit = edits[number]
        start, end = edit.start, edit.end
        for change in changes:
            start = map_offset(start, change, stick_right=False)
            end = map_offset(end, change, stick_right=True)
        result.append(
            {
                "id": number,
                "range": range_json(document, start, max(start, end)),
                "state": state,
                "oldText": base_text[edit.start : edit.end],
                "newText": edit.new_text,
            }
        )
    return result
