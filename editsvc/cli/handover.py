"""Handing a command to a process that has loaded everything: ``editsvc serve``.

That process forks for each command, and the child does what this process would have done: with its arguments, folder,
environment, standard streams and umask. So nothing is shared but loaded code. The socket is in a folder of the user's
own, and both sides ask the system who the other one is. A command that cannot be handed over runs here. Linux only.

The request is one message with descriptors (standard input, output and error, the folder) and a length, then so many
bytes (`Request.encode`). The answer is a byte: `READY`, or `REFUSED` where the code is another one. Behind `READY`
this process says `GO`, and from then on the command is the other one's: bytes that follow are signals for it, and its
last one is the exit code. This module loads next to nothing.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from editsvc.system import linux

if TYPE_CHECKING:
    import socket

assert sys.platform == "linux"  # noqa: S101 - for mypy, as in editsvc.system.linux

SOCKET = "commands.sock"
READY, REFUSED, GO = b"+", b"-", b"!"
STREAMS = 4
"""Descriptors that come with a request."""

# What Python itself, and the C library, read when a process starts.
_AT_START = (b"LANG", b"LC_", b"PYTHON", b"MALLOC_", b"LD_", b"GCONV_PATH")
_PATIENCE_S = 1.0
_DIED = 1
_FEW = 20
_MANY = ("--changed", "--staged", "--from", "--resume", "--commit", "--estimate", "--max-cost")


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
    return repr(
        (__version__, package, changed, sys.version, sys.executable, flags, start, linux.rights())
    ).encode()


def hand_over() -> None:
    """Have a running server do what this process was started for, and exit with its code; return if there is none."""
    arguments = sys.argv[1:]
    if arguments[:1] != ["rewrite"] or talks(arguments):
        return
    folder = linux.runtime_folder()
    if not linux.is_private(folder):
        return
    try:
        connection = linux.connected(f"{folder}/{SOCKET}", _PATIENCE_S)
        if not _accepted(connection, arguments):
            connection.close()
            return
    except OSError:  # no server, or one that cannot be understood
        return
    sys.exit(_follow(connection))


def talks(arguments: list[str]) -> bool:
    """Whether the command would ask its user something, for which it must be the terminal's own process."""
    asks = "--interactive" in arguments or any(word.startswith(("-e", "--edit")) for word in arguments)
    # Of more than a few files it is asked whether all of them are meant.
    many = len(arguments) > _FEW or any(map(_may_be_many, arguments))
    said = ("-i", "-F", "--inst", "--file", "--again", "--refine")
    return asks or many or not any(word.startswith(said) for word in arguments)


def _may_be_many(word: str) -> bool:
    """Whether an argument may stand for many files: an option that finds them, a pattern, or a folder."""
    return word.startswith(_MANY) or "*" in word or os.path.isdir(word)  # noqa: PTH112 - pathlib takes a while to load


def _accepted(connection: socket.socket, arguments: list[str]) -> bool:
    """Whether the server has taken the command over; raises OSError."""
    import struct

    if not linux.is_own(connection):
        return False
    environ = linux.variables()
    words = [os.fsencode(word) for word in arguments]
    data = Request(running_code(environ), linux.umask(), words, environ).encode()
    linux.send_with_streams(connection, struct.pack("!I", len(data)))
    connection.sendall(data)
    if connection.recv(1) != READY:
        return False
    connection.sendall(GO)
    return True


def _follow(connection: socket.socket) -> int:
    """The exit code of the command; signals that this process gets go to the one that runs it."""
    connection.settimeout(None)

    def pass_on(number: int) -> None:
        try:
            connection.sendall(bytes([number]))
        except OSError:
            return

    linux.pass_signals_on(pass_on)
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
