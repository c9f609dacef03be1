"""JSON-RPC as the language server speaks it: pygls' protocol with its defects repaired.

What pygls 2.1.1 keeps: the message types, their conversion, the table of features, the capabilities. What is
replaced, and why, stands at each method; `tests/language_server/test_pygls_defects.py` shows every defect on bare
pygls and its absence here.

A handler is called the moment its message arrives, in the order of the messages, and returns a value or an
awaitable. So whatever a handler does before it first awaits (say, to take a snapshot of a document) belongs
to that moment, and no later notification can slip in between.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import traceback
from concurrent.futures import Future
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from cattrs import transform_error
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

from lsp.wire.convert import unread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

    from lsp.wire.session_protocol import Channel, Session

MsgId = int | str

_log = logging.getLogger(__name__)
_WIND_UP_S: Final = 2.0
_REASONS_SHOWN: Final = 3
_QUIET_S: Final = 0.05
_VERSION: Final = "2.0"


class EditProtocol(LanguageServerProtocol):
    """The protocol of one session, which sets `session` when it makes it, and `channel` when there is a client."""

    session: Session

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        self.channel: Channel | None = None
        self.initialized = False
        # Two maps, where pygls has one: its ids of incoming and of outgoing requests can meet.
        self._running: dict[MsgId, asyncio.Future[Any]] = {}
        self._awaited: dict[MsgId, tuple[Future[Any], Any]] = {}
        self._next_id = 0
        self._held_back: list[bytes] | None = None  # while nothing is to be sent
        super().__init__(server, converter)

    def _register_builtin_features(self) -> None:
        # Only the life cycle: documents are not kept by pygls, whose own mirror breaks lines at \f and U+2028.
        for method, handler in (
            (types.INITIALIZE, self.lsp_initialize),
            (types.INITIALIZED, self.lsp_initialized),
            (types.SHUTDOWN, self.lsp_shutdown),
            (types.EXIT, self.lsp_exit),
            (types.SET_TRACE, self.lsp_set_trace),
            (types.WORKSPACE_EXECUTE_COMMAND, self.lsp_workspace__execute_command),
        ):
            self.fm.add_builtin_feature(method, handler)

    @lru_cache  # noqa: B019 - as long as the session, as in the base class
    def get_message_type(self, method: str) -> type[Any] | None:
        """The type of a request or notification; None for a method that LSP does not have."""
        found: type[Any] | None = types.METHOD_TO_TYPES.get(method, (None,))[0]
        return found

    # --- what comes in ------------------------------------------------------------------------------------

    def receive(self, body: bytes) -> None:
        """Handle one message. Never raises: what is wrong with it is answered, if it can be.

        Replaces pygls' loop, which converts while it parses (an argument that happens to have a key "jsonrpc"
        becomes a message), and answers neither malformed JSON nor malformed parameters.
        """
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._reply_error(None, JsonRpcParseError("The message is not valid JSON."))
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != _VERSION:
            self._reply_error(None, JsonRpcInvalidRequest('A message is an object with "jsonrpc": "2.0".'))
            return
        msg_id, method = message.get("id"), message.get("method")
        if msg_id is not None and (isinstance(msg_id, bool) or not isinstance(msg_id, int | str)):
            self._reply_error(None, JsonRpcInvalidRequest("An id is a number or a string."))
        elif isinstance(method, str):
            if "id" in message and msg_id is not None:
                self._on_request(msg_id, method, message)
            else:
                self._on_notification(method, message)
        elif method is None and msg_id is not None and ("result" in message or "error" in message):
            self._on_response(msg_id, message)
        else:
            self._reply_error(
                msg_id, JsonRpcInvalidRequest("The message is neither a request nor a response.")
            )

    def _on_request(self, msg_id: MsgId, method: str, message: dict[str, Any]) -> None:
        try:
            self._check_order(msg_id, method)
            handler = self._get_handler(method)
            outcome = handler(self._params(method, message))
        except Exception as exc:  # noqa: BLE001 - whatever it is, the client gets an answer
            self._reply_error(msg_id, exc)
            return
        if inspect.isawaitable(outcome):
            task = asyncio.ensure_future(outcome)
            self._running[msg_id] = task
            task.add_done_callback(partial(self._finished, msg_id))
        else:
            self._reply(msg_id, outcome)
            if method == types.WORKSPACE_EXECUTE_COMMAND and unread(message.get("params") or {}):
                self._keep_quiet()

    def _check_order(self, msg_id: MsgId, method: str) -> None:
        if self._shutdown:
            raise JsonRpcInvalidRequest("The server was shut down.")
        if not self.initialized and method != types.INITIALIZE:
            raise JsonRpcServerNotInitialized("The first request must be initialize.")
        if self.initialized and method == types.INITIALIZE:
            raise JsonRpcInvalidRequest("The server is already initialized.")
        if msg_id in self._running:
            raise JsonRpcInvalidRequest("A request with this id is still running.")

    def _on_notification(self, method: str, message: dict[str, Any]) -> None:
        if not self.initialized and method != types.EXIT:
            return
        try:
            if method == types.CANCEL_REQUEST:
                self._handle_cancel_notification(message.get("params", {}).get("id"))
                return
            handler = self._get_handler(method)
            outcome = handler(self._params(method, message))
        except JsonRpcMethodNotFound:
            return
        except JsonRpcException as exc:
            # Nobody waits for an answer, and a popup would trouble a user who can't do anything about it.
            _log.warning("A notification %s was not understood: %s", method, exc.message)
            return
        except Exception as exc:  # noqa: BLE001 - the session goes on
            log_without_content(method, exc)
            return
        if inspect.isawaitable(outcome):
            asyncio.ensure_future(outcome).add_done_callback(partial(_check_notification, method))

    def _on_response(self, msg_id: MsgId, message: dict[str, Any]) -> None:
        # pygls sets the result of a future that may be cancelled, and shows the InvalidStateError to the user.
        future, result_type = self._awaited.pop(msg_id, (None, None))
        if future is None or future.done():
            return
        error = message.get("error")
        if error is not None:
            text = error.get("message") if isinstance(error, dict) else None
            code = error.get("code") if isinstance(error, dict) else None
            future.set_exception(
                JsonRpcException(str(text or "no message"), code if isinstance(code, int) else None)
            )
            return
        try:
            result = (
                self._converter.structure(message, result_type).result
                if result_type
                else message.get("result")
            )
        except Exception:  # noqa: BLE001 - a client's answer that is not what LSP says
            future.set_exception(JsonRpcInternalError("The client's answer is malformed."))
        else:
            future.set_result(result)

    def _params(self, method: str, message: dict[str, Any]) -> Any:
        message_type = self.get_message_type(method)
        if message_type is None:
            return message.get("params")
        _read_null_ranges(method, message.get("params"))
        try:
            return getattr(self._converter.structure(message, message_type), "params", None)
        except Exception as exc:  # noqa: BLE001 - validators of attrs raise whatever they like
            reasons = transform_error(exc, path="$")
            raise JsonRpcInvalidParams(
                f"The parameters of {method} are malformed: {'; '.join(reasons[:_REASONS_SHOWN])}."
            ) from None

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        # pygls cancels a future that is not the handler's; here the task itself is cancelled, and with it
        # everything that it awaits. `_finished` answers the request.
        task = self._running.get(msg_id) if isinstance(msg_id, int | str) else None
        if task is not None:
            task.cancel()

    def _finished(self, msg_id: MsgId, task: asyncio.Future[Any]) -> None:
        self._running.pop(msg_id, None)
        if task.cancelled():
            # A coroutine that ends in CancelledError never gets a reply from pygls.
            self._reply_error(msg_id, JsonRpcRequestCancelled("The request was cancelled."))
        elif (exc := task.exception()) is not None:
            self._reply_error(msg_id, exc)
        else:
            self._reply(msg_id, task.result())

    def warm_up(self) -> None:
        """Make the converters of what comes with an edit, and while somebody types; any thread may call it."""
        place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
        document = {"uri": "file:///", "version": 1}
        for method, params in (
            (types.WORKSPACE_EXECUTE_COMMAND, {"command": "", "arguments": [{}]}),
            (
                types.TEXT_DOCUMENT_DID_CHANGE,
                {"textDocument": document, "contentChanges": [{"range": place, "text": ""}, {"text": ""}]},
            ),
            (
                types.TEXT_DOCUMENT_CODE_ACTION,
                {"textDocument": document, "range": place, "context": {"diagnostics": []}},
            ),
        ):
            self._params(method, {"jsonrpc": _VERSION, "id": 0, "method": method, "params": params})
        self._converter.unstructure({"": {}})

    # --- what goes out ------------------------------------------------------------------------------------

    def _reply(self, msg_id: MsgId, result: Any) -> None:
        result = self._converter.unstructure(_builtins(result))
        self._send_data({"jsonrpc": _VERSION, "id": msg_id, "result": result})

    def _reply_error(self, msg_id: MsgId | None, exc: BaseException) -> None:
        if not isinstance(exc, JsonRpcException):
            log_without_content("a request", exc)
            exc = JsonRpcInternalError(f"Internal error: {type(exc).__name__}.")
        error = {"code": exc.code, "message": exc.message}
        self._send_data({"jsonrpc": _VERSION, "id": msg_id, "error": error})

    def _send_data(self, data: Any) -> None:
        # Replaces pygls' version, which logs what it sends, and writes from the loop's own thread: there a
        # client that stops reading stops the server.
        if self.channel is None or not data:
            return
        body = json.dumps(data, default=self._serialize_message, separators=(",", ":")).encode()
        if self._held_back is not None:
            self._held_back.append(body)
        else:
            self.channel.send(body)

    @property
    def is_quiet(self) -> bool:
        """Whether messages wait for a moment behind an answer."""
        return self._held_back is not None

    def _keep_quiet(self) -> None:
        """Let nothing come in one piece with the answer to a command that has only begun.

        lsp-mode leaves its loop over a piece of input when it finds the answer that it waits for, and loses what is
        behind it: the edit that the command leads to (seen in 9.0).
        """
        if self._held_back is None:
            self._held_back = []
            asyncio.get_running_loop().call_later(_QUIET_S, self._speak)

    def _speak(self) -> None:
        held_back, self._held_back = self._held_back or [], None
        for body in held_back:
            if self.channel is not None:
                self.channel.send(body)

    def notify(self, method: str, params: Any | None = None) -> None:
        """Send a notification; pygls logs its parameters, which hold the user's code."""
        message_type = self.get_message_type(method)
        if message_type is None:
            self._send_data({"jsonrpc": _VERSION, "method": method, "params": _builtins(params)})
        else:
            self._send_data(message_type(method=method, params=params, jsonrpc=_VERSION))

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: MsgId | None = None,
    ) -> Future[Any]:
        """Send a request; the future may be cancelled, and a late answer is then ignored."""
        if msg_id is None:
            self._next_id += 1
            msg_id = f"editsvc-{self._next_id}"
        future: Future[Any] = Future()
        if callback is not None:
            future.add_done_callback(lambda done: None if done.cancelled() else callback(done.result()))
        self._awaited[msg_id] = future, self.get_result_type(method)
        # An abandoned request must not be remembered for ever.
        future.add_done_callback(lambda _: self._awaited.pop(msg_id, None))
        request_type = self.get_message_type(method)
        if request_type is None:
            self._send_data({"jsonrpc": _VERSION, "id": msg_id, "method": method, "params": params})
        else:
            self._send_data(request_type(id=msg_id, method=method, params=params, jsonrpc=_VERSION))
        return future

    # --- the life cycle -----------------------------------------------------------------------------------

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> types.InitializeResult:  # type: ignore[override]  # pygls runs generators, this protocol awaitables
        """Agree on a position encoding and say what the server can do; raises JsonRpcException."""
        self.client_capabilities = params.capabilities
        encoding = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
        self.session.on_initialize(params, str(getattr(encoding, "value", encoding)))
        self.server_capabilities = ServerCapabilitiesBuilder(
            params.capabilities,
            {*self.fm.features, *self.fm.builtin_features},
            self.fm.feature_options,
            list(self.fm.commands),
            types.TextDocumentSyncKind.Incremental,
            self.session.notebook_sync,
            encoding,
        ).build()  # type: ignore[no-untyped-call]  # pygls
        schemes = self.session.content_schemes
        if schemes:  # which pygls' builder does not know yet
            workspace = self.server_capabilities.workspace or types.WorkspaceOptions()
            workspace.text_document_content = types.TextDocumentContentOptions(schemes)
            self.server_capabilities.workspace = workspace
        self.initialized = True
        return types.InitializeResult(capabilities=self.server_capabilities, server_info=self.server_info)

    @lsp_method(types.INITIALIZED)
    def lsp_initialized(self, _params: types.InitializedParams | None) -> Awaitable[None]:
        """The client is ready for requests."""
        return self.session.on_initialized()

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, _params: None) -> None:  # type: ignore[override]  # as above
        """End everything that runs, so that each request is answered, then answer this one.

        pygls iterates over the map of requests while cancelling changes it.
        """
        self._shutdown = True
        current = asyncio.current_task()
        others = [task for task in self._running.values() if task is not current]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=_WIND_UP_S)
        await self.session.wind_up()

    @lsp_method(types.EXIT)
    def lsp_exit(self, _params: None) -> None:  # type: ignore[override]  # as above
        """End the session; LSP wants status 1 if there was no shutdown before."""
        self.session.end(0 if self._shutdown else 1)

    @lsp_method(types.SET_TRACE)
    def lsp_set_trace(self, params: types.SetTraceParams) -> None:  # type: ignore[override]  # as above
        """Traces are not sent: they would hold the user's code."""

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Hand a command to its handler, which checks the arguments itself; raises JsonRpcInvalidParams."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command!r}.")
        return handler(params)


