"""What editsvc keeps of a user's code in its data folder, so that something can be had again: one way for all of it.

::

    undo/                           0700, in the data folder; likewise refused/ and last/
      1795258333512-3fa29c01/       one run: when (ms since 1970), and its id
        000001.before               0600, one file of it: a line of JSON, then bytes
    refused/, batches/              the same

What is kept is complete on disk or not there, is never exported, is bounded (`JournalLimits`), and can be removed
(`forget`). The setting `undo_enabled` switches all of it off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from editsvc import late
from editsvc.files import disk
from editsvc.files.disk import FileError
from editsvc.system.files import FILES, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUN: Final = late.pattern(r"(\d{13})-([0-9a-f]+)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class JournalLimits:
    """The limits of a journal: runs, bytes in total (`size`), and age."""

    runs: int = 20
    size: int = 50_000_000
    age: timedelta = timedelta(days=30)


LIMITS: Final = JournalLimits()


@dataclass(frozen=True, slots=True)
class RunPlace:
    """The folder of one run, its id, and the time that orders it."""

    path: Path
    id: str
    at: datetime


class RunWriter:
    """The files of one run, as they are made; not for several threads at once.

    `run_id` is hexadecimal digits and `now` the time of the run. The run's folder is made with its first file, and
    runs beyond the limits are removed at the same moment. Only what is `durable` outlasts a loss of power.
    """

    def __init__(
        self,
        journal: Path,
        run_id: str,
        now: datetime,
        limits: JournalLimits = LIMITS,
        *,
        durable: bool = True,
    ) -> None:
        self._journal = journal
        self._durable = durable
        self._id = run_id
        self._now = now
        self._limits = limits
        self._place: Path | None = None
        self._count = 0
        self._size = 0
        self._others: int | None = None  # bytes of the other runs, once counted

    @classmethod
    def going_on(cls, run: Path, now: datetime, limits: JournalLimits = LIMITS) -> RunWriter:
        """The writer of a run that an earlier process has begun."""
        found = _RUN.fullmatch(run.name)
        writer = cls(run.parent, found[2] if found else "", now, limits)
        writer._place = run
        writer._size = _size(run)
        numbers = [int(path.stem) for path in run.iterdir() if path.stem.isdigit()]
        writer._count = max(numbers, default=0)
        return writer

    def add(self, content: bytes, suffix: str) -> Path:
        """Keep one more file, complete on disk when this returns, and return its path; raises FileError."""
        with self._room(len(content)):
            place = self._folder() / f"{self._count + 1:06d}{suffix}"
            if self._durable:
                create(place, content)
            else:
                disk.put(place, content, durable=False)
        self._count += 1
        return place

    def replace(self, place: Path, content: bytes, *, more: int) -> None:
        """Replace a file of the run by one that is `more` bytes larger; raises FileError."""
        with self._room(more):
            create(place, content)

    @contextlib.contextmanager
    def _room(self, more: int) -> Iterator[None]:
        """Within it, `more` bytes may be written; raises FileError."""
        if self._size + more > self._limits.size:
            raise FileError(f"The run is too large for the journal, which takes {self._limits.size:,} bytes.")
        try:
            self._make_room(more)
            yield
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
            newest = max((_stamp(run) for run in run_places(self._journal)), default=-1)
            stamp = max((self._now - _EPOCH) // _MILLISECOND, newest + 1)
            self._place = self._journal / f"{stamp:013d}-{self._id}"
        for folder in (self._journal.parent, self._journal, self._place):
            _make_private(folder)
        return self._place


def run_places(journal: Path) -> list[RunPlace]:
    """The runs in a journal, the latest first; raises FileError if it exists and cannot be read."""
    try:
        found = [(_RUN.fullmatch(path.name), path) for path in journal.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise FileError(f"The journal {journal} cannot be read: {exc.strerror or exc}.") from exc
    matching = sorted(((match[1], match[2], path) for match, path in found if match), reverse=True)
    return [RunPlace(path, name, _EPOCH + int(stamp) * _MILLISECOND) for stamp, name, path in matching]


def files(run: Path, suffix: str) -> list[Path]:
    """The files of a run whose names end with `suffix`, in the order in which they were made."""
    with contextlib.suppress(OSError):
        return sorted(path for path in run.iterdir() if path.suffix == suffix)
    return []


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
    count, size = 1 if room else 0, room
    kept = 0
    for run in run_places(journal):
        if run.path == current:
            continue
        count += 1
        size += _size(run.path)
        if count > limits.runs or size > limits.size or run.at < now - limits.age:
            shutil.rmtree(run.path, ignore_errors=True)  # another process may be removing it too
        else:
            kept = size - room
    return kept


def forget(folder: Path) -> None:
    """Remove a journal, or one run of it, with everything in it; raises FileError."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise FileError(f"{folder} cannot be removed: {exc.strerror or exc}.") from exc


def discard(place: Path) -> None:
    """Remove one file of a run, and the run with its last one. One that cannot be removed is left behind."""
    with contextlib.suppress(OSError):
        place.unlink(missing_ok=True)
        place.parent.rmdir()  # fails as long as the run has other files


def create(place: Path, content: bytes) -> None:
    """Create a file atomically: with all its content or not at all, also after a loss of power. Raises OSError."""
    disk.put(place, content)
    FILES.sync_folder(place.parent)


def digest(data: bytes) -> str:
    """The SHA-256 of `data`, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def quoted(path: Path | str) -> str:
    """A path as it can stand in JSON: percent-encoded, because a path need not be UTF-8."""
    return quote_from_bytes(os.fsencode(path))


def unquoted(text: str) -> Path:
    """The path that `quoted` has encoded."""
    return Path(unquoted_text(text))


def unquoted_text(text: str) -> str:
    """The path that `quoted` has encoded, as it was typed: a Path would not keep ``./``."""
    return os.fsdecode(unquote_to_bytes(text))


def _stamp(run: RunPlace) -> int:
    return (run.at - _EPOCH) // _MILLISECOND


def _size(run: Path) -> int:
    total = 0
    with contextlib.suppress(OSError):
        for path in run.iterdir():
            total += path.stat().st_size
    return total


def _make_private(folder: Path) -> None:
    try:
        make_private_folder(folder, exist_ok=False)
    except FileExistsError:
        return
    FILES.sync_folder(folder.parent)
