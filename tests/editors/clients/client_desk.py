"""What an editor needs to be driven: a file, settings, the server behind a relay, and a look at what both say."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from editsvc.text.document import PositionEncoding
from lsp.documents import ContentChange, Document

ROOT = Path(__file__).parents[3]
RELAY = Path(__file__).with_name("client_relay.py")
UNPACKED = ROOT / ".editors-debian"
PATIENCE_S = 40.0
TITLES = 40  # so much of a title is looked for: menus cut longer ones


@dataclass
class Desk:
    """A folder with a file that an editor opens, and the server that it starts."""

    folder: Path
    environ: Mapping[str, str]
    settings: dict[str, Any]
    name: str = "shop.py"
    notes: Path = field(init=False)
    server: Path = field(init=False)

    def __post_init__(self) -> None:
        self.notes = self.folder.parent / "notes.jsonl"
        self.notes.touch()
        # One command without arguments, which is all that some editors take.
        self.server = self.folder.parent / "editsvc-lsp"
        python = f"{sys.executable} -c 'import sys; from lsp import main; sys.exit(main())'"
        self.server.write_text(
            f"#!/bin/sh\nunset LD_LIBRARY_PATH\nexec {sys.executable} {RELAY} {self.notes} {python}\n"
        )
        self.server.chmod(0o755)

    @property
    def file(self) -> Path:
        return self.folder / self.name

    @property
    def refusing(self) -> Path:
        """While this file is there, edits are refused on their way."""
        return Path(f"{self.notes}.refuse")

    @property
    def whole_environ(self) -> dict[str, str]:
        return {**os.environ, **self.environ, "PYTHONPATH": str(ROOT)}

    def messages(self, to: str) -> list[dict[str, Any]]:
        """What was said to the "client" or to the "server", in order."""
        lines = self.notes.read_text("utf-8").split("\n")[:-1]
        noted = [json.loads(line) for line in lines]
        return [note["message"] for note in noted if note["to"] == to]

    def said(self, method: str, to: str = "client") -> list[dict[str, Any]]:
        """The parameters of one kind of message."""
        return [one["params"] for one in self.messages(to) if one.get("method") == method]

    def text(self) -> str | None:
        """The buffer as the editor has reported it; None before it was opened."""
        encoding = PositionEncoding.UTF16
        document: Document | None = None
        for one in self.messages("client"):
            capabilities = (one.get("result") or {}).get("capabilities") if "method" not in one else None
            if capabilities:
                encoding = PositionEncoding(capabilities.get("positionEncoding", "utf-16"))
                break
        for one in self.messages("server"):
            uri = ((one.get("params") or {}).get("textDocument") or {}).get("uri", "")
            if not uri.endswith(f"/{self.name}"):
                continue
            if one["method"] == "textDocument/didOpen":
                opened = one["params"]["textDocument"]
                document = Document(uri, "python", opened["version"], opened["text"], encoding)
            elif one["method"] == "textDocument/didChange" and document is not None:
                version = one["params"]["textDocument"]["version"]
                document.change(version, [_content_change(each) for each in one["params"]["contentChanges"]])
        return None if document is None else document.text

    def told(self) -> list[str]:
        """What the editor was asked to show."""
        return [one["message"] for one in self.said("window/showMessage")]

    def answers(self, method: str, command: str | None = None) -> list[Any]:
        """The results of one kind of request of the editor's."""
        asked = [
            one["id"]
            for one in self.messages("server")
            if one.get("method") == method and command in {None, one["params"].get("command")}
        ]
        results = {one["id"]: one.get("result") for one in self.messages("client") if "method" not in one}
        return [results[number] for number in asked if number in results]

    def offered(self) -> list[str]:
        """The titles of the code actions in the last answer."""
        return [action["title"] for action in (self.answers("textDocument/codeAction") or [[]])[-1]]


def _content_change(change: dict[str, Any]) -> ContentChange:
    if change.get("range") is None:
        return ContentChange(change["text"])
    start, end = change["range"]["start"], change["range"]["end"]
    return ContentChange(change["text"], (start["line"], start["character"], end["line"], end["character"]))


def wait(
    seen: Callable[[], Any], what: str, look: Callable[[], str], nudge: Callable[[], None] = lambda: None
) -> None:
    """Wait until something holds, or fail with what is on the screen."""
    end = time.monotonic() + PATIENCE_S
    next_nudge = time.monotonic() + 1
    while not seen():
        if time.monotonic() > next_nudge:
            nudge()
            next_nudge += 1
        assert time.monotonic() < end, f"{what} did not come about\n{look()}"
        time.sleep(0.01)
