"""``editsvc/hunks``: where the open hunks of an edit are, and what became of them, for plugins that draw them.

Sent when a hunk was decided on, and a moment after the text changed. Positions are of the `version` named; a plugin
that has moved on by then waits for the next message, which comes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from lsp.contract import HunksParams

if TYPE_CHECKING:
    from collections.abc import Callable

    from lsp.documents import DocumentStore
    from lsp.editing.open_edit import OpenEdit

_WHILE_TYPING_S: Final = 0.15


class HunkFeed:
    """Tells a client about hunks; `send` gets the notification's parameters. Lives on the event loop."""

    def __init__(self, documents: DocumentStore, send: Callable[[HunksParams], None]) -> None:
        self._documents = documents
        self._send = send
        self._touched: dict[str, OpenEdit] = {}
        self._sent: dict[str, HunksParams] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.enabled = False

    def moved(self, edit: OpenEdit) -> None:
        """The text around an edit's hunks changed."""
        if not self.enabled or edit.silent:
            return
        self._touched[edit.id] = edit
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_WHILE_TYPING_S, self._flush)

    def decided(self, edit: OpenEdit) -> None:
        """A hunk of an edit was decided on, or the edit has just arrived."""
        if self.enabled and not edit.silent:
            self._notify(edit)

    def ended(self, edit: OpenEdit) -> None:
        """An edit is no longer followed."""
        self._touched.pop(edit.id, None)
        self._sent.pop(edit.id, None)

    def _flush(self) -> None:
        self._timer = None
        touched, self._touched = self._touched, {}
        for edit in touched.values():
            self._notify(edit)

    def _notify(self, edit: OpenEdit) -> None:
        document = self._documents.get(edit.uri)
        if document is None:
            return
        message = HunksParams(
            edit_id=edit.id, uri=edit.uri, version=document.version, hunks=edit.hunks(document)
        )
        if message != self._sent.get(edit.id):
            self._sent[edit.id] = message
            self._send(message)
