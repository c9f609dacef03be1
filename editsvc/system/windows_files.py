"""Files on Windows; what it asks Windows for comes through `Api`, so that it can be read and tested anywhere.

A file that a program has open, which is nearly every program's way of opening one, can be neither renamed nor
replaced nor removed by others; scanners of viruses and indexes of search open new files for a moment. So whatever
does that tries again for a while, and ends with what can be done to an open file: to write it in place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

T = TypeVar("T")

_LONGEST_NAME: Final = 255
# How long a scanner may take: the pauses between the tries, in seconds; together 1.3.
_PAUSES_S: Final = (0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.25, 0.25, 0.25)
# The same for the turns of processes that append; together ten.
_TURNS_S: Final = (0.005,) * 100 + (0.05,) * 190
# Flags of os.open that only Windows has: bytes as they are, and not for children.
_BINARY: Final = getattr(os, "O_BINARY", 0)
_FLAGS: Final = _BINARY | getattr(os, "O_NOINHERIT", 0)
_APPEND: Final = os.O_RDWR | os.O_CREAT | _FLAGS


class Api(Protocol):
    """What Windows is asked for; every function may raise OSError."""

    def security(self, path: Path) -> bytes:
        """Owner and access list of a file, comparable as bytes."""
        ...

    def set_access_list(self, path: Path, security: bytes) -> None:
        """Give a file the access list of what `security` has returned."""
        ...

    def attributes(self, path: Path) -> int:
        """The attributes that a program may set: hidden, system, archive and the like."""
        ...

    def set_attributes(self, path: Path, attributes: int) -> None:
        """Set them."""
        ...

    def streams(self, path: Path) -> list[str]:
        """The names of the streams that a file has besides its content; none where the file system knows none."""
        ...

    def lock(self, descriptor: int) -> None:
        """Take the lock of an open file; raises PermissionError if somebody has it."""
        ...

    def unlock(self, descriptor: int) -> None:
        """Give that lock back."""
        ...


class WindowsFiles:
    """The half for Windows; see `editsvc.system.files.Files`."""

    open_files_stay = True

    def __init__(self, api: Api, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._api = api
        self._sleep = sleep

    def open(self, path: Path, flags: int) -> int:
        """As the protocol says; there are no pipes among the files, and who opens one looks where a link leads."""
        return os.open(path, flags | _FLAGS)

    def hold(self, descriptor: int) -> bool:  # noqa: ARG002 - that it is open is enough
        """As the protocol says: an open file cannot be removed."""
        return True

    def remove_abandoned(self, path: Path) -> None:
        """As the protocol says: Windows refuses it with a PermissionError while a process has it open."""
        path.unlink()

    def claim(self, descriptor: int) -> bool:
        """As the protocol says."""
        try:
            self._api.lock(descriptor)
        except PermissionError:
            return False
        return True

    def take_owner(self, descriptor: int, status: os.stat_result) -> bool:  # noqa: ARG002 - see take_over
        """As the protocol says: the owner is compared with the rights, in `take_over`."""
        return True

    def take_over(self, descriptor: int, new: Path, path: Path) -> bool:  # noqa: ARG002 - Windows wants the name
        """As the protocol says; other streams than the content, and another owner, cannot be taken over."""
        if self._api.streams(path):
            return False
        wanted = self._api.security(path)
        if self._api.security(new) != wanted:
            with contextlib.suppress(OSError):
                self._api.set_access_list(new, wanted)
            if self._api.security(new) != wanted:
                return False
        self._api.set_attributes(new, self._api.attributes(path))
        return True

    def replace(self, new: Path, path: Path) -> bool:
        """As the protocol says; a file that stays open elsewhere, or went missing beside it, is not replaced."""
        try:
            self._again_and_again(lambda: new.replace(path))
        except (PermissionError, FileNotFoundError):
            return False
        return True

    def open_folder(self, folder: Path) -> int | None:  # noqa: ARG002 - there are none
        """As the protocol says: folders cannot be opened, and none is renamed while a file in it is open."""
        return None

    def replace_in(self, folder: int, new: str, name: str) -> None:
        """As the protocol says; never called."""
        raise NotImplementedError

    def status_in(self, folder: int, name: str) -> os.stat_result:
        """As the protocol says; never called."""
        raise NotImplementedError

    def remove(self, path: Path) -> None:
        """As the protocol says."""
        self._again_and_again(lambda: path.unlink(missing_ok=True))

    def publish(self, new: Path, path: Path) -> None:
        """As the protocol says: on Windows a rename replaces nothing."""
        self._again_and_again(lambda: new.rename(path))

    def append(self, path: Path, data: bytes) -> os.stat_result:
        """As the protocol says: Windows appends in one piece only if all who do so take turns."""
        descriptor = self._again_and_again(lambda: os.open(path, _APPEND, 0o600))
        try:
            self._again_and_again(lambda: self._api.lock(descriptor), _TURNS_S)
            try:
                os.lseek(descriptor, 0, os.SEEK_END)
                if os.write(descriptor, data) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(descriptor)
            finally:
                self._api.unlock(descriptor)
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def write_at(self, descriptor: int, data: memoryview, at: int) -> int:
        """As the protocol says; moves the place from which the next write goes on."""
        os.lseek(descriptor, at, os.SEEK_SET)
        return os.write(descriptor, data)

    def drop_privileges(self, descriptor: int) -> None:
        """As the protocol says: there are no such rights."""

    def reserve(self, descriptor: int, size: int) -> None:
        """As the protocol says: a file that was made longer has its room on NTFS."""

    def sync(self, descriptor: int) -> None:
        """As the protocol says."""
        os.fsync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """As the protocol says: NTFS keeps a journal of names."""

    def longest_name(self, folder: Path) -> int:  # noqa: ARG002 - the same in all
        """As the protocol says."""
        return _LONGEST_NAME

    def usual_mode(self) -> int:
        """As the protocol says: on Windows a mode says no more than whether a file is read-only."""
        return 0o666

    def _again_and_again(self, act: Callable[[], T], pauses_s: Iterable[float] = _PAUSES_S) -> T:
        """What `act` returns, tried again after each of the pauses while Windows says that somebody is in the way."""
        for pause in pauses_s:
            try:
                return act()
            except PermissionError:
                self._sleep(pause)
        return act()
