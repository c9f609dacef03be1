"""Cerebras, and every server that speaks the OpenAI API as it does, through `cerebras-cloud-sdk`.

A request is sent in a thread of its own with the SDK's synchronous client, which authenticates, and raises on
statuses; the body of the answer is read beside those of all others, by one thread, without the SDK (`reader`). What
cannot be read so (HTTP/2, compressed answers, answers that are no streams) is read in the request's thread. Deltas
reach the loop in batches, as many as came since it last looked, and never so many that nobody else gets a turn. One
client a process: building one loads the certificates and costs 16 ms.

The SDK sends nothing twice: whether a request is worth another, and where, is the chain's to decide.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
import urllib.request
from contextlib import suppress
from functools import partial
from importlib import util
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from editsvc import credible
from editsvc.errors import ContextExceeded, EditsvcError, SettingsError
from editsvc.provider import dialects, noticed, overflow
from editsvc.provider.base import Completion
from editsvc.provider.bridge import Bridge
from editsvc.provider.call import Call, CallCancelled, current_call
from editsvc.provider.compression import Compression
from editsvc.provider.lessons import Lessons
from editsvc.provider.patience import BRISK_S, Waits
from editsvc.provider.reader import StreamReader
from editsvc.provider.wire import decode_models, request_fields
from editsvc.redact import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx
    from cerebras.cloud.sdk import Cerebras

    from editsvc.provider.base import CompletionRequest
    from editsvc.provider.connections import CancellableTransport
    from editsvc.provider.dialects import Dialect
    from editsvc.provider.stream import ReplyStream
    from editsvc.usage import Usage

_PATH: Final = "/v1/chat/completions"
# RFC 9110, sections 5.1 and 5.5.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t -~]*")
_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_KEEPALIVE_S: Final = 300.0
# An event for each token, with whatever else servers put into one, reasoning included.
_MOST_BYTES_A_TOKEN: Final = 2 << 10
_MOST_OVERHEAD: Final = 1 << 20
# Whoever waits gives up first, and says so in words of its own; this is for when nobody gets a turn to.
_GRACE_S: Final = 1.0
# OpenRouter lists some hundred.
_MOST_MODELS: Final = 5_000
# Of a key as short as this nothing would be left to tell it from other words.
_SHORTEST_KEY: Final = 6


class CerebrasProvider:
    """The provider on the Cerebras SDK; safe to use from several tasks at once.

    `dialect` says what the server takes, `lessons` what it turned out to take. The time-outs are
    for requests that do not say how long to wait.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        name: str = "cerebras",
        dialect: Dialect | None = None,
        lessons: Lessons | None = None,
        connect_timeout_s: float = 5.0,
        read_timeout_s: float = BRISK_S,
        clock: Callable[[], float] = time.monotonic,
        ssl_context: Any = None,
    ) -> None:
        self.name = name
        self._dialect = dialect or dialects.table()[dialects.CEREBRAS]
        self._lessons = lessons or Lessons()
        self._near = dialects.is_near(base_url) or self._dialect.own
        self._api_key = api_key
        self._base_url = base_url
        self._waits = Waits(connect_timeout_s, read_timeout_s, read_timeout_s)
        self._clock = clock
        self._ssl_context = ssl_context
        self._compression = Compression(offered=self._dialect.compressed)
        self._lock = threading.Lock()
        self._client: Cerebras | None = None
        self._transport: CancellableTransport | None = None
        self._server = urlsplit(base_url).hostname or base_url
        self._proxy_name = ""
        self._reader = StreamReader(clock=clock)

    async def complete(self, request: CompletionRequest, on_delta: Callable[[str], None]) -> Completion:
        """Stream one completion; see `Provider.complete`."""
        call = Call(
            most_bytes=_MOST_OVERHEAD + _MOST_BYTES_A_TOKEN * request.max_completion_tokens,
            ends=self._clock() + request.time_left_s + _GRACE_S,
            clock=self._clock,
            sent=request.sent,
        )
        bridge = Bridge(asyncio.get_running_loop(), on_delta, call)
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

    def warm_up(self) -> None:
        """Load the SDK, build the client, and connect to the server, without sending anything; blocks, never raises."""
        with suppress(Exception):  # whatever it is, the first request meets it too, and says so
            import httpx  # noqa: PLC0415 - as in _build
            from cerebras.cloud.sdk import Cerebras  # noqa: PLC0415 - as in _build

            from editsvc.provider import failures, reading, stream  # noqa: F401, PLC0415 - loads them

            with Cerebras(
                api_key="rehearsal",
                base_url=self._base_url,
                http_client=httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))),
                warm_tcp_connection=False,
            ) as rehearsal:
                _post(rehearsal, b"{}", {}, waits=Waits())
            self._connect()
            if self._transport is not None:
                self._transport.open_ahead(httpx.URL(self._base_url), self._waits.connect_s)

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

        from editsvc.provider.connections import CancellableTransport  # noqa: PLC0415

        # The SDK puts the custom headers into every client; they are meant for Cerebras alone.
        not_sent: dict[str, Any] = dict.fromkeys(_custom_header_names(), Omit())
        timeout = httpx.Timeout(self._waits.gap_s, connect=self._waits.connect_s)
        self._transport = CancellableTransport(
            verify=self._certificates(),
            keepalive_s=_KEEPALIVE_S,
            proxy=self._proxy(),
        )
        return Cerebras(
            api_key=self._api_key,
            base_url=self._base_url,
            timeout=timeout,
            max_retries=0,
            default_headers=self._headers(not_sent),
            http_client=httpx.Client(transport=self._transport, timeout=timeout, follow_redirects=False),
            # The SDK's warming is a blocking request in the constructor, over a connection of its own.
            warm_tcp_connection=False,
        )

    def _headers(self, not_sent: dict[str, Any]) -> dict[str, Any] | None:
        """What is sent with each request, beside what the SDK sends by itself."""
        headers = {} if self._dialect.custom_headers else dict(not_sent)
        if self._dialect.auth == "api-key":
            headers["api-key"] = self._api_key
        return headers or None

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

    def _run(self, request: CompletionRequest, call: Call, bridge: Bridge) -> None:
        """The worker: everything that blocks."""
        current_call.set(call)
        waits = request.waits or self._waits
        try:
            self._answer(request, waits, call, bridge)
        except CallCancelled:
            pass
        except Exception as exc:  # noqa: BLE001 - the thread's end: whatever it is belongs to the waiting task
            bridge.fail(self._mapped(exc, waits))

    def _mapped(self, exc: Exception, waits: Waits) -> Exception:
        error = exc if isinstance(exc, EditsvcError) else None
        if error is None:
            from editsvc.provider import failures  # noqa: PLC0415

            error = failures.from_exception(exc, server=self._server, waits=waits, proxy=self._proxy_name)
        if isinstance(error, ContextExceeded) and not error.hint:
            error.hint = noticed.advice(self._dialect)
        return self._without_key(error)

    def _without_key(self, error: EditsvcError) -> EditsvcError:
        """`error`, not repeating the key: some servers quote the one that they do not accept."""
        if len(self._api_key) >= _SHORTEST_KEY:
            error.message = error.message.replace(self._api_key, "(the key)")
        return error

    def _answer(self, request: CompletionRequest, waits: Waits, call: Call, bridge: Bridge) -> None:
        """Send the request, and read the answer, or hand it to the reader of all of them."""
        from editsvc.provider.reading import DirectReading, Reading  # noqa: PLC0415 - as in _build
        from editsvc.provider.stream import ReplyStream  # noqa: PLC0415 - as in _build

        client = self._connect()
        started = self._clock()
        response = self._accepted(request, waits, partial(_post, client))
        stream = ReplyStream(
            response.headers,
            server=self._server,
            longest=request.longest_reply,
            limit=request.max_completion_tokens,
            clock=self._clock,
        )
        reading = Reading(
            stream,
            bridge,
            completion=partial(self._completion, request, stream, call, response.headers, started),
            mapped=partial(self._mapped, waits=waits),
        )
        body = None if stream.over else response.extensions["direct_body"]()
        if body is None:
            reading.read(response)
        else:
            first_by = started + waits.first_token_s
            self._reader.add(
                DirectReading(
                    reading, response, body, clock=self._clock, first_by=first_by, gap_s=waits.gap_s
                )
            )

    def _accepted(
        self, request: CompletionRequest, waits: Waits, post: Callable[..., httpx.Response]
    ) -> httpx.Response:
        """The head of the answer, without the fields that the server refuses; raises the SDK's errors."""
        from cerebras.cloud import sdk  # noqa: PLC0415 - as in _build

        fields = known = self._lessons.of(request.model).fields
        post = partial(post, waits=waits)
        while True:
            body = request_fields(request, self._dialect, fields)
            try:
                response = self._compression.sent(msgspec.json.encode(body), post)
            except sdk.APIStatusError as exc:
                other = fields.after_refusal(exc.body, body, self._dialect, status=exc.status_code)
                if other is None:
                    raise
                fields = other
                continue
            if fields != known:
                self._lessons.learn(request.model, fields=fields)
            return response

    def _completion(
        self,
        request: CompletionRequest,
        stream: ReplyStream,
        call: Call,
        headers: Mapping[str, str],
        started: float,
    ) -> Completion:
        """How a reply ended; raises ProviderError for one that is worth nothing, whatever the server says of it."""
        from editsvc.provider import failures  # noqa: PLC0415 - as in _build

        if stream.finish_reason == noticed.BROKEN:
            raise failures.broken_off(server=self._server, headers=headers)
        if stream.finish_reason == "stop" and stream.is_empty:
            raise failures.empty(self._dialect, server=self._server, headers=headers)
        read = self._read(request, stream.usage)
        if read is noticed.Read.CUT:
            raise noticed.cut(request, stream.usage, self._dialect, self._server)
        if stream.finish_reason in overflow.FINISH_REASONS:
            full = overflow.Overflow(limit=stream.usage.total_tokens)
            raise overflow.error(full, server=self._server, request_id=stream.request_id)
        done = self._clock()
        took = noticed.took_notice(request, stream.usage, self._dialect)
        first_s = None if stream.first is None else stream.first - started
        self._learn(request, stream, took, first_s, done - started)
        return Completion(
            finish_reason=stream.finish_reason,
            usage=stream.usage,
            drafts=stream.drafts,
            server=stream.server_times,
            model=stream.model,
            request_id=stream.request_id,
            ttft_s=first_s,
            total_s=done - started,
            attempts=call.attempts,
            rate_limit=failures.rate_limit(headers),
            odd=tuple(f"{name} {value}" for name, value in stream.odd.items()),
            notices=tuple(
                noticed.notices(
                    self.name,
                    noticed=took,
                    whole=stream.whole,
                    doubtful=(stream.usage.prompt_tokens or 0, request.prompt_tokens)
                    if read is noticed.Read.UNSURE
                    else None,
                    advice=noticed.advice(self._dialect),
                )
            ),
        )

    def _read(self, request: CompletionRequest, usage: Usage) -> noticed.Read:
        """How much of the prompt was read; servers elsewhere say so where something is too long."""
        if not self._near:
            return noticed.Read.WHOLE
        seen = self._lessons.of(request.model).prompts
        how = seen.judged(request.prompt_tokens, usage)
        self._lessons.learn(request.model, prompts=seen.after(request.prompt_tokens, usage, how))
        return how

    def _learn(
        self,
        request: CompletionRequest,
        stream: ReplyStream,
        took: bool | None,  # noqa: FBT001 - whether it took notice of the prediction
        first_s: float | None,
        total_s: float,
    ) -> None:
        """Note what the reply shows about the server, for the requests to come."""
        known = self._lessons.of(request.model)
        ignored = known.ignored if took is None else 0 if took else known.ignored + 1
        pace = known.pace
        if self._near and not stream.whole:  # elsewhere, nothing depends on it
            seen = pace.after(stream.usage, first_s, total_s)
            pace = seen if seen.differs(pace) else pace
        self._lessons.learn(request.model, ignored=ignored, whole=stream.whole, pace=pace)

    def _list_models(self) -> list[str]:
        from editsvc.provider import failures  # noqa: PLC0415 - as in _build

        try:
            with self._connect().models.with_streaming_response.list() as response:
                body = b"".join(response.iter_bytes())
        except Exception as exc:
            raise self._mapped(exc, self._waits) from exc
        try:
            listed = (credible.name(model.id) for model in decode_models(body).data or ())
            return sorted({model for model in listed if model})[:_MOST_MODELS]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise failures.no_list(server=self._server) from exc


def _post(
    client: Cerebras, body: bytes, headers: Mapping[str, str], *, waits: Waits | None = None
) -> httpx.Response:
    """The head of the answer to a request; raises the SDK's errors."""
    import httpx  # noqa: PLC0415 - as in _build
    from cerebras.cloud.sdk import Stream  # noqa: PLC0415 - as in _build

    options: Any = {"headers": {"Content-Type": "application/json", **headers}}
    if waits is not None:
        # A server may begin its answer only when it knows the first token.
        options["timeout"] = httpx.Timeout(waits.first_token_s, connect=waits.connect_s)
    return client.post(
        _PATH,
        cast_to=object,
        content=body,
        options=options,
        stream=True,
        stream_cls=Stream[object],
    ).response


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
