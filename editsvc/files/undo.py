"""The undo journal: the contents of files before the command line wrote them.

::

    undo/                           0700, in the data folder
      1795258333512-3fa29c01/       one run: when (ms since 1970), and its id
        000001.before               0600, one file: a line of JSON, then its old bytes, and sometimes the new

An entry is complete on disk before its file is replaced, and is not updated afterwards. The state of an entry is
derived from the file itself: it has the bytes from after the edit, those from before it (the write did not happen, or
was already undone), or others. So a killed process never leaves the two in contradiction. For a file that is written
in place (see `files.write`) the entry holds the bytes from after the edit too, so that a half-written file can be told
from one that another program has changed.

The journal holds code. It is never exported, it is bounded (`JournalLimits`), and it can be switched off (the setting
`undo_enabled`) and removed (`forget`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec

from editsvc.errors import DocumentRefused, EditsvcError, Means, Refused, Remedy, Stale
from editsvc.files import disk
from editsvc.files.disk import FileError, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER: Final = "undo"
FORMAT: Final = 1
_SUFFIX: Final = ".before"
_RUN: Final = re.compile(r"(\d{13})-([0-9a-f]+)")
_LONGEST_HEADER: Final = 65_536
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class JournalLimits:
    """The limits of the journal: runs, bytes in total (`size`), and age."""

    runs: int = 20
    size: int = 50_000_000
    age: timedelta = timedelta(days=30)


LIMITS: Final = JournalLimits()


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
    """

    place: Path
    path: Path
    before: str
    after: str
    size: int | None = None


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
    """The first line of an entry; `path` is percent-encoded, because a path need not be UTF-8.

    With `size`, that many bytes from before follow, and then those from after.
    """

    format: int
    path: str
    before: str
    after: str
    size: int | None = None


