"""A client of the language server: raw JSON-RPC, a buffer of its own, and the habits of real editors.

It knows nothing of the server's code but the contract, which everything that the server sends is checked against.
Buffers are plain strings; positions are converted by `LineIndex`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import lsp_contract

from editsvc.text.document import Edit, LineIndex, PositionEncoding, apply


class Stale(Enum):
    """What a client does with an edit of a version that it no longer has."""

    REFUSES = "applied: false, no reason"
    SAYS_YES = "applied: true, and does nothing"
    ERROR = "a JSON-RPC error"
    APPLIES = "applies it all the same"


class Sync(Enum):
    """How a client reports an edit that it made."""

    PER_EDIT = "one content change for each text edit"
    WHOLE = "the whole text"
    MESSAGES = "one message for each text edit"


@dataclass(frozen=True)
class Profile:
    """An editor."""

    name: str
    encoding: PositionEncoding
    stale: Stale
    sync: Sync = Sync.PER_EDIT
    versioned: bool = True
    annotations: bool = False
    progress: bool = True
    resolves: tuple[str, ...] = ()
    lag_s: float = 0.0
    """Seconds between a change of the buffer and the didChange that reports it."""

    def capabilities(self) -> dict[str, Any]:
        edit: dict[str, Any] = {"documentChanges": self.versioned}
        if self.annotations:
            edit["changeAnnotationSupport"] = {"groupsOnLabel": True}
        action: dict[str, Any] = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}}
        if self.resolves:
            action |= {"dataSupport": True, "resolveSupport": {"properties": list(self.resolves)}}
        return {
            "general": {"positionEncodings": [self.encoding.value]},
            "workspace": {"applyEdit": True, "workspaceEdit": edit},
            "textDocument": {"codeAction": action},
            "window": {"workDoneProgress": self.progress},
        }


VSCODE = Profile(
    "VS Code",
    PositionEncoding.UTF16,
    Stale.REFUSES,
    annotations=True,
    resolves=("edit", "command"),
)
NEOVIM = Profile("Neovim", PositionEncoding.UTF8, Stale.SAYS_YES, lag_s=0.02)
EMACS = Profile("Emacs", PositionEncoding.UTF32, Stale.ERROR, lag_s=0.05)
PLAIN = Profile(
    "no capabilities to speak of",
    PositionEncoding.UTF16,
    Stale.APPLIES,
    versioned=False,
    progress=False,
    sync=Sync.WHOLE,
)
PROFILES = [VSCODE, NEOVIM, EMACS]


@dataclass
class Buffer:
    """A document as the editor has it; `reported` is the version that the server was told of."""

    text: str
    version: int
    reported: int
    unreported: list[list[dict[str, Any]]] = field(default_factory=list)
    undo: list[str] = field(default_factory=list)


class RpcError(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code = error["code"]
        self.data = error.get("data")


class LspClient:
    """Speaks to a server by `send` and hears from it by `receive`.

    `before_apply` is called with each edit that the server asks for, before it is made: the moment to type, or
    to return an answer that is given instead.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None], profile: Profile) -> None:
        self._send = send
        self.profile = profile
        self.buffers: dict[str, Buffer] = {}
        self.heard: list[dict[str, Any]] = []
        self.settings: dict[str, Any] | None = None
        self.before_apply: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda _: None
        self.on_message: Callable[[dict[str, Any]], None] = lambda _: None
        self.answers: dict[int, asyncio.Future[Any]] = {}
        self._requests: dict[int, tuple[str, Any]] = {}
        self.problems: list[str] = []
        """What the server has sent that is not of the contract."""
        self.questions: str | None = None
        """The answer to what the server asks the user; None for no choice, "held" to wait with it."""
        self.name: str | None = None
        self.shows = True
        """Whether documents that the server wants shown are."""
        self._held: list[dict[str, Any]] = []
        self._next_id = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.server: dict[str, Any] = {}

    # --- messages -------------------------------------------------------------------------------------------

    def request(self, method: str, params: Any = None) -> asyncio.Future[Any]:
        """Send a request; its id is the future's attribute in `answers`."""
        self._next_id += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.answers[self._next_id] = future
        self._requests[self._next_id] = method, params
        self._send({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params})
        return future

    @property
    def last_id(self) -> int:
        return self._next_id

    def notify(self, method: str, params: Any = None) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def command(self, name: str, argument: Any = None, **more: Any) -> asyncio.Future[Any]:
        arguments = [] if argument is None else [argument]
        return self.request("workspace/executeCommand", {"command": name, "arguments": arguments, **more})

    def receive(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            self._receive_answer(message)
            return
        self.problems += lsp_contract.problems(message)
        self.heard.append(message)
        self.on_message(message)
        if message["method"] == "window/showMessageRequest" and self.questions == "held":
            self._held.append(message)
        elif "id" in message:
            self._answer(message)

    def _receive_answer(self, message: dict[str, Any]) -> None:
        future = self.answers.pop(message["id"]) if message["id"] is not None else None
        self.problems += lsp_contract.problems(message, self._requests.get(message["id"]))
        if future is None or future.done():
            self.heard.append(message)
        elif "error" in message:
            future.set_exception(RpcError(message["error"]))
        else:
            future.set_result(message["result"])

    def said(self, method: str) -> list[Any]:
        """The parameters of all messages of that method so far."""
        return [message["params"] for message in self.heard if message.get("method") == method]

    def _answer(self, message: dict[str, Any]) -> None:
        try:
            result = self._result(message["method"], message["params"])
        except RpcError as exc:
            error = {"code": exc.code, "message": str(exc)}
            self._send({"jsonrpc": "2.0", "id": message["id"], "error": error})
        else:
            if result is not SILENCE:
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _result(self, method: str, params: Any) -> Any:
        if method == "workspace/applyEdit":
            instead = self.before_apply(params)
            return self._apply(params["edit"]) if instead is None else instead
        if method == "workspace/configuration":
            return [self.settings for _ in params["items"]]
        if method == "window/showDocument":
            return {"success": self.shows}
        if method == "window/showMessageRequest":
            return {"title": self.questions} if self.questions else None
        return None

    def answer_held(self) -> None:
        """Answer the questions that were held."""
        held, self._held = self._held, []
        for message in held:
            self._answer(message)

    # --- the life of a session ------------------------------------------------------------------------------

    async def initialize(
        self, options: dict[str, Any] | None = None, root: str | None = None, **capabilities: Any
    ) -> dict[str, Any]:
        offered = self.profile.capabilities()
        for name, value in capabilities.items():
            offered[name] = {**offered.get(name, {}), **value}
        self.server = await self.request(
            "initialize",
            {
                "processId": None,
                **({"clientInfo": {"name": self.name}} if self.name else {}),
                "rootUri": root,
                "capabilities": offered,
                "initializationOptions": options,
            },
        )
        self.notify("initialized", {})
        return self.server

    async def shutdown(self) -> None:
        await self.request("shutdown")
        self.notify("exit")

    # --- documents ------------------------------------------------------------------------------------------

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        self.buffers[uri] = Buffer(text, version, version)
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def close(self, uri: str) -> None:
        self.report(uri)
        del self.buffers[uri]
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def text(self, uri: str) -> str:
        return self.buffers[uri].text

    def type(self, uri: str, start: int, end: int, text: str) -> None:
        """The user replaces code points `start` up to `end`."""
        buffer = self.buffers[uri]
        change = self._change(buffer.text, Edit(start, end, text))
        buffer.undo.append(buffer.text)
        buffer.text = buffer.text[:start] + text + buffer.text[end:]
        self._changed(uri, [change])

    def undo(self, uri: str) -> None:
        """One step back, reported as a whole."""
        buffer = self.buffers[uri]
        change = self._change(buffer.text, Edit(0, len(buffer.text), buffer.undo.pop()))
        buffer.text = change["text"]
        self._changed(uri, [change])

    def report(self, uri: str) -> None:
        """Tell the server at once what it was not told yet."""
        if timer := self._timers.pop(uri, None):
            timer.cancel()
        buffer = self.buffers[uri]
        changes = [change for group in buffer.unreported for change in group]
        groups = [[change] for change in changes] if self.profile.sync is Sync.MESSAGES else [changes]
        buffer.unreported.clear()
        if not changes:
            return
        for group in groups:
            buffer.version += 1
            content = [{"text": buffer.text}] if self.profile.sync is Sync.WHOLE else group
            identifier = {"uri": uri, "version": buffer.version}
            self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": content})
        buffer.reported = buffer.version

    def _changed(self, uri: str, changes: list[dict[str, Any]]) -> None:
        self.buffers[uri].unreported.append(changes)
        if not self.profile.lag_s:
            self.report(uri)
            return
        if timer := self._timers.pop(uri, None):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[uri] = loop.call_later(self.profile.lag_s, self._report_late, uri)

    def _report_late(self, uri: str) -> None:
        if uri in self.buffers:
            self.report(uri)

    def _change(self, text: str, edit: Edit) -> dict[str, Any]:
        return {"range": self.range(text, edit.start, edit.end), "text": edit.new_text}

    def range(self, text: str, start: int, end: int) -> dict[str, Any]:
        index = LineIndex(text)

        def position(offset: int) -> dict[str, int]:
            line, column = index.position(offset, self.profile.encoding)
            return {"line": line, "character": column}

        return {"start": position(start), "end": position(end)}

    def offsets(self, text: str, place: dict[str, Any]) -> tuple[int, int]:
        index = LineIndex(text)
        start, end = (
            index.offset(place[side]["line"], place[side]["character"], self.profile.encoding)
            for side in ("start", "end")
        )
        return start, end

    def _apply(self, edit: dict[str, Any]) -> dict[str, Any]:
        if "documentChanges" in edit:
            (change,) = edit["documentChanges"]
            uri, version = change["textDocument"]["uri"], change["textDocument"]["version"]
            edits = change["edits"]
        else:
            ((uri, edits),) = edit["changes"].items()
            version = None
        buffer = self.buffers[uri]
        # Text that was typed and not reported yet makes a new version in every editor but Emacs, whose own
        # count moves when it reports.
        ahead = 1 if buffer.unreported and self.profile.stale is not Stale.ERROR else 0
        if version is not None and version != buffer.version + ahead:
            if self.profile.stale is Stale.REFUSES:
                return {"applied": False}
            if self.profile.stale is Stale.SAYS_YES:
                return {"applied": True}
            if self.profile.stale is Stale.ERROR:
                raise RpcError({"code": -32603, "message": "Internal error"})
        text = buffer.text
        made = [Edit(*self.offsets(text, one["range"]), one["newText"]) for one in edits]
        buffer.undo.append(text)
        buffer.text = apply(text, made)
        # Bottom up, each change is valid in the text that the ones before have left.
        changes = [self._change(text, one) for one in sorted(made, reverse=True)]
        self._changed(uri, changes)
        return {"applied": True}


SILENCE: dict[str, Any] = {"silence": True}
"""What `before_apply` returns to give no answer at all."""


def lagging(profile: Profile, lag_s: float) -> Profile:
    return replace(profile, lag_s=lag_s)
