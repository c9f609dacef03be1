"""Edits that a check refused, kept for a while so that they can be made all the same without asking a model again.

In memory only, a few, and for minutes: they hold code. A file's refused edits end with it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from editsvc.text.document import Snapshot
    from lsp.contract import Anyway, EditArgument
    from lsp.documents import Document

KEPT_S: Final = 600.0
MOST_KEPT: Final = 8
LARGEST_KEPT: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class RefusedEdit:
    """An edit that a check refused: what was asked, the text that it was made for, and the text as it would be.

    `buffer_text` is the document's text, and `text` the same without a comment that held the instruction.
    """

    id: str
    argument: EditArgument
    buffer_text: str
    text: str
    refused: Snapshot
    anyway: Anyway | None

    @property
    def uri(self) -> str:
        """Its document's."""
        return self.argument.uri

    def before_and_after(self, _document: Document) -> tuple[str, str]:
        """The text that it was made for, and the text as it would be: neither follows the document."""
        return self.text, self.refused.text

    def fits(self, argument: EditArgument, text: str) -> bool:
        """Whether it is what `argument` asks for, on `text`."""
        same = (argument.uri, argument.instruction) == (self.argument.uri, self.argument.instruction)
        return same and text == self.text


class RefusedEdits:
    """Those of a session; lives on the event loop. One of more than `LARGEST_KEPT` code points is not kept."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._kept_s = kept_s
        self._edits: dict[str, RefusedEdit] = {}

    def keep(self, edit: RefusedEdit) -> bool:
        """Keep one, in place of the oldest if there are too many; returns whether it is."""
        if len(edit.refused.text) > LARGEST_KEPT:
            return False
        self._edits[edit.id] = edit
        for oldest in list(self._edits)[:-MOST_KEPT]:
            self.drop(oldest)
        asyncio.get_running_loop().call_later(self._kept_s, self.drop, edit.id)
        return True

    def get(self, edit_id: str | None) -> RefusedEdit | None:
        """The one with that id, if it is still kept."""
        return self._edits.get(edit_id or "")

    def of(self, uri: str, text: str) -> list[RefusedEdit]:
        """Those of a document whose text is still `text`, the latest first."""
        return [
            edit for edit in reversed(self._edits.values()) if edit.uri == uri and edit.buffer_text == text
        ]

    def drop(self, edit_id: str) -> None:
        """It was made, or nobody may want it any more."""
        self._edits.pop(edit_id, None)

    def closed(self, uri: str) -> None:
        """A document was closed."""
        for edit in [edit for edit in self._edits.values() if edit.uri == uri]:
            self.drop(edit.id)
