"""Standard input and output as a channel, read and written by two threads.

The event loop never touches a pipe: a client that stops reading, or that sends half a message, holds up its
own messages and nothing else. File descriptors are used bare, because a daemon thread that waits inside of a
buffered stream holds that stream's lock, and the interpreter aborts when it cannot get it at exit.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from editsvc.system import streams
from lsp.wire.frames import FrameError, FrameReader, frame

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK: Final = 64 * 1024
_FLUSH_S: Final = 1.0


def claim_standard_streams() -> tuple[int, int]:
    """Descriptors of the client's pipe, in and out; what else prints goes to standard error from now on."""
    sys.stdout.flush()
    incoming, outgoing = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    for descriptor in (incoming, outgoing):
        streams.carry_bytes(descriptor)
    return incoming, outgoing


class PipeChannel:
    """Messages over two file descriptors.

    `on_body` is called on the loop's thread with each message, `on_end` once, when the client has closed its
    end, has broken the protocol, or can't be written to any more.
    """

    def __init__(
        self, incoming: int, outgoing: int, *, on_body: Callable[[bytes], None], on_end: Callable[[], None]
    ) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._on_body, self._on_end = on_body, on_end
        self._loop = asyncio.get_running_loop()
        self._state = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="editsvc-lsp-out", daemon=True)
        self._reader = threading.Thread(target=self._read, name="editsvc-lsp-in", daemon=True)

    def start(self) -> None:
        """Begin to read and to write."""
        self._writer.start()
        self._reader.start()

    def send(self, body: bytes) -> None:
        """Queue one message; never blocks."""
        data = frame(body)
        with self._state:
            if not self._closed:
                self._waiting.append(data)
                self._size += len(data)
                self._state.notify()

    @property
    def backlog(self) -> int:
        """Bytes that are not written yet."""
        with self._state:
            return self._size

    def close(self) -> None:
        """Write what is queued, within a second, and stop; a client that does not read is not waited for."""
        with self._state:
            self._closed = True
            self._state.notify()
        self._writer.join(_FLUSH_S)

    def _read(self) -> None:
        frames = FrameReader()
        try:
            while data := _read_some(self._incoming):
                for body in frames.push(data):
                    self._loop.call_soon_threadsafe(self._on_body, body)
        except FrameError as exc:
            sys.stderr.write(f"editsvc-lsp: the client does not speak the base protocol: {exc}\n")
        except (OSError, RuntimeError):
            pass  # the pipe broke, or the loop is closed: both are an end
        self._end()

    def _write(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                data = b"".join(self._waiting)
                self._waiting.clear()
            try:
                _write_all(self._outgoing, data)
            except OSError:
                with self._state:
                    self._closed = True
                    self._waiting.clear()
                self._end()
                return
            with self._state:
                self._size -= len(data)

    def _end(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._on_end)
        except RuntimeError:
            return  # the loop is closed already


def _read_some(descriptor: int) -> bytes:
    while True:
        try:
            return os.read(descriptor, _CHUNK)
        except BlockingIOError:  # some parents hand over pipes in non-blocking mode
            streams.wait_until_readable(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view[:_CHUNK]) :]
        except BlockingIOError:
            streams.wait_until_writable(descriptor)
