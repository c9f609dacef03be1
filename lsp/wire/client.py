"""The client as the rest of the server sees it: somebody to tell, and to ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types

from lsp.names import Notification
from lsp.wire.convert import Client, workspace_edit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from lsp.contract import HunksParams, StreamedHunk, StreamParams
    from lsp.wire.convert import BufferEdit
    from lsp.wire.jsonrpc import EditProtocol

_CREATE_S: Final = 5.0
_SHOW_S: Final = 10.0
_LINE: Final = 80


class ClientLink:
    """What is said to the client, in LSP's words; `about` is what the client can do."""

    def __init__(self, protocol: EditProtocol) -> None:
        self._protocol = protocol
        self.about = Client()
        self._tokens = 0

    @property
    def backlog(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._protocol.channel.backlog if self._protocol.channel else 0

    def apply(self, edit: BufferEdit) -> Awaitable[tuple[bool, str]]:
        """Ask the client to make an edit: whether it says that it did, and why not. Raises its error.

        The request goes out before this returns: a moment later the offsets could be those of an older text.
        """
        params = types.ApplyWorkspaceEditParams(edit=workspace_edit(edit, self.about), label=edit.label)
        return _applied(self._protocol.send_request_async(types.WORKSPACE_APPLY_EDIT, params))

    def show(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Show a sentence to the user, on one line: a second one makes Neovim ask for a key.

        What a status line may cut off is whole in the client's log.
        """
        line = " ".join(message.split())
        self._protocol.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=kind, message=line))
        if len(line) > _LINE:
            self.log(line, kind)

    def show_text(self, text: str) -> None:
        """Show a text of several lines as a message, to a client that can open no document for it."""
        params = types.ShowMessageParams(type=types.MessageType.Info, message=text)
        self._protocol.notify(types.WINDOW_SHOW_MESSAGE, params)

    async def show_document(self, uri: str) -> bool:
        """Have the client open a document, where its user sees it; False if it does not."""
        params = types.ShowDocumentParams(uri=uri, take_focus=True)
        request = self._protocol.send_request_async(types.WINDOW_SHOW_DOCUMENT, params)
        try:
            answer = await asyncio.wait_for(request, _SHOW_S)
        except Exception:  # noqa: BLE001 - whatever it says, nothing is shown then
            return False
        return bool(answer and answer.success)

    async def ask(self, message: str, answers: Sequence[str]) -> str | None:
        """Show a question to the user; None if they gave no answer, or the client cannot ask."""
        if not self.about.asks:
            self.show(message)
            return None
        params = types.ShowMessageRequestParams(
            type=types.MessageType.Warning,
            message=message,
            actions=[types.MessageActionItem(title=answer) for answer in answers],
        )
        try:
            chosen = await self._protocol.send_request_async(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
        except Exception:  # noqa: BLE001 - a client that cannot ask has got no answer
            return None
        return chosen.title if chosen is not None else None

    def log(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Put a sentence into the client's log."""
        self._protocol.notify(types.WINDOW_LOG_MESSAGE, types.LogMessageParams(type=kind, message=message))

    def stream(self, params: StreamParams) -> None:
        """Send ``editsvc/stream``."""
        self._protocol.notify(Notification.STREAM, params)

    def hunks(self, params: HunksParams) -> None:
        """Send ``editsvc/hunks``."""
        self._protocol.notify(Notification.HUNKS, params)

    def new_token(self) -> str:
        """A token for a progress of our own; short, because Helix shows it."""
        self._tokens += 1
        return f"editsvc-{self._tokens}"

    def progress(self, token: types.ProgressToken, value: Any) -> None:
        """Send one step of a work-done progress."""
        self._protocol.notify(types.PROGRESS, types.ProgressParams(token=token, value=value))

    async def create_progress(self, token: types.ProgressToken) -> bool:
        """Announce a progress of our own; False if the client does not want it, or does not answer."""
        params = types.WorkDoneProgressCreateParams(token=token)
        request = self._protocol.send_request_async(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        try:
            await asyncio.wait_for(request, _CREATE_S)
        except Exception:  # noqa: BLE001 - whatever it says, there is no progress then
            return False
        return True

    def refresh_lenses(self) -> None:
        """Have the client ask for code lenses again, if it can."""
        if self.about.refreshes_lenses:
            self._protocol.send_request(types.WORKSPACE_CODE_LENS_REFRESH)

    async def configuration(self, section: str) -> Any:
        """The client's settings under `section`; None if it does not give them."""
        params = types.ConfigurationParams(items=[types.ConfigurationItem(section=section)])
        try:
            answer = await self._protocol.send_request_async(types.WORKSPACE_CONFIGURATION, params)
        except Exception:  # noqa: BLE001 - a client without settings is one with the defaults
            return None
        return answer[0] if answer else None

    def register_configuration(self, section: str) -> None:
        """Ask to be told when the settings under `section` change."""
        options = types.DidChangeConfigurationRegistrationOptions(section=section)
        registration = types.Registration(
            id="editsvc-configuration",
            method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
            register_options=options,
        )
        self._protocol.send_request(
            types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(registrations=[registration])
        )


async def _applied(request: Awaitable[Any]) -> tuple[bool, str]:
    answer = await request
    return bool(answer and answer.applied), (answer.failure_reason or "") if answer else ""


class EditProgress:
    """The work-done progress of one edit, on the client's token or on one of our own.

    It begins when the client has agreed to the token, and nothing is sent before that or after the end.
    """

    def __init__(self, link: ClientLink, edit_id: str, uri: str, version: int) -> None:
        self._link = link
        self._edit_id, self._uri = edit_id, uri
        self.version = version  # of the document that streamed hunks are in lines of
        self._begun = False
        self._ended = False
        self._creating: asyncio.Task[None] | None = None
        self.token: types.ProgressToken | None = None

    def start(self, token: types.ProgressToken | None, title: str) -> None:
        """Begin, if the client gave a token or can take one."""
        if token is not None:
            self.token = token
            self._begin(title)
        elif self._link.about.progress:
            self.token = self._link.new_token()
            self._creating = asyncio.create_task(self._create(self.token, title))

    async def _create(self, token: types.ProgressToken, title: str) -> None:
        if await self._link.create_progress(token) and not self._ended:
            self._begin(title)

    def _begin(self, title: str) -> None:
        self._begun = True
        self._send(types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0))

    def report(self, message: str, percentage: int) -> None:
        """Say how far it is."""
        if self._begun and not self._ended:
            self._send(types.WorkDoneProgressReport(message=message, percentage=percentage, cancellable=True))

    def stream(self, seq: int, hunks: Sequence[StreamedHunk], reached: int, total: int) -> None:
        """Send hunks that have become certain."""
        if not self._ended:
            from lsp.contract import StreamParams

            self._link.stream(
                StreamParams(
                    edit_id=self._edit_id,
                    uri=self._uri,
                    version=self.version,
                    seq=seq,
                    hunks=tuple(hunks),
                    reached=reached,
                    total=total,
                )
            )

    @property
    def backlog(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._link.backlog

    def end(self, message: str) -> None:
        """End it; only the first call counts."""
        if self._ended:
            return
        self._ended = True
        if self._creating is not None:
            self._creating.cancel()
        if self._begun:
            self._send(types.WorkDoneProgressEnd(message=message))

    def _send(self, value: Any) -> None:
        if self.token is not None:
            self._link.progress(self.token, value)
