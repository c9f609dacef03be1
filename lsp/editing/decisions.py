"""The user's decisions on hunks: accept and reject, for an edit in the buffer or a preview."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from pygls.exceptions import JsonRpcInvalidParams

from editsvc.errors import EditsvcError
from editsvc.text.review import HunkState
from lsp import remedies
from lsp.contract import AnswerStatus
from lsp.editing import answers
from lsp.editing.apply_edits import ApplyResult, Outcome
from lsp.editing.open_edit import OpenEdit, Proposal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from lsp.contract import DecisionAnswer
    from lsp.documents import Document, DocumentStore
    from lsp.editing.apply_edits import EditApplier
    from lsp.editing.reviews import Reviews
    from lsp.editing.tasks import Tasks
    from lsp.wire.client import ClientLink

_ALL_ASKED_FOR: Final = "No open change is known to be more than was asked for."


class Decisions:
    """Accepting and rejecting in a session, and the previews that wait for it."""

    def __init__(
        self,
        *,
        documents: DocumentStore,
        applier: EditApplier,
        reviews: Reviews,
        client: ClientLink,
        tasks: Tasks,
    ) -> None:
        self._documents = documents
        self._applier = applier
        self._reviews = reviews
        self._client = client
        self._tasks = tasks
        self._proposals: dict[str, Proposal] = {}

    def propose(self, proposal: Proposal) -> None:
        """Have a preview wait for a decision."""
        self._proposals[proposal.id] = proposal

    def knows(self, edit_id: str) -> bool:
        """Whether an edit waits for a decision."""
        return edit_id in self._proposals or self._reviews.get(edit_id) is not None

    def closed(self, uri: str) -> None:
        """A document was closed: its previews have no place to go."""
        self._proposals = {
            key: proposal for key, proposal in self._proposals.items() if proposal.base.uri != uri
        }

    def accept(self, edit_id: str | None, hunk: int | None) -> Awaitable[DecisionAnswer]:
        """Accept one hunk, or all that are undecided; raises JsonRpcInvalidParams."""
        found = self._open(edit_id, hunk)
        if isinstance(found, Proposal):
            return self._accept_proposed(found, hunk)
        return self._accept(found, hunk)

    def reject(
        self, edit_id: str | None, hunk: int | None, *, notify: bool = False
    ) -> Awaitable[DecisionAnswer]:
        """Take one hunk back, or all that are undecided; raises JsonRpcInvalidParams."""
        found = self._open(edit_id, hunk)
        return self._rejecting(found, None if hunk is None else [hunk], notify=notify)

    def reject_unexplained(self, edit_id: str | None, *, notify: bool = False) -> Awaitable[DecisionAnswer]:
        """Take back the undecided hunks that the instruction does not explain; raises JsonRpcInvalidParams."""
        found = self._open(edit_id, None)
        document = self._document(found.uri)
        if isinstance(found, OpenEdit):
            found.review.refresh(document.text)
        unexplained = found.unexplained()
        if not unexplained:
            return _at_once(answers.decision(found, document, AnswerStatus.UNCHANGED, _ALL_ASKED_FOR))
        return self._rejecting(found, unexplained, notify=notify)

    def _rejecting(
        self, found: OpenEdit | Proposal, hunks: Sequence[int] | None, *, notify: bool
    ) -> Awaitable[DecisionAnswer]:
        """Take back those `hunks`, or all that are undecided."""
        if isinstance(found, Proposal):
            return self._reject_proposed(found, hunks)
        if not notify:
            return self._reject(found, hunks)
        document = self._document(found.uri)
        sent = asyncio.Event()
        sent.set()

        def early() -> DecisionAnswer:
            return answers.decision(found, document, AnswerStatus.CHANGED, answers.NOT_REPORTED)

        return self._tasks.answer_or_early(
            asyncio.create_task(self._reject_and_tell(found, hunks)), sent, early
        )

    async def _reject_and_tell(self, edit: OpenEdit, hunks: Sequence[int] | None) -> DecisionAnswer:
        answer = await self._reject(edit, hunks)
        if answer.status in answers.SHOWN:
            self._client.show(answer.message)
        return answer

    def _open(self, edit_id: str | None, hunk: int | None) -> OpenEdit | Proposal:
        key = edit_id or self._reviews.latest() or next(reversed(self._proposals), "")
        found = self._reviews.get(key) or self._proposals.get(key)
        if found is None:
            named = f"{edit_id!r}" if edit_id else "at all"
            raise JsonRpcInvalidParams(f"There is no open edit {named}.")
        known = range(len(found.edits)) if isinstance(found, Proposal) else found.numbers
        if hunk is not None and hunk not in known:
            raise JsonRpcInvalidParams(f"The edit has no open hunk {hunk}.")
        return found

    async def _accept(self, edit: OpenEdit, hunk: int | None) -> DecisionAnswer:
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

    async def _reject(self, edit: OpenEdit, hunks: Sequence[int] | None) -> DecisionAnswer:
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
            apply_result = await self._applier.apply(document.snapshot(), inverse, label="editsvc: reject")
        document = self._document(edit.uri)
        failed = apply_result.conflicts if apply_result.outcome is Outcome.APPLIED else range(len(taken))
        for number in failed:
            edit.review.reopen(taken[number], document.text)
        if apply_result.outcome is not Outcome.APPLIED:
            message = apply_result.reason or "The text has changed since the edit wrote it."
            return answers.decision(edit, document, answers.status_of(apply_result), message)
        left = len(refused) + len(apply_result.conflicts)
        message = f"{left} hunks have changed since the edit wrote them and were left alone." if left else ""
        return self._concluded(
            edit, document, AnswerStatus.CONFLICT if left else AnswerStatus.CHANGED, message
        )

    def _concluded(
        self, edit: OpenEdit, document: Document, status: AnswerStatus, message: str
    ) -> DecisionAnswer:
        answer = answers.decision(edit, document, status, message)
        if self._reviews.get(edit.id) is edit:
            self._reviews.decided(edit, document)
        self._client.refresh_lenses()
        return answer

    async def _accept_proposed(self, proposal: Proposal, hunk: int | None) -> DecisionAnswer:
        numbers = [
            number
            for number, state in enumerate(proposal.states)
            if state is HunkState.OPEN and hunk in {None, number}
        ]
        edits = [proposal.edits[number] for number in numbers]
        apply_result = await self._applier.apply(proposal.base, edits, label=proposal.label)
        document = self._document(proposal.base.uri)
        if apply_result.outcome is Outcome.APPLIED:
            for index in apply_result.indices:
                proposal.states[numbers[index]] = HunkState.ACCEPTED
            self._record_verdict(proposal)
        message = answers.applied_message(apply_result, len(edits))
        return answers.decision(proposal, document, answers.status_of(apply_result), message)

    async def _reject_proposed(self, proposal: Proposal, hunks: Sequence[int] | None) -> DecisionAnswer:
        for number, state in enumerate(proposal.states):
            if state is HunkState.OPEN and (hunks is None or number in hunks):
                proposal.states[number] = HunkState.REJECTED
        self._record_verdict(proposal)
        return answers.decision(proposal, self._document(proposal.base.uri), AnswerStatus.CHANGED, "")

    def _record_verdict(self, proposal: Proposal) -> None:
        from editsvc.tokenlog import Verdict

        accepted = proposal.states.count(HunkState.ACCEPTED)
        if HunkState.OPEN not in proposal.states:
            self._proposals.pop(proposal.id, None)
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


async def _at_once(answer: DecisionAnswer) -> DecisionAnswer:
    return answer
