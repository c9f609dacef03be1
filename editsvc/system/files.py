"""Files, as the system has them: `FILES` is the half for the system that this process runs on."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Files(Protocol):
    """What a half can do; every function may raise OSError, unless it says that it cannot."""

    open_files_stay: bool
    """Whether a file that is open can be neither renamed nor replaced nor removed."""

    def open(self, path: Path, flags: int) -> int:
        """A descriptor for bytes that no child inherits; goes through no link, and waits for no pipe's other end."""
        ...

    def hold(self, descriptor: int) -> bool:
        """Keep `remove_abandoned` off an open file until it is closed; False if it has been removed already."""
        ...

    def remove_abandoned(self, path: Path) -> None:
        """Remove a file, unless a living process holds it."""
        ...

    def claim(self, descriptor: int) -> bool:
        """Be the one process that has claimed an open file, until it is closed; False if another one is that."""
        ...

    def take_owner(self, descriptor: int, status: os.stat_result) -> bool:
        """Give an open file to the owner of the one with `status`; False if this user may not."""
        ...

    def take_over(self, descriptor: int, new: Path, path: Path) -> bool:
        """Give an open file, `new`, the rights and attributes of `path`; False if some of them cannot be kept."""
        ...

    def replace(self, new: Path, path: Path) -> bool:
        """Rename `new` to `path`, at one moment; False if other programs, or the rights, do not let it happen.

        Where `open_files_stay`, this process must have closed both.
        """
        ...

    def open_folder(self, folder: Path) -> int | None:
        """A descriptor by which names in `folder` are reached, also if a link takes its place; None without such."""
        ...

    def replace_in(self, folder: int, new: str, name: str) -> None:
        """Rename `new` to `name`, both in the folder that is open as `folder`, at one moment."""
        ...

    def status_in(self, folder: int, name: str) -> os.stat_result:
        """The status of `name` in the folder that is open as `folder`; a link's own."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file of our own, if it is there."""
        ...

    def publish(self, new: Path, path: Path) -> None:
        """Rename `new` to `path`, which is not there yet; raises FileExistsError if it is."""
        ...

    def append(self, path: Path, data: bytes) -> os.stat_result:
        """Append `data` in one piece, also if other processes append, and sync it; the status of the file then.

        The file is made, readable by its owner alone, if it is missing.
        """
        ...

    def write_at(self, descriptor: int, data: memoryview, at: int) -> int:
        """Write at an offset; the number of bytes that were written, which may be fewer."""
        ...

    def drop_privileges(self, descriptor: int) -> None:
        """Take the rights to run as its owner or group from an open file whose content has changed."""
        ...

    def reserve(self, descriptor: int, size: int) -> None:
        """See to it that `size` bytes can be written, as far as the system can promise it."""
        ...

    def sync(self, descriptor: int) -> None:
        """Have the content of a file survive a loss of power."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Have the names in a folder survive a loss of power, where that is not so anyway."""
        ...

    def longest_name(self, folder: Path) -> int:
        """The bytes that a name in `folder` may have; raises nothing."""
        ...

    def usual_mode(self) -> int:
        """The mode that a new file gets which is not private; raises nothing."""
        ...


def others_can_read(status: os.stat_result) -> bool:
    """Whether a file's mode lets others than its owner read it; what Windows says as a mode is none."""
    return sys.platform != "win32" and bool(status.st_mode & 0o077)


def is_a_strangers(path: Path, folder: Path) -> bool:
    """Whether `path` belongs to another user than this one, the owner of `folder`, or root; never on Windows.

    Raises OSError.
    """
    return sys.platform != "win32" and path.lstat().st_uid not in {os.geteuid(), folder.stat().st_uid, 0}


def make_private_folder(folder: Path, *, exist_ok: bool = True) -> None:
    """Make a folder, and those above it, that only its user can look into; raises OSError.

    On Windows that is what Python makes of the mode 0700 since 3.12.4; before, a folder has the rights of the one
    that it is in, which are the same for all below the user's profile.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=exist_ok)


if sys.platform == "win32":
    from editsvc.system.windows_api import WindowsApi
    from editsvc.system.windows_files import WindowsFiles

    FILES: Files = WindowsFiles(WindowsApi())
else:
    from editsvc.system.posix_files import PosixFiles

    FILES: Files = PosixFiles()
