r"""The base protocol: messages in a stream of bytes, each behind a header with its length.

LSP 3.17, "Base Protocol": header fields as in HTTP, lines that end in ``\r\n``, an empty line, then
``Content-Length`` bytes. No I/O here: bytes go in by `FrameReader.push` as they come, bodies come out.
"""

from __future__ import annotations

from typing import Final

_HEADER_END: Final = b"\r\n\r\n"
_LONGEST_HEADER: Final = 8 * 1024
_MOST_DIGITS: Final = 40
LONGEST_BODY: Final = 256 * 1024 * 1024


class FrameError(Exception):
    """The bytes are not the base protocol; where the next message begins cannot be known any more."""


def frame(body: bytes) -> bytes:
    """`body` with its header."""
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


class FrameReader:
    """Bytes in, message bodies out; whatever the sizes of the pieces, the bodies are the same."""

    def __init__(self, longest_body: int = LONGEST_BODY) -> None:
        self.longest_body = longest_body
        """Of what is read from now on; may be changed."""
        self._buffer = bytearray()
        self._searched = 0
        self._length: int | None = None

    def push(self, data: bytes) -> list[bytes]:
        """The bodies that `data` completes; raises FrameError, after which the reader must not be used."""
        self._buffer += data
        bodies: list[bytes] = []
        while True:
            if self._length is None and not self._read_header():
                return bodies
            if self._length is None or len(self._buffer) < self._length:
                return bodies
            bodies.append(bytes(self._buffer[: self._length]))
            del self._buffer[: self._length]
            self._length = None

    def _read_header(self) -> bool:
        end = self._buffer.find(_HEADER_END, self._searched)
        # The end itself may be on its way: what is refused must not depend on the sizes of the pieces.
        if max(end, len(self._buffer) - len(_HEADER_END) + 1 if end < 0 else 0) > _LONGEST_HEADER:
            raise FrameError(f"a header is longer than {_LONGEST_HEADER} bytes")
        if end < 0:
            # A header may come byte by byte: what was searched once is not searched again.
            self._searched = max(0, len(self._buffer) - len(_HEADER_END) + 1)
            return False
        self._length = _content_length(bytes(self._buffer[:end]), self.longest_body)
        del self._buffer[: end + len(_HEADER_END)]
        self._searched = 0
        return True


def _content_length(header: bytes, longest: int) -> int:
    lengths = set()
    for line in header.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon or b" " in name:
            # Also what a browser sends when a page makes it connect here: "POST / HTTP/1.1".
            raise FrameError("a header line is not of the form Name: value")
        if name.strip().lower() == b"content-length":
            lengths.add(value.strip())
    if len(lengths) != 1:
        raise FrameError(f"a header has {len(lengths)} different lengths")
    (text,) = lengths
    # Python converts no more than 4,300 digits; leading zeros are allowed, but nobody means so many.
    if not text.isdigit() or len(text) > _MOST_DIGITS or int(text) > longest:
        raise FrameError("a Content-Length is not a number of bytes that is accepted")
    return int(text)