class Recording:
    """The journal of one run; files may be written from several threads.

    `run_id` is hexadecimal digits and `now` the time of the run. The run's folder is made with its first file, and
    runs beyond the limits are removed at the same moment.
    """

    def __init__(self, journal: Path, run_id: str, now: datetime, limits: JournalLimits = LIMITS) -> None:
        self._journal = journal
        self._id = run_id
        self._now = now
        self._limits = limits
        self._lock = threading.Lock()
        self._place: Path | None = None
        self._count = 0
        self._size = 0
        self._others: int | None = None  # bytes of the other runs, once counted

    def write(self, source: SourceFile, data: bytes) -> str:
        """Replace a file as `files.write` does, and raise as it does; before that, save its content.

        Returns "", or a sentence that says why it was not saved; the file is written nevertheless.
        """
        warning, entry = "", None
        try:
            with self._lock:
                entry = self._keep(source, data)
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
                    _discard(entry)
            raise
        return warning

    def _keep(self, source: SourceFile, data: bytes) -> Entry:
        entry = Entry(Path(), source.path, _digest(source.data), _digest(data))
        with self._room(_content(entry, source.data)) as content:
            entry = replace(entry, place=self._folder() / f"{self._count + 1:06d}{_SUFFIX}")
            _create(entry.place, content)
        self._count += 1
        return entry

    def _keep_new(self, entry: Entry, source: SourceFile, data: bytes) -> None:
        entry = replace(entry, size=len(source.data))
        with self._room(_content(entry, source.data + data), len(data)) as content:
            _create(entry.place, content)

    @contextlib.contextmanager
    def _room(self, content: bytes, more: int | None = None) -> Iterator[bytes]:
        """The place to store `content`, which makes the run larger by `more` bytes; raises FileError."""
        more = len(content) if more is None else more
        if self._size + more > self._limits.size:
            raise FileError(f"The run is too large for the journal, which takes {self._limits.size:,} bytes.")
        try:
            self._make_room(more)
            yield content
        except OSError as exc:
            raise FileError(f"The journal {self._journal} cannot be written: {exc.strerror or exc}.") from exc
        self._size += more

    def _make_room(self, wanted: int) -> None:
        room = self._size + wanted
        if self._others is None or self._others + room > self._limits.size:
            self._others = prune(self._journal, self._now, self._limits, current=self._place, room=room)

    def _folder(self) -> Path:
        if self._place is None:
            # The order must not depend on a clock that may be set back.
            newest = max((stamp for stamp, _ in _places(self._journal)), default=-1)
            stamp = max((self._now - _EPOCH) // _MILLISECOND, newest + 1)
            self._place = self._journal / f"{stamp:013d}-{self._id}"
        for folder in (self._journal.parent, self._journal, self._place):
            _make_private(folder)
        return self._place


def runs(journal: Path) -> list[Run]:
    """The runs in the journal, the latest first; entries that cannot be read are left out.

    Raises FileError if the journal exists and cannot be read.
    """
    found = []
    for stamp, place in _places(journal):
        entries = tuple(filter(None, map(_entry, sorted(_files(place)))))
        if entries:
            found.append(Run(place, _id(place), _EPOCH + stamp * _MILLISECOND, entries))
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
    digest = _digest(content)
    if digest == entry.after:
        return FileState.APPLIED
    if digest == entry.before:
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
    _discard(entry)
    return found


def drop(run: Run) -> None:
    """Remove one run from the journal, but leave its files alone. Raises FileError."""
    _remove(run.place)


def forget(journal: Path) -> None:
    """Remove the journal with everything in it; raises FileError."""
    _remove(journal)


def prune(
    journal: Path,
    now: datetime,
    limits: JournalLimits = LIMITS,
    *,
    current: Path | None = None,
    room: int = 0,
) -> int:
    """Drop the oldest runs until the others are within `limits`, including `room` bytes for the run `current`.

    Returns the bytes that the runs besides `current` still take. Raises FileError if the journal cannot be read.
    """
    oldest = (now - limits.age - _EPOCH) // _MILLISECOND
    count, size = 1 if room else 0, room
    kept = 0
    for stamp, place in _places(journal):
        if place == current:
            continue
        count += 1
        size += _size(place)
        if count > limits.runs or size > limits.size or stamp < oldest:
            shutil.rmtree(place, ignore_errors=True)  # another process may be removing it too
        else:
            kept = size - room
    return kept


def _changed() -> Stale:
    return Stale("The file was changed since the edit.", hint="It was left alone.")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _places(journal: Path) -> list[tuple[int, Path]]:
    """Each run's time, in milliseconds, and its folder, the latest first."""
    try:
        found = [(_RUN.fullmatch(path.name), path) for path in journal.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise FileError(f"The journal {journal} cannot be read: {exc.strerror or exc}.") from exc
    return sorted(((int(match[1]), path) for match, path in found if match), reverse=True)


def _id(place: Path) -> str:
    return place.name.partition("-")[2]


def _files(place: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [path for path in place.iterdir() if path.suffix == _SUFFIX]
    return []


def _size(place: Path) -> int:
    total = 0
    with contextlib.suppress(OSError):
        for path in place.iterdir():
            total += path.stat().st_size
    return total


def _entry(place: Path) -> Entry | None:
    try:
        with place.open("rb") as file:
            header = msgspec.json.decode(file.readline(_LONGEST_HEADER), type=_Header)
    except (OSError, msgspec.DecodeError):
        return None
    if header.format != FORMAT:
        return None
    path = Path(os.fsdecode(unquote_to_bytes(header.path)))
    return Entry(place, path, header.before, header.after, header.size)


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
    if _digest(before) != entry.before or (after is not None and _digest(after) != entry.after):
        raise FileError(f"{entry.place} is damaged, so {entry.path.name} is left alone.")
    return _Kept(before, after)


def _keep_both(entry: Entry, found: Restoration) -> None:
    """Store the bytes from after the edit in the journal as well, before a file is restored in place."""
    if entry.size is None:
        # A journal that cannot be written is not a reason to refuse the undo.
        with contextlib.suppress(OSError):
            size = len(found.data)
            _create(entry.place, _content(replace(entry, size=size), found.data + found.source.data))


def _content(entry: Entry, data: bytes) -> bytes:
    path = quote_from_bytes(os.fsencode(entry.path))
    header = _Header(FORMAT, path, entry.before, entry.after, entry.size)
    return msgspec.json.encode(header) + b"\n" + data


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return
    disk.sync_folder(folder.parent)


def _create(place: Path, content: bytes) -> None:
    """Create a file atomically: with all its content or not at all, also after a loss of power."""
    disk.put(place, content)
    disk.sync_folder(place.parent)


def _discard(entry: Entry) -> None:
    with contextlib.suppress(OSError):
        entry.place.unlink(missing_ok=True)
        entry.place.parent.rmdir()  # fails as long as the run has other entries


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise FileError(f"{folder} cannot be removed: {exc.strerror or exc}.") from exc
