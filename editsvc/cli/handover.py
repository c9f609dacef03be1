"""Handing a command to a process that has loaded everything: ``editsvc serve``.

That process forks for each command, and the child does what this process would have done: with its arguments, folder,
environment, standard streams and umask. So nothing is shared but loaded code. The socket is in a folder of the user's
own, and both sides ask the system who the other one is. A command that cannot be handed over runs here.

The request is one message with descriptors (standard input, output and error, the folder) and a length, then so many
bytes (`Request.encode`). The answer is a byte: `READY`, or `REFUSED` where the code is another one. Behind `READY`
this process says `GO`, and from then on the command is the other one's: bytes that follow are signals for it, and its
last one is the exit code. This module loads next to nothing.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

SOCKET = "commands.sock"
READY, REFUSED, GO = b"+", b"-", b"!"
STREAMS = 4
"""Descriptors that come with a request."""

# What Python itself, and the C library, read when a process starts.
_AT_START = (b"LANG", b"LC_", b"PYTHON", b"MALLOC_", b"LD_", b"GCONV_PATH")
# A process in another of these sees other files, other hosts or other users.
_SPACES = ("mnt", "net", "user")
_OTHERS = 0o077
_PATIENCE_S = 1.0
_DIED = 1


def runtime_folder() -> str | None:
    """The folder of the socket, whether it exists or not: one that only this user can look into; None without any."""
    if os.name != "posix" or not hasattr(os, "geteuid"):
        return None
    given = os.environ.get("XDG_RUNTIME_DIR")
    return os.path.join(given, "editsvc") if given else f"/tmp/editsvc-{os.geteuid()}"  # noqa: PTH118, S108 - checked


def is_private(folder: str) -> bool:
    """Whether `folder` is one, and nobody but its owner, who is this user, can look into it."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and not stat.S_IMODE(found.st_mode) & _OTHERS
        and found.st_uid == os.geteuid()
    )


class Request:
    """What a command is run with, as bytes."""

    def __init__(self, code: bytes, umask: int, arguments: list[bytes], environ: dict[bytes, bytes]) -> None:
        self.code, self.umask, self.arguments, self.environ = code, umask, arguments, environ

    def encode(self) -> bytes:
        """The request on the wire: none of its parts can hold a NUL."""
        head = [self.code, b"%d" % self.umask, b"%d" % len(self.arguments)]
        return b"\0".join([*head, *self.arguments, *(b"=".join(one) for one in self.environ.items())])

    @classmethod
    def decode(cls, data: bytes) -> Request:
        """The request of `data`; raises ValueError for what is none."""
        code, umask, count, *rest = data.split(b"\0")
        arguments, variables = rest[: int(count)], rest[int(count) :]
        environ = dict(variable.split(b"=", 1) for variable in variables)
        return cls(code, int(umask), arguments, environ)


def running_code(environ: dict[bytes, bytes]) -> bytes:
    """What says that two processes run the same code, in the same way and with the same rights; raises OSError."""
    from editsvc import __file__ as package
    from editsvc import __version__

    changed = os.stat(package).st_mtime_ns  # noqa: PTH116 - pathlib takes a while to load
    start = sorted((name, value) for name, value in environ.items() if name.startswith(_AT_START))
    flags = (tuple(sys.flags), sorted(sys._xoptions.items()), sys.warnoptions)  # noqa: SLF001 - documented
    spaces = [os.readlink(f"/proc/self/ns/{name}") for name in _SPACES]  # noqa: PTH115 - as above
    root = os.stat("/")  # noqa: PTH116 - as above
    rights = (os.getegid(), sorted(os.getgroups()), os.nice(0), spaces, root.st_dev, root.st_ino)
    return repr((__version__, package, changed, sys.version, sys.executable, flags, start, rights)).encode()


def hand_over() -> None:
    """Have a running server do what this process was started for, and exit with its code; return if there is none."""
    arguments = sys.argv[1:]
    if arguments[:1] != ["rewrite"] or "--interactive" in arguments:
        return
    folder = runtime_folder()
    if folder is None or not is_private(folder):
        return
    import socket

    try:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_PATIENCE_S)
        connection.connect(f"{folder}/{SOCKET}")
        if not _accepted(connection, arguments):
            connection.close()
            return
    except (OSError, AttributeError):  # no server, or a system without what this takes
        return
    sys.exit(_follow(connection))


def _accepted(connection: socket.socket, arguments: list[str]) -> bool:
    """Whether the server has taken the command over; raises OSError."""
    import socket
    import struct

    if peer(connection) != os.geteuid():
        return False
    umask = os.umask(0)
    os.umask(umask)
    environ = dict(os.environb)
    data = Request(running_code(environ), umask, [os.fsencode(word) for word in arguments], environ).encode()
    here = os.open(".", os.O_RDONLY)
    try:
        socket.send_fds(connection, [struct.pack("!I", len(data))], [0, 1, 2, here])
    finally:
        os.close(here)
    connection.sendall(data)
    if connection.recv(1) != READY:
        return False
    connection.sendall(GO)
    return True


def peer(connection: socket.socket) -> int:
    """The user at the other end of a connection; raises OSError, or AttributeError where the system cannot tell."""
    import socket
    import struct

    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    user: int = struct.unpack("3i", credentials)[1]
    return user


def _follow(connection: socket.socket) -> int:
    """The exit code of the command; signals that this process gets go to the one that runs it."""
    import signal

    connection.settimeout(None)

    def pass_on(number: int, _frame: object) -> None:
        try:
            connection.sendall(bytes([number]))
        except OSError:
            return

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, pass_on)
    try:
        last = connection.recv(1)
    except OSError:
        last = b""
    if last:
        return last[0]
    sys.stderr.write(
        "editsvc: the process that this command was handed to ended before it did; look at the files.\n"
    )
    return _DIED
