"""The parts of a session, put together; made when the client is initialized."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.text.document import PositionEncoding
from lsp.documents import DocumentStore
from lsp.editing.apply_edits import EditApplier, Patience
from lsp.editing.decisions import Decisions
from lsp.editing.diff_documents import DiffDocuments
from lsp.editing.edits import Edits
from lsp.editing.hunk_feed import HunkFeed
from lsp.editing.reviews import Reviews
from lsp.editing.tasks import Tasks
from lsp.service_handle import ServiceHandle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lsp.wire.client import ClientLink


class Parts:
    """One of each for a session, on the client behind `link`."""

    def __init__(
        self,
        link: ClientLink,
        *,
        environ: Mapping[str, str],
        offline: bool,
        patience: Patience | None,
        new_id: Callable[[], str],
    ) -> None:
        self.documents = DocumentStore()
        self.service_handle = ServiceHandle(environ, offline=offline)
        self.applier = EditApplier(self.documents, link.apply, patience or Patience())
        hunks = HunkFeed(self.documents, link.hunks)
        hunks.enabled = link.about.hunks
        self.reviews = Reviews(self.service_handle, hunks)
        self.tasks = Tasks()
        self.diffs = DiffDocuments(link, environ)
        self.decisions = Decisions(
            documents=self.documents,
            applier=self.applier,
            reviews=self.reviews,
            client=link,
            tasks=self.tasks,
            diffs=self.diffs,
        )
        self.edits = Edits(
            documents=self.documents,
            service_handle=self.service_handle,
            applier=self.applier,
            reviews=self.reviews,
            decisions=self.decisions,
            client=link,
            tasks=self.tasks,
            diffs=self.diffs,
            new_id=new_id,
        )

    def begin(self, encoding: str, root: Path | None) -> None:
        """Take over what was agreed on with the client."""
        self.documents.encoding = PositionEncoding(encoding)
        self.edits.root = root

    async def wind_up(self) -> None:
        """Stop edits, write verdicts, close connections."""
        self.diffs.close()
        await self.edits.wind_up()
        await self.reviews.wind_up({document.uri: document.text for document in self.documents})
        await self.service_handle.close()
