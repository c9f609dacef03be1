"""Files on disk: read as they are, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc.credible import LARGEST_DOCUMENT
from editsvc.errors import DocumentRefused, EditsvcError, ExitCode, Means, Remedy, Stale, Status
from editsvc.nearest import closest
from editsvc.system.files import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SUFFIX: Final = ".editsvc"
_RANDOM: Final = "[a-z0-9_]{8}"  # the random part of a name that tempfile makes
_ATTEMPTS: Final = 10
_MOST_LISTED: Final = 5_000  # names in a folder, among which one is looked for that was meant


class FileError(EditsvcError):
    """A file cannot be read or written; the message says which and why."""

    exit_code = ExitCode.REFUSED
    status = Status.REFUSED


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's content when it was read; `path` is its real path, with symbolic links followed."""

    path: Path
    data: bytes


def read(path: Path) -> SourceFile:
    """Read `path`; raises FileError, or DocumentRefused if it is not a regular file."""
    try:
        real = path.resolve(strict=True)
        # Opening a named pipe would wait for its other end.
        status = real.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DocumentRefused(f"{path} is not a regular file.")
        if status.st_size > LARGEST_DOCUMENT:
            most = f"{LARGEST_DOCUMENT / 1e6:.0f} MB"
            raise DocumentRefused(
                f"{path} has {status.st_size / 1e6:.0f} MB, and files of up to {most} are edited."
            )
        if real.drive and ":" in real.name:  # on Windows: what belongs to a file under a name of its own
            raise DocumentRefused(f"{path} is a stream of a file, and no file itself.")
        return SourceFile(real, real.read_bytes())
    except (OSError, RuntimeError) as exc:  # RuntimeError: links in a circle, until Python 3.13
        reason = (exc.strerror if isinstance(exc, OSError) else None) or exc
        hint = _instead(path) if isinstance(exc, FileNotFoundError) else ""
        raise FileError(f"{path} cannot be read: {reason}.", hint=hint) from exc


def _instead(path: Path) -> str:
    """Which file or folder was meant, as a question; "" if there is none of a like name."""
    missing = path
    while not missing.parent.is_dir() and missing != missing.parent:
        missing = missing.parent
    try:
        names = [found.name for found in islice(missing.parent.iterdir(), _MOST_LISTED)]
    except OSError:
        return ""
    found = closest(missing.name, names)
    return f"Did you mean {missing.parent / found / path.relative_to(missing)}?" if found else ""


def write(source: SourceFile, data: bytes, *, before_overwriting: Callable[[], None] = lambda: None) -> None:
    """Replace the content of the file that `source` was read from by `data`.

    The file is old or new at every moment: the content goes to a file beside it, is forced to disk and then
    renamed, with mode, owner, extended attributes and access list taken over. The check that the
    file is unchanged since it was read comes last.

    A file with several hard links, and one whose owner cannot be kept, is written in place, because a rename would
    separate it from its other names or its owner. Room is reserved first, and if anything fails, the old bytes are put
    back. A process killed meanwhile leaves a file that `half_written` recognises; `before_overwriting` is called right
    before the first byte is written in place, to save the data that a repair would need.

    Raises Stale if the file changed since it was read, or is no longer there as a regular file; FileError if it
    cannot be written. In both cases it is unchanged.
    """
    path = source.path
    try:
        status = _status(path)
        if not os.access(path, os.W_OK):
            raise FileError(f"{path} cannot be written: it is read-only.")
        _sweep(path)
        if status.st_nlink > 1 or not _replace(source, data, status):
            _overwrite(source, data, before_overwriting)
    except OSError as exc:
        raise FileError(
            f"{path} cannot be written: {exc.strerror or exc}.", hint="It was not changed."
        ) from exc


