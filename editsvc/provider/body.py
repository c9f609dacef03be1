r"""The body of an HTTP/1.1 answer out of its bytes, as many chunks at a time as have come: machines without I/O.

Source: RFC 9112, sections 6.3 and 7.1. A server that streams sends each event as a chunk of its own, so what a parser
spends on a chunk it spends on a token.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

# What h11 takes too: twenty digits, and an extension that is of no interest.
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,20})(?:;[^\r\n]*)?[ \t]*\r\n")
_LONGEST_LINE: Final = 16 << 10


class BadBody(Exception):
    """Bytes that are no body of their kind, or not all of one."""


class Body(Protocol):
    """Takes the bytes of one body as they come, cut anywhere.

    `complete` says that its end has been seen, `remainder` what to let an HTTP client read of it for its connection to
    be of use again; None if it is not.
    """

    complete: bool
    remainder: bytes | None

    def push(self, data: bytes) -> bytes:
        """The content in `data`; raises BadBody."""
        ...

    def end(self) -> None:
        """Learn that the connection has ended; raises BadBody if the body has not."""
        ...


class ChunkedBody:
    r"""``Transfer-Encoding: chunked``; trailers are read and dropped."""

    def __init__(self) -> None:
        self.complete = False
        self.remainder: bytes | None = None
        self._rest = b""  # of a line that is not whole
        self._left = 0  # bytes of the present chunk
        self._closes = False  # the line end behind a chunk comes next
        self._in_trailers = False

    def push(self, data: bytes) -> bytes:
        """The content in `data`; raises BadBody."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        content: list[bytes] = []
        at, end = 0, len(data)
        while at < end and not self.complete:
            if self._left:
                stop = min(end, at + self._left)
                content.append(data[at:stop])
                self._left -= stop - at
                self._closes = not self._left
                at = stop
            elif self._closes or self._in_trailers:
                after = self._after_line(data, at)
                if after is None:
                    break
                at = after
            else:
                size = _SIZE.match(data, at)
                if size is None:
                    self._keep(data[at:])
                    break
                at = size.end()
                length = int(size[1], 16)
                stop = at + length
                if not length:
                    self._in_trailers = True
                elif data.startswith(b"\r\n", stop):  # all of it is there, as it nearly always is
                    content.append(data[at:stop])
                    at = stop + 2
                else:
                    self._left = length
        if self.complete and at == end:
            self.remainder = b"0\r\n\r\n"
        return b"".join(content)

    def end(self) -> None:
        """Learn that the connection has ended; raises BadBody if the body has not."""
        if not self.complete:
            raise BadBody("the connection was closed before the end of a chunked answer")

    def _after_line(self, data: bytes, at: int) -> int | None:
        """Where the line of no content at `at` ends; None if it is not whole."""
        line_end = data.find(b"\r\n", at)
        if self._closes and line_end != at and data[at:] != b"\r":
            raise BadBody("a chunk is longer than its size")
        if line_end < 0:
            self._keep(data[at:])
            return None
        self.complete = self._in_trailers and line_end == at
        self._closes = False
        return line_end + 2

    def _keep(self, rest: bytes) -> None:
        line = rest.removesuffix(b"\r")
        if b"\n" in line or len(line) > _LONGEST_LINE:
            raise BadBody("a line between its chunks is no size and no trailer")
        self._rest = rest


class BodyToTheEnd:
    """A body without a size, which ends with its connection."""

    def __init__(self) -> None:
        self.complete = False
        self.remainder: bytes | None = None

    def push(self, data: bytes) -> bytes:
        """`data`, which is all content."""
        return data

    def end(self) -> None:
        """Learn that the connection has ended, which is how such a body ends."""
        self.complete = True
