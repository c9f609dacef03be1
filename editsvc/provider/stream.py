"""The content and the figures of one reply out of the bytes of its body: a machine without I/O.

What is decoded is all that has come since the last time, in one call, because a call for each event costs more than
its event. A batch that is not as plain as servers send it is taken apart event by event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from editsvc import credible
from editsvc.provider import failures
from editsvc.provider.noticed import FINISHES
from editsvc.provider.sse import EventParser
from editsvc.provider.wire import decode_chunk, decode_chunks, reported
from editsvc.tokens import estimate_from_text
from editsvc.usage import Drafts, ServerTimes, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from editsvc.errors import ProviderError
    from editsvc.provider.wire import Chunk

# Of what follows [DONE], which is nothing, or the end of the body.
_MOST_BEHIND: Final = 64 << 10
# An event of which no end has come is joined with what comes next; a longer one is kept in pieces.
_LONGEST_JOINED: Final = 64 << 10
# A server may send all of a reply in one event, or in none: escaped, with its reasoning.
_MOST_BYTES_A_TOKEN: Final = 64
_MOST_OVERHEAD: Final = 1 << 20
# Of what was asked for; our count of tokens is an estimate, and servers have other vocabularies. Text that is short for
# its tokens is not counted: one that comes letter by letter looks like more of them.
_MULTIPLE: Final = 4
_SHORT_FOR_A_TOKEN: Final = 8
_SPARE_TOKENS: Final = 256
_STREAMS: Final = frozenset({"", "text/event-stream", "text/plain", "application/octet-stream"})
_FIELD: Final = b"data: "
_BOUNDARY: Final = b"\n\n"
_BETWEEN: Final = _BOUNDARY + _FIELD
_DONE: Final = b"[DONE]"


class ReplyStream:
    """Takes the body of an answer with status 200, decompressed, as it comes.

    `longest` is how many code points of content it may have, for `limit` tokens. The error that ends a reply is in
    `error`, behind the content that came before it. `done` says that ``[DONE]`` has come, or the end of the body.
    """

    def __init__(
        self,
        headers: Mapping[str, str],
        *,
        server: str,
        longest: float,
        limit: int,
        clock: Callable[[], float],
    ) -> None:
        self._headers = headers
        self._server = server
        self._longest = longest
        self._limit = limit
        self._clock = clock
        self._type = headers.get("content-type", "").partition(";")[0].strip().lower()
        self._whole: list[bytes] | None = [] if self._type == "application/json" else None
        self._parser = EventParser()
        self._at_start = True
        self._in_parser = False  # the parser has a part of an event
        self._rest = b""
        self._behind = 0
        self._received = 0
        self._tokens = 0  # an estimate of those in what was received
        self._unfinished = 0  # bytes of an event, or of a body that is no stream
        self._longest_event = _MOST_OVERHEAD + _MOST_BYTES_A_TOKEN * limit
        self.done = False
        self.error: ProviderError | None = None
        self.request_id = failures.request_id(headers)
        self.first: float | None = None
        """When the first content came, by `clock`."""
        self.last: float | None = None
        """When the latest token came, of the reasoning too."""
        self.finish_reason: str | None = None
        self.usage = Usage()
        self.drafts = Drafts()
        self.server_times = ServerTimes()
        self.model: str | None = None
        self.odd: dict[str, str] = {}
        if self._whole is None and self._type not in _STREAMS:
            self.error = failures.not_a_stream(self._type, server=server, headers=headers)

    @property
    def whole(self) -> bool:
        """Whether all of it comes at once, as from a server that does not stream."""
        return self._whole is not None

    @property
    def is_empty(self) -> bool:
        """Whether no content has come."""
        return not self._received

    def go_on(self) -> None:
        """Let the time since the latest token begin anew: nothing was read meanwhile."""
        if self.last is not None:
            self.last = self._clock()

    @property
    def over(self) -> bool:
        """Whether it is of no use to read on: not even for the connection's sake."""
        return self.error is not None or self._behind > _MOST_BEHIND

    def push(self, body: bytes) -> str:
        """The content in the next bytes of the body."""
        if self.error is not None:
            return ""
        if self._whole is not None:  # a server that does not stream
            self._whole.append(body)
            self._wait_for_more(len(body))
            return ""
        if self.done:
            self._behind += len(body)
            return ""
        return self._content(self._chunks(body))

    def end(self) -> str:
        """The content of an event that the end of the body completes."""
        if self.error is not None or self.done:
            return ""
        if self._whole is not None:
            chunks = self._decoded([b"".join(self._whole)])
        else:
            rest, self._rest = self._rest, b""
            events = [*self._parser.push(rest), *self._parser.finish()]
            chunks = self._decoded([event.data for event in events])
        self.done = True
        return self._content(chunks)

    def _chunks(self, body: bytes) -> Sequence[Chunk]:
        """The chunks that `body` completes, up to the first that is none, of which `error` tells then."""
        if self._in_parser or b"\r" in body:
            return self._parsed(body)
        if self._rest:
            body, self._rest = self._rest + body, b""
        end = body.rfind(_BOUNDARY)
        if end < 0:
            if len(body) > _LONGEST_JOINED:
                return self._parsed(body)
            self._rest = body
            return ()
        self._rest = body[end + 2 :]
        chunks = self._batch(body[:end])
        if chunks is None:
            events = self._parser.push(body[: end + 2])
            chunks = self._decoded([event.data for event in events])
        return chunks

    def _batch(self, events: bytes) -> Sequence[Chunk] | None:
        """The chunks of events that are one line of data each; None if they are not, or not chunks.

        Without line breaks of its own, the place between two such events is nowhere in one.
        """
        if not events.startswith(_FIELD):
            return None
        done = events.endswith(_FIELD + _DONE)
        if done:
            events = events[: -len(_FIELD + _DONE)].removesuffix(_BOUNDARY)
            if not events:
                self.done = True
                return ()
        # JSON may have line breaks between its words, and events that have them are others by the standard.
        if events.count(b"\n") != len(_BOUNDARY) * events.count(_BETWEEN):
            return None
        try:
            chunks = decode_chunks(b"[" + events[len(_FIELD) :].replace(_BETWEEN, b",") + b"]")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        # One that is broken in a way that its neighbour mends would not be seen otherwise.
        if len(chunks) != events.count(_BETWEEN) + 1:
            return None
        if self._at_start:
            self._at_start = False
            self._parser = EventParser(started=True)
        self.done = done
        return chunks

    def _parsed(self, body: bytes) -> Sequence[Chunk]:
        """The chunks by the standard's rules, from here on for good."""
        self._in_parser = True
        rest, self._rest = self._rest, b""
        events = self._parser.push(rest + body)
        if events:
            self._unfinished = 0
        else:
            self._wait_for_more(len(rest) + len(body))
        return self._decoded([event.data for event in events])

    def _wait_for_more(self, received: int) -> None:
        """So many bytes have come, and no end of what they are a part of."""
        self._unfinished += received
        if self._unfinished > self._longest_event:
            self._give_up()

    def _give_up(self) -> None:
        """Keep nothing of a reply that is longer than it may be."""
        self.error = failures.endless(self._limit, server=self._server, headers=self._headers)
        self._parser, self._rest = EventParser(started=True), b""
        if self._whole is not None:
            self._whole = []

    def _decoded(self, events: Iterable[bytes]) -> Sequence[Chunk]:
        chunks = []
        for data in events:
            if data.startswith(_DONE):
                self.done = True
                break
            try:
                chunks.append(decode_chunk(data))
            # The last is for what is nested too deeply.
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.error = failures.from_garbage(data, server=self._server, headers=self._headers)
                break
        return chunks

    def _content(self, chunks: Sequence[Chunk]) -> str:
        """Note what the chunks say, and return what they add to the reply."""
        texts: list[str] = []
        heard = False
        for chunk in chunks:
            if chunk.error is not None or chunk.choices is None:
                error = failures.from_event(chunk, server=self._server, headers=self._headers)
                if error is not None:
                    self.error = error
                    break
            for choice in chunk.choices or ():
                if choice.index:
                    continue
                said = choice.delta or choice.message
                if said is not None:
                    heard = heard or said.says_something
                    if said.content:
                        texts.append(said.text)
                if choice.finish_reason:
                    reason = choice.finish_reason.lower()
                    self.finish_reason = credible.word(FINISHES.get(reason, reason))
            if any(
                one is not None for one in (chunk.usage, chunk.time_info, chunk.perf_metrics, chunk.timings)
            ):
                self._report(chunk)
            self.model = credible.name(chunk.model) or self.model
        if heard:
            self.last = self._clock()
        if self.request_id is None:
            self.request_id = next((found for chunk in chunks if (found := credible.name(chunk.id))), None)
        return self._counted("".join(texts))

    def _counted(self, content: str) -> str:
        """`content`, unless the reply is longer with it than it may be."""
        if content and self.first is None:
            self.first = self._clock()
        self._received += len(content)
        self._tokens += estimate_from_text(content)
        counted = self._received > _SHORT_FOR_A_TOKEN * (self._limit + _SPARE_TOKENS)
        if self._received > self._longest or (
            counted and self._tokens > _MULTIPLE * self._limit + _SPARE_TOKENS
        ):
            self._give_up()
            return ""
        return content

    def _report(self, chunk: Chunk) -> None:
        report = reported(chunk)
        self.usage = self.usage if report.usage is None else report.usage
        self.drafts = self.drafts if report.drafts is None else report.drafts
        self.server_times = self.server_times if report.server is None else report.server
        # A server may report with every chunk; the first number of each kind says enough.
        self.odd = {**report.odd, **self.odd}
