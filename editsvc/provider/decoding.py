"""Compressed answers, decompressed piece by piece: never more at once than was asked for.

The decoders of httpx decompress whatever came in one call, which makes gigabytes of a few kilobytes that were
compressed twice. Here each piece has a bound, so that whoever takes them can stop, and an answer is compressed once
at most.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ACCEPTED: Final = "gzip, deflate"
"""What servers are told."""

_PIECE: Final = 64 << 10
_GZIP: Final = zlib.MAX_WBITS | 16
_NONE: Final = frozenset({"", "identity"})
# RFC 1950, section 2.2: the method, and a check of the first two bytes.
_DEFLATED: Final = 8
_CHECK: Final = 31


def is_compressed(encoding: str) -> bool:
    """Whether the value of a Content-Encoding header says so."""
    return encoding.strip().lower() not in _NONE


def decompressed(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """What `pieces` hold, in pieces of 64 KiB at most; raises httpx.DecodingError, also for another `encoding`."""
    name = encoding.strip().lower()
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise httpx.DecodingError("gzip or deflate was expected, once")
    machine = None if name == "deflate" else zlib.decompressobj(_GZIP)
    head = b""
    try:
        for piece in pieces:
            if machine is None:
                head += piece
                if len(head) < 2:  # noqa: PLR2004 - the two bytes that tell
                    continue
                piece, machine = head, zlib.decompressobj(_window(head))  # noqa: PLW2901 - with what was kept
            rest = piece
            while rest and not machine.eof:
                yield machine.decompress(rest, _PIECE)
                rest = machine.unconsumed_tail
    except zlib.error as exc:
        raise httpx.DecodingError(str(exc)) from exc


def _window(head: bytes) -> int:
    """The window of a deflated answer, which some servers send without the frame that the standard asks for."""
    framed = head[0] & 0x0F == _DEFLATED and int.from_bytes(head[:2]) % _CHECK == 0
    return zlib.MAX_WBITS if framed else -zlib.MAX_WBITS