def half_written(content: bytes, old: bytes, new: bytes) -> bool:
    """Whether `content` is what a process leaves that was killed while writing `new` over `old` in place, or back.

    It has the longer one's length, the shorter one counting as filled up with zeros, and is a beginning of `old`
    (if it was being put back), then what stands there in `new`, then the rest of `old`; and it is neither of them.
    """
    size = max(len(old), len(new))
    if len(content) != size or content in {old, new}:
        return False
    old, new = old.ljust(size, b"\0"), new.ljust(size, b"\0")
    first = _common(content, old, 0)
    second = _common(content, new, first)
    return content[second:] == old[second:]


def _common(one: bytes, other: bytes, start: int) -> int:
    """The end of the stretch from `start` on in which two texts of equal length are equal."""
    end = len(one)
    while start < end:
        middle = (start + end + 1) // 2
        if one[start:middle] == other[start:middle]:
            start = middle
        else:
            end = middle - 1
    return start


def _status(path: Path) -> os.stat_result:
    """The status of the regular file at `path`, which holds no more symbolic links; raises Stale."""
    try:
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and Path(os.path.realpath(path)) == path:
            return status
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise Stale(f"{path.name} was deleted or moved meanwhile.") from exc
    raise Stale(f"{path.name} is no longer the same file.", hint="Run the edit again.")


@contextlib.contextmanager
def _open_unchanged(source: SourceFile, flags: int) -> Iterator[int]:
    """The open file, if it is unchanged since it was read; raises Stale."""
    path = source.path
    try:
        descriptor = FILES.open(path, flags)
    except OSError:
        _status(path)
        raise
    try:
        # The last check: does the path still lead to this file?
        same = _content(descriptor) == source.data if stat.S_ISREG(os.fstat(descriptor).st_mode) else False
        if not (os.path.samestat(_status(path), os.fstat(descriptor)) and same):
            raise Stale(f"{path.name} was changed by another program meanwhile.", hint="Run the edit again.")
        yield descriptor
    finally:
        os.close(descriptor)


# --- beside the file, and renamed -------------------------------------------------------------------------------------


def _replace(source: SourceFile, data: bytes, status: os.stat_result) -> bool:
    """Write `data` beside the file and rename that; False, with nothing done, if it must be written in place."""
    path = source.path
    with _held_folder(path.parent) as folder, _beside(path) as new:
        if not FILES.take_owner(new.descriptor, status):
            return False
        with open(new.descriptor, "wb", closefd=False) as file:
            file.write(data)
        if not FILES.take_over(new.descriptor, new.path, path):
            return False
        FILES.sync(new.descriptor)
        with _open_unchanged(source, os.O_RDONLY) as opened:
            if os.fstat(opened).st_nlink > 1:
                return False
            if folder is not None:
                _replace_in(folder, new, path, opened)
            elif not FILES.open_files_stay:
                FILES.replace(new.path, path)
        if FILES.open_files_stay:
            new.close()
            if not FILES.replace(new.path, path):
                return False
    # The file is already replaced: some folders cannot be read, and some file systems cannot sync folders.
    with contextlib.suppress(OSError):
        FILES.sync_folder(path.parent)
    return True


@contextlib.contextmanager
def _held_folder(folder: Path) -> Iterator[int | None]:
    """The folder, open, where the system has that."""
    descriptor = FILES.open_folder(folder)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _replace_in(folder: int, new: _New, path: Path, opened: int) -> None:
    """Rename within the folder that was opened, whatever leads to its name by now; raises Stale.

    What was `opened` by its path must be what has the name there, and the new file must be in it.
    """
    for name, descriptor in ((path.name, opened), (new.path.name, new.descriptor)):
        try:
            same = os.path.samestat(FILES.status_in(folder, name), os.fstat(descriptor))
        except FileNotFoundError:
            same = False
        if not same:
            raise Stale(f"{path.name} is no longer the same file.", hint="Run the edit again.")
    FILES.replace_in(folder, new.path.name, path.name)


