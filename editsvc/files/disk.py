"""Files on disk: read as they are, written whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc.errors import DocumentRefused, EditsvcError, ExitCode, Means, Remedy, Stale, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SUFFIX: Final = ".editsvc"
_RANDOM: Final = "[a-z0-9_]{8}"  # the random part of a name that tempfile makes
_LONGEST_NAME: Final = 255
_ATTEMPTS: Final = 10
# If files cannot be locked, one that was not touched for this long is abandoned.
_ABANDONED_S: Final = 86_400
_ACCESS_LIST: Final = "system.posix_acl_access"


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
        if not stat.S_ISREG(real.stat().st_mode):
            raise DocumentRefused(f"{path} is not a regular file.")
        return SourceFile(real, real.read_bytes())
    except (OSError, RuntimeError) as exc:  # RuntimeError: links in a circle, until Python 3.13
        reason = (exc.strerror if isinstance(exc, OSError) else None) or exc
        raise FileError(f"{path} cannot be read: {reason}.") from exc


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
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
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
    with _beside(path) as (descriptor, temporary):
        if not _take_owner(descriptor, status):
            return False
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        _take_over(descriptor, path, status)
        os.fsync(descriptor)
        with _open_unchanged(source, os.O_RDONLY) as opened:
            if os.fstat(opened).st_nlink > 1:
                return False
            temporary.replace(path)
    # The file is already replaced: some folders cannot be read, and some file systems cannot sync folders.
    with contextlib.suppress(OSError):
        sync_folder(path.parent)
    return True


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[tuple[int, Path]]:
    """A new file in the folder of `path`, locked as long as it is written, and gone if it was not renamed."""
    prefix = _prefix(path)
    for _ in range(_ATTEMPTS):
        descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=_SUFFIX, dir=path.parent)
        temporary = Path(name)
        try:
            with contextlib.suppress(OSError):  # not every file system supports it
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not os.fstat(descriptor).st_nlink:
                continue  # removed by another process before it was locked
            yield descriptor, temporary
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        else:
            temporary.unlink(missing_ok=True)  # it is gone after a rename
            return
        finally:
            os.close(descriptor)
    raise FileError(f"{path} cannot be written: the file beside it is deleted again and again.")


def _prefix(path: Path) -> str:
    """The prefix for the names of the files beside `path`; a long name is cut, and made unique by its hash."""
    name, room = path.name, _LONGEST_NAME
    with contextlib.suppress(OSError):
        room = os.pathconf(path.parent, "PC_NAME_MAX")
    room -= len(f"..12345678{_SUFFIX}")
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
                    _unlink_if_abandoned(Path(entry.path))


def _unlink_if_abandoned(temporary: Path) -> None:
    descriptor = os.open(temporary, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    except OSError:
        if time.time() - os.fstat(descriptor).st_mtime > _ABANDONED_S:
            temporary.unlink()
    else:
        temporary.unlink()
    finally:
        os.close(descriptor)


def _take_owner(descriptor: int, status: os.stat_result) -> bool:
    """Give the file to the owner and the group of another; False if only root could."""
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) == (status.st_uid, status.st_gid):
        return True
    try:
        os.fchown(descriptor, status.st_uid, status.st_gid)
    except OSError:
        return False
    return True


def _take_over(descriptor: int, path: Path, status: os.stat_result) -> None:
    """Take over mode, extended attributes and access list; a folder may give new files a list of its own."""
    attributes = _attributes(path)
    if hasattr(os, "removexattr") and _ACCESS_LIST not in attributes:
        with contextlib.suppress(OSError):
            os.removexattr(descriptor, _ACCESS_LIST)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    for attribute in attributes:
        with contextlib.suppress(OSError):  # some belong to the kernel
            os.setxattr(descriptor, attribute, os.getxattr(path, attribute))


def _attributes(path: Path) -> list[str]:
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):  # not every file system has them
            return os.listxattr(path)
    return []


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
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, len(data))
    _write_all(descriptor, data, 0)
    os.fsync(descriptor)
    if len(data) < size:
        os.ftruncate(descriptor, len(data))
        os.fsync(descriptor)


def _put_back(path: Path, descriptor: int, old: bytes, cause: BaseException) -> None:
    try:
        # Only the changed bytes: even if the disk is full, or the file too long, those can be written again.
        found = _content(descriptor)[: len(old)].ljust(len(old), b"\0")
        _write_all(descriptor, old[: len(old) - _common(found[::-1], old[::-1], 0)], 0)
        os.ftruncate(descriptor, len(old))
        os.fsync(descriptor)
    except OSError as exc:
        raise FileError(
            f"{path} is half written ({exc.strerror or exc}).",
            remedies=(Remedy(Means.UNDO, when="unless undo_enabled is off"),),
        ) from cause


def _write_all(descriptor: int, data: bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        count = os.pwrite(descriptor, rest, at)
        rest, at = rest[count:], at + count


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def put(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file of our own, readable by its owner alone, at `path`: with all of `content`, or not at all.

    If `durable`, also after a loss of power, once its folder is synced. Raises OSError.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Sync the names in `folder` to disk too, if the system supports it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
