"""Server-sent events out of bytes: a machine without I/O.

Source: the HTML standard, section 9.2.6. Lines are split on bytes, because splitting decoded text would also
break at U+2028 and its like, which stand unescaped in JSON. Comments, ids and retry times are of no use here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_BOM: Final = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event: its type (``""`` if none was given) and its data."""

    event: bytes
    data: bytes


class EventParser:
    r"""Takes bytes as they come, cut anywhere; line ends are ``\n``, ``\r\n`` or ``\r``.

    `started` tells that they are not the first ones of their stream, which may begin with a byte order mark.
    """

    def __init__(self, *, started: bool = False) -> None:
        self._rest: list[bytes] = []  # an unfinished line, in the pieces it came in
        self._carriage_return = False
        self._data: list[bytes] = []
        self._event = b""
        self._started = started

    def push(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that `chunk` completes."""
        if self._carriage_return:
            chunk = b"\r" + chunk
            self._carriage_return = False
        if b"\r" in chunk:
            if chunk.endswith(b"\r"):
                self._carriage_return = True
                chunk = chunk[:-1]
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        if len(lines) == 1:
            if chunk:
                self._rest.append(chunk)
            return []
        if self._rest:
            lines[0] = b"".join((*self._rest, lines[0]))
        last = lines.pop()
        self._rest = [last] if last else []
        if not self._started:
            self._started = True
            lines[0] = lines[0].removeprefix(_BOM)
        events = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif not line:
                if self._data:
                    events.append(ServerSentEvent(self._event, b"\n".join(self._data)))
                    self._data = []
                self._event = b""
            else:
                self._other(line)
        return events

    def _other(self, line: bytes) -> None:
        """A line that is neither data nor blank; a name without a colon has an empty value."""
        if line.startswith(b"event:"):
            self._event = line[6:].strip()
        elif line == b"event":
            self._event = b""
        elif line == b"data":
            self._data.append(b"")

    def finish(self) -> list[ServerSentEvent]:
        """The last event, if its lines are whole but no blank line followed; an unfinished line is dropped."""
        events = self.push(b"\n") if self._carriage_return else []  # that line is whole
        if self._data:
            events.append(ServerSentEvent(self._event, b"\n".join(self._data)))
        self._data, self._event = [], b""
        return events
