"""What ``editsvc serve`` and the commands that are handed to it need: Linux alone, and no other module loads this.

Both sides of a socket ask the system who the other one is, descriptors go along with a message, and the process that
is ready forks. macOS has all of it in other forms, but a fork there may not use what was loaded before; Windows has
none.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

assert sys.platform == "linux"  # noqa: S101 - for mypy, which looks at this for Linux alone

# A process in another of these sees other files, other hosts or other users.
_SPACES: Final = ("mnt", "net", "user")
_OTHERS: Final = 0o077


def runtime_folder() -> str:
    """The folder of sockets, whether it exists or not: one that only this user can look into."""
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


def is_own(connection: socket.socket) -> bool:
    """Whether the process at the other end of a connection is this user's; raises OSError."""
    import socket  # noqa: PLC0415 - a command that is not handed over needs none
    import struct  # noqa: PLC0415 - as above

    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    user: int = struct.unpack("3i", credentials)[1]
    return user == os.geteuid()


def connected(path: str, patience_s: float) -> socket.socket:
    """A connection to the socket at `path`; raises OSError."""
    import socket  # noqa: PLC0415 - as above

    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(patience_s)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def listening(path: str) -> socket.socket:
    """A socket at `path`, for this user alone; raises OSError."""
    import socket  # noqa: PLC0415 - as above

    made = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        made.bind(path)
    finally:
        os.umask(before)
    made.listen(64)
    return made


def send_with_streams(connection: socket.socket, head: bytes) -> None:
    """Send `head`, with standard input, output and error and the current folder; raises OSError."""
    import socket  # noqa: PLC0415 - as above

    here = os.open(".", os.O_RDONLY)
    try:
        socket.send_fds(connection, [head], [0, 1, 2, here])
    finally:
        os.close(here)


def receive_with_streams(connection: socket.socket, size: int) -> tuple[bytes, list[int]]:
    """What `send_with_streams` has sent: the head, and four descriptors, if they came; raises OSError."""
    import socket  # noqa: PLC0415 - as above

    head, descriptors, _, _ = socket.recv_fds(connection, size, 4)
    return head, descriptors


def umask() -> int:
    """The umask, which can be read only by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def rights() -> tuple[object, ...]:
    """What says that two processes of a user may do the same, and see the same; raises OSError."""
    spaces = [os.readlink(f"/proc/self/ns/{name}") for name in _SPACES]  # noqa: PTH115 - pathlib takes a while to load
    root = os.stat("/")  # noqa: PTH116 - as above
    return (os.getegid(), sorted(os.getgroups()), os.nice(0), spaces, root.st_dev, root.st_ino)


def variables() -> dict[bytes, bytes]:
    """The environment, as bytes."""
    return dict(os.environb)


def pass_signals_on(to: Callable[[int], None]) -> None:
    """Have `to` called with the number of a signal that would end this process, in place of that."""
    import signal  # noqa: PLC0415 - as above

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda came, _frame: to(came))


def await_no_children() -> None:
    """Leave no trace of children that end, and take a request to end as an interrupt."""
    import signal  # noqa: PLC0415 - as above

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def fork(child: Callable[[], NoReturn]) -> None:
    """Have a copy of this process run `child`, with the signals of a process that has just started."""
    import signal  # noqa: PLC0415 - as above

    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        child()


def take_over(descriptors: list[int], mask: int, environ: dict[bytes, bytes]) -> None:
    """Go on with the streams, the folder, the umask and the environment of another process."""
    import time  # noqa: PLC0415 - as above

    os.setsid()
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
    os.fchdir(descriptors[3])
    for descriptor in descriptors:
        if descriptor > 2:  # noqa: PLR2004 - unless this process was started without streams
            os.close(descriptor)
    os.umask(mask)
    os.environb.clear()
    os.environb.update(environ)
    time.tzset()


def signal_oneself(number: int | None) -> None:
    """Do to this process what the signal does, None for a request to end."""
    import signal  # noqa: PLC0415 - as above

    os.kill(os.getpid(), signal.SIGTERM if number is None else number)
