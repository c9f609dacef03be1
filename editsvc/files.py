"""Files on disk: read as they are, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from editsvc.errors import DocumentRefused, EditsvcError, ExitCode, Stale, Status


class FileError(EditsvcError):
    """A file cannot be read or written; the message says which and why."""

    exit_code = ExitCode.REFUSED
    status = Status.REFUSED


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's content when it was read; `path` is where it really is, symbolic links followed."""

    path: Path
    data: bytes


def read(path: Path) -> SourceFile:
    """Read `path`; raises FileError, or DocumentRefused if it is no regular file."""
    try:
        real = path.resolve(strict=True)
        if not stat.S_ISREG(real.stat().st_mode):
            raise DocumentRefused(f"{path} is not a regular file.")
        return SourceFile(real, real.read_bytes())
    except OSError as exc:
        raise FileError(f"{path} cannot be read: {exc.strerror or exc}.") from exc


def write(source: SourceFile, data: bytes) -> None:
    """Replace the content of the file that `source` was read from by `data`.

    The file is old or new at every moment: the content goes to a file beside it, is forced to disk and then
    renamed, with mode, owner and extended attributes taken over. A file with several hard links is written in
    place, because a rename would part them. Raises Stale if it changed since it was read, FileError if it
    cannot be written; in both cases it is as it was.
    """
    path = source.path
    try:
        if path.read_bytes() != source.data:
            raise Stale(f"{path.name} was changed by somebody else meanwhile.", hint="Run the edit again.")
        status = path.stat()
        if not os.access(path, os.W_OK):
            raise FileError(f"{path} cannot be written: it is read-only.")
        if status.st_nlink > 1:
            _write_in_place(path, data)
        else:
            _replace(path, data, status)
    except OSError as exc:
        raise FileError(f"{path} cannot be written: {exc.strerror or exc}.", hint="It is as it was.") from exc


def _write_in_place(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, data: bytes, status: os.stat_result) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".editsvc", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _take_over(temporary, path, status)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _take_over(temporary: Path, path: Path, status: os.stat_result) -> None:
    with contextlib.suppress(PermissionError):  # only root can give a file away
        os.chown(temporary, status.st_uid, status.st_gid)
    temporary.chmod(stat.S_IMODE(status.st_mode))
    if hasattr(os, "listxattr"):
        for attribute in os.listxattr(path):
            with contextlib.suppress(OSError):  # some belong to the kernel
                os.setxattr(temporary, attribute, os.getxattr(path, attribute))


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` on disk too, where the system knows that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
