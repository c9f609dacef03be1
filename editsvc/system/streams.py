"""Standard streams and pipes."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper


def carry_bytes(descriptor: int) -> None:
    """See to it that a descriptor carries bytes as they are: on Windows one may turn line ends into its own."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - as there is one nowhere else

        msvcrt.setmode(descriptor, os.O_BINARY)


def speak_utf8() -> None:
    r"""Have standard output and error take any text, as UTF-8, with ``\n`` alone; call it before anything is printed.

    Elsewhere than on Windows the user's locale decides. There it would be the code page of forty years ago as soon as
    the output is no console, and what reads it (an editor, git, a CI) takes it for UTF-8.
    """
    if sys.platform == "win32":
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper) and not stream.isatty():
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def wait_until_readable(descriptor: int) -> None:
    """Wait for a pipe that was handed over in non-blocking mode, which never happens on Windows."""
    if sys.platform != "win32":
        import select  # noqa: PLC0415 - for that case alone

        select.select([descriptor], [], [])


def wait_until_writable(descriptor: int) -> None:
    """The same for the other direction."""
    if sys.platform != "win32":
        import select  # noqa: PLC0415 - for that case alone

        select.select([], [descriptor], [])


def nobody_reads(exc: OSError) -> bool:
    """Whether writing to standard output has failed because its reader has gone."""
    # Windows has no signal and no number of its own for it.
    return isinstance(exc, BrokenPipeError) or (sys.platform == "win32" and exc.errno == errno.EINVAL)
