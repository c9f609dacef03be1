"""Edits from the command to the buffer: run, stream, apply or propose, follow, decide, cancel.

The rules of concurrency. Edits of different documents run side by side. Edits of one document run one after
the other, in the order in which they were asked for; each is made on the text that the one before has left,
with its selection carried along. What the user types never waits for anything.

An edit can be cancelled until it is sent to the client. From then on it is the client's, and its hunks are
followed whatever becomes of the request.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar
from weakref import WeakValueDictionary

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from editsvc import syntax
from editsvc.errors import Cancelled, EditsvcError, SettingsError, Stale, Status, UsageError
from editsvc.files import workspace
from editsvc.files.diff_names import DiffName, diff_name
from editsvc.guard.checks import Check
from editsvc.scope import scopes
from editsvc.scope.scopes import ScopeKind, ScopeRequest
from editsvc.text.document import Edit, Snapshot, apply
from editsvc.text.rebase import map_offset
from editsvc.text.review import HunkState
from lsp import remedies
from lsp.contract import AnswerStatus, CancelAnswer, DecisionAnswer, EditAnswer, Hunk, HunkStatus
from lsp.editing import answers, comment_instructions, selection_scope
from lsp.editing.apply_edits import Landing, Outcome
from lsp.editing.open_edit import OpenEdit, Proposal, absent_hunks
from lsp.editing.progress import StreamReporter
from lsp.settings import ApplyMode, EditorSettings
from lsp.wire.client import EditProgress
from lsp.wire.convert import filename_of, offsets, path_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from lsprotocol import types

    from editsvc.engine.edit import EditResult
    from editsvc.errors import Remedy
    from lsp.contract import Anyway, EditArgument, Range
    from lsp.documents import Document, DocumentStore
    from lsp.editing.apply_edits import Runway
    from lsp.editing.comment_instructions import Instruction
    from lsp.editing.reviews import Reviews
    from lsp.service_handle import Engine
    from lsp.wire.client import ClientLink

_TITLE_LENGTH: Final = 60
_Answer = TypeVar("_Answer", EditAnswer, DecisionAnswer)
_WIND_UP_S: Final = 2.0


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
    asked: EditArgument
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


class Edits:
    """All edits of a session."""

    def __init__(
        self,
        *,
        documents: DocumentStore,
        engine: Engine,
        runway: Runway,
        reviews: Reviews,
        client: ClientLink,
        new_id: Callable[[], str],
    ) -> None:
        self._documents = documents
        self._engine = engine
        self._runway = runway
        self._reviews = reviews
        self._client = client
        self._new_id = new_id
        self._running: dict[str, Running] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._noting: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[None]] = set()
        self._proposals: dict[str, Proposal] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.settings = EditorSettings()
        self.root: Path | None = None

    # --- from the command to the answer ---------------------------------------------------------------------

    def start(self, asked: EditArgument, token: types.ProgressToken | None) -> Awaitable[EditAnswer]:
        """Begin an edit of the text as it is at this moment; raises JsonRpcInvalidParams."""
        document = self._documents.get(asked.uri)
        if document is None:
            raise JsonRpcInvalidParams(f"The document {asked.uri} is not open.")
        if not asked.instruction.strip():
            raise JsonRpcInvalidParams("The instruction is empty.")
        if asked.scope is not None:
            try:
                scopes.parse(asked.scope)
            except UsageError as exc:
                raise JsonRpcInvalidParams(remedies.told(exc)) from None
        edit_id = self._new_id()
        running = Running(
            id=edit_id,
            uri=asked.uri,
            asked=asked,
            mode=asked.mode or ApplyMode.REVIEW,
            base=document.snapshot(),
            selection=_selection(document, asked.range),
            comment=_selection(document, asked.comment),
            progress=EditProgress(self._client, edit_id, asked.uri, document.version),
        )
        answered = self._begin(running, token)
        if not asked.notify:
            return answered

        def early() -> EditAnswer:
            return self._ended(running, AnswerStatus.CHANGED, _NOT_REPORTED)

        return self._or_early(answered, running.sent, early)

    def _begin(self, running: Running, token: types.ProgressToken | None) -> asyncio.Task[EditAnswer]:
        self._running[running.id] = running
        running.progress.start(token, f"editsvc: {_shortened(running.asked.instruction)}")
        answered = asyncio.create_task(self._answered(running))
        answered.add_done_callback(lambda task: self._let_go(running, task))
        return answered

    async def _or_early(
        self, task: asyncio.Task[_Answer], sent: asyncio.Event, early: Callable[[], _Answer]
    ) -> _Answer:
        """The answer of `task`, or `early` if the client does not report in time what it was sent.

        Emacs runs the command of an action synchronously, and reports its changes only when its user could
        type again: so the change that would prove the edit comes after the answer, and is waited for there.
        """
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_look_at)
        sending = asyncio.create_task(sent.wait())
        try:
            await asyncio.wait({task, sending}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await asyncio.wait({task}, timeout=_EARLY_S)
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            sending.cancel()
        return task.result() if task.done() else early()

    async def _answered(self, running: Running) -> EditAnswer:
        """Wait for the edit, or for somebody to stop it."""
        task = running.task = asyncio.create_task(self._carry_out(running))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_look_at)
        task.add_done_callback(lambda ended: self._note_cancelled(running, ended))
        if running.stopped.done():  # the word came together with the command
            task.cancel()
        try:
            waited: set[asyncio.Future[Any]] = {task, running.stopped}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._running.pop(running.id, None)
        if running.stopped.done():
            answer = self._ended(running, AnswerStatus.CANCELLED, running.stopped.result())
        else:
            answer = task.result()
        running.progress.end(answer.message or answer.status)
        if running.asked.notify and answer.status in _TOLD:
            self._tell(running, answer)
        return answer

    def _tell(self, running: Running, answer: EditAnswer) -> None:
        """Tell the user how an edit ended; ask where they can have it made all the same."""
        if answer.anyway is None:
            self._client.show(answer.message)
            return
        asking = asyncio.create_task(self._ask_anyway(running, answer.message, answer.anyway))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    async def _ask_anyway(self, running: Running, message: str, anyway: Anyway) -> None:
        """Ask whether an edit is to be made all the same, and make it if so: the same one, on the text of then."""
        if await self._client.ask(message, (remedies.LEAVE, remedies.ANYWAY)) != remedies.ANYWAY:
            return
        edit_id = self._new_id()
        again = Running(
            id=edit_id,
            uri=running.uri,
            asked=msgspec.structs.replace(
                running.asked,
                allow=anyway.allow or running.asked.allow,
                allow_path=anyway.allow_path or running.asked.allow_path,
            ),
            mode=running.mode,
            base=running.base,
            selection=running.selection,
            comment=running.comment,
            progress=EditProgress(self._client, edit_id, running.uri, running.progress.version),
            of_an_older_text=True,
        )
        await self._begin(again, None)

    def _let_go(self, running: Running, answered: asyncio.Task[EditAnswer]) -> None:
        """Stop an edit whose request was cancelled: also one that was cancelled before anybody looked at it."""
        self._running.pop(running.id, None)
        if not answered.cancelled():
            return
        if running.task is None:
            running.progress.end("cancelled")
            self._have_noted(running)
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
                    await self._note(running, exc)
                return self._ended(
                    running,
                    AnswerStatus[exc.status.name],
                    remedies.told(exc),
                    error=exc.kind,
                    because_of=exc.remedies,
                )

    def _note_cancelled(self, running: Running, task: asyncio.Task[EditAnswer]) -> None:
        """Have an edit logged that was cancelled before the engine had it."""
        if task.cancelled() and not running.logged:
            self._have_noted(running)

    def _have_noted(self, running: Running) -> None:
        noting = asyncio.create_task(self._note(running, Cancelled("The edit was cancelled.")))
        self._noting.add(noting)
        noting.add_done_callback(self._noting.discard)

    async def _note(self, running: Running, exc: EditsvcError) -> None:
        """Log an edit that ended before the engine had it; without settings there is no log to be found."""
        from editsvc.tokenlog import Source  # noqa: PLC0415 - heavy

        running.logged = True
        path = path_of(running.uri)
        try:
            async with self._engine.service() as service:
                warning = await service.record_refusal(
                    exc, source=Source.LSP, path=str(path) if path else running.uri, record_id=running.id
                )
        except SettingsError:
            return
        if warning:
            self._client.log(warning)

    async def _edit(self, running: Running) -> EditAnswer:
        await self._check_path(running)
        comment = self._comment(running)
        text = comment_instructions.without(running.base.text, comment) if comment else running.base.text
        result = await self._rewrite(running, text, comment)
        edits = result.before.with_bom(result.edits)
        if comment is not None and edits:
            edits = comment_instructions.with_removal(edits, comment)
        for warning in result.warnings:
            self._client.log(warning)
        if result.status is not Status.CHANGED:
            status, message = AnswerStatus[result.status.name], remedies.told_of(result)
            return self._ended(running, status, message, result, because_of=result.remedies)
        running.progress.end(answers.summary(result, len(edits)))
        if running.mode is ApplyMode.PREVIEW:
            return self._propose(running, result, edits)
        return await self._apply(running, result, edits)

    async def _check_path(self, running: Running) -> None:
        """Raises PathRefused for a file that may not be edited unasked."""
        path = path_of(running.uri)
        if path is not None and not running.asked.allow_path:
            await asyncio.to_thread(workspace.opened, path, root=self.root)

    def _bring_up_to_date(self, running: Running) -> None:
        """Take the text as it is now, after the edits that had their turn before."""
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
            same = found.words == running.asked.instruction
            if same and found.touches(running.comment.start, running.comment.end):
                return found
        raise Stale("The comment with the instruction is no longer there.", hint="Ask again.")

    async def _rewrite(self, running: Running, text: str, comment: Instruction | None) -> EditResult:
        from editsvc.engine.edit import EditRequest  # noqa: PLC0415 - heavy
        from editsvc.tokenlog import Source  # noqa: PLC0415

        document = self._documents.get(running.uri)
        if document is None:
            raise Stale("The document was closed.")
        filename = filename_of(document)
        scope = self._scope(running, text, comment)
        path = path_of(running.uri)
        request = EditRequest(
            id=running.id,
            snapshot=Snapshot.of(text, running.uri, running.base.version),
            instruction=running.asked.instruction,
            filename=filename,
            source=Source.LSP,
            path=str(path) if path else running.uri,
            scope=scope,
            prediction=running.asked.prediction,
            allow={*self._engine.settings.allow, *map(Check, running.asked.allow)},
        )
        reporter = StreamReporter(
            running.progress,
            asyncio.get_running_loop(),
            stream=self._client.about.stream,
        )
        async with self._engine.service() as service:
            running.logged = True  # by the engine, whatever becomes of it
            try:
                return await service.edit(request, reporter)
            finally:
                reporter.finish()

    @staticmethod
    def _scope(running: Running, text: str, comment: Instruction | None) -> ScopeRequest:
        """What may be rewritten."""
        asked = scopes.parse(running.asked.scope) if running.asked.scope else ScopeRequest()
        if asked.kind is not ScopeKind.AUTO:
            return asked
        if comment is not None:
            return selection_scope.at(text, comment.removed_start)
        if running.selection is None:
            return asked
        return selection_scope.selected(text, *running.selection)

    def _propose(self, running: Running, result: EditResult, edits: Sequence[Edit]) -> EditAnswer:
        states = [HunkState.OPEN] * len(edits)
        label = f"editsvc: {_shortened(running.asked.instruction)}"
        proposal = Proposal(running.id, running.base, tuple(edits), label, states)
        self._proposals[running.id] = proposal
        document = self._documents.get(running.uri)
        hunks = proposal.hunks(document) if document else ()
        note = _offline_note(result)
        return self._ended(running, AnswerStatus.CHANGED, note, result, edits=edits, hunks=hunks)

    async def _apply(self, running: Running, result: EditResult, edits: Sequence[Edit]) -> EditAnswer:
        running.sent.set()
        document = self._documents.get(running.uri)
        if document is not None:
            self._reviews.forget_undone(running.uri, document.text)
        landing = await self._runway.land(
            running.base,
            edits,
            label=f"editsvc: {_shortened(running.asked.instruction)}",
            confirm=self.settings.confirm,
        )
        document = self._documents.get(running.uri)
        if document is None:
            return self._ended(running, AnswerStatus.REFUSED, "The document was closed.", result, edits=edits)
        if landing.outcome is not Outcome.LANDED:
            status = _STATUS[landing.outcome]
            in_conflict = landing.outcome is Outcome.CONFLICT
            numbers = landing.conflicts if in_conflict else range(len(edits))
            state = HunkStatus.CONFLICT if in_conflict else HunkStatus.LOST
            hunks = absent_hunks(edits, numbers, running.base.text, document, state)
            message = landing.reason or _conflict_message(landing, len(edits))
            return self._ended(running, status, message, result, edits=edits, hunks=hunks)
        silent = running.mode is ApplyMode.APPLY
        opened = self._reviews.open(running.id, running.uri, edits, running.base.text, landing, silent=silent)
        if not silent:
            self._client.refresh_lenses()
        status = AnswerStatus.CONFLICT if landing.conflicts else AnswerStatus.CHANGED
        message = _conflict_message(landing, len(edits)) if landing.conflicts else _offline_note(result)
        return self._ended(running, status, message, result, edits=edits, hunks=opened.hunks(document))

    def _ended(
        self,
        running: Running,
        status: AnswerStatus,
        message: str,
        result: EditResult | None = None,
        *,
        edits: Sequence[Edit] = (),
        hunks: tuple[Hunk, ...] = (),
        error: str | None = None,
        because_of: tuple[Remedy, ...] = (),
    ) -> EditAnswer:
        diff = ""
        if edits:
            before = running.base.text
            diff = answers.diff_of(before, apply(before, edits), self._diff_name(running.uri))
        return EditAnswer(
            edit_id=running.id,
            status=status,
            message=message,
            diff=diff,
            hunks=hunks,
            error=result.error if result else error,
            anyway=remedies.anyway(because_of, running.asked),
            shown=answers.shown(result),
            **msgspec.structs.asdict(answers.result_fields(result)),
        )

    def _diff_name(self, uri: str) -> DiffName:
        """As for a diff that is applied in the folder that the editor has open; without one, in the file's."""
        path = path_of(uri)
        if path is None:
            document = self._documents.get(uri)
            return DiffName(filename_of(document) if document else "untitled")
        return diff_name(path, here=self.root or path.parent, environ=os.environ)

    # --- stop -----------------------------------------------------------------------------------------------

    def cancel(self, edit_id: str | None) -> CancelAnswer:
        """Stop an edit that runs; the request for it is answered with the status ``cancelled``."""
        if edit_id is None and self._running:
            edit_id = next(reversed(self._running))
        running = self._running.get(edit_id or "")
        if running is None:
            known = edit_id is not None and (self._reviews.get(edit_id) or edit_id in self._proposals)
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
        """The ids of the edits that run on a document, or wait for it."""
        return [running.id for running in self._running.values() if running.uri == uri]

    def closed(self, uri: str) -> None:
        """A document was closed: nothing is paid for any more that has no place to go."""
        for running in list(self._running.values()):
            if running.uri == uri:
                running.stop("The document was closed.")
        self._proposals = {
            key: proposal for key, proposal in self._proposals.items() if proposal.base.uri != uri
        }

    async def wind_up(self) -> None:
        """Stop everything, and wait until connections are closed and records written."""
        for asking in self._asking:
            asking.cancel()
        for running in list(self._running.values()):
            running.stop("The server was shut down.")
        tasks = list(self._tasks)
        for task in tasks:
            # One that was stopped before is writing its record, and a second cancellation would lose that.
            if not task.cancelling():
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_WIND_UP_S)
        if self._noting:
            await asyncio.wait(self._noting, timeout=_WIND_UP_S)

    # --- decide ---------------------------------------------------------------------------------------------

    def instructions(self, uri: str, text: str) -> list[Instruction]:
        """The instructions that stand as comments in a document."""
        document = self._documents.get(uri)
        if document is None:
            return []
        language = syntax.language_of(filename_of(document), text[:200].partition("\n")[0])
        return comment_instructions.find(text, language, self.settings.comment_marker) if language else []

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
        if isinstance(found, Proposal):
            return self._reject_proposed(found, hunk)
        if not notify:
            return self._reject(found, hunk)
        document = self._document(found.uri)
        sent = asyncio.Event()
        sent.set()

        def early() -> DecisionAnswer:
            return answers.decision(found, document, AnswerStatus.CHANGED, _NOT_REPORTED)

        return self._or_early(asyncio.create_task(self._reject_and_tell(found, hunk)), sent, early)

    async def _reject_and_tell(self, edit: OpenEdit, hunk: int | None) -> DecisionAnswer:
        answer = await self._reject(edit, hunk)
        if answer.status in _TOLD:
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
            return answers.decision(edit, document, AnswerStatus.CONFLICT, remedies.told(exc))
        return self._concluded(edit, document, AnswerStatus.CHANGED, "")

    async def _reject(self, edit: OpenEdit, hunk: int | None) -> DecisionAnswer:
        document = self._document(edit.uri)
        text = document.text
        edit.review.refresh(text)
        refused: tuple[int, ...] = ()
        try:
            local = edit.local(hunk) if hunk is not None else None
            if local is None:
                rejections = edit.review.reject_all(text)
                inverse, taken, refused = rejections.edits, rejections.hunk_ids, rejections.refused
            else:
                inverse, taken = (edit.review.reject(local, text),), (local,)
        except EditsvcError as exc:
            return answers.decision(edit, document, AnswerStatus.CONFLICT, remedies.told(exc))
        landing = Landing(Outcome.LANDED)
        if inverse:
            landing = await self._runway.land(document.snapshot(), inverse, label="editsvc: reject")
        document = self._document(edit.uri)
        failed = landing.conflicts if landing.outcome is Outcome.LANDED else range(len(taken))
        for number in failed:
            edit.review.reopen(taken[number], document.text)
        if landing.outcome is not Outcome.LANDED:
            message = landing.reason or "The text has changed since the edit wrote it."
            return answers.decision(edit, document, _STATUS[landing.outcome], message)
        left = len(refused) + len(landing.conflicts)
        message = (
            f"{left} hunks have changed since the edit wrote them and are left as they are." if left else ""
        )
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
        landing = await self._runway.land(proposal.base, edits, label=proposal.label)
        document = self._document(proposal.base.uri)
        if landing.outcome is not Outcome.LANDED:
            message = landing.reason or _conflict_message(landing, len(edits))
            return answers.decision(proposal, document, _STATUS[landing.outcome], message)
        for index in landing.indices:
            proposal.states[numbers[index]] = HunkState.ACCEPTED
        status = AnswerStatus.CONFLICT if landing.conflicts else AnswerStatus.CHANGED
        message = _conflict_message(landing, len(edits)) if landing.conflicts else ""
        self._judge(proposal)
        return answers.decision(proposal, document, status, message)

    async def _reject_proposed(self, proposal: Proposal, hunk: int | None) -> DecisionAnswer:
        for number, state in enumerate(proposal.states):
            if state is HunkState.OPEN and hunk in {None, number}:
                proposal.states[number] = HunkState.REJECTED
        self._judge(proposal)
        return answers.decision(proposal, self._document(proposal.base.uri), AnswerStatus.CHANGED, "")

    def _judge(self, proposal: Proposal) -> None:
        from editsvc.tokenlog import Verdict  # noqa: PLC0415

        accepted = proposal.states.count(HunkState.ACCEPTED)
        if HunkState.OPEN not in proposal.states:
            self._proposals.pop(proposal.id, None)
        whole = {len(proposal.states): Verdict.ACCEPTED}
        if HunkState.OPEN not in proposal.states:
            whole[0] = Verdict.REJECTED
        self._reviews.note(
            proposal.id, whole.get(accepted, Verdict.PARTIAL), accepted, hunks=len(proposal.states)
        )

    def _document(self, uri: str) -> Document:
        document = self._documents.get(uri)
        if document is None:
            raise JsonRpcInvalidParams("The document of this edit was closed.")
        return document