class _New:
    """A file that is being written beside another one."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self.descriptor, self.path = descriptor, path
        self._open = True

    def close(self) -> None:
        if self._open:
            self._open = False
            os.close(self.descriptor)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[_New]:
    """A new file in the folder of `path`, held as long as it is written, and gone if it was not renamed."""
    prefix = _prefix(path)
    for _ in range(_ATTEMPTS):
        descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=_SUFFIX, dir=path.parent)
        new = _New(descriptor, Path(name))
        try:
            if not FILES.hold(descriptor):
                continue  # removed by another process before it was held
            yield new
            return
        finally:
            if FILES.open_files_stay:
                new.close()
            new.path.unlink(missing_ok=True)  # it is gone after a rename
            new.close()
    raise FileError(f"{path} cannot be written: the file beside it is deleted again and again.")


def _prefix(path: Path) -> str:
    """The prefix for the names of the files beside `path`; a long name is cut, and made unique by its hash."""
    name = path.name
    room = FILES.longest_name(path.parent) - len(f"..12345678{_SUFFIX}")
    if len(os.fsencode(name)) <= room:
        return f".{name}."
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    while len(os.fsencode(name)) > room - len(digest) - 1:
        name = name[:-1]
    return f".{name}~{digest}."


def _sweep(path: Path) -> None:
    """Remove files that killed processes have left beside `path`, but not those that a living one is writing."""
    left = re.compile(re.escape(_prefix(path)) + _RANDOM + re.escape(_SUFFIX))
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if left.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    FILES.remove_abandoned(Path(entry.path))


# --- in place ---------------------------------------------------------------------------------------------------------


def _overwrite(source: SourceFile, data: bytes, before_overwriting: Callable[[], None]) -> None:
    before_overwriting()
    with _open_unchanged(source, os.O_RDWR) as descriptor:
        try:
            _fill(descriptor, data, len(source.data))
        except BaseException as exc:
            _put_back(source.path, descriptor, source.data, exc)
            raise


def _fill(descriptor: int, data: bytes, size: int) -> None:
    """Write `data` over `size` bytes, from the front; a surplus is cut off at the end."""
    if len(data) > size:
        # First the length, so that a file that is being written has one of two; then the room.
        os.ftruncate(descriptor, len(data))
        FILES.reserve(descriptor, len(data))
    _write_all(descriptor, data, 0)
    FILES.drop_privileges(descriptor)
    FILES.sync(descriptor)
    if len(data) < size:
        os.ftruncate(descriptor, len(data))
        FILES.sync(descriptor)


def _put_back(path: Path, descriptor: int, old: bytes, cause: BaseException) -> None:
    try:
        # Only the changed bytes: even if the disk is full, or the file too long, those can be written again.
        found = _content(descriptor)[: len(old)].ljust(len(old), b"\0")
        _write_all(descriptor, old[: len(old) - _common(found[::-1], old[::-1], 0)], 0)
        os.ftruncate(descriptor, len(old))
        FILES.sync(descriptor)
    except OSError as exc:
        raise FileError(
            f"{path} is half written ({exc.strerror or exc}).",
            remedies=(Remedy(Means.UNDO, when="unless undo_enabled is off"),),
        ) from cause


def _write_all(descriptor: int, data: bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        count = FILES.write_at(descriptor, rest, at)
        rest, at = rest[count:], at + count


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def put(path: Path, content: bytes, *, durable: bool = True, mode: int | None = None) -> None:
    """Write a file of our own at `path`: with all of `content`, or not at all. Raises OSError.

    Its owner alone can read it, unless there is a `mode`. If `durable`, it is there also after a loss of power, once
    its folder is synced.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp makes it 0600
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                FILES.sync(file.fileno())
        if mode is not None:
            new.chmod(mode)
        replaced = FILES.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    if not replaced:
        new.unlink(missing_ok=True)
        raise PermissionError(errno.EACCES, "another program has it open", str(path))
