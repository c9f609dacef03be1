"""Bodies of requests sent compressed to a server that takes that, and the way back where one does not.

A file goes along twice, as the file and as its prediction, and code shrinks to a third or less. Cerebras takes
``Content-Encoding: gzip``; of what stands between there and here (gateways, proxies), nobody knows it in advance. So
one body is tried, and if it is refused, it is sent again as it is. If that is taken, it is known what the server takes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Answer = TypeVar("_Answer")

COMPRESSED_FROM: Final = 32_768
"""Bytes of a body from which on it is compressed: less takes one round trip or two in any case."""

# On code, higher levels take two to six times as long for a tenth less.
_LEVEL: Final = 1
_GZIP: Final = 16 + zlib.MAX_WBITS
# These say something else, whatever the body was: the key, the account, the model, a limit, or that it is busy.
_OTHER_REASONS: Final = frozenset({401, 402, 404, 408, 413, 429, 503, 504, 529})


class Compression:
    """What one server was found to take; safe to use from several threads. `offered` is whether to try at all."""

    def __init__(self, *, offered: bool) -> None:
        self._takes: bool | None = None if offered else False

    def sent(self, body: bytes, send: Callable[[bytes, Mapping[str, str]], _Answer]) -> _Answer:
        """What `send` returns for `body`, as it is or compressed, with the headers that say so.

        Raises what `send` raises: for a body that was sent twice, what it raised the second time.
        """
        if self._takes is False or len(body) < COMPRESSED_FROM:
            return send(body, {})
        try:
            answer = send(compressed(body), {"Content-Encoding": "gzip"})
        except Exception as exc:
            if self._takes or not _may_be_why(exc):
                raise
        else:
            self._takes = True
            return answer
        answer = send(body, {})
        self._takes = False
        return answer


def compressed(body: bytes) -> bytes:
    """`body` as gzip; a megabyte takes about 8 ms, without the interpreter's lock."""
    packer: Any = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    packed: bytes = packer.compress(body) + packer.flush()
    return packed


def _may_be_why(exc: Exception) -> bool:
    """Whether the server may have refused a request because it was compressed."""
    import httpx  # noqa: PLC0415 - whoever sends has loaded both
    from cerebras.cloud import sdk  # noqa: PLC0415

    if isinstance(exc, sdk.APIStatusError):
        return exc.status_code not in _OTHER_REASONS
    # It hung up.
    return isinstance(exc.__cause__, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError)
