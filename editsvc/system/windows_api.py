"""What `editsvc.system.windows_files` asks Windows for, by ctypes and msvcrt."""

from __future__ import annotations

import ctypes
import errno
import msvcrt
import os
import sys
from ctypes import wintypes
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

assert sys.platform == "win32"  # noqa: S101 - for mypy, which looks at this for Windows alone

_OWNER: Final = 0x1  # OWNER_SECURITY_INFORMATION
_ACCESS_LIST: Final = 0x4  # DACL_SECURITY_INFORMATION
_INVALID: Final = 0xFFFFFFFF  # INVALID_FILE_ATTRIBUTES
# READONLY, HIDDEN, SYSTEM, ARCHIVE, NOT_CONTENT_INDEXED: what SetFileAttributes can set and a user may have set.
_SETTABLE: Final = 0x1 | 0x2 | 0x4 | 0x20 | 0x2000
_NORMAL: Final = 0x80
_NO_STREAM: Final = ctypes.c_void_p(-1).value  # INVALID_HANDLE_VALUE
_CONTENT: Final = "::$DATA"
# Locks of Windows keep others from reading and writing what they cover, so ours covers a byte that no file has.
_LOCKED_BYTE: Final = 0x7FFFFFF0
_REMOTE: Final = 4  # DRIVE_REMOTE

_kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_rights: Final = ctypes.WinDLL("advapi32", use_last_error=True)


class _StreamData(ctypes.Structure):
    """WIN32_FIND_STREAM_DATA."""

    _fields_ = (("size", wintypes.LARGE_INTEGER), ("name", wintypes.WCHAR * (260 + 36)))


_kernel.FindFirstStreamW.restype = wintypes.HANDLE
_kernel.FindFirstStreamW.argtypes = (
    wintypes.LPCWSTR,
    ctypes.c_int,
    ctypes.POINTER(_StreamData),
    wintypes.DWORD,
)
_kernel.FindNextStreamW.argtypes = (wintypes.HANDLE, ctypes.POINTER(_StreamData))
_kernel.FindClose.argtypes = (wintypes.HANDLE,)
_kernel.GetFileAttributesW.restype = wintypes.DWORD
_kernel.GetFileAttributesW.argtypes = (wintypes.LPCWSTR,)
_kernel.SetFileAttributesW.argtypes = (wintypes.LPCWSTR, wintypes.DWORD)
_kernel.GetDriveTypeW.argtypes = (wintypes.LPCWSTR,)
_rights.GetFileSecurityW.argtypes = (
    wintypes.LPCWSTR,
    wintypes.DWORD,
    ctypes.c_void_p,
    wintypes.DWORD,
    ctypes.POINTER(wintypes.DWORD),
)
_rights.SetFileSecurityW.argtypes = (wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p)


class WindowsApi:
    """See `editsvc.system.windows_files.Api`."""

    def security(self, path: Path) -> bytes:
        """As the protocol says: a self-relative security descriptor."""
        size = wintypes.DWORD(0)
        _rights.GetFileSecurityW(str(path), _OWNER | _ACCESS_LIST, None, 0, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        if not _rights.GetFileSecurityW(
            str(path), _OWNER | _ACCESS_LIST, buffer, size.value, ctypes.byref(size)
        ):
            raise ctypes.WinError(ctypes.get_last_error())
        return buffer.raw

    def set_access_list(self, path: Path, security: bytes) -> None:
        """As the protocol says."""
        if not _rights.SetFileSecurityW(str(path), _ACCESS_LIST, ctypes.create_string_buffer(security)):
            raise ctypes.WinError(ctypes.get_last_error())

    def attributes(self, path: Path) -> int:
        """As the protocol says."""
        found: int = _kernel.GetFileAttributesW(str(path))
        if found == _INVALID:
            raise ctypes.WinError(ctypes.get_last_error())
        return found & _SETTABLE

    def set_attributes(self, path: Path, attributes: int) -> None:
        """As the protocol says."""
        if not _kernel.SetFileAttributesW(str(path), attributes or _NORMAL):
            raise ctypes.WinError(ctypes.get_last_error())

    def streams(self, path: Path) -> list[str]:
        """As the protocol says."""
        data = _StreamData()
        search = _kernel.FindFirstStreamW(str(path), 0, ctypes.byref(data), 0)
        if search in {None, _NO_STREAM}:
            return []  # FAT and the like
        names = []
        try:
            while True:
                names.append(data.name)
                if not _kernel.FindNextStreamW(search, ctypes.byref(data)):
                    break
        finally:
            _kernel.FindClose(search)
        return [name for name in names if name != _CONTENT]

    def lock(self, descriptor: int) -> None:
        """As the protocol says."""
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as exc:  # Wine gives no number
            raise PermissionError(errno.EACCES, "another process has its turn") from exc

    def unlock(self, descriptor: int) -> None:
        """As the protocol says."""
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)


def is_remote(root: str) -> bool:
    r"""Whether a drive, such as ``C:\``, stands for a folder of another computer."""
    kind: int = _kernel.GetDriveTypeW(root)
    return kind == _REMOTE
