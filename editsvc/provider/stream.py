"""The SDK's stream, read cheaply.

`Stream` is the SDK's own extension point (``stream_cls``): the SDK still authenticates, retries and raises on
statuses, and only the way from bytes to chunks is ours. It costs less than half of the SDK's own way a chunk,
and reads on to the end of the body after ``[DONE]``, without which HTTP/1.1 connections are never kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from cerebras.cloud.sdk import Stream

from editsvc.provider import failures
from editsvc.provider.connections import Call, bounded, current_call
from editsvc.provider.sse import EventParser
from editsvc.provider.wire import Chunk, decode_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator


# Of what follows [DONE], which is nothing, or the end of the body.
_MOST_BEHIND: Final = 64 << 10


class ChunkStream(Stream[Chunk | None]):
    """Chunks, then None for ``[DONE]``; going on after that reads the rest of the body and yields nothing.

    Raises ProviderError for events that carry an error or are not JSON, for answers that are no stream, and for those
    that have more bytes, when they are decompressed, than their call allows.
    """

    def __stream__(self) -> Iterator[Chunk | None]:
        """Yield the chunks of the response."""
        headers = self.response.headers
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if content_type == "application/json":  # a server that does not stream
                yield self._chunk(b"".join(self._pieces()))
                yield None
            elif content_type in {"", "text/event-stream", "text/plain", "application/octet-stream"}:
                yield from self._events()
            else:
                raise failures.not_a_stream(content_type, server=self.server, headers=headers)
        finally:
            self.response.close()

    @property
    def server(self) -> str:
        """The server's name for messages."""
        return self.response.url.host

    def _events(self) -> Iterator[Chunk | None]:
        parser = EventParser()
        done = False
        behind = 0
        for piece in self._pieces():
            if done:
                behind += len(piece)
                if behind > _MOST_BEHIND:
                    return
                continue
            for event in parser.push(piece):
                done = event.data.startswith(b"[DONE]")
                if done:
                    break
                yield self._chunk(event.data)
            if done:
                yield None
        if not done:
            for event in parser.finish():
                if not event.data.startswith(b"[DONE]"):
                    yield self._chunk(event.data)
            yield None

    def _pieces(self) -> Iterator[bytes]:
        """The body as it comes, decompressed; raises EndlessReply."""
        call = current_call.get() or Call()
        yield from bounded(self.response.iter_bytes(), call.most_bytes)

    def _chunk(self, data: bytes) -> Chunk:
        headers = self.response.headers
        try:
            chunk = decode_chunk(data)
        # The last is for what is nested too deeply.
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise failures.garbage(server=self.server, headers=headers) from exc
        error = None
        if chunk.error is not None or chunk.choices is None:
            error = failures.from_event(chunk, server=self.server, headers=headers)
        if error is not None:
            raise error
        return chunk
