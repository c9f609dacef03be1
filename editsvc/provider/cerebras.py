"""Cerebras, and every server that speaks the OpenAI API as it does, through `cerebras-cloud-sdk`.

A call runs in a thread of its own with the SDK's synchronous client: over HTTP/2 that costs a third of the
asynchronous one a chunk, and leaves the event loop alone. Deltas reach the loop in batches, as many as came
since it last looked, and never so many that nobody else gets a turn. One client a process: building one loads
the certificates and costs 16 ms.

The SDK sends nothing twice: whether a request is worth another, and where, is the chain's to decide.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
import urllib.request
from collections import deque
from dataclasses import dataclass, field
from importlib import util
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from editsvc.errors import EditsvcError, SettingsError
from editsvc.provider import overflow
from editsvc.provider.base import Completion
from editsvc.provider.connections import (
    MOST_BYTES,
    Call,
    CallCancelled,
    CancellableTransport,
    bounded,
    current_call,
)
from editsvc.provider.wire import decode_models, encode_request, reported
from editsvc.redact import without_secrets
from editsvc.usage import ServerTimes, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from cerebras.cloud.sdk import Cerebras

    from editsvc.provider.base import CompletionRequest
    from editsvc.provider.wire import Chunk

_PATH: Final = "/v1/chat/completions"
# RFC 9110, sections 5.1 and 5.5.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t -~]*")
_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_KEEPALIVE_S: Final = 300.0
# An event for each token, with whatever else servers put into one, reasoning included.
_MOST_BYTES_A_TOKEN: Final = 4 << 10
_MOST_OVERHEAD: Final = 1 << 20
# Whoever waits gives up first, and says so in words of its own; this is for when nobody gets a turn to.
_GRACE_S: Final = 1.0
# In code points: what is handed over at once takes a few milliseconds, and so much may wait for that.
_SLICE: Final = 16_000
_MOST_WAITING: Final = 256_000
_LOOK_AROUND_S: Final = 0.1
# Of a key as short as this nothing would be left to tell it from other words.
_SHORTEST_KEY: Final = 6


class CerebrasProvider:
    """The provider on the Cerebras SDK; safe to use from several tasks at once.

    `compatible` means another server than Cerebras's own: it is asked to tell the tokens in the stream, which others
    do only then, and gets none of the headers from CEREBRAS_CUSTOM_HEADERS.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        name: str = "cerebras",
        compatible: bool = False,
        connect_timeout_s: float = 5.0,
        read_timeout_s: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
        ssl_context: Any = None,
    ) -> None:
        self.name = name
        self._compatible = compatible
        self._api_key = api_key
        self._base_url = base_url
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._clock = clock
        self._ssl_context = ssl_context
        self._lock = threading.Lock()
        self._client: Cerebras | None = None
        self._server = urlsplit(base_url).hostname or base_url
        self._proxy_name = ""

    async def complete(self, request: CompletionRequest, on_delta: Callable[[str], None]) -> Completion:
        """Stream one completion; see `Provider.complete`."""
        call = Call(
            most_bytes=_MOST_OVERHEAD + _MOST_BYTES_A_TOKEN * request.max_completion_tokens,
            ends=self._clock() + request.time_left_s + _GRACE_S,
            clock=self._clock,
        )
        bridge = _Bridge(asyncio.get_running_loop(), on_delta, call)
        threading.Thread(
            target=self._run, args=(request, call, bridge), name="completion", daemon=True
        ).start()
        try:
            return await bridge.result
        finally:
            if not bridge.result.done() or bridge.result.cancelled():
                call.cancel()

    async def models(self) -> list[str]:
        """The names of the models that the server lists."""
        return await asyncio.to_thread(self._list_models)

    def close(self) -> None:
        """Close every connection, also those in use."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connect(self) -> Cerebras:
        with self._lock:
            if self._client is None:
                self._client = self._build()
            return self._client

    def _build(self) -> Cerebras:
        # A quarter of a second; here it passes in the worker's thread.
        import httpx  # noqa: PLC0415
        from cerebras.cloud.sdk import Cerebras, Omit  # noqa: PLC0415

        # The SDK puts the custom headers into every client; they are meant for Cerebras alone.
        not_sent: dict[str, Any] = dict.fromkeys(_custom_header_names(), Omit())
        timeout = httpx.Timeout(self._read_timeout_s, connect=self._connect_timeout_s)
        transport = CancellableTransport(
            verify=self._certificates(),
            keepalive_s=_KEEPALIVE_S,
            proxy=self._proxy(),
        )
        return Cerebras(
            api_key=self._api_key,
            base_url=self._base_url,
            timeout=timeout,
            max_retries=0,
            default_headers=not_sent if self._compatible else None,
            http_client=httpx.Client(transport=transport, timeout=timeout, follow_redirects=False),
            # The SDK's warming is a blocking request in the constructor, over a connection of its own.
            warm_tcp_connection=False,
        )

    def _certificates(self) -> Any:
        import ssl  # noqa: PLC0415

        import httpx  # noqa: PLC0415

        if self._ssl_context is not None:
            return self._ssl_context
        if urlsplit(self._base_url).scheme == "http":
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; loading certificates takes 16 ms
        try:
            return httpx.create_ssl_context()
        except OSError as exc:
            named = next((name for name in _CERTIFICATES if os.environ.get(name)), "The system")
            raise SettingsError(
                f"{named} names certificates that cannot be read: {exc.strerror or type(exc).__name__}.",
                hint=f"Correct {named}, or unset it.",
            ) from exc

    def _proxy(self) -> httpx.Proxy | None:
        import httpx  # noqa: PLC0415

        url = urllib.request.getproxies().get(urlsplit(self._base_url).scheme)
        local = self._server in {"localhost", "::1"} or self._server.startswith("127.")
        if not url or local or urllib.request.proxy_bypass(self._server):
            return None
        self._proxy_name = without_secrets(url)
        try:
            proxy = httpx.Proxy(url)
        except (ValueError, httpx.InvalidURL) as exc:
            raise self._bad_proxy("is not the URL of a proxy", "It begins with http:// or https://.") from exc
        if not proxy.url.host:
            raise self._bad_proxy("names no host", "It begins with http:// or https://, and a host follows.")
        if proxy.url.scheme.startswith("socks") and util.find_spec("socksio") is None:
            raise self._bad_proxy("is a SOCKS proxy", "Use an HTTP proxy, or install the package socksio.")
        return proxy

    def _bad_proxy(self, fault: str, hint: str) -> SettingsError:
        """The error for the variable that names the proxy, such as ``https_proxy``."""
        variable = f"{urlsplit(self._base_url).scheme}_proxy"
        return SettingsError(f"{variable} ({self._proxy_name}) {fault}.", hint=hint)

    def _run(self, request: CompletionRequest, call: Call, bridge: _Bridge) -> None:
        """The worker: everything that blocks."""
        current_call.set(call)
        try:
            self._stream(request, call, bridge)
        except CallCancelled:
            pass
        except Exception as exc:  # noqa: BLE001 - the thread's end: whatever it is belongs to the waiting task
            bridge.fail(self._mapped(exc))

    def _mapped(self, exc: Exception) -> Exception:
        if isinstance(exc, EditsvcError):
            return self._without_key(exc)
        from editsvc.provider import failures  # noqa: PLC0415

        return self._without_key(
            failures.from_exception(
                exc, server=self._server, read_timeout_s=self._read_timeout_s, proxy=self._proxy_name
            )
        )

    def _without_key(self, error: EditsvcError) -> EditsvcError:
        """`error`, not repeating the key: some servers quote the one that they do not accept."""
        if len(self._api_key) >= _SHORTEST_KEY:
            error.message = error.message.replace(self._api_key, "(the key)")
        return error

    def _stream(self, request: CompletionRequest, call: Call, bridge: _Bridge) -> None:
        import httpx  # noqa: PLC0415

        from editsvc.provider import failures  # noqa: PLC0415
        from editsvc.provider.stream import ChunkStream  # noqa: PLC0415

        client = self._connect()
        started = self._clock()
        stream = client.post(
            _PATH,
            cast_to=object,
            content=encode_request(request, asks_for_usage=self._compatible),
            options={"headers": {"Content-Type": "application/json"}},
            stream=True,
            stream_cls=ChunkStream,
        )
        headers = stream.response.headers
        state = _StreamState(request_id=failures.request_id(headers))
        received = 0
        with stream:
            try:
                for chunk in stream:
                    if chunk is not None:
                        if text := state.take(chunk, self._clock):
                            received += len(text)
                            if received > request.longest_reply:
                                raise failures.endless(
                                    request.max_completion_tokens, server=self._server, headers=headers
                                )
                            bridge.delta(text)
                        continue
                    # [DONE], or the end of the body; the loop goes on to read what is left of it.
                    self._check_room(state)
                    bridge.succeed(self._completion(state, call, headers, started))
            except httpx.TransportError:
                if state.finish_reason is None:
                    raise
                # The reply has ended; how the connection ends after that is of no interest.
                self._check_room(state)
                bridge.succeed(self._completion(state, call, headers, started))

    def _check_room(self, state: _StreamState) -> None:
        """Raise ContextExceeded for a reply that ended because the context was full."""
        if state.finish_reason in overflow.FINISH_REASONS:
            full = overflow.Overflow(limit=state.usage.total_tokens)
            raise overflow.error(full, server=self._server, request_id=state.request_id)

    def _completion(
        self, state: _StreamState, call: Call, headers: httpx.Headers, started: float
    ) -> Completion:
        from editsvc.provider import failures  # noqa: PLC0415 - as above

        return Completion(
            finish_reason=state.finish_reason,
            usage=state.usage,
            server=state.server,
            model=state.model,
            request_id=state.request_id,
            ttft_s=None if state.first is None else state.first - started,
            total_s=self._clock() - started,
            attempts=call.attempts,
            rate_limit=failures.rate_limit(headers),
            odd=tuple(f"{name} {value}" for name, value in state.odd.items()),
        )

    def _list_models(self) -> list[str]:
        from editsvc.provider import failures  # noqa: PLC0415 - as above

        try:
            with self._connect().models.with_streaming_response.list() as response:
                body = b"".join(bounded(response.iter_bytes(), MOST_BYTES))
        except Exception as exc:
            raise self._mapped(exc) from exc
        try:
            return sorted(model.id for model in decode_models(body).data or ())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise failures.no_list(server=self._server) from exc


def _custom_header_names() -> list[str]:
    """The names of the headers that the SDK takes from CEREBRAS_CUSTOM_HEADERS; raises SettingsError.

    The error does not repeat values, which may be secret.
    """
    names = []
    for number, line in enumerate(os.environ.get("CEREBRAS_CUSTOM_HEADERS", "").split("\n"), 1):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            continue
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            raise SettingsError(
                f"CEREBRAS_CUSTOM_HEADERS: line {number} is not a header.",
                hint="Each line is NAME: VALUE, in printable ASCII.",
            )
        names.append(name)
    return names


@dataclass(slots=True)
class _StreamState:
    """What the chunks of one stream have reported so far, besides the content."""

    request_id: str | None
    first: float | None = None
    finish_reason: str | None = None
    usage: Usage = Usage()
    server: ServerTimes = ServerTimes()
    model: str | None = None
    odd: dict[str, str] = field(default_factory=dict)

    def take(self, chunk: Chunk, clock: Callable[[], float]) -> str:
        """Note what `chunk` says, and return its content."""
        text = ""
        for choice in chunk.choices or ():
            if choice.index:
                continue
            said = choice.delta or choice.message
            if said is not None and said.content:
                text += said.content
            self.finish_reason = choice.finish_reason or self.finish_reason
        if text and self.first is None:
            self.first = clock()
        if chunk.usage is not None or chunk.time_info is not None:
            report = reported(chunk)
            self.usage = self.usage if report.usage is None else report.usage
            self.server = self.server if report.server is None else report.server
            # A server may report with every chunk; the first number of each kind says enough.
            self.odd = {**report.odd, **self.odd}
        self.model = chunk.model or self.model
        self.request_id = self.request_id or chunk.id
        return text


class _Bridge:
    """From the worker's thread to the event loop: deltas in batches, then one result.

    A batch is a slice at most, between two of which everybody else gets a turn; while too much waits for that, the
    worker waits, too, and with it the server.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_delta: Callable[[str], None], call: Call) -> None:
        self._loop = loop
        self._on_delta = on_delta
        self._call = call
        self._taken = threading.Condition()
        self._deltas: deque[str] = deque()
        self._waiting = 0  # code points in them
        self._scheduled = False
        self._outcome: Completion | Exception | None = None
        self.result: asyncio.Future[Completion] = loop.create_future()

    def delta(self, text: str) -> None:
        with self._taken:
            self._deltas.append(text)
            self._waiting += len(text)
            schedule, self._scheduled = not self._scheduled, True
        if schedule and not self._schedule(self._flush):
            return
        with self._taken:
            while self._waiting > _MOST_WAITING and not self._call.cancelled and not self._call.is_over:
                self._taken.wait(_LOOK_AROUND_S)

    def succeed(self, completion: Completion) -> None:
        self._schedule(self._end, completion)

    def fail(self, exc: Exception) -> None:
        self._schedule(self._end, exc)

    def _schedule(self, function: Callable[..., None], *args: Any) -> bool:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # the loop is closed: nobody is waiting any more
            self._call.cancel()
            return False
        return True

    def _flush(self) -> None:
        """Hand a slice over; what is left comes in the loop's next round."""
        text = self._slice()
        if self.result.done():
            self._forget()
            return
        try:
            if text:
                self._on_delta(text)
        except Exception as exc:  # noqa: BLE001 - the listener's defect ends the call, not the loop
            self._forget()
            self.result.set_exception(exc)
            self._call.cancel()
            return
        if self._scheduled:
            self._loop.call_soon(self._flush)
        else:
            self._finish()

    def _slice(self) -> str:
        with self._taken:
            taken: list[str] = []
            room = _SLICE
            while self._deltas and room > 0:
                delta = self._deltas.popleft()
                if len(delta) > room:
                    self._deltas.appendleft(delta[room:])
                    delta = delta[:room]
                taken.append(delta)
                room -= len(delta)
            self._waiting -= _SLICE - room
            self._scheduled = bool(self._deltas)
            self._taken.notify()
        return "".join(taken)

    def _forget(self) -> None:
        with self._taken:
            self._deltas.clear()
            self._waiting = 0
            self._scheduled = False
            self._taken.notify()

    def _end(self, outcome: Completion | Exception) -> None:
        if self._outcome is None:
            self._outcome = outcome
        if not self._scheduled:
            self._finish()

    def _finish(self) -> None:
        if self._outcome is None or self.result.done():
            return
        if isinstance(self._outcome, Completion):
            self.result.set_result(self._outcome)
        else:
            self.result.set_exception(self._outcome)
