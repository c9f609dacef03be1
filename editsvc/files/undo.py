"""The undo journal: the contents of files before the command line wrote them.

An entry of a run (see `editsvc.files.journal`) is a line of JSON, then the file's old bytes, and sometimes the new. It
is complete on disk before its file is replaced, and is not updated afterwards. Its state is derived from the file
itself: it has the bytes from after the edit, those from before it (the write did not happen, or was already undone), or
others. So a killed process never leaves the two in contradiction. For a file that is written in
place (see `files.write`) the entry holds the bytes from after the edit too, so that a half-written file can be told
from one that another program has changed.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.errors import DocumentRefused, EditsvcError, Means, Refused, Remedy, Stale
from editsvc.files import disk
from editsvc.files.disk import FileError, SourceFile
from editsvc.files.journal import (
    LIMITS,
    JournalLimits,
    RunWriter,
    create,
    digest,
    discard,
    files,
    quoted,
    run_places,
    unquoted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

FOLDER: Final = "undo"
FORMAT: Final = 1
_SUFFIX: Final = ".before"
_LONGEST_HEADER: Final = 65_536


class FileState(StrEnum):
    """The state of a file relative to one entry."""

    APPLIED = "applied"  # as the edit wrote it
    BEFORE = "before"  # as it was before the edit
    HALF = "half"  # partly one and partly the other: the process that wrote it in place was killed
    STALE = "stale"  # neither, or gone


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a run.

    `path` is the file's real path, `place` that of its journal entry; `before` and `after` are the SHA-256 of
    its bytes, in hexadecimal digits. `size` is its number of bytes before, if the journal has those from after too.
    `edit` is the id of the edit in the log, and `hunks` how many hunks it has; None where they are not known.
    """

    place: Path
    path: Path
    before: str
    after: str
    size: int | None = None
    edit: str | None = None
    hunks: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The files that one run of the command line wrote, in order."""

    place: Path
    id: str
    at: datetime
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Restoration:
    """A file as the edit wrote it, or half of it, and its bytes from before."""

    source: SourceFile
    data: bytes


class _Header(msgspec.Struct, frozen=True):
    """The first line of an entry.

    With `size`, that many bytes from before follow, and then those from after.
    """

    format: int
    path: str
    before: str
    after: str
    size: int | None = None
    edit: str | None = None
    hunks: int | None = None


class Recording:
    """The journal of one run; files may be written from several threads.

    `run_id` is hexadecimal digits and `now` the time of the run.
    """

    def __init__(self, journal: Path, run_id: str, now: datetime, limits: JournalLimits = LIMITS) -> None:
        self._run = RunWriter(journal, run_id, now, limits)
        self._lock = threading.Lock()

    def write(
        self, source: SourceFile, data: bytes, edit: str | None = None, hunks: int | None = None
    ) -> str:
        """Replace a file as `files.write` does, and raise as it does; before that, save its content.

        `edit` and `hunks` are kept with it, for the log.

        Returns "", or a sentence that says why it was not saved; the file is written nevertheless.
        """
        warning, entry = "", None
        try:
            with self._lock:
                entry = self._keep(source, data, edit, hunks)
        except FileError as exc:
            warning = f"{source.path.name} cannot be restored by editsvc undo. {exc.sentence()}"

        def keep_new() -> None:
            nonlocal warning
            if entry is None:
                return
            try:
                with self._lock:
                    self._keep_new(entry, source, data)
            except FileError as exc:
                name = source.path.name
                warning = (
                    f"{name} is written in place, and cannot be restored if that fails. {exc.sentence()}"
                )

        try:
            disk.write(source, data, before_overwriting=keep_new)
        except EditsvcError:
            if entry is not None and state(entry) in {FileState.BEFORE, FileState.STALE}:
                with self._lock:
                    discard(entry.place)
            raise
        return warning

    def _keep(self, source: SourceFile, data: bytes, edit: str | None, hunks: int | None) -> Entry:
        entry = Entry(Path(), source.path, digest(source.data), digest(data), edit=edit, hunks=hunks)
        return replace(entry, place=self._run.add(_content(entry, source.data), _SUFFIX))

    def _keep_new(self, entry: Entry, source: SourceFile, data: bytes) -> None:
        entry = replace(entry, size=len(source.data))
        self._run.replace(entry.place, _content(entry, source.data + data), more=len(data))


def runs(journal: Path) -> list[Run]:
    """The runs in the journal, the latest first; entries that cannot be read are left out.

    Raises FileError if the journal exists and cannot be read.
    """
    found = []
    for run in run_places(journal):
        entries = tuple(filter(None, map(_entry, files(run.path, _SUFFIX))))
        if entries:
            found.append(Run(run.path, run.id, run.at, entries))
    return found


def find(found: Sequence[Run], run_id: str) -> Run:
    """The run whose id is `run_id`, or begins with it; raises Refused if there is no such run, or several."""
    remedies = (Remedy(Means.KNOWN_RUNS),)
    matching = [run for run in found if run_id and run.id.startswith(run_id)]
    if not matching:
        raise Refused(f"The journal has no run {run_id}.", remedies=remedies)
    if len(matching) > 1:
        raise Refused(f"{run_id} is the beginning of several runs.", remedies=remedies)
    return matching[0]


def last(found: Sequence[Run]) -> Run:
    """The latest run with a file that differs from its state before; raises Refused if there is none."""
    for run in found:
        if any(state(entry) is not FileState.BEFORE for entry in run.entries):
            return run
    raise Refused("There is nothing to undo.", hint="Only what editsvc itself has written can be.")


def contents_before(journal: Path) -> Callable[[Path, str], bytes | None]:
    """What tells the bytes with a SHA-256 that a file had before an edit; None for those that are not kept.

    The journal is read once, when it is first asked about.
    """

    @functools.cache
    def known() -> dict[tuple[Path, str], Entry]:
        with contextlib.suppress(FileError):
            return {(entry.path, entry.before): entry for run in runs(journal) for entry in run.entries}
        return {}

    def before(path: Path, sha256: str) -> bytes | None:
        entry = known().get((path, sha256))
        with contextlib.suppress(FileError):
            return _kept(entry).before if entry is not None else None
        return None

    return before


def state(entry: Entry) -> FileState:
    """The present state of the file of `entry`; one that cannot be read is stale."""
    try:
        source = disk.read(entry.path)
    except EditsvcError:
        return FileState.STALE
    return _state(entry, source)


def _state(entry: Entry, source: SourceFile) -> FileState:
    content = source.data
    if source.path != entry.path:
        return FileState.STALE  # a link now leads elsewhere
    found = digest(content)
    if found == entry.after:
        return FileState.APPLIED
    if found == entry.before:
        return FileState.BEFORE
    with contextlib.suppress(FileError):
        kept = _kept(entry) if entry.size is not None else None
        if kept is not None and kept.after is not None:
            return FileState.HALF if disk.half_written(content, kept.before, kept.after) else FileState.STALE
    return FileState.STALE


def restoration(entry: Entry) -> Restoration | None:
    """The data to restore the bytes from before; None if the file has them.

    Raises Stale if the file is not as the edit wrote it, or is gone; FileError if it, or the journal's entry,
    cannot be read.
    """
    try:
        source = disk.read(entry.path)
    except DocumentRefused as exc:  # a folder has that name now
        raise _changed() from exc
    except FileError as exc:
        if isinstance(exc.__cause__, (FileNotFoundError, NotADirectoryError)):
            raise Stale("The file was deleted since the edit.") from exc
        raise
    found = _state(entry, source)
    if found is FileState.BEFORE:
        return None
    if found is FileState.STALE:
        raise _changed()
    return Restoration(source, _kept(entry).before)


def restore(entry: Entry) -> Restoration | None:
    """Put the bytes from before back, as `files.write` does, and drop the entry.

    Returns what was restored, None if the file already had these bytes. Raises as `restoration` does, and FileError
    if the file cannot be written; then file and journal are unchanged.
    """
    found = restoration(entry)
    if found is not None:
        try:
            disk.write(found.source, found.data, before_overwriting=lambda: _keep_both(entry, found))
        except Stale as exc:
            raise _changed() from exc
    # An entry left behind because the journal cannot be written does no harm: its file is as before.
    discard(entry.place)
    return found


def _changed() -> Stale:
    return Stale("The file was changed since the edit.", hint="It was left alone.")


def _entry(place: Path) -> Entry | None:
    try:
        with place.open("rb") as file:
            header = msgspec.json.decode(file.readline(_LONGEST_HEADER), type=_Header)
    except (OSError, msgspec.DecodeError):
        return None
    if header.format != FORMAT:
        return None
    return Entry(
        place, unquoted(header.path), header.before, header.after, header.size, header.edit, header.hunks
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    before: bytes
    after: bytes | None


def _kept(entry: Entry) -> _Kept:
    """The journal's bytes of a file; raises FileError."""
    try:
        data = entry.place.read_bytes().partition(b"\n")[2]
    except OSError as exc:
        raise FileError(f"{entry.place} cannot be read: {exc.strerror or exc}.") from exc
    before, after = (data, None) if entry.size is None else (data[: entry.size], data[entry.size :])
    if digest(before) != entry.before or (after is not None and digest(after) != entry.after):
        raise FileError(f"{entry.place} is damaged, so {entry.path.name} is left alone.")
    return _Kept(before, after)


def _keep_both(entry: Entry, found: Restoration) -> None:
    """Store the bytes from after the edit in the journal as well, before a file is restored in place."""
    if entry.size is None:
        # A journal that cannot be written is not a reason to refuse the undo.
        with contextlib.suppress(OSError):
            size = len(found.data)
            create(entry.place, _content(replace(entry, size=size), found.data + found.source.data))


def _content(entry: Entry, data: bytes) -> bytes:
    header = _Header(
        FORMAT, quoted(entry.path), entry.before, entry.after, entry.size, entry.edit, entry.hunks
    )
    return msgspec.json.encode(header) + b"\n" + data
