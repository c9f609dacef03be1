"""Diffs as documents that an editor opens: in memory where it asks a server for texts, else in private files.

Only what a user asked to see is written, into a folder that nobody else may read. It is removed when the edit is
decided on, when its document is closed, and when the session ends; what a killed server left goes with a later one.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

from editsvc.files import disk
from lsp.names import DIFF_SCHEME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lsp.wire.client import ClientLink

_FOLDER: Final = "editsvc-lsp-"
_LEFT_BEHIND_S: Final = 24 * 3600.0


class DiffDocuments:
    """The diffs of a session that are shown, one for each edit."""

    def __init__(self, client: ClientLink, environ: Mapping[str, str]) -> None:
        self._client = client
        self._environ = environ
        self._documents: dict[str, str] = {}  # of which document's edit a diff is
        self._texts: dict[str, str] = {}
        self._files: dict[str, Path] = {}
        self._folder: Path | None = None
        self._number = 0

    async def show(self, edit_id: str, document_uri: str, name: str, diff: str) -> None:
        """Have the editor show `diff`, of a file called `name`: as a document, or else as a message."""
        about = self._client.about
        self._documents[edit_id] = document_uri
        uri: str | None = None
        if about.shows_documents and about.asks_for_texts:
            self._texts[edit_id] = diff
            uri = f"{DIFF_SCHEME}:/{edit_id}/{quote(name, safe='')}.diff"
        elif about.shows_documents:
            with suppress(OSError):
                uri = (await asyncio.to_thread(self._write, edit_id, name, diff)).as_uri()
        if uri is None or not await self._client.show_document(uri):
            self.forget(edit_id)
            self._client.show_text(f"Hover over a change to see it; all of them:\n{diff}")

    def text(self, uri: str) -> str | None:
        """The text of a document of ours; None if it is not shown any more."""
        edit_id = unquote(urlsplit(uri).path).lstrip("/").partition("/")[0]
        return self._texts.get(edit_id)

    def forget(self, edit_id: str) -> None:
        """The edit is decided on: its diff is not needed any more."""
        self._documents.pop(edit_id, None)
        self._texts.pop(edit_id, None)
        path = self._files.pop(edit_id, None)
        if path is not None:
            path.unlink(missing_ok=True)

    def closed(self, document_uri: str) -> None:
        """A document was closed."""
        for edit_id in [key for key, uri in self._documents.items() if uri == document_uri]:
            self.forget(edit_id)

    def close(self) -> None:
        """Remove everything."""
        self._documents.clear()
        self._texts.clear()
        self._files.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _write(self, edit_id: str, name: str, diff: str) -> Path:
        if self._folder is None:
            parent = Path(self._environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
            parent = parent if parent.is_dir() else Path(tempfile.gettempdir())
            _remove_what_was_left(parent)
            self._folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=parent))
        old = self._files.get(edit_id)
        self._number += 1
        # Another name each time: an editor that has the file open shows what it read then.
        path = self._folder / f"{self._number}-{name}.diff"
        disk.put(path, diff.encode("utf-8"), durable=False)
        self._files[edit_id] = path
        if old is not None:
            old.unlink(missing_ok=True)
        return path


def _remove_what_was_left(parent: Path) -> None:
    """Remove folders of servers that were killed; those of other users stay, since nobody else may."""
    for folder in parent.glob(f"{_FOLDER}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _LEFT_BEHIND_S:
                shutil.rmtree(folder, ignore_errors=True)
