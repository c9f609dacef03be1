"""Edits from the command to the buffer: run, stream, apply or propose, cancel.

The rules of concurrency. Edits of different documents run side by side. Edits of one document run one after
the other, in the order in which they were asked for; each is made on the text that the one before has left,
with its selection carried along. What the user types never waits for anything.

An edit can be cancelled until it is sent to the client. From then on it is the client's, and its hunks are
followed whatever becomes of the request.

An edit of a code action (`notify`) is answered before it begins, since no editor shows the answer, and some let
nobody type until it comes. How it ended is told to the user. What the editor does not put in is kept, to be put in
by another action.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

import msgspec
from lsprotocol.types import MessageType
from pygls.exceptions import JsonRpcInvalidParams

from editsvc import syntax
from editsvc.engine.places import places
from editsvc.errors import Cancelled, EditsvcError, SettingsError, Stale, Status, UsageError
from editsvc.files import workspace
from editsvc.guard.findings import WAIVABLE, Action, Check, Mark
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeKind, ScopeRequest
from editsvc.text.document import Edit, LineIndex, Snapshot, apply
from editsvc.text.review import HunkState
from lsp import remedies
from lsp.contract import (
    AnswerStatus,
    CancelAnswer,
    DiffAnswer,
    EditAnswer,
    HunkStatus,
    OfferedScope,
    Range,
    ScopesAnswer,
)
from lsp.editing import answers, comment_instructions, offered_scopes, selection_scope
from lsp.editing.apply_edits import Outcome
from lsp.editing.open_edit import Proposal, Remark, absent_hunks
from lsp.editing.progress import StreamReporter
from lsp.editing.refused_edits import RefusedEdit, RefusedEdits
from lsp.editing.running import Running, selection_in
from lsp.settings import ApplyMode, EditorSettings
from lsp.wire.client import EditProgress
from lsp.wire.convert import contract_range_of, filename_of, offsets, path_of
from lsp.wire.jsonrpc import log_without_content

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from lsprotocol import types

    from editsvc.engine.edit import EditResult
    from editsvc.syntax import Language
    from lsp.contract import Anyway, EditArgument, ScopesArgument
    from lsp.documents import Document, DocumentStore
    from lsp.editing.apply_edits import ApplyResult, EditApplier
    from lsp.editing.comment_instructions import Instruction
    from lsp.editing.decisions import Decisions
    from lsp.editing.diff_documents import DiffDocuments
    from lsp.editing.reviews import Reviews
    from lsp.editing.tasks import Tasks
    from lsp.service_handle import ServiceHandle
    from lsp.wire.client import ClientLink

_WIND_UP_S: Final = 2.0


class Edits:
    """All edits of a session."""

    def __init__(
        self,
        *,
        documents: DocumentStore,
        service_handle: ServiceHandle,
        applier: EditApplier,
        reviews: Reviews,
        decisions: Decisions,
        client: ClientLink,
        tasks: Tasks,
        diffs: DiffDocuments,
        new_id: Callable[[], str],
    ) -> None:
        self._documents = documents
        self._service_handle = service_handle
        self._applier = applier
        self._reviews = reviews
        self._decisions = decisions
        self.client = client
        self._new_id = new_id
        self._running: dict[str, Running] = {}
        self._tasks = tasks
        self._diffs = diffs
        self._logging: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.refused = RefusedEdits()
        self.settings = EditorSettings()
        self.root: Path | None = None

    # --- from the command to the answer ---------------------------------------------------------------------

    def start(
        self, argument: EditArgument, token: types.ProgressToken | None
    ) -> Awaitable[EditAnswer] | EditAnswer:
        """Begin an edit of the text as it is at this moment; raises JsonRpcInvalidParams.

        With `notify` the answer is there at once. Asked for again while it runs, such an edit is not made twice: an
        editor that shows nothing for a moment makes its user choose the action again.
        """
        document = self._found(argument.uri)
        if not argument.instruction.strip():
            raise JsonRpcInvalidParams("The instruction is empty.")
        if argument.scope is not None:
            try:
                scopes.parse(argument.scope)
            except UsageError as exc:
                raise JsonRpcInvalidParams(remedies.message_of(exc)) from None
        if argument.notify:
            same = [one for one in self._running.values() if one.argument == argument]
            if same:
                message = "This edit is running already."
                self.client.show(message, MessageType.Info)
                return answers.edit_answer(same[0], AnswerStatus.RUNNING, message)
        edit_id = self._new_id()
        running = Running(
            id=edit_id,
            uri=document.uri,
            argument=argument,
            mode=argument.mode or ApplyMode.REVIEW,
            base=document.snapshot(),
            selection=selection_in(document, argument.range),
            comment=selection_in(document, argument.comment),
            progress=EditProgress(self.client, edit_id, document.uri, document.version),
        )
        # A client's token is good until its request is answered.
        answered = self._begin(running, None if argument.notify else token)
        if not argument.notify:
            return answered
        self._tasks.keep(answered)
        return answers.edit_answer(running, AnswerStatus.RUNNING, "")

    def _found(self, uri: str) -> Document:
        document = self._documents.find(uri)
        if document is None:
            raise JsonRpcInvalidParams(f"The document {uri} is not open.")
        return document

    def _begin(self, running: Running, token: types.ProgressToken | None) -> asyncio.Task[EditAnswer]:
        self._running[running.id] = running
        running.progress.start(token, running.title)
        answered = asyncio.create_task(self._answered(running))
        answered.add_done_callback(lambda task: self._forget(running, task))
        return answered

    async def _answered(self, running: Running) -> EditAnswer:
        """Wait for the edit, or for somebody to stop it."""
        task = running.task = asyncio.create_task(self._carry_out(running))
        self._tasks.keep(task)
        task.add_done_callback(lambda ended: self._log_if_cancelled(running, ended))
        if running.stopped.done():  # the word came together with the command
            task.cancel()
        try:
            waited: set[asyncio.Future[Any]] = {task, running.stopped}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._running.pop(running.id, None)
        if running.stopped.done():
            answer = answers.edit_answer(running, AnswerStatus.CANCELLED, running.stopped.result())
        else:
            try:
                answer = task.result()
            except Exception as exc:
                running.progress.end("failed")
                if running.argument.notify:
                    log_without_content("an edit", exc)
                    self.client.show(answers.unexpected(exc), MessageType.Error)
                raise
        running.progress.end(answer.message or answer.status)
        answer = answers.reminding(answer, self._service_handle.reminder())
        if running.argument.notify:
            self._show_or_ask(running, answer)
        return answer

    def _show_or_ask(self, running: Running, answer: EditAnswer) -> None:
        """Tell the user how an edit ended; ask where they can have it made all the same."""
        if answer.anyway is None:
            message = answers.told(running, answer, progress=self.client.about.progress)
            if message:
                self.client.show(message, answers.loudness(answer.status))
            return
        asking = asyncio.create_task(self._ask_anyway(running, answer.message, answer.anyway))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    async def _ask_anyway(self, running: Running, message: str, anyway: Anyway) -> None:
        """Ask whether to make a refused edit anyway, and if so make the same one on the current text."""
        title = remedies.title_of(anyway)
        if await self.client.ask(message, (remedies.LEAVE, title)) != title:
            return
        edit_id = self._new_id()
        again = Running(
            id=edit_id,
            uri=running.uri,
            argument=msgspec.structs.replace(
                running.argument,
                allow=anyway.allow or running.argument.allow,
                allow_path=anyway.allow_path or running.argument.allow_path,
                retry=anyway.retry,
            ),
            mode=running.mode,
            base=running.base,
            selection=running.selection,
            comment=running.comment,
            progress=EditProgress(self.client, edit_id, running.uri, running.progress.version),
            of_an_older_text=True,
        )
        await self._begin(again, None)

    def _forget(self, running: Running, answered: asyncio.Task[EditAnswer]) -> None:
        """Stop an edit whose request was cancelled: also one that was cancelled before anybody looked at it."""
        self._running.pop(running.id, None)
        if not answered.cancelled():
            return
        if running.task is None:
            running.progress.end("cancelled")
            self._log_cancelled(running)
        else:
            running.stop("cancelled")

    async def _carry_out(self, running: Running) -> EditAnswer:
        turn = self._turns.get(running.uri)
        if turn is None:
            turn = self._turns[running.uri] = asyncio.Lock()
        waits = turn.locked()
        async with turn:
            try:
                if waits or running.of_an_older_text:
                    self._bring_up_to_date(running)
                return await self._edit(running)
            except EditsvcError as exc:
                if not running.logged:
                    await self._log_refusal(running, exc)
                return answers.edit_answer(
                    running,
                    AnswerStatus[exc.status.name],
                    remedies.message_of(exc),
                    error=exc.kind,
                    because_of=exc.remedies,
                )

    def _log_if_cancelled(self, running: Running, task: asyncio.Task[EditAnswer]) -> None:
        """Log an edit that was cancelled before the engine had it."""
        if task.cancelled() and not running.logged:
            self._log_cancelled(running)

    def _log_cancelled(self, running: Running) -> None:
        logging_task = asyncio.create_task(self._log_refusal(running, Cancelled("The edit was cancelled.")))
        self._logging.add(logging_task)
        logging_task.add_done_callback(self._logging.discard)

    async def _log_refusal(self, running: Running, exc: EditsvcError) -> None:
        """Log an edit that ended before the engine had it; without settings there is no log to be found."""
        from editsvc.tokenlog import Source

        running.logged = True
        path = path_of(running.uri)
        try:
            async with self._service_handle.service() as service:
                warning = await service.record_refusal(
                    exc, source=Source.LSP, path=str(path) if path else running.uri, record_id=running.id
                )
        except SettingsError:
            return
        if warning:
            self.client.log(warning)

    async def _edit(self, running: Running) -> EditAnswer:
        await self._check_path(running)
        comment = self._comment(running)
        text = comment_instructions.without(running.base.text, comment) if comment else running.base.text
        result = await self._rewrite(running, text, comment)
        self._service_handle.made(offline=result.offline)
        edits = result.before.with_bom(result.edits)
        remarks = [Remark(place.mark, place.findings) for place in places(result)]
        if comment is not None and edits:
            first, behind = comment_instructions.met(edits, comment)
            findings = (one for remark in remarks[first:behind] for one in remark.findings)
            remarks[first:behind] = [Remark(Mark.EXPLAINED, tuple(findings))]
            edits = comment_instructions.with_removal(edits, comment)
        for warning in result.warnings:
            self.client.log(warning)
        if result.status is not Status.CHANGED:
            return self._not_made(running, result, text)
        running.progress.end(answers.summary(result, len(edits)))
        if running.mode is ApplyMode.PREVIEW:
            return self._propose(running, result, edits, remarks)
        return await self._apply(running, result, edits, remarks)

    def _not_made(self, running: Running, result: EditResult, text: str) -> EditAnswer:
        """The answer for an edit that changes nothing; what a check refused is kept for a while."""
        status, message = AnswerStatus[result.status.name], remedies.message_of_result(result)
        if result.refused is None:
            return answers.edit_answer(running, status, message, result, because_of=result.remedies)
        name = answers.name_in_diff(running.uri, self._documents.get(running.uri), self.root)
        refusing = {found.kind for found in result.findings if found.action is Action.REFUSED}
        anyway = remedies.anyway(result.remedies, running.argument, running.id)
        # What nobody may waive must not come in as something else that somebody did.
        kept = refusing <= WAIVABLE and self.refused.keep(
            RefusedEdit(running.id, running.argument, running.base.text, text, result.refused, anyway)
        )
        return answers.edit_answer(
            running,
            status,
            message,
            result,
            refused_diff=answers.diff_of(result.before.text, result.refused.text, name),
            kept=kept,
            because_of=result.remedies,
        )

    async def _check_path(self, running: Running) -> None:
        """Raises PathRefused for a file that may not be edited unasked."""
        path = path_of(running.uri)
        if path is not None and not running.argument.allow_path:
            await asyncio.to_thread(workspace.opened, path, root=self.root)

    def _bring_up_to_date(self, running: Running) -> None:
        """Take the current text, after earlier edits have finished."""
        document = self._documents.get(running.uri)
        if document is None:
            raise Stale("The document was closed.")
        if document.text == running.base.text:
            return
        changes = document.history_since(running.base.version or 0)
        if changes is None and (running.selection or running.comment):
            raise Stale("The document has changed too much while the edit waited.", hint="Ask again.")
        if running.selection:
            running.selection = running.selection.after(changes or ())
        if running.comment:
            running.comment = running.comment.after(changes or ())
        running.base = document.snapshot()
        running.progress.version = document.version

    def _comment(self, running: Running) -> Instruction | None:
        """The comment that holds the instruction, in the text as it is."""
        if running.comment is None:
            return None
        for found in self.instructions(running.uri, running.base.text):
            same = found.words == running.argument.instruction
            if same and found.touches(running.comment.start, running.comment.end):
                return found
        raise Stale("The comment with the instruction is no longer there.", hint="Ask again.")

    async def _rewrite(self, running: Running, text: str, comment: Instruction | None) -> EditResult:
        from editsvc.engine.edit import EditRequest
        from editsvc.tokenlog import Source

        document = self._documents.get(running.uri)
        if document is None:
            raise Stale("The document was closed.")
        filename = filename_of(document)
        scope = self._scope(running, text, comment)
        path = path_of(running.uri)
        request = EditRequest(
            id=running.id,
            snapshot=Snapshot.of(text, running.uri, running.base.version),
            instruction=running.argument.instruction,
            filename=filename,
            source=Source.LSP,
            path=str(path) if path else running.uri,
            scope=scope,
            prediction=running.argument.prediction,
            allow={*self._service_handle.settings.allow, *map(Check, running.argument.allow)},
            only_asked=running.argument.only_asked,
        )
        reporter = StreamReporter(
            running.progress,
            asyncio.get_running_loop(),
            stream=self.client.about.stream,
        )
        async with self._service_handle.service() as service:
            running.logged = True  # by the engine, whatever becomes of it
            kept = self.refused.get(running.argument.retry)
            try:
                if kept is None or not kept.fits(running.argument, text):
                    return await service.edit(request, reporter)
                result = await service.retry(request, kept.refused)
            finally:
                reporter.finish()
        if result.status is not Status.REFUSED:
            self.refused.drop(kept.id)
        return result

    @staticmethod
    def _scope(running: Running, text: str, comment: Instruction | None) -> ScopeRequest:
        """The scope of the edit."""
        requested = scopes.parse(running.argument.scope) if running.argument.scope else ScopeRequest()
        if requested.kind is not ScopeKind.AUTO:
            return requested
        if comment is not None:
            return selection_scope.at(text, comment.removed_start)
        if running.selection is None:
            return requested
        return selection_scope.selected(text, *running.selection)

    def _proposal(
        self, running: Running, result: EditResult, edits: Sequence[Edit], remarks: Sequence[Remark]
    ) -> Proposal:
        """An edit that is in no buffer yet."""
        states = [HunkState.OPEN] * len(edits)
        return Proposal(
            running.id,
            running.base,
            tuple(edits),
            running.title,
            states,
            tuple(remarks),
            mode=running.mode,
            offered=running.argument.notify or running.mode is not ApplyMode.PREVIEW,
            by_model=not result.offline,
        )

    def _propose(
        self, running: Running, result: EditResult, edits: Sequence[Edit], remarks: Sequence[Remark]
    ) -> EditAnswer:
        proposal = self._proposal(running, result, edits, remarks)
        self._decisions.propose(proposal)
        document = self._documents.get(running.uri)
        hunks = proposal.hunks(document) if document else ()
        note = answers.offline_note(result)
        return answers.edit_answer(
            running, AnswerStatus.CHANGED, note, result, diff=self._diff(running, edits), hunks=hunks
        )

    async def _apply(
        self, running: Running, result: EditResult, edits: Sequence[Edit], remarks: Sequence[Remark]
    ) -> EditAnswer:
        running.sent.set()
        document = self._documents.get(running.uri)
        if document is not None:
            self._reviews.forget_undone(running.uri, document.text)
        apply_result = await self._applier.apply(
            running.base,
            edits,
            label=running.title,
            confirm=self.settings.confirm,
            unwatched=running.argument.notify,
        )
        document = self._documents.get(running.uri)
        diff = self._diff(running, edits)
        if document is None:
            message = "The document was closed."
            return answers.edit_answer(running, AnswerStatus.REFUSED, message, result, diff=diff)
        proposal = self._proposal(running, result, edits, remarks)
        status = answers.status_of(apply_result)
        if apply_result.outcome is not Outcome.APPLIED:
            return self._not_applied(running, result, proposal, apply_result, document)
        opened = self._decisions.landed(proposal, apply_result)
        if apply_result.conflicts and running.argument.notify:
            self._keep_the_rest(proposal, apply_result)
        message = answers.applied_message(apply_result, len(edits)) or answers.offline_note(result)
        hunks = opened.hunks(document)
        return answers.edit_answer(running, status, message, result, diff=diff, hunks=hunks)

    def _not_applied(
        self,
        running: Running,
        result: EditResult,
        proposal: Proposal,
        apply_result: ApplyResult,
        document: Document,
    ) -> EditAnswer:
        """The answer for an edit that the editor did not make; it is kept, if all of it can still be put in."""
        status = answers.status_of(apply_result)
        diff = self._diff(running, proposal.edits)
        conflict = apply_result.outcome is Outcome.CONFLICT
        partly = apply_result.outcome is Outcome.LOST and apply_result.pending is None
        if partly or (conflict and not running.argument.notify):
            message = answers.applied_message(apply_result, len(proposal.edits))
            state = HunkStatus.CONFLICT if conflict else HunkStatus.LOST
            numbers = range(len(proposal.edits))
            hunks = absent_hunks(
                proposal.edits, proposal.remarks, numbers, running.base.text, document, status=state
            )
        else:
            proposal.pending = apply_result.pending
            self._decisions.propose(proposal)
            message = answers.kept_message(apply_result)
            hunks = proposal.hunks(document)
        return answers.edit_answer(running, status, message, result, diff=diff, hunks=hunks)

    def _keep_the_rest(self, proposal: Proposal, apply_result: ApplyResult) -> None:
        """Keep the hunks that did not fit: nobody else has what they would have written."""
        numbers = apply_result.conflicts
        self._decisions.propose(
            Proposal(
                f"{proposal.id}-rest",
                proposal.base,
                tuple(proposal.edits[number] for number in numbers),
                proposal.label,
                [HunkState.OPEN] * len(numbers),
                tuple(proposal.remarks[number] for number in numbers),
                mode=ApplyMode.PREVIEW,
                offered=True,
                by_model=proposal.by_model,
                logged=False,
            )
        )

    def _diff(self, running: Running, edits: Sequence[Edit]) -> str:
        """The edit as it was proposed."""
        if not edits:
            return ""
        before = running.base.text
        name = answers.name_in_diff(running.uri, self._documents.get(running.uri), self.root)
        return answers.diff_of(before, apply(before, edits), name)

    def show_diff(self, edit_id: str | None, *, notify: bool) -> DiffAnswer | Awaitable[DiffAnswer]:
        """Have the editor show an edit as a diff; without an id, the latest. Raises JsonRpcInvalidParams."""
        found = self._decisions.get(edit_id) or self.refused.get(edit_id)
        document = self._documents.find(found.uri) if found is not None else None
        if found is None or document is None:
            raise JsonRpcInvalidParams("There is no edit to show.")
        name = answers.name_in_diff(document.uri, document, self.root)
        diff = answers.diff_of(*found.before_and_after(document), name)
        if not diff:
            message = "There is no change to show."
            if notify:
                self.client.show(message, MessageType.Info)
            return DiffAnswer(found.id, AnswerStatus.UNCHANGED, message, "")
        shown = self._diffs.show(found.id, document.uri, filename_of(document), diff)
        answer = DiffAnswer(found.id, AnswerStatus.CHANGED, "", diff)
        if notify:
            self._tasks.keep(asyncio.create_task(shown))
            return answer
        return _then(shown, answer)

    # --- before anything is asked for ------------------------------------------------------------------------

    async def scopes(self, argument: ScopesArgument) -> ScopesAnswer:
        """What can be rewritten from a place of a document as it is; raises JsonRpcInvalidParams."""
        document = self._found(argument.uri)
        text = document.text
        start, end = offsets(document, argument.range)
        at = argument.cursor or argument.range.start
        cursor, _ = offsets(document, Range(at, at))
        language = _language(document, text)
        found = await asyncio.to_thread(
            offered_scopes.offered,
            text,
            (start, end),
            cursor,
            language,
            divide_above=self._service_handle.settings.scope_min_tokens,
        )
        index = LineIndex(text)
        return ScopesAnswer(
            tuple(
                OfferedScope(
                    one.name,
                    one.title,
                    contract_range_of(
                        document, index.starts[one.first], (*index.starts, len(text))[one.last + 1]
                    ),
                )
                for one in found
            )
        )

    # --- stop -----------------------------------------------------------------------------------------------

    def cancel(self, edit_id: str | None, *, notify: bool = False) -> CancelAnswer:
        """Stop an edit that runs; the request for it is answered with the status ``cancelled``."""
        answer = self._cancel(edit_id)
        if notify and answer.message:
            self.client.show(answer.message, MessageType.Info)
        return answer

    def _cancel(self, edit_id: str | None) -> CancelAnswer:
        if edit_id is None and self._running:
            edit_id = next(reversed(self._running))
        running = self._running.get(edit_id or "")
        if running is None:
            known = edit_id is not None and self._decisions.knows(edit_id)
            if edit_id is not None and not known:
                raise JsonRpcInvalidParams(f"There is no edit {edit_id!r} to cancel.")
            return CancelAnswer(edit_id, AnswerStatus.UNCHANGED, "No edit is running.")
        if running.stop("The edit was cancelled."):
            return CancelAnswer(running.id, AnswerStatus.CANCELLED, "")
        late = "The edit is already in the document; reject it to undo it."
        return CancelAnswer(running.id, AnswerStatus.UNCHANGED, late)

    def cancel_progress(self, token: types.ProgressToken) -> None:
        """Stop the edit with that progress token."""
        for running in list(self._running.values()):
            if running.progress.token == token:
                running.stop("The edit was cancelled.")

    def running_in(self, uri: str) -> list[str]:
        """The ids of the edits that run on a document, or wait for it, and can be cancelled."""
        return [one.id for one in self._running.values() if one.uri == uri and not one.with_client]

    def closed(self, uri: str) -> None:
        """A document was closed: stop its edits, since a reply would cost money for nothing."""
        for running in list(self._running.values()):
            if running.uri == uri:
                running.stop("The document was closed.")
        self._decisions.closed(uri)
        self.refused.closed(uri)
        self._diffs.closed(uri)

    async def wind_up(self) -> None:
        """Stop everything, and wait until connections are closed and records written."""
        for asking in self._asking:
            asking.cancel()
        for running in list(self._running.values()):
            running.stop("The server was shut down.")
        await self._tasks.wind_up()
        if self._logging:
            await asyncio.wait(self._logging, timeout=_WIND_UP_S)

    def instructions(self, uri: str, text: str) -> list[Instruction]:
        """The instructions that stand as comments in a document."""
        document = self._documents.get(uri)
        if document is None:
            return []
        language = _language(document, text)
        return comment_instructions.find(text, language, self.settings.comment_marker) if language else []


def _language(document: Document, text: str) -> Language | None:
    """The language of a document that has this text."""
    return syntax.language_of(filename_of(document), text[:200].partition("\n")[0])


async def _then(work: Awaitable[None], answer: DiffAnswer) -> DiffAnswer:
    await work
    return answer
