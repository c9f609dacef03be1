"""Replies that a check refused, kept so that the edit can be made all the same without asking a model again.

They are kept as the undo journal keeps old texts (see `editsvc.files.journal`): under its limits, for its owner alone,
unless `undo_enabled` is off, and removed with it. An entry is a line of JSON, then the document's bytes as the reply
would have them. For a file there is one at most: the latest. It is removed when the file has been written.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.errors import Stale
from editsvc.files.disk import FileError
from editsvc.files.journal import (
    LIMITS,
    JournalLimits,
    RunWriter,
    digest,
    discard,
    files,
    quoted,
    run_places,
    unquoted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from editsvc.files.disk import SourceFile

FOLDER: Final = "refused"
FORMAT: Final = 1
_SUFFIX: Final = ".refused"


class Asked(msgspec.Struct, frozen=True):
    """What was asked for, and why the reply was refused.

    `allow` names the checks that were waived, None if it was left to the settings; `refused_by` those that refused.
    """

    instruction: str
    filename: str
    refused_by: tuple[str, ...]
    allow: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RefusedReply:
    """A reply that is kept: the file's real path, the SHA-256 of its bytes then, and what was asked for."""

    place: Path
    path: Path
    before: str
    after: str
    asked: Asked


class _Header(msgspec.Struct, frozen=True):
    """The first line of an entry."""

    format: int
    path: str
    before: str
    after: str
    asked: Asked


class Keeper:
    """Keeps the refused replies of one run, from several threads; `run_id` is hexadecimal digits.

    What is kept from earlier is looked through once, when the first file is done.
    """

    def __init__(self, folder: Path, run_id: str, now: datetime, limits: JournalLimits = LIMITS) -> None:
        self._folder = folder
        self._run = RunWriter(folder, run_id, now, limits)
        self._places: dict[Path, list[Path]] | None = None
        self._lock = threading.Lock()

    def keep(self, source: SourceFile, document: bytes, asked: Asked) -> None:
        """Keep what a reply made of a file, in place of what is kept for it so far; raises FileError."""
        header = _Header(FORMAT, quoted(source.path), digest(source.data), digest(document), asked)
        with self._lock:
            self._drop(source.path)  # first: an earlier reply must never be taken for this one
            place = self._run.add(msgspec.json.encode(header) + b"\n" + document, _SUFFIX)
            self._kept().setdefault(source.path, []).append(place)

    def written(self, path: Path) -> None:
        """A file was written: what was refused does not fit it any more."""
        with self._lock:
            self._drop(path)

    def _drop(self, path: Path) -> None:
        for place in self._kept().pop(path, ()):
            discard(place)

    def _kept(self) -> dict[Path, list[Path]]:
        if self._places is None:
            self._places = {}
            # Errors are left alone: what is kept does not fit the file any more.
            with contextlib.suppress(FileError):
                for one in _entries(self._folder):
                    self._places.setdefault(one.path, []).append(one.place)
        return self._places


def latest(folder: Path) -> list[RefusedReply]:
    """The replies of the last run of which any are kept, in the order of their files' paths; raises FileError."""
    for run in run_places(folder):
        found = list(filter(None, map(_entry, files(run.path, _SUFFIX))))
        if found:
            return sorted(found, key=lambda one: one.path)
    return []


def of_file(folder: Path, path: Path) -> RefusedReply | None:
    """What is kept for the file with that real path; raises FileError."""
    return next((one for one in _entries(folder) if one.path == path), None)


def drop(folder: Path, path: Path) -> None:
    """Remove what is kept for a file, if anything is. Errors are left alone: it does not fit the file any more."""
    with contextlib.suppress(FileError):
        for one in [one for one in _entries(folder) if one.path == path]:
            discard(one.place)


def document(reply: RefusedReply, source: SourceFile) -> bytes:
    """What the reply makes of its file.

    Raises Stale if the file, as `source` was read, is not the one that the reply was made for; FileError if the entry
    cannot be read.
    """
    if source.path != reply.path or digest(source.data) != reply.before:
        raise Stale("The file was changed since the reply that was refused.", hint="Run the edit again.")
    try:
        data = reply.place.read_bytes().partition(b"\n")[2]
    except OSError as exc:
        raise FileError(f"{reply.place} cannot be read: {exc.strerror or exc}.") from exc
    if digest(data) != reply.after:
        raise FileError(f"{reply.place} is damaged, so {reply.path.name} is left alone.")
    return data


def _entries(folder: Path) -> Iterator[RefusedReply]:
    for run in run_places(folder):
        yield from filter(None, map(_entry, files(run.path, _SUFFIX)))


def _entry(place: Path) -> RefusedReply | None:
    try:
        with place.open("rb") as file:
            header = msgspec.json.decode(file.readline(), type=_Header)
    except (OSError, msgspec.DecodeError):
        return None
    if header.format != FORMAT:
        return None
    return RefusedReply(place, unquoted(header.path), header.before, header.after, header.asked)
