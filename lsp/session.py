"""One session of the language server: the parts put together, and a handler for each message.

A handler converts, hands on, and converts back. It is called when its message arrives; see `lsp.wire.jsonrpc`. The
parts (`lsp.parts`) are made when `initialize` is answered: nothing that an edit needs is loaded before.
"""

from __future__ import annotations

import asyncio
import gc
import os
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, JsonRpcInvalidRequest
from pygls.lsp.server import LanguageServer

from editsvc import __version__
from lsp.names import DIFF_SCHEME, ActionKind, Command, InitializationOptions
from lsp.wire.client import ClientLink
from lsp.wire.convert import (
    argument_of,
    client_of,
    content_changes,
    options_of,
    rewrites_lines,
    root_of,
    same_file,
    unread,
)
from lsp.wire.jsonrpc import EditProtocol
from lsp.wire.session_token import same_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from editsvc.text.document import Edit
    from lsp import contract
    from lsp.documents import Changed, Document, DocumentStore
    from lsp.editing.apply_edits import EditApplier, Patience
    from lsp.editing.decisions import Decisions
    from lsp.editing.edits import Edits
    from lsp.editing.reviews import Reviews
    from lsp.parts import Parts
    from lsp.service_handle import ServiceHandle
    from lsp.wire.session_protocol import Channel

    _Decision: TypeAlias = contract.DecisionAnswer | Coroutine[Any, Any, contract.DecisionAnswer]

_MOST_UNREAD: Final = 64 << 20
# How many turns of the loop it takes at most from a change that shows an edit to the edit's end.
_TURNS: Final = 20
_NO_INSTRUCTION: Final = (
    "This command needs an instruction, which this editor cannot pass: write it as a comment, {marker}: …, and choose "
    "“Apply this instruction” from the code actions there."
)
_NO_HUNK: Final = "This command needs a change, which this editor cannot pass: choose an action on its line."


def _refined(before: str | None, changed: Changed) -> Sequence[Edit]:
    """The changes, or finer ones: an undo that comes as one piece must not blur what it does not alter."""
    if before is None or changed.document is None:
        return changed.changes
    from editsvc.text.rebase import changes_between

    return changes_between(before, changed.document.text)


def _headline(report: Mapping[str, Any]) -> str:
    """The report in a sentence, for an editor that shows no answers."""
    from editsvc import figures

    share = report["prediction"]["acceptance"]["value"]
    accepted = "" if share is None else f"; {figures.percent(share)} of the predicted tokens were accepted"
    counted = f"{figures.count(report['requests'], 'edit')} in the log{accepted}."
    said = report["recommendations"]
    return f"{counted} {said[0]['sentence']}" if said else counted


def _new_id() -> str:
    return uuid.uuid4().hex