def _read_null_ranges(method: str, params: Any) -> None:
    """Take a null range as clients mean it: in a change as none at all, else as the start of the document.

    A change that is not understood would be lost, and with it the server's copy of the text.
    """
    if not isinstance(params, dict):
        return
    if method == types.TEXT_DOCUMENT_CODE_ACTION and params.get("range", 0) is None:
        start = {"line": 0, "character": 0}
        params["range"] = {"start": start, "end": start}
    changes = params.get("contentChanges")
    if method == types.TEXT_DOCUMENT_DID_CHANGE and isinstance(changes, list):
        params["contentChanges"] = [
            {key: value for key, value in change.items() if value is not None}
            if isinstance(change, dict)
            else change
            for change in changes
        ]


def _builtins(value: Any) -> Any:
    """A value of `lsp.contract` as JSON has it; anything else as it is."""
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value


def _check_notification(method: str, task: asyncio.Future[Any]) -> None:
    if not task.cancelled() and (exc := task.exception()) is not None:
        log_without_content(method, exc)


def log_without_content(where: str, exc: BaseException) -> None:
    """Log where an unexpected error comes from. Its message may quote the document, so it is left out."""
    places = "".join(traceback.format_tb(exc.__traceback__))
    _log.error("Unexpected %s in %s\n%s", type(exc).__name__, where, places)
