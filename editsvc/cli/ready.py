"""The process behind ``editsvc serve``: it has loaded everything, and forks for each command. Linux only."""

from __future__ import annotations

import os
import struct
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from editsvc.cli import handover
from editsvc.errors import SettingsError
from editsvc.system import linux
from editsvc.system.files import make_private_folder

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

assert sys.platform == "linux"  # noqa: S101 - for mypy, as in editsvc.system.linux

_LOADED = (
    "editsvc.cli.rewrite",
    "editsvc.app.composition",
    "editsvc.engine.rehearsal",
    "editsvc.files.journal",
    "editsvc.files.refused",
    "editsvc.files.undo",
    "editsvc.provider.connections",
    "editsvc.provider.failures",
    "editsvc.provider.reading",
    "editsvc.provider.stream",
    "editsvc.tokenlog.database",
    "editsvc.tokenlog.privacy",
    "alembic.command",
    "cerebras.cloud.sdk",
    "socket",
)
_LONGEST_REQUEST = 16 << 20
_CLIENT_PATIENCE_S = 5.0


def serve() -> int:
    """Take commands until this process is interrupted; the exit code. Raises SettingsError if that cannot begin."""
    folder = linux.runtime_folder()
    with _listening(folder) as listening:
        _load()
        click.echo(f"editsvc: ready for commands on {folder}/{handover.SOCKET}", err=True)
        linux.await_no_children()
        code = handover.running_code(linux.variables())
        try:
            while True:
                connection, _ = listening.accept()
                linux.fork(partial(_child, connection, code, listening))
                connection.close()
        except KeyboardInterrupt:
            return 0


class _listening:  # noqa: N801 - a context manager
    """A socket in a private folder; raises SettingsError if there cannot be one, or if another process has it."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._path = self._folder / handover.SOCKET

    def __enter__(self) -> socket.socket:
        try:
            make_private_folder(self._folder)
            if not linux.is_private(str(self._folder)):
                raise SettingsError(
                    f"{self._folder} is not a folder that only you can look into.",
                    hint="Remove it, or set XDG_RUNTIME_DIR.",
                )
            self._remove_abandoned()
            listening = linux.listening(str(self._path))
        except OSError as exc:
            raise SettingsError(f"{self._path} cannot be made: {exc.strerror or exc}.") from exc
        self._socket, self._owner = listening, os.getpid()
        return listening

    def _remove_abandoned(self) -> None:
        try:
            linux.connected(str(self._path), _CLIENT_PATIENCE_S).close()
        except OSError:
            self._path.unlink(missing_ok=True)
            return
        raise SettingsError(
            "editsvc serve is running already.", hint="One is enough for all of your commands."
        )

    def __exit__(self, *_: object) -> None:
        if os.getpid() == self._owner:
            self._path.unlink(missing_ok=True)
            self._socket.close()


def _load() -> None:
    """Load what a command needs, and leave no thread behind: only then may a process fork."""
    import gc
    from importlib import import_module

    for module in _LOADED:
        import_module(module)
    from editsvc import syntax
    from editsvc.engine.rehearsal import rehearse, rehearse_once
    from editsvc.engine.scoring import load

    load()
    rehearse_once()
    for language in syntax.LANGUAGES:
        rehearse(language)
    rehearse(instruction="change b to 3")
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()
    gc.collect()
    gc.freeze()


def _child(connection: socket.socket, code: bytes, listening: socket.socket) -> NoReturn:
    """Run the command that comes over `connection`, and end."""
    status = 1
    try:
        listening.close()
        taken = _taken(connection, code)
        if taken is None:
            os._exit(0)
        _become(*taken)
        threading.Thread(target=_obey, args=(connection,), name="signals", daemon=True).start()
        status = _run(taken[0].arguments)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the child must not go on as if it were the server
        import traceback

        traceback.print_exc()
    finally:
        try:
            sys.stderr.flush()
            connection.send(bytes([status]))
        finally:
            os._exit(status)


def _taken(connection: socket.socket, code: bytes) -> tuple[handover.Request, list[int]] | None:
    """The request and its descriptors, if this process may and can do it, and the client wants it still."""
    try:
        return _request(connection, code)
    except (OSError, EOFError, ValueError, struct.error):  # whoever that was
        return None


def _request(connection: socket.socket, code: bytes) -> tuple[handover.Request, list[int]] | None:
    connection.settimeout(_CLIENT_PATIENCE_S)
    if not linux.is_own(connection):
        return None
    head, descriptors = linux.receive_with_streams(connection, 4)
    (length,) = struct.unpack("!I", head)
    if len(descriptors) != handover.STREAMS or length > _LONGEST_REQUEST:
        return None
    request = handover.Request.decode(b"".join(_received(connection, length)))
    if request.code != code or code != handover.running_code(linux.variables()):
        connection.sendall(handover.REFUSED)
        return None
    connection.sendall(handover.READY)
    if connection.recv(1) != handover.GO:
        return None
    connection.settimeout(None)
    return request, descriptors


def _received(connection: socket.socket, length: int) -> Iterator[bytes]:
    while length:
        piece = connection.recv(min(length, 1 << 16))
        if not piece:
            raise EOFError
        length -= len(piece)
        yield piece


def _become(request: handover.Request, descriptors: list[int]) -> None:
    """Take over the streams, the folder, the environment and the umask of the command."""
    linux.take_over(descriptors, request.umask, request.environ)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        old = getattr(sys, f"__{name}__")
        new = open(  # noqa: SIM115 - for as long as the process lives
            number, "r" if number == 0 else "w", encoding=old.encoding, errors=old.errors, closefd=False
        )
        if number == 2 or (number and new.isatty()):  # noqa: PLR2004 - standard error
            new.reconfigure(line_buffering=True)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def _obey(connection: socket.socket) -> None:
    """Signals that the client got, for this process; a client that has gone wants the command to end."""
    while True:
        try:
            number = connection.recv(1)
        except OSError:
            number = b""
        linux.signal_oneself(number[0] if number else None)
        if not number:
            return


def _run(arguments: list[bytes]) -> int:
    from editsvc.cli.group import command, run

    words = [os.fsdecode(word) for word in arguments]
    sys.argv[1:] = words
    try:
        run(words, command)
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else 1
    return 0