def _keep_what_is_loaded() -> None:
    """Let the garbage collector pass over what stays: looking through it took 70 ms, in which nothing else runs."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class ProcessContext:
    """The context that the process gives to a session; without `patience`, a client has the usual one.

    `settled` is called when all that a first edit needs is loaded.
    """

    environ: Mapping[str, str]
    offline: bool = False
    patience: Patience | None = None
    new_id: Callable[[], str] = field(default=_new_id)
    settled: Callable[[], None] = field(default=lambda: None)

    @classmethod
    def current(cls, *, offline: bool) -> ProcessContext:
        """Those of this process."""
        return cls(dict(os.environ), offline=offline, settled=_keep_what_is_loaded)


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
        self.admitted = token is None
        self._tasks: set[asyncio.Future[Any]] = set()
        self._context = context
        self._options = InitializationOptions()
        self._encoding = "utf-16"
        self._root: Path | None = None
        self._warm = False  # or getting warm
        self._wound_up: asyncio.Task[None] | None = None
        self.link = ClientLink(self.protocol)
        self._register()

    @cached_property
    def parts(self) -> Parts:
        """What the session is made of, with the settings that came with ``initialize``."""
        from lsp.parts import Parts

        parts = Parts(
            self.link,
            environ=self._context.environ,
            offline=self._context.offline,
            patience=self._context.patience,
            new_id=self._context.new_id,
        )
        parts.begin(self._encoding, self._root)
        self._configure(parts, {})
        gc.enable()  # the process has not collected until now
        return parts

    @property
    def documents(self) -> DocumentStore:
        """The open documents."""
        return self.parts.documents

    @property
    def service_handle(self) -> ServiceHandle:
        """The edit service."""
        return self.parts.service_handle

    @property
    def applier(self) -> EditApplier:
        """Applies edits to the client's buffer."""
        return self.parts.applier

    @property
    def reviews(self) -> Reviews:
        """The edits whose hunks are followed."""
        return self.parts.reviews

    @property
    def decisions(self) -> Decisions:
        """Accepts and rejects."""
        return self.parts.decisions

    @property
    def edits(self) -> Edits:
        """The edits that run."""
        return self.parts.edits

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
                    code_action_kinds=[kind.value for kind in ActionKind], resolve_provider=True
                ),
            ),
            types.CODE_ACTION_RESOLVE: (self.on_code_action_resolve, None),
            types.TEXT_DOCUMENT_HOVER: (self.on_hover, None),
            types.TEXT_DOCUMENT_CODE_LENS: (self.on_code_lens, types.CodeLensOptions(resolve_provider=False)),
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: (self.on_configuration, None),
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (self.on_folders, None),
            types.WINDOW_WORK_DONE_PROGRESS_CANCEL: (self.on_progress_cancel, None),
            types.WORKSPACE_TEXT_DOCUMENT_CONTENT: (self.on_text, None),
        }
        for method, (handler, options) in features.items():
            self.protocol.fm.features[method] = handler
            if options is not None:
                self.protocol.fm.feature_options[method] = options
        commands: dict[Command, Callable[..., Any]] = {
            Command.EDIT: self.on_edit,
            Command.ACCEPT_HUNK: self.on_accept_hunk,
            Command.REJECT_HUNK: self.on_reject_hunk,
            Command.ACCEPT_EDIT: self.on_accept_edit,
            Command.REJECT_EDIT: self.on_reject_edit,
            Command.REJECT_UNEXPLAINED: self.on_reject_unexplained,
            Command.CANCEL: self.on_cancel,
            Command.SHOW_DIFF: self.on_show_diff,
            Command.SCOPES: self.on_scopes,
            Command.REPORT: self.on_report,
        }
        self.protocol.fm.commands.update(
            {command.value: self._heard(handler) for command, handler in commands.items()}
        )

    def _heard(self, handler: Callable[..., Any]) -> Callable[[types.ExecuteCommandParams], Any]:
        """A command whose error is shown to the user, too, if nobody reads its answer: Helix only logs it."""

        def handle(command: types.ExecuteCommandParams) -> Any:
            try:
                return handler(command)
            except JsonRpcInvalidParams as exc:
                if unread(command):
                    self.link.show(exc.message)
                raise

        return handle

    @property
    def content_schemes(self) -> Sequence[str]:
        """The schemes of documents whose texts the client may ask for; empty if it cannot."""
        return [DIFF_SCHEME] if self.link.about.asks_for_texts else []

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
        if "parts" in vars(self):
            await self.parts.wind_up()
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
        self.admitted = True
        self.link.about = client_of(params)
        self._encoding, self._root = encoding, root_of(params)
        # Behind the answer, and before the client's next message unless that is here already.
        asyncio.get_running_loop().call_soon(lambda: self.parts)

    async def on_initialized(self) -> None:
        """Get the settings from clients that can be asked, and get ready for the first edit."""
        from lsp import settings

        if self.link.about.registers_configuration:
            self.link.register_configuration(settings.SECTION)
        await self._pull_configuration()
        self._warm = True
        self._background(self._warm_up())

    async def _warm_up(self) -> None:
        self._convert_once()
        await asyncio.to_thread(self.protocol.warm_up)
        await self.service_handle.warm_up()
        self._context.settled()

    def _convert_once(self) -> None:
        # On the loop's thread, 3 ms: msgspec 0.22 crashes the process if two threads make a struct's decoder at once.
        from lsp import contract
        from lsp.editing.answers import result_fields

        msgspec.convert({"uri": "", "instruction": ""}, contract.EditArgument)
        result_fields(None)
        "".encode("utf-16-le")  # positions

    async def _pull_configuration(self) -> None:
        from lsp import settings

        if self.link.about.configuration:
            section = await self.link.configuration(settings.SECTION)
            if isinstance(section, dict):
                self._configure(self.parts, section)

    def _configure(self, parts: Parts, section: dict[str, Any]) -> None:
        from lsp import settings

        # What came with `initialize` holds until the client says otherwise; Helix sends its whole table there.
        first = self._options.settings or self._options.editsvc or {}
        own, engine, warnings = settings.read({**settings.named(first), **settings.named(section)})
        parts.edits.settings = own
        warnings += parts.service_handle.configure(engine, self._root)
        for warning in warnings:
            self.link.log(warning)

    def on_configuration(self, params: types.DidChangeConfigurationParams) -> Awaitable[None] | None:
        """Settings pushed by the client, or word that they can be pulled."""
        from lsp import settings

        pushed = params.settings
        if isinstance(pushed, dict) and isinstance(pushed.get(settings.SECTION), dict):
            self._configure(self.parts, pushed[settings.SECTION])
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
            if self.service_handle.will_edit(str(item.language_id)) and self._warm:
                self._background(self.service_handle.warm_up())

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
        document = self.documents.find(uri)
        uri = document.uri if document is not None else uri
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
            uri = closed.document.uri
            self.reviews.close(uri, closed.document.text)
        self.edits.closed(uri)
        self.applier.changed(uri)

    def _log_problem(self, changed: Changed) -> None:
        if changed.problem is not None:
            self.link.log(changed.problem.value)

    # --- actions and lenses ---------------------------------------------------------------------------------

    def _document(self, uri: str) -> Document | None:
        """An open document by any name that its file has."""
        found = self.documents.find(uri)
        if found is not None:
            return found
        return next((each for each in self.documents if same_file(each.uri, uri)), None)

    def on_text(self, params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
        """The text of a document of ours."""
        text = self.parts.diffs.text(params.uri)
        if text is None:
            raise JsonRpcInvalidParams("This diff is not kept any more.")
        return types.TextDocumentContentResult(text)

    async def _caught_up(self, uri: str) -> Document | None:
        """The document, once what its last changes have settled is done: they often come right before a question."""
        document = self._document(uri)
        for _ in range(_TURNS):
            if document is None or not self.applier.awaits(document.uri):
                break
            await asyncio.sleep(0)
        return None if document is None else self.documents.get(document.uri)

    async def on_code_action(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """The code actions at a position."""
        document = await self._caught_up(params.text_document.uri)
        if document is None:
            return []
        from lsp import actions

        return actions.code_actions(
            document,
            params,
            edits=self.edits,
            reviews=self.reviews,
            decisions=self.decisions,
            by_model=self.service_handle.asks_a_model(),
            offline=self.service_handle.is_offline(),
        )

    def on_code_action_resolve(self, action: types.CodeAction) -> types.CodeAction:
        """Give an action its command."""
        from lsp import actions

        return actions.resolved(action)

    async def on_hover(self, params: types.HoverParams) -> types.Hover | None:
        """What changed on a line; None for clients that draw changes themselves."""
        document = await self._caught_up(params.text_document.uri)
        if document is None or self.link.about.hunks:
            return None
        from lsp import hovers

        return hovers.hover(
            document,
            params.position,
            self.reviews,
            self.decisions,
            markdown=self.link.about.reads_markdown,
        )

    async def on_code_lens(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        """Accept and reject, above open hunks."""
        document = await self._caught_up(params.text_document.uri)
        if document is None or not self.edits.settings.code_lenses:
            return []
        from lsp import actions

        return actions.code_lenses(document, self.reviews, self.decisions)

    def on_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> None:
        """Stop the edit with that token."""
        self.edits.cancel_progress(params.token)

    # --- commands -------------------------------------------------------------------------------------------

    def on_edit(
        self, command: types.ExecuteCommandParams
    ) -> Awaitable[contract.EditAnswer] | contract.EditAnswer:
        """``editsvc.edit``."""
        from lsp import contract

        if not command.arguments:
            raise JsonRpcInvalidParams(_NO_INSTRUCTION.format(marker=self.edits.settings.comment_marker))
        argument = argument_of(command, contract.EditArgument)
        document = self._document(argument.uri)
        if document is not None:
            argument = msgspec.structs.replace(argument, uri=document.uri)
        return self.edits.start(argument, command.work_done_token)

    def on_accept_hunk(self, command: types.ExecuteCommandParams) -> _Decision:
        """``editsvc.acceptHunk``."""
        argument = self._hunk(command)
        return self.decisions.accept(argument.edit_id, argument.hunk_id, notify=argument.notify)

    def on_reject_hunk(self, command: types.ExecuteCommandParams) -> _Decision:
        """``editsvc.rejectHunk``."""
        argument = self._hunk(command)
        return self.decisions.reject(argument.edit_id, argument.hunk_id, notify=argument.notify)

    def on_accept_edit(self, command: types.ExecuteCommandParams) -> _Decision:
        """``editsvc.acceptEdit``."""
        return self.decisions.accept(self._edit_id(command), None, notify=unread(command))

    def on_reject_edit(self, command: types.ExecuteCommandParams) -> _Decision:
        """``editsvc.rejectEdit``."""
        return self.decisions.reject(self._edit_id(command), None, notify=unread(command))

    def on_reject_unexplained(self, command: types.ExecuteCommandParams) -> _Decision:
        """``editsvc.rejectUnexplained``."""
        return self.decisions.reject_unexplained(self._edit_id(command), notify=unread(command))

    def on_cancel(self, command: types.ExecuteCommandParams) -> contract.CancelAnswer:
        """``editsvc.cancel``."""
        return self.edits.cancel(self._edit_id(command), notify=unread(command))

    def on_show_diff(
        self, command: types.ExecuteCommandParams
    ) -> Awaitable[contract.DiffAnswer] | contract.DiffAnswer:
        """``editsvc.showDiff``."""
        return self.edits.show_diff(self._edit_id(command), notify=unread(command))

    def _hunk(self, command: types.ExecuteCommandParams) -> contract.HunkArgument:
        from lsp import contract

        if not command.arguments:
            raise JsonRpcInvalidParams(_NO_HUNK)
        return argument_of(command, contract.HunkArgument)

    def _edit_id(self, command: types.ExecuteCommandParams) -> str | None:
        from lsp import contract

        return argument_of(command, contract.EditIdArgument).edit_id

    async def on_scopes(self, command: types.ExecuteCommandParams) -> contract.ScopesAnswer:
        """``editsvc.scopes``."""
        from lsp import contract

        return await self.edits.scopes(argument_of(command, contract.ScopesArgument))

    async def on_report(self, command: types.ExecuteCommandParams) -> contract.ReportPage | dict[str, Any]:
        """``editsvc.report``: what ``editsvc report`` prints as JSON, or as a page."""
        from editsvc.errors import EditsvcError
        from lsp import contract, remedies

        argument = argument_of(command, contract.ReportArgument)
        try:
            answer, missing = await asyncio.to_thread(self._report, argument.format)
        except EditsvcError as exc:
            if unread(command):
                self.link.show(remedies.message_of(exc))
            raise JsonRpcException(remedies.message_of(exc)) from exc
        for sentence in missing:
            self.link.log(sentence)
        if not command.arguments and isinstance(answer, dict):
            self.link.show(_headline(answer), types.MessageType.Info)
        return answer

    def _report(self, form: str) -> tuple[contract.ReportPage | dict[str, Any], list[str]]:
        """The report, and a sentence for each part that is missing."""
        from editsvc.app.composition import judge_by, open_log
        from editsvc.app.known_servers import with_servers
        from editsvc.report import read, to_json
        from editsvc.report.page import to_html
        from editsvc.report.parts import Parts
        from lsp import contract

        settings = self.service_handle.settings
        with open_log(settings) as log:
            now = datetime.now(UTC)
            report = with_servers(read(log, days=True, terms=judge_by(settings, now), now=now), settings)
        parts = Parts(report.missing)
        # The parts that are missing are known once the report is made.
        answer = contract.ReportPage(to_html(report, parts)) if form == "html" else to_json(report, parts)
        return answer, [part.sentence for part in parts.missing]
