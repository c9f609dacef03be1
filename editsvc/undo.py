"""The undo journal: what files were before the command line wrote them, so that it can be taken back.

::

    undo/                           0700, in the data folder
      1795258333512-3fa29c01/       one run: when (ms since 1970), and its id
        000001.before               0600, one file: a line of JSON, then the bytes that it had

An entry is complete on disk before the file that it is about is replaced, and nothing is noted afterwards. What
became of an entry is read off the file itself: it has the bytes from after the edit, those from before it (the
write did not happen, or was taken back already), or others. So there is no moment at which a process that is
killed leaves the two in contradiction.

The journal holds code. It is never exported, it is bounded (`Limits`), and it can be switched off (the setting
`undo_enabled`) and removed (`forget`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec

from editsvc import files
from editsvc.errors import DocumentRefused, EditsvcError, Refused, Stale
from editsvc.files import FileError, SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER: Final = "undo"
FORMAT: Final = 1
_SUFFIX: Final = ".before"
_RUN: Final = re.compile(r"(\d{13})-([0-9a-f]+)")
_LONGEST_HEADER: Final = 65_536
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the journal keeps: so many runs, bytes altogether (`size`), and for so long."""

    runs: int = 20
    size: int = 50_000_000
    age: timedelta = timedelta(days=30)


LIMITS: Final = Limits()


class State(StrEnum):
    """What a file is, seen from one entry about it."""

    APPLIED = "applied"  # what the edit made of it
    BEFORE = "before"  # what it was before the edit
    STALE = "stale"  # neither, or gone


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a run.

    `path` is where the file really is, `place` where the journal has it; `before` and `after` are the SHA-256 of
    its bytes, in hexadecimal digits.
    """

    place: Path
    path: Path
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the command line wrote, in the order of writing."""

    place: Path
    id: str
    at: datetime
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Restoration:
    """A file as the edit made it, and the bytes that it had before."""

    source: SourceFile
    data: bytes


class _Header(msgspec.Struct, frozen=True):
    """The first line of an entry; `path` is percent-encoded, because a path need not be UTF-8."""

    format: int
    path: str
    before: str
    after: str


