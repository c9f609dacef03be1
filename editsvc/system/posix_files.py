"""Files on Linux and macOS."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

assert sys.platform != "win32"  # noqa: S101 - for mypy, which looks at no more of this for Windows

# If files cannot be locked, one that was not touched for this long is abandoned.
_ABANDONED_S: Final = 86_400
_LONGEST_NAME: Final = 255
_ACCESS_LIST: Final = "system.posix_acl_access"
# Neither through a link nor into a pipe without a reader.
_FLAGS: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _FLAGS
# copyfile.h of macOS: the access list and the extended attributes, but not the times.
_COPYFILE_ACL: Final = 1 << 0
_COPYFILE_XATTR: Final = 1 << 2


class PosixFiles:
    """The half for POSIX; see `editsvc.system.files.Files`."""

    open_files_stay = False

    def open(self, path: Path, flags: int) -> int:
        """As the protocol says."""
        return os.open(path, flags | _FLAGS)

    def hold(self, descriptor: int) -> bool:
        """As the protocol says; where files cannot be locked, age decides."""
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        return os.fstat(descriptor).st_nlink > 0

    def remove_abandoned(self, path: Path) -> None:
        """As the protocol says."""
        descriptor = self.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:
            if time.time() - os.fstat(descriptor).st_mtime > _ABANDONED_S:
                path.unlink()
        else:
            path.unlink()
        finally:
            os.close(descriptor)

    def claim(self, descriptor: int) -> bool:
        """As the protocol says; where files cannot be locked, everybody is."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def take_owner(self, descriptor: int, status: os.stat_result) -> bool:
        """As the protocol says: only root may give a file away, and to a group only its members."""
        own = os.fstat(descriptor)
        if (own.st_uid, own.st_gid) == (status.st_uid, status.st_gid):
            return True
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        except OSError:
            return False
        return True

    def take_over(self, descriptor: int, new: Path, path: Path) -> bool:  # noqa: ARG002 - the descriptor is enough
        """Take over mode, extended attributes and access list; a folder may give new files a list of its own."""
        # Not the rights to run as somebody else: what was trusted with these is another program now.
        mode = stat.S_IMODE(path.lstat().st_mode) & ~(stat.S_ISUID | stat.S_ISGID)
        whole = True
        if sys.platform == "linux":
            _take_over_attributes(descriptor, path, mode)
        elif sys.platform == "darwin":
            os.fchmod(descriptor, mode)
            whole = _copied_by_copyfile(descriptor, path)
        else:
            os.fchmod(descriptor, mode)
        return whole

    def replace(self, new: Path, path: Path) -> bool:
        """As the protocol says: rename(2) replaces files whoever has them open."""
        new.replace(path)
        return True

    def open_folder(self, folder: Path) -> int | None:
        """As the protocol says; None too for a folder that may be written and not read, where the system insists."""
        try:
            return os.open(folder, _FOLDER)
        except PermissionError:
            return None

    def replace_in(self, folder: int, new: str, name: str) -> None:
        """As the protocol says."""
        os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)

    def status_in(self, folder: int, name: str) -> os.stat_result:
        """As the protocol says."""
        return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def remove(self, path: Path) -> None:
        """As the protocol says."""
        path.unlink(missing_ok=True)

    def publish(self, new: Path, path: Path) -> None:
        """As the protocol says: a hard link replaces nothing."""
        os.link(new, path)
        new.unlink()

    def append(self, path: Path, data: bytes) -> os.stat_result:
        """As the protocol says: one write with ``O_APPEND``."""
        descriptor = os.open(path, _APPEND, 0o600)
        try:
            if os.write(descriptor, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def write_at(self, descriptor: int, data: memoryview, at: int) -> int:
        """As the protocol says."""
        return os.pwrite(descriptor, data, at)

    def drop_privileges(self, descriptor: int) -> None:
        """As the protocol says; the kernel does it, but for root."""
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if mode & (stat.S_ISUID | stat.S_ISGID):
            os.fchmod(descriptor, mode & ~(stat.S_ISUID | stat.S_ISGID))

    def reserve(self, descriptor: int, size: int) -> None:
        """As the protocol says; macOS promises nothing."""
        if sys.platform == "linux":
            os.posix_fallocate(descriptor, 0, size)

    def sync(self, descriptor: int) -> None:
        """As the protocol says; fsync of macOS leaves the content in the drive's cache."""
        if sys.platform == "darwin":
            with contextlib.suppress(OSError):  # not every file system has it
                fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
                return
        os.fsync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """As the protocol says."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def longest_name(self, folder: Path) -> int:
        """As the protocol says."""
        with contextlib.suppress(OSError):
            return os.pathconf(folder, "PC_NAME_MAX")
        return _LONGEST_NAME

    def usual_mode(self) -> int:
        """As the protocol says: the umask, which can be read only by setting it."""
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


if sys.platform == "darwin":

    def _copied_by_copyfile(descriptor: int, path: Path) -> bool:
        """Copy access list and extended attributes as copyfile(3) does; False if some of them are lost."""
        import ctypes  # noqa: PLC0415 - only on macOS

        system = ctypes.CDLL(None, use_errno=True)
        source = os.open(path, os.O_RDONLY | _FLAGS)
        try:
            code: int = system.fcopyfile(source, descriptor, None, _COPYFILE_ACL | _COPYFILE_XATTR)
        finally:
            os.close(source)
        return code == 0


if sys.platform == "linux":

    def _take_over_attributes(descriptor: int, path: Path, mode: int) -> None:
        attributes: list[str] = []
        with contextlib.suppress(OSError):  # not every file system has them
            attributes = os.listxattr(path)
        if _ACCESS_LIST not in attributes:
            with contextlib.suppress(OSError):
                os.removexattr(descriptor, _ACCESS_LIST)
        os.fchmod(descriptor, mode)
        for attribute in attributes:
            with contextlib.suppress(OSError):  # some belong to the kernel
                os.setxattr(descriptor, attribute, os.getxattr(path, attribute))
