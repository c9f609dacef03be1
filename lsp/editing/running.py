"""One ``editsvc.edit`` from its arrival to its answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.text.rebase import map_offset
from lsp.wire.convert import offsets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.text.document import Edit, Snapshot
    from lsp.contract import EditAnswer, EditArgument, Range
    from lsp.documents import Document
    from lsp.settings import ApplyMode
    from lsp.wire.client import EditProgress

_TITLE_LENGTH: Final = 60


class Selection(NamedTuple):
    """A range of code points; the comment's, if the instruction stands in one."""

    start: int
    end: int

    def after(self, changes: Sequence[Edit]) -> Selection:
        """The same place after changes."""
        start, end = self
        for change in changes:
            start = map_offset(start, change, stick_right=False)
            end = map_offset(end, change, stick_right=True)
        return Selection(start, max(start, end))


@dataclass(eq=False)
class Running:
    """One ``editsvc.edit`` from its arrival to its answer."""

    id: str
    uri: str
    argument: EditArgument
    mode: ApplyMode
    base: Snapshot
    selection: Selection | None
    comment: Selection | None
    progress: EditProgress
    stopped: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    task: asyncio.Task[EditAnswer] | None = None
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    logged: bool = False
    of_an_older_text: bool = False

    @property
    def title(self) -> str:
        """What the editor shows for it: the beginning of the instruction."""
        line = " ".join(self.argument.instruction.split())
        shortened = line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1] + "…"
        return f"editsvc: {shortened}"

    @property
    def with_client(self) -> bool:
        """Whether the client was asked to make the edit."""
        return self.sent.is_set()

    def stop(self, message: str) -> bool:
        """Cancel it, if it is not with the client yet; returns whether it could be."""
        if self.with_client or (self.task is not None and self.task.done()):
            return False
        if not self.stopped.done():
            self.stopped.set_result(message)
        if self.task is not None:
            self.task.cancel()
        self.progress.end(message)
        return True


def selection_in(document: Document, place: Range | None) -> Selection | None:
    """A range that the client named, in the document as it is."""
    return Selection(*offsets(document, place)) if place is not None else None