class Recording:
    """One run as it is written to the journal; files may be written from several threads.

    `run_id` is hexadecimal digits and `now` the time of the run. The run's folder is made with its first file, and
    runs beyond the limits go at the same moment.
    """

    def __init__(self, journal: Path, run_id: str, now: datetime, limits: Limits = LIMITS) -> None:
        self._journal = journal
        self._id = run_id
        self._now = now
        self._limits = limits
        self._lock = threading.Lock()
        self._place: Path | None = None
        self._count = 0
        self._size = 0
        self._others: int | None = None  # bytes of the other runs, once they were counted

    def write(self, source: SourceFile, data: bytes) -> str:
        """Replace a file as `files.write` does, and raise as it does; before that, keep what it is.

        Returns "", or a sentence that says why it was not kept; the file is written nevertheless.
        """
        warning, entry = "", None
        try:
            with self._lock:
                entry = self._keep(source, data)
        except FileError as exc:
            warning = f"{source.path.name} cannot be taken back by editsvc undo. {exc.sentence()}"
        try:
            files.write(source, data)
        except EditsvcError:
            if entry is not None and state(entry) is not State.APPLIED:
                with self._lock:
                    _discard(entry)
            raise
        return warning

    def _keep(self, source: SourceFile, data: bytes) -> Entry:
        path, before, after = source.path, _digest(source.data), _digest(data)
        header = _Header(FORMAT, quote_from_bytes(os.fsencode(path)), before, after)
        content = msgspec.json.encode(header) + b"\n" + source.data
        if self._size + len(content) > self._limits.size:
            raise FileError(f"The run is too large for the journal, which takes {self._limits.size:,} bytes.")
        try:
            self._make_room(len(content))
            place = self._folder() / f"{self._count + 1:06d}{_SUFFIX}"
            _create(place, content)
        except OSError as exc:
            raise FileError(f"The journal {self._journal} cannot be written: {exc.strerror or exc}.") from exc
        self._size += len(content)
        self._count += 1
        return Entry(place, path, before, after)

    def _make_room(self, wanted: int) -> None:
        room = self._size + wanted
        if self._others is None or self._others + room > self._limits.size:
            self._others = prune(self._journal, self._now, self._limits, current=self._place, room=room)

    def _folder(self) -> Path:
        if self._place is None:
            # Order must not depend on a clock that was set back.
            newest = max((stamp for stamp, _ in _places(self._journal)), default=-1)
            stamp = max((self._now - _EPOCH) // _MILLISECOND, newest + 1)
            self._place = self._journal / f"{stamp:013d}-{self._id}"
        for folder in (self._journal.parent, self._journal, self._place):
            _make_private(folder)
        return self._place


def runs(journal: Path) -> list[Run]:
    """What the journal holds, the latest run first; entries that cannot be read are left out.

    Raises FileError if the journal is there and cannot be read.
    """
    found = []
    for stamp, place in _places(journal):
        entries = tuple(filter(None, map(_entry, sorted(_files(place)))))
        if entries:
            found.append(Run(place, _id(place), _EPOCH + stamp * _MILLISECOND, entries))
    return found


def find(found: Sequence[Run], run_id: str) -> Run:
    """The run whose id is `run_id`, or begins with it; raises Refused if that is none or several."""
    hint = "editsvc undo --list shows the runs that can be taken back."
    matching = [run for run in found if run_id and run.id.startswith(run_id)]
    if not matching:
        raise Refused(f"The journal has no run {run_id}.", hint=hint)
    if len(matching) > 1:
        raise Refused(f"{run_id} is the beginning of several runs.", hint=hint)
    return matching[0]


def last(found: Sequence[Run]) -> Run:
    """The latest run with a file that is not what it was before; raises Refused if there is none."""
    for run in found:
        if any(state(entry) is not State.BEFORE for entry in run.entries):
            return run
    raise Refused("There is nothing to take back.", hint="Only what rewrite --apply has written can be.")


def state(entry: Entry) -> State:
    """What the file of `entry` is now; one that cannot be read is stale."""
    try:
        digest = _digest(files.read(entry.path).data)
    except EditsvcError:
        return State.STALE
    if digest == entry.after:
        return State.APPLIED
    return State.BEFORE if digest == entry.before else State.STALE


def restoration(entry: Entry) -> Restoration | None:
    """What brings the bytes from before back; None if the file has them.

    Raises Stale if the file is not what the edit made of it, or gone; FileError if it, or the journal's entry,
    cannot be read.
    """
    try:
        source = files.read(entry.path)
    except DocumentRefused as exc:  # there is a folder by that name now
        raise _changed() from exc
    except FileError as exc:
        if isinstance(exc.__cause__, (FileNotFoundError, NotADirectoryError)):
            raise Stale("The file was deleted since the edit.") from exc
        raise
    digest = _digest(source.data)
    if digest == entry.before:
        return None
    if digest != entry.after:
        raise _changed()
    return Restoration(source, _before(entry))


def take_back(entry: Entry) -> Restoration | None:
    """Put the bytes from before back, as `files.write` does, and drop the entry.

    Returns what was done, None if the file had these bytes already. Raises as `restoration` does, and FileError
    if the file cannot be written; then file and journal are as they were.
    """
    found = restoration(entry)
    if found is not None:
        try:
            files.write(found.source, found.data)
        except Stale as exc:
            raise _changed() from exc
    # An entry that stays because the journal cannot be written does no harm: its file is as before.
    _discard(entry)
    return found


def drop(run: Run) -> None:
    """Remove one run from the journal; its files are as they are. Raises FileError."""
    _remove(run.place)


def forget(journal: Path) -> None:
    """Remove the journal with everything in it; raises FileError."""
    _remove(journal)


def prune(
    journal: Path, now: datetime, limits: Limits = LIMITS, *, current: Path | None = None, room: int = 0
) -> int:
    """Drop the oldest runs until the others are within `limits`, `room` bytes for the run `current` included.

    Returns how many bytes the runs beside `current` still take. Raises FileError if the journal cannot be read.
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
            shutil.rmtree(place, ignore_errors=True)  # another process may be dropping it too
        else:
            kept = size - room
    return kept


def _changed() -> Stale:
    return Stale("The file was changed since the edit.", hint="It is left as it is.")


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
    return Entry(place, Path(os.fsdecode(unquote_to_bytes(header.path))), header.before, header.after)


def _before(entry: Entry) -> bytes:
    try:
        data = entry.place.read_bytes().partition(b"\n")[2]
    except OSError as exc:
        raise FileError(f"{entry.place} cannot be read: {exc.strerror or exc}.") from exc
    if _digest(data) != entry.before:
        raise FileError(f"{entry.place} is damaged, so {entry.path.name} is left as it is.")
    return data


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return
    files.sync_folder(folder.parent)


def _create(place: Path, content: bytes) -> None:
    """Make a file that is there with all its content or not at all, also after a loss of power."""
    descriptor, name = tempfile.mkstemp(prefix=".", dir=place.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    files.sync_folder(place.parent)


def _discard(entry: Entry) -> None:
    with contextlib.suppress(OSError):
        entry.place.unlink(missing_ok=True)
        entry.place.parent.rmdir()  # fails while the run has other entries


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise FileError(f"{folder} cannot be removed: {exc.strerror or exc}.") from exc
