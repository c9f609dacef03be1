"""The user's decisions on hunks: accept and reject, for an edit in the buffer or one that waits to be put in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from lsprotocol.types import MessageType
from pygls.exceptions import JsonRpcInvalidParams

from editsvc.errors import EditsvcError
from editsvc.text.review import HunkState
from lsp import remedies
from lsp.contract import AnswerStatus
from lsp.editing import answers
from lsp.editing.apply_edits import ApplyResult, Outcome
from lsp.editing.open_edit import OpenEdit, Proposal
from lsp.settings import ApplyMode
from lsp.wire.jsonrpc import log_without_content

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from lsp.contract import DecisionAnswer
    from lsp.documents import Document, DocumentStore
    from lsp.editing.apply_edits import EditApplier
    from lsp.editing.diff_documents import DiffDocuments
    from lsp.editing.reviews import Reviews
    from lsp.editing.tasks import Tasks
    from lsp.wire.client import ClientLink

_ALL_ASKED_FOR: Final = "No open change is known to be more than was asked for."
_NONE_OPEN: Final = "No change is open, and no edit waits to be put in."
_MOST_KEPT: Final = 8


class Decisions:
    """Accepting and rejecting in a session, and the edits that wait for it in no buffer.

    With `notify`, nobody reads an answer: what takes long is answered at once, and what goes wrong is shown.
    """

    def __init__(
        self,
        *,
        documents: DocumentStore,
        applier: EditApplier,
        reviews: Reviews,
        client: ClientLink,
        tasks: Tasks,
        diffs: DiffDocuments,
    ) -> None:
        self._documents = documents
        self._applier = applier
        self._reviews = reviews
        self._client = client
        self._tasks = tasks
        self._diffs = diffs
        self._proposals: dict[str, Proposal] = {}

    # --- edits that wait ------------------------------------------------------------------------------------

    def propose(self, proposal: Proposal) -> None:
        """Have an edit wait for a decision; of those that an editor did not make, only the last few."""
        self._proposals[proposal.id] = proposal
        kept = [one.id for one in self._proposals.values() if one.mode is not ApplyMode.PREVIEW]
        for oldest in kept[:-_MOST_KEPT]:
            self._drop(oldest)
        pending = proposal.pending
        if pending is not None:
            self._applier.follow(proposal.uri, pending, lambda result: self._arrived(proposal, result))
        self._client.refresh_lenses()

    def proposed(self, uri: str) -> list[Proposal]:
        """The edits of a document that wait, and are offered by code actions; the latest first."""
        return [one for one in reversed(self._proposals.values()) if one.uri == uri and one.offered]

    def get(self, edit_id: str | None) -> OpenEdit | Proposal | None:
        """The edit of that id that is open or waits; without one, the latest."""
        key = edit_id or self._reviews.latest() or next(reversed(self._proposals), "")
        return self._reviews.get(key) or self._proposals.get(key)

    def knows(self, edit_id: str) -> bool:
        """Whether an edit waits for a decision."""
        return edit_id in self._proposals or self._reviews.get(edit_id) is not None

    def closed(self, uri: str) -> None:
        """A document was closed: what waited for it has no place to go."""
        for key in [key for key, proposal in self._proposals.items() if proposal.uri == uri]:
            self._drop(key)

    def _drop(self, edit_id: str) -> None:
        proposal = self._proposals.pop(edit_id, None)
        if proposal is not None and proposal.pending is not None:
            self._applier.unfollow(proposal.uri, proposal.pending)
        self._diffs.forget(edit_id)

    def _arrived(self, proposal: Proposal, apply_result: ApplyResult) -> None:
        """The editor has made an edit after all, long after it was asked to."""
        if self._documents.get(proposal.uri) is None:
            return
        self._drop(proposal.id)
        self.landed(proposal, apply_result)
        if proposal.mode is ApplyMode.REVIEW:
            self._client.show(
                f"The edit has arrived, to be accepted or rejected: {answers.SEE_ACTIONS}.", MessageType.Info
            )

    def landed(self, proposal: Proposal, apply_result: ApplyResult) -> OpenEdit:
        """Follow an edit that is in the buffer now, as its mode says."""
        silent = proposal.mode is ApplyMode.APPLY
        opened = self._reviews.open(
            proposal.id,
            proposal.uri,
            proposal.edits,
            proposal.base.text,
            apply_result,
            remarks=proposal.remarks,
            silent=silent,
        )
        if not silent:
            self._client.refresh_lenses()
        return opened

    # --- decisions ------------------------------------------------------------------------------------------

    def accept(
        self, edit_id: str | None, hunk: int | None, *, notify: bool = False
    ) -> DecisionAnswer | Coroutine[Any, Any, DecisionAnswer]:
        """Accept one hunk, or all that are undecided; raises JsonRpcInvalidParams."""
        found = self._open(edit_id, hunk)
        if isinstance(found, Proposal):
            return self._answered(found, self._put_in(found, hunk, unwatched=notify), notify=notify)
        return self._tell(self._accept(found, hunk), notify=notify)

    def reject(
        self, edit_id: str | None, hunk: int | None, *, notify: bool = False
    ) -> DecisionAnswer | Coroutine[Any, Any, DecisionAnswer]:
        """Take one hunk back, or all that are undecided; raises JsonRpcInvalidParams."""
        found = self._open(edit_id, hunk)
        return self._rejecting(found, None if hunk is None else [hunk], notify=notify)

    def reject_unexplained(
        self, edit_id: str | None, *, notify: bool = False
    ) -> DecisionAnswer | Coroutine[Any, Any, DecisionAnswer]:
        """Take back the undecided hunks that the instruction does not explain; raises JsonRpcInvalidParams."""
        found = self._open(edit_id, None)
        document = self._document(found.uri)
        if isinstance(found, OpenEdit):
            found.review.refresh(document.text)
        unexplained = found.unexplained()
        if not unexplained:
            answer = answers.decision(found, document, AnswerStatus.UNCHANGED, _ALL_ASKED_FOR)
            return self._tell(answer, notify=notify)
        return self._rejecting(found, unexplained, notify=notify)

    def _rejecting(
        self, found: OpenEdit | Proposal, hunks: Sequence[int] | None, *, notify: bool
    ) -> DecisionAnswer | Coroutine[Any, Any, DecisionAnswer]:
        """Take back those `hunks`, or all that are undecided."""
        if isinstance(found, Proposal):
            return self._reject_proposed(found, hunks)
        return self._answered(found, self._reject(found, hunks, unwatched=notify), notify=notify)

    def _answered(
        self, found: OpenEdit | Proposal, work: Coroutine[Any, Any, DecisionAnswer], *, notify: bool
    ) -> DecisionAnswer | Coroutine[Any, Any, DecisionAnswer]:
        """The answer that `work` comes to; with `notify` one that does not wait for it."""
        if not notify:
            return work
        self._tasks.keep(asyncio.create_task(self._told(work)))
        return answers.decision(found, self._document(found.uri), AnswerStatus.RUNNING, "")

    async def _told(self, work: Coroutine[Any, Any, DecisionAnswer]) -> None:
        try:
            self._tell(await work, notify=True)
        except JsonRpcInvalidParams as exc:
            self._client.show(exc.message)
        except Exception as exc:  # noqa: BLE001 - the user waits for it, and nobody else is told
            log_without_content("a decision", exc)
            self._client.show(answers.unexpected(exc), MessageType.Error)

    def _tell(self, answer: DecisionAnswer, *, notify: bool) -> DecisionAnswer:
        if notify and answer.message:
            self._client.show(answer.message, answers.loudness(answer.status))
        return answer

    def _open(self, edit_id: str | None, hunk: int | None) -> OpenEdit | Proposal:
        found = self.get(edit_id)
        if found is None:
            raise JsonRpcInvalidParams(f"There is no open edit {edit_id!r}." if edit_id else _NONE_OPEN)
        known = range(len(found.edits)) if isinstance(found, Proposal) else found.numbers
        if hunk is not None and hunk not in known:
            raise JsonRpcInvalidParams(f"The edit has no open hunk {hunk + 1}.")
        return found

    def _accept(self, edit: OpenEdit, hunk: int | None) -> DecisionAnswer:
        document = self._document(edit.uri)
        edit.review.refresh(document.text)
        try:
            local = edit.local(hunk) if hunk is not None else None
            if local is None:
                edit.review.accept_all()
            else:
                edit.review.accept(local)
        except EditsvcError as exc:
            return answers.decision(edit, document, AnswerStatus.CONFLICT, remedies.message_of(exc))
        return self._concluded(edit, document, AnswerStatus.CHANGED, "")

    async def _reject(
        self, edit: OpenEdit, hunks: Sequence[int] | None, *, unwatched: bool
    ) -> DecisionAnswer:
        document = self._document(edit.uri)
        text = document.text
        edit.review.refresh(text)
        refused: tuple[int, ...] = ()
        try:
            local = None if hunks is None else [edit.numbers.index(hunk) for hunk in hunks]
            if local is not None and len(local) == 1:
                inverse, taken = [edit.review.reject(local[0], text)], local
            else:
                rejections = edit.review.reject_all(text, local)
                inverse, taken = list(rejections.edits), list(rejections.hunk_ids)
                refused = rejections.refused
        except EditsvcError as exc:
            return answers.decision(edit, document, AnswerStatus.CONFLICT, remedies.message_of(exc))
        apply_result = ApplyResult(Outcome.APPLIED)
        if inverse:
            apply_result = await self._applier.apply(
                document.snapshot(), inverse, label="editsvc: reject", unwatched=unwatched
            )
        document = self._document(edit.uri)
        failed = apply_result.conflicts if apply_result.outcome is Outcome.APPLIED else range(len(taken))
        for number in failed:
            edit.review.reopen(taken[number], document.text)
        if apply_result.outcome is not Outcome.APPLIED:
            message = f"{apply_result.reason or 'The text has changed since the edit wrote it'}."
            return answers.decision(edit, document, answers.status_of(apply_result), message)
        left = len(refused) + len(apply_result.conflicts)
        message = _left_alone(left) if left else ""
        return self._concluded(
            edit, document, AnswerStatus.CONFLICT if left else AnswerStatus.CHANGED, message
        )

    def _concluded(
        self, edit: OpenEdit, document: Document, status: AnswerStatus, message: str
    ) -> DecisionAnswer:
        answer = answers.decision(edit, document, status, message)
        if not edit.review.undecided:
            self._diffs.forget(edit.id)
        if self._reviews.get(edit.id) is edit:
            self._reviews.decided(edit, document)
        self._client.refresh_lenses()
        return answer

    async def _put_in(self, proposal: Proposal, hunk: int | None, *, unwatched: bool) -> DecisionAnswer:
        """Put one hunk of an edit that waits into the buffer, or all; in the modes but ``preview``, for review."""
        numbers = [number for number in proposal.undecided if hunk in {None, number}]
        edits = [proposal.edits[number] for number in numbers]
        whole = hunk is None and len(numbers) == len(proposal.edits)
        if proposal.pending is not None:
            self._applier.unfollow(proposal.uri, proposal.pending)
            if proposal.pending.is_in(self._document(proposal.uri).text):
                message = (
                    "The document has some of the edit already: undo it in the editor, or drop the edit."
                )
                return answers.decision(
                    proposal, self._document(proposal.uri), AnswerStatus.CONFLICT, message
                )
        apply_result = await self._applier.apply(
            proposal.base, edits, label=proposal.label, unwatched=unwatched
        )
        document = self._document(proposal.uri)
        applied = apply_result.outcome is Outcome.APPLIED
        message = answers.applied_message(apply_result, len(edits))
        status = answers.status_of(apply_result)
        if applied and whole and proposal.mode is not ApplyMode.PREVIEW:
            self._drop(proposal.id)
            return answers.decision(self.landed(proposal, apply_result), document, status, message)
        if applied:
            for index in apply_result.indices:
                proposal.decide(numbers[index], HunkState.ACCEPTED)
            self._record_verdict(proposal)
        elif apply_result.pending is not None:
            self._wait_for(proposal, apply_result)
        self._client.refresh_lenses()
        return answers.decision(proposal, document, status, message)

    def _wait_for(self, proposal: Proposal, apply_result: ApplyResult) -> None:
        """The editor may still put the edit in."""
        proposal.pending = apply_result.pending
        self.propose(proposal)

    def _reject_proposed(self, proposal: Proposal, hunks: Sequence[int] | None) -> DecisionAnswer:
        for number in proposal.undecided:
            if hunks is None or number in hunks:
                proposal.decide(number, HunkState.REJECTED)
        self._record_verdict(proposal)
        self._client.refresh_lenses()
        return answers.decision(proposal, self._document(proposal.uri), AnswerStatus.CHANGED, "")

    def _record_verdict(self, proposal: Proposal) -> None:
        from editsvc.tokenlog import Verdict

        accepted = proposal.states.count(HunkState.ACCEPTED)
        if HunkState.OPEN not in proposal.states:
            self._drop(proposal.id)
        if not proposal.logged:
            return
        whole = {len(proposal.states): Verdict.ACCEPTED}
        if HunkState.OPEN not in proposal.states:
            whole[0] = Verdict.REJECTED
        self._reviews.record_verdict(
            proposal.id, whole.get(accepted, Verdict.PARTIAL), accepted, hunks=len(proposal.states)
        )

    def _document(self, uri: str) -> Document:
        document = self._documents.get(uri)
        if document is None:
            raise JsonRpcInvalidParams("The document of this edit was closed.")
        return document


def _left_alone(count: int) -> str:
    changed = "1 hunk has changed since the edit wrote it and was"
    if count != 1:
        changed = f"{count} hunks have changed since the edit wrote them and were"
    return f"{changed} left alone."
