"""One session of the language server: the parts put together, and a handler for each message.

A handler converts, hands on, and converts back. It is called when its message arrives; see `lsp.wire.jsonrpc`.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, JsonRpcInvalidRequest
from pygls.lsp.server import LanguageServer

from editsvc import __version__
from editsvc.errors import EditsvcError
from editsvc.text.document import PositionEncoding
from editsvc.text.rebase import changes_between
from lsp import actions, contract, remedies, settings
from lsp.documents import DocumentStore
from lsp.editing.apply_edits import EditApplier, Patience
from lsp.editing.decisions import Decisions
from lsp.editing.edits import Edits
from lsp.editing.hunk_feed import HunkFeed
from lsp.editing.reviews import Reviews
from lsp.editing.tasks import Tasks
from lsp.service_handle import ServiceHandle
from lsp.wire.client import ClientLink
from lsp.wire.convert import argument_of, client_of, content_changes, options_of, rewrites_lines, root_of
from lsp.wire.jsonrpc import EditProtocol
from lsp.wire.session_token import same_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from editsvc.text.document import Edit
    from lsp.documents import Changed
    from lsp.wire.session_protocol import Channel

_MOST_UNREAD: Final = 64 << 20


def _refined(before: str | None, changed: Changed) -> Sequence[Edit]:
    """The changes, or finer ones: an undo that comes as one piece must not blur what it does not alter."""
    if before is None or changed.document is None:
        return changed.changes
    return changes_between(before, changed.document.text)


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True)
class ProcessContext:
    """The context that the process gives to a session."""

    environ: Mapping[str, str]
    offline: bool = False
    patience: Patience = field(default_factory=Patience)
    new_id: Callable[[], str] = field(default=_new_id)

    @classmethod
    def current(cls, *, offline: bool) -> ProcessContext:
        """Those of this process."""
        return cls(dict(os.environ), offline=offline)


class EditServer(LanguageServer):
    """A session with one client. `ended` gets the status for the shell when the client has left."""

    protocol: EditProtocol

    def __init__(self, context: ProcessContext, token: str | None = None) -> None:
        super().__init__("editsvc-lsp", __version__, protocol_cls=EditProtocol)
        self.protocol.session = self
        self.notebook_sync = types.NotebookDocumentSyncOptions(
            [types.NotebookDocumentFilterWithNotebook(notebook="*")]
        )
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._token = token
        self._tasks: set[asyncio.Future[Any]] = set()
        self._options = contract.InitializationOptions()
        self._wound_up: asyncio.Task[None] | None = None
        self.link = ClientLink(self.protocol)
        self.documents = DocumentStore()
        self.service_handle = ServiceHandle(context.environ, offline=context.offline)
        self.applier = EditApplier(self.documents, self.link.apply, context.patience)
        self.hunks = HunkFeed(self.documents, self.link.hunks)
        self.reviews = Reviews(self.service_handle, self.hunks)
        tasks = Tasks()
        self.decisions = Decisions(
            documents=self.documents,
            applier=self.applier,
            reviews=self.reviews,
            client=self.link,
            tasks=tasks,
        )
        self.edits = Edits(
            documents=self.documents,
            service_handle=self.service_handle,
            applier=self.applier,
            reviews=self.reviews,
            decisions=self.decisions,
            client=self.link,
            tasks=tasks,
            new_id=context.new_id,
        )
        self._register()

    def _register(self) -> None:
        features: dict[str, tuple[Callable[..., Any], Any]] = {
            types.TEXT_DOCUMENT_DID_OPEN: (self.on_open, None),
            types.TEXT_DOCUMENT_DID_CHANGE: (self.on_change, None),
            types.TEXT_DOCUMENT_DID_CLOSE: (self.on_close, None),
            types.NOTEBOOK_DOCUMENT_DID_OPEN: (self.on_notebook_open, None),
            types.NOTEBOOK_DOCUMENT_DID_CHANGE: (self.on_notebook_change, None),
            types.NOTEBOOK_DOCUMENT_DID_CLOSE: (self.on_notebook_close, None),
            types.TEXT_DOCUMENT_CODE_ACTION: (
                self.on_code_action,
                types.CodeActionOptions(
                    code_action_kinds=[kind.value for kind in contract.ActionKind], resolve_provider=True
                ),
            ),
            types.CODE_ACTION_RESOLVE: (self.on_code_action_resolve, None),
            types.TEXT_DOCUMENT_CODE_LENS: (self.on_code_lens, types.CodeLensOptions(resolve_provider=False)),
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: (self.on_configuration, None),
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (self.on_folders, None),
            types.WINDOW_WORK_DONE_PROGRESS_CANCEL: (self.on_progress_cancel, None),
        }
        for method, (handler, options) in features.items():
            self.protocol.fm.features[method] = handler
            if options is not None:
                self.protocol.fm.feature_options[method] = options
        commands: dict[contract.Command, Callable[..., Any]] = {
            contract.Command.EDIT: self.on_edit,
            contract.Command.ACCEPT_HUNK: self.on_accept_hunk,
            contract.Command.REJECT_HUNK: self.on_reject_hunk,
            contract.Command.ACCEPT_EDIT: self.on_accept_edit,
            contract.Command.REJECT_EDIT: self.on_reject_edit,
            contract.Command.REJECT_UNEXPLAINED: self.on_reject_unexplained,
            contract.Command.CANCEL: self.on_cancel,
            contract.Command.REPORT: self.on_report,
        }
        self.protocol.fm.commands.update({command.value: handler for command, handler in commands.items()})

    # --- the session ----------------------------------------------------------------------------------------

    def connect(self, channel: Channel) -> None:
        """Begin to talk over `channel`."""
        self.protocol.channel = channel

    def receive(self, body: bytes) -> None:
        """Take one message; a client that has stopped reading altogether is disconnected."""
        if self.ended.done():
            return
        self.protocol.receive(body)
        if self.link.backlog > _MOST_UNREAD:
            self.end(1)

    def disconnected(self) -> None:
        """The client has left without a word; nothing is wrong with that."""
        self.end(0)

    def end(self, status: int) -> None:
        """End the session."""
        if not self.ended.done():
            self.ended.set_result(status)

    async def wind_up(self) -> None:
        """Stop edits, write verdicts, close connections; once, however often it is called."""
        if self._wound_up is None:
            self._wound_up = asyncio.create_task(self._wind_up())
        await asyncio.shield(self._wound_up)

    async def _wind_up(self) -> None:
        await self.edits.wind_up()
        await self.reviews.wind_up({document.uri: document.text for document in self.documents})
        await self.service_handle.close()
        for task in list(self._tasks):
            task.cancel()

    def _background(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def on_initialize(self, params: types.InitializeParams, encoding: str) -> None:
        """Remember the client's capabilities; raises JsonRpcInvalidRequest for a wrong token."""
        self._options = options_of(params)
        if self._token is not None and not same_token(self._options.token, self._token):
            asyncio.get_running_loop().call_soon(self.end, 1)
            raise JsonRpcInvalidRequest("The token in initializationOptions is missing or wrong.")
        self.link.about = client_of(params)
        self.hunks.enabled = self.link.about.hunks
        self.documents.encoding = PositionEncoding(encoding)
        self.edits.root = root_of(params)
        self._configure({})

    async def on_initialized(self) -> None:
        """Get the settings from clients that can be asked, and get ready for the first edit."""
        if self.link.about.registers_configuration:
            self.link.register_configuration(settings.SECTION)
        await self._pull_configuration()
        self._background(self.service_handle.warm_up())

    async def _pull_configuration(self) -> None:
        if self.link.about.configuration:
            section = await self.link.configuration(settings.SECTION)
            if isinstance(section, dict):
                self._configure(section)

    def _configure(self, section: dict[str, Any]) -> None:
        # What came with `initialize` holds until the client says otherwise; Helix sends its whole table there.
        first = self._options.settings or self._options.editsvc or {}
        own, engine, warnings = settings.read({**first, **section})
        self.edits.settings = own
        warnings += self.service_handle.configure(engine, self.edits.root)
        for warning in warnings:
            self.link.log(warning)

    def on_configuration(self, params: types.DidChangeConfigurationParams) -> Awaitable[None] | None:
        """Settings pushed by the client, or word that they can be pulled."""
        pushed = params.settings
        if isinstance(pushed, dict) and isinstance(pushed.get(settings.SECTION), dict):
            self._configure(pushed[settings.SECTION])
            return None
        return self._pull_configuration()

    def on_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """The root stays that of the start: an edit's project settings must not depend on the order of folders."""

    # --- documents ------------------------------------------------------------------------------------------

    def on_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Keep a document."""
        self._open([params.text_document])

    def on_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Follow a document."""
        self._change(params.text_document, params.content_changes)

    def on_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Forget a document."""
        self._close([params.text_document])

    def on_notebook_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Keep the cells of a notebook."""
        self._open(params.cell_text_documents)

    def on_notebook_change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Follow the cells of a notebook."""
        cells = params.change.cells
        if cells is None:
            return
        if cells.structure is not None:
            self._close(cells.structure.did_close or ())
            self._open(cells.structure.did_open or ())
        for cell in cells.text_content or ():
            self._change(cell.document, cell.changes)

    def on_notebook_close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Forget the cells of a notebook."""
        self._close(params.cell_text_documents)

    def _open(self, items: Iterable[types.TextDocumentItem]) -> None:
        for item in items:
            if self.documents.get(item.uri) is not None:
                # A client that lost count: what runs on the old text has no place to go.
                self._forget(item.uri)
            self._log_problem(self.documents.open(item.uri, str(item.language_id), item.version, item.text))

    def _change(
        self,
        identifier: types.VersionedTextDocumentIdentifier,
        changes: Iterable[types.TextDocumentContentChangeEvent],
    ) -> None:
        try:
            converted = content_changes(changes)
        except ValueError as exc:
            raise JsonRpcInvalidParams(str(exc)) from None
        uri = identifier.uri
        document = self.documents.get(uri)
        # Joining the text for each key that is pressed would cost what the document's chunks save.
        wanted = self.applier.awaits(uri) or (
            self.reviews.follows(uri) and any(map(rewrites_lines, converted))
        )
        before = document.text if wanted and document is not None else None
        changed = self.documents.change(uri, identifier.version, converted)
        self._log_problem(changed)
        if changed.document is not None:
            self.reviews.changed(uri, _refined(before, changed))
            self.applier.changed(uri, before or "", changed.changes)

    def _close(self, identifiers: Iterable[types.TextDocumentIdentifier]) -> None:
        for identifier in identifiers:
            self._forget(identifier.uri)

    def _forget(self, uri: str) -> None:
        closed = self.documents.close(uri)
        self._log_problem(closed)
        if closed.document is not None:
            self.reviews.close(uri, closed.document.text)
        self.edits.closed(uri)
        self.applier.changed(uri)

    def _log_problem(self, changed: Changed) -> None:
        if changed.problem is not None:
            self.link.log(changed.problem.value)

    # --- actions and lenses ---------------------------------------------------------------------------------

    def on_code_action(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """The code actions at a position."""
        document = self.documents.get(params.text_document.uri)
        if document is None:
            return []
        return actions.code_actions(document, params, self.edits, self.reviews)

    def on_code_action_resolve(self, action: types.CodeAction) -> types.CodeAction:
        """Give an action its command."""
        return actions.resolved(action)

    def on_code_lens(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        """Accept and reject, above open hunks."""
        document = self.documents.get(params.text_document.uri)
        if document is None or not self.edits.settings.code_lenses:
            return []
        return actions.code_lenses(document, self.reviews)

    def on_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> None:
        """Stop the edit with that token."""
        self.edits.cancel_progress(params.token)

    # --- commands -------------------------------------------------------------------------------------------

    def on_edit(self, command: types.ExecuteCommandParams) -> Awaitable[contract.EditAnswer]:
        """``editsvc.edit``."""
        return self.edits.start(argument_of(command, contract.EditArgument), command.work_done_token)

    def on_accept_hunk(self, command: types.ExecuteCommandParams) -> Awaitable[contract.DecisionAnswer]:
        """``editsvc.acceptHunk``."""
        argument = argument_of(command, contract.HunkArgument)
        return self.decisions.accept(argument.edit_id, argument.hunk_id)

    def on_reject_hunk(self, command: types.ExecuteCommandParams) -> Awaitable[contract.DecisionAnswer]:
        """``editsvc.rejectHunk``."""
        argument = argument_of(command, contract.HunkArgument)
        return self.decisions.reject(argument.edit_id, argument.hunk_id, notify=argument.notify)

    def on_accept_edit(self, command: types.ExecuteCommandParams) -> Awaitable[contract.DecisionAnswer]:
        """``editsvc.acceptEdit``."""
        return self.decisions.accept(argument_of(command, contract.EditIdArgument).edit_id, None)

    def on_reject_edit(self, command: types.ExecuteCommandParams) -> Awaitable[contract.DecisionAnswer]:
        """``editsvc.rejectEdit``."""
        argument = argument_of(command, contract.EditIdArgument)
        return self.decisions.reject(argument.edit_id, None, notify=argument.notify)

    def on_reject_unexplained(
        self, command: types.ExecuteCommandParams
    ) -> Awaitable[contract.DecisionAnswer]:
        """``editsvc.rejectUnexplained``."""
        argument = argument_of(command, contract.EditIdArgument)
        return self.decisions.reject_unexplained(argument.edit_id, notify=argument.notify)

    def on_cancel(self, command: types.ExecuteCommandParams) -> contract.CancelAnswer:
        """``editsvc.cancel``."""
        return self.edits.cancel(argument_of(command, contract.EditIdArgument).edit_id)

    async def on_report(self, command: types.ExecuteCommandParams) -> contract.ReportPage | dict[str, Any]:
        """``editsvc.report``: what ``editsvc report`` prints as JSON, or as a page."""
        argument = argument_of(command, contract.ReportArgument)
        try:
            answer, missing = await asyncio.to_thread(self._report, argument.format)
        except EditsvcError as exc:
            raise JsonRpcException(remedies.message_of(exc)) from exc
        for sentence in missing:
            self.link.log(sentence)
        return answer

    def _report(self, form: str) -> tuple[contract.ReportPage | dict[str, Any], list[str]]:
        """The report, and a sentence for each part that is missing."""
        from editsvc.app.composition import open_log  # noqa: PLC0415 - heavy
        from editsvc.report import read, to_json  # noqa: PLC0415
        from editsvc.report.page import to_html  # noqa: PLC0415
        from editsvc.report.parts import Parts  # noqa: PLC0415

        with open_log(self.service_handle.settings) as log:
            report = read(log, days=True)
        parts = Parts(report.missing)
        # The parts that are missing are known once the report is made.
        answer = contract.ReportPage(to_html(report, parts)) if form == "html" else to_json(report, parts)
        return answer, [part.sentence for part in parts.missing]
