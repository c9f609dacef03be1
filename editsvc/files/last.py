"""The last run of each workspace: what was asked for, and what became of the files, so that it can go on from there.

It is kept as the undo journal keeps old texts (see `editsvc.files.journal`): under its limits, for its owner alone,
unless `undo_enabled` is off, and removed with it. An entry is a line of JSON, then the files' bytes before and after.
A later run of the same workspace takes its place.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.files import journal
from editsvc.files.disk import FileError
from editsvc.files.journal import RunWriter, digest, files, quoted, run_places, unquoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

FOLDER: Final = "last"
FORMAT: Final = 1
STDIN: Final = ""
"""The path of what came from standard input."""

_SUFFIX: Final = ".last"


@dataclass(frozen=True, slots=True)
class LastFile:
    """One file of the last run: its real path, and its bytes `before` and `after` the edit, None if not kept.

    `left` is the SHA-256 of what the run left on the disk. `refused` says why the edit was not taken, "" if it was.
    """

    path: str
    before: bytes | None = None
    after: bytes | None = None
    left: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run: its `instructions`, of which each one after the first changed the result of those before."""

    instructions: tuple[str, ...]
    scope: str
    files: tuple[LastFile, ...]

    def file(self, path: str) -> LastFile | None:
        """What became of the file with that real path."""
        return next((one for one in self.files if one.path == path), None)


class _File(msgspec.Struct, frozen=True):
    path: str
    before: int | None
    after: int | None
    left: str
    refused: str


class _Header(msgspec.Struct, frozen=True):
    """The first line of an entry; `before` and `after` are how many bytes of each follow, in order."""

    format: int
    workspace: str
    instructions: tuple[str, ...]
    scope: str
    files: tuple[_File, ...]


def keep(folder: Path, run_id: str, now: datetime, workspace: Path, run: LastRun) -> None:
    """Keep a run in place of the one before in its workspace; raises FileError.

    If its files are too large together, only what was asked for is kept.
    """
    forget(folder, workspace)
    for texts in (True, False):
        content = _encoded(workspace, run, texts=texts)
        with contextlib.suppress(FileError) if texts else contextlib.nullcontext():
            # Not worth waiting for the disk: what a loss of power takes can be asked for again.
            RunWriter(folder, run_id, now, durable=False).add(content, _SUFFIX)
            return


def latest(folder: Path, workspace: Path) -> LastRun | None:
    """The last run of a workspace, None if none is kept; raises FileError."""
    for _, header, rest in _entries(folder, workspace):
        return _run(header, rest)
    return None


def forget(folder: Path, workspace: Path) -> None:
    """Remove what is kept of a workspace; raises FileError."""
    for place, _, _ in _entries(folder, workspace):
        journal.discard(place)


def _entries(folder: Path, workspace: Path) -> list[tuple[Path, _Header, bytes]]:
    found = []
    for run in run_places(folder):
        for place in files(run.path, _SUFFIX):
            with contextlib.suppress(OSError, msgspec.DecodeError):  # gone meanwhile, or of another version
                line, _, rest = place.read_bytes().partition(b"\n")
                header = msgspec.json.decode(line, type=_Header)
                if header.format == FORMAT and header.workspace == quoted(workspace):
                    found.append((place, header, rest))
    return found


def _encoded(workspace: Path, run: LastRun, *, texts: bool) -> bytes:
    def size(text: bytes | None) -> int | None:
        return len(text) if texts and text is not None else None

    described = tuple(
        _File(
            quoted(Path(one.path)) if one.path else "",
            size(one.before),
            size(one.after),
            one.left,
            one.refused,
        )
        for one in run.files
    )
    header = _Header(FORMAT, quoted(workspace), run.instructions, run.scope, described)
    bodies = (
        [text for one in run.files for text in (one.before, one.after) if text is not None] if texts else []
    )
    return b"".join((msgspec.json.encode(header), b"\n", *bodies))


def _run(header: _Header, rest: bytes) -> LastRun:
    found: list[LastFile] = []
    at = 0
    for one in header.files:
        texts: list[bytes | None] = []
        for size in (one.before, one.after):
            texts.append(None if size is None else rest[at : at + size])
            at += size or 0
        path = str(unquoted(one.path)) if one.path else STDIN
        before, after = texts
        found.append(LastFile(path, before, after, one.left, one.refused))
    if at != len(rest):
        raise FileError("What is kept of the last run is damaged.", hint="Say the instruction again.")
    return LastRun(header.instructions, header.scope, tuple(found))


def is_as_left(kept: LastFile, data: bytes) -> bool:
    """Whether a file is as it was before that edit, or as that edit left it."""
    known: Sequence[bytes] = [text for text in (kept.before, kept.after) if text is not None]
    return data in known or digest(data) == kept.left
