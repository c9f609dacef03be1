"""Undecided edits in the buffer: their hunks, and their verdicts in the log.

An edit of mode ``review`` shows its open hunks; one of mode ``apply`` is followed silently, so that it can
still be taken back, and so that the log learns what survived.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, TypeAlias

from editsvc.text.review import HunkState, Review
from editsvc.tokenlog import LogUnavailable, Verdict
from lsp.editing.open_edit import OpenEdit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from editsvc.text.document import Edit
    from editsvc.text.review import HunkCounts
    from editsvc.tokenlog import TokenLog
    from lsp.documents import Document
    from lsp.editing.apply_edits import ApplyResult
    from lsp.editing.hunk_feed import HunkFeed
    from lsp.editing.open_edit import Remark
    from lsp.service_handle import ServiceHandle

_log = logging.getLogger(__name__)
_SILENT: Final = 32
# An edit's id, the verdict on it, its hunks, those accepted, those that survived.
_VerdictRecord: TypeAlias = tuple[str, Verdict | None, int, int, int | None]


class Reviews:
    """All edits of a session that are open."""

    def __init__(self, service_handle: ServiceHandle, feed: HunkFeed) -> None:
        self._service_handle = service_handle
        self._feed = feed
        self._edits: dict[str, OpenEdit] = {}
        self._unwritten: list[_VerdictRecord] = []
        self._writing: asyncio.Task[None] | None = None

    def open(
        self,
        edit_id: str,
        uri: str,
        proposed: Sequence[Edit],
        base_text: str,
        apply_result: ApplyResult,
        *,
        remarks: Sequence[Remark],
        silent: bool,
    ) -> OpenEdit:
        """Begin to follow an edit that was applied. The document must be as `apply_result` found it."""
        review = Review(apply_result.applied, apply_result.before)
        for change in apply_result.on_top:
            review.changed(change)
        opened = OpenEdit(
            edit_id,
            uri,
            tuple(proposed),
            base_text,
            review,
            apply_result.indices,
            apply_result.conflicts,
            silent,
            tuple(remarks),
        )
        self._edits[edit_id] = opened
        self._feed.decided(opened)
        silents = [edit for edit in self._edits.values() if edit.silent and edit.uri == uri]
        for edit in silents[:-_SILENT]:
            del self._edits[edit.id]
            self._feed.ended(edit)
        return opened

    def forget_undone(self, uri: str, text: str) -> None:
        """End the reviews of edits of which nothing is left to decide on, as the document's `text` shows.

        Before another edit goes in: if it writes what was taken back, it must not bring the first to life again.
        """
        for edit in [edit for edit in self._edits.values() if edit.uri == uri]:
            edit.review.refresh(text)
            if not edit.review.undecided:
                self._finish(edit, text)

    def get(self, edit_id: str) -> OpenEdit | None:
        """The open edit of that id."""
        return self._edits.get(edit_id)

    def latest(self) -> str | None:
        """The id of the edit that was opened last and shows its hunks."""
        return next((edit.id for edit in reversed(self._edits.values()) if not edit.silent), None)

    def of(self, uri: str) -> list[OpenEdit]:
        """The edits of a document that show their hunks."""
        return [edit for edit in self._edits.values() if edit.uri == uri and not edit.silent]

    def follows(self, uri: str) -> bool:
        """Whether an edit of a document is open."""
        return any(edit.uri == uri for edit in self._edits.values())

    def changed(self, uri: str, changes: Sequence[Edit]) -> None:
        """Follow the changes of a document."""
        for edit in self._edits.values():
            if edit.uri == uri:
                for change in changes:
                    edit.review.changed(change)
                self._feed.moved(edit)

    def decided(self, edit: OpenEdit, document: Document) -> None:
        """Write what is decided by now into the log; forget the edit if nothing is open any more."""
        self._feed.decided(edit)
        if edit.review.undecided:
            accepted = sum(hunk.state is HunkState.ACCEPTED for hunk in edit.review.hunks)
            self._record(edit.id, Verdict.PARTIAL, len(edit.proposed), accepted, None)
        else:
            self._finish(edit, document.text)

    def close(self, uri: str, text: str) -> None:
        """A document is closed: what was not decided has survived, or not."""
        for edit in [edit for edit in self._edits.values() if edit.uri == uri]:
            self._finish(edit, text)

    async def wind_up(self, texts: dict[str, str]) -> None:
        """End every review, and wait until the log has heard of it."""
        for edit in list(self._edits.values()):
            self._finish(edit, texts.get(edit.uri, ""))
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=2.0)

    def record_verdict(self, edit_id: str, verdict: Verdict, accepted: int, *, hunks: int) -> None:
        """Log a verdict on an edit that is not open (a preview)."""
        self._record(edit_id, verdict, hunks, accepted, None)

    def _finish(self, edit: OpenEdit, text: str) -> None:
        del self._edits[edit.id]
        self._feed.ended(edit)
        counts = edit.review.close(text)
        self._record(edit.id, verdict_of(counts), len(edit.proposed), counts.accepted, counts.survived)

    def _record(
        self, edit_id: str, verdict: Verdict | None, hunks: int, accepted: int, survived: int | None
    ) -> None:
        self._unwritten.append((edit_id, verdict, hunks, accepted, survived))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Write the verdicts in order: all that have gathered with one opening of the log."""
        try:
            while self._unwritten:
                batch, self._unwritten = self._unwritten, []
                log = self._service_handle.log()
                if log is not None:
                    await asyncio.to_thread(_write_verdicts, log, batch)
        except LogUnavailable as exc:
            _log.warning("%s", exc.warning("A decision about an edit was not logged."))
        finally:
            self._writing = None


def _write_verdicts(log: TokenLog, batch: Iterable[_VerdictRecord]) -> None:
    with log:
        for edit_id, verdict, hunks, accepted, survived in batch:
            log.set_verdict(edit_id, verdict, accepted, survived, hunks=hunks)


def verdict_of(counts: HunkCounts) -> Verdict | None:
    """The user's verdict on the edit as a whole; None without a decision, if the edit merely survived."""
    if not counts.accepted and not counts.rejected:
        return None
    if not counts.rejected and not counts.survived and not counts.gone and not counts.edited:
        return Verdict.ACCEPTED
    if not counts.accepted and not counts.survived and not counts.edited:
        return Verdict.REJECTED
    return Verdict.PARTIAL