_STATUS: Final = {
    Outcome.CONFLICT: AnswerStatus.CONFLICT,
    Outcome.REFUSED: AnswerStatus.REFUSED,
    Outcome.LOST: AnswerStatus.FAILED,
    Outcome.CLOSED: AnswerStatus.REFUSED,
}
# How long a client has to report a change before the command that made it is answered all the same.
_EARLY_S: Final = 1.0
_NOT_REPORTED: Final = "The change was sent; the editor has not reported it yet."
_TOLD: Final = frozenset({AnswerStatus.CONFLICT, AnswerStatus.REFUSED, AnswerStatus.FAILED})


def _selection(document: Document, place: Range | None) -> Selection | None:
    return Selection(*offsets(document, place)) if place is not None else None


def _shortened(instruction: str) -> str:
    line = " ".join(instruction.split())
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1] + "…"


def _conflict_message(landing: Landing, total: int) -> str:
    return (
        f"{len(landing.conflicts)} of {total} hunks were left out, because the same lines were changed while "
        "the edit was made."
    )


def _offline_note(result: EditResult) -> str:
    return "Edited by the offline engine: there is no API key." if result.offline else ""


def _look_at(task: asyncio.Task[Any]) -> None:
    """Take note of how a task ended: when its request was cancelled, nobody else does."""
    if not task.cancelled():
        task.exception()
