r"""The spool for records that the log could not take: JSON lines beside it, numbers and names only, as in the log.

Each entry is appended in one piece, so that processes do not mix lines, and stands between two ``\n``, so
that a line which a full disk cut off spoils no other. The process that takes the entries into the log moves
the file aside first, within a transaction that keeps other writers out, and deletes it after the commit: a process
that is killed in between leaves it to the next one, and entries that come twice are taken once, by their ids.
"""

from __future__ import annotations

import errno
import re
import stat
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from editsvc.errors import Status  # noqa: TC001 - msgspec reads the types when it runs
from editsvc.system.files import FILES, make_private_folder
from editsvc.tokenlog.record import RequestRecord
from editsvc.tokenlog.rows import nested, storable, to_row
from editsvc.tokenlog.values import Verdict  # noqa: TC001 - same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MOST_BYTES: Final = 4 * 1024 * 1024
"""Some five thousand records; later ones are lost, with a warning."""

_TRIES: Final = 10
_MOST_ASIDE: Final = 3


class WaitingRecord(msgspec.Struct, frozen=True, tag="record"):
    """A record that is to be added."""

    record: RequestRecord


class _Row(msgspec.Struct, frozen=True, tag="record"):
    """The same in a file, with a record as its columns."""

    record: dict[str, Any]


class WaitingVerdict(msgspec.Struct, frozen=True, tag="verdict"):
    """What the user did with an edit; the fields are those of `TokenLog.set_verdict`."""

    id: str
    verdict: Verdict | None = None
    hunks_accepted: int | None = None
    hunks_survived: int | None = None
    hunks: int | None = None


class WaitingUndo(msgspec.Struct, frozen=True, tag="undo"):
    """The user took an edit back."""

    id: str


class WaitingWhatIf(msgspec.Struct, frozen=True, tag="what_if"):
    """The score of each candidate prediction."""

    id: str
    what_if: dict[str, list[int]]


class WaitingOutcome(msgspec.Struct, frozen=True, tag="outcome"):
    """The corrected outcome of an edit; the fields are those of `TokenLog.set_outcome`."""

    id: str
    status: Status
    error: str | None = None


Entry = WaitingRecord | WaitingVerdict | WaitingUndo | WaitingWhatIf | WaitingOutcome

_decode: Final = msgspec.json.Decoder(
    _Row | WaitingVerdict | WaitingUndo | WaitingWhatIf | WaitingOutcome
).decode


class Spool:
    """The entries that wait in `file`, at most `most_bytes` of them; any thread and any process may use it."""

    def __init__(self, file: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self.file = file
        self._most_bytes = most_bytes
        self._aside = re.compile(rf"{re.escape(file.stem)}\.[0-9a-f]{{32}}{re.escape(file.suffix)}")

    def add(self, entry: Entry) -> None:
        """Keep `entry`; when this returns it is on disk. Raises OSError if it is not, or if there is no room."""
        line = b"\n%s\n" % _encoded(entry)
        make_private_folder(self.file.parent)
        if sum(_size(file) for file in self._files()) + len(line) > self._most_bytes:
            raise OSError(errno.EDQUOT, f"{self._most_bytes:,} bytes of records wait already")
        for _ in range(_TRIES):
            if self._append(line):
                return
        raise OSError(errno.EBUSY, "it is moved away all the time")

    def _append(self, line: bytes) -> bool:
        """Write `line`; False if the file was moved aside meanwhile, so that nobody may ever see the line."""
        written = FILES.append(self.file, line)
        try:
            there = self.file.stat(follow_symlinks=False)
        except FileNotFoundError:
            return False
        return (written.st_dev, written.st_ino) == (there.st_dev, there.st_ino)

    def waits(self) -> bool:
        """Whether entries are waiting."""
        return any(True for _ in self._files())

    def count(self) -> int:
        """The number of waiting entries."""
        return sum(1 for _ in _lines(self._files()))

    def claim(self) -> list[Path]:
        """Move the file aside, and return all that stand aside; only within a transaction that excludes others.

        Where some stand aside already, because nobody could finish, the file stays: they must not become ever more.
        """
        files = list(self._files())
        aside = [file for file in files if file != self.file]
        if self.file in files and len(aside) < _MOST_ASIDE:
            moved = self.file.with_name(f"{self.file.stem}.{uuid.uuid4().hex}{self.file.suffix}")
            with suppress(FileNotFoundError):
                if FILES.replace(self.file, moved):
                    aside.append(moved)
        return aside

    def clear(self) -> int:
        """Delete all waiting entries; returns their number. Raises OSError."""
        files = list(self._files())
        count = sum(1 for _ in _lines(files))
        discard(files)
        return count

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            for file in self.file.parent.iterdir():
                ours = file.name == self.file.name or self._aside.fullmatch(file.name)
                # Reading a pipe would never end, and the target of a link is not ours.
                if ours and stat.S_ISREG(file.stat(follow_symlinks=False).st_mode):
                    yield file


def entries(files: Iterable[Path]) -> Iterator[Entry]:
    """The entries of `files`; lines that are none (cut off when the disk was full, or damaged) are left out."""
    for line in _lines(files):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            entry = _decode(line)
            yield WaitingRecord(_record(entry)) if isinstance(entry, _Row) else entry


def discard(files: Iterable[Path]) -> None:
    """Delete `files`; those that are gone are no error."""
    for file in files:
        FILES.remove(file)


def _lines(files: Iterable[Path]) -> Iterator[bytes]:
    for file in files:
        with suppress(FileNotFoundError):
            yield from filter(None, file.read_bytes().split(b"\n"))


def _record(row: _Row) -> RequestRecord:
    """The record of a line; raises msgspec.ValidationError for what no record can be."""
    return msgspec.convert(nested(row.record), RequestRecord)


def _encoded(entry: Entry) -> bytes:
    if isinstance(entry, WaitingRecord):
        return msgspec.json.encode({"type": "record", "record": to_row(entry.record)})
    return msgspec.json.encode(storable(msgspec.to_builtins(entry)))


def _size(file: Path) -> int:
    try:
        return file.stat(follow_symlinks=False).st_size
    except OSError:
        return 0
