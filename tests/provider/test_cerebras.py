"""The provider against a real server: what it reports, how it fails, and that cancelling ends the stream."""

import asyncio
import gzip
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
import trustme
from aiohttp import web
from hypercorn.asyncio import serve
from hypercorn.config import Config
from patience import HANGING_S, read_timeout_s, until

from editsvc.emulator import Emulator, EmulatorOptions, parse_fault
from editsvc.errors import (
    EditsvcError,
    EndlessReply,
    IncompleteReply,
    PredictionUnsupported,
    ProviderAuthError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    ProviderUnreachable,
)
from editsvc.prompt import rendering
from editsvc.provider.base import Completion, CompletionRequest
from editsvc.provider.cerebras import CerebrasProvider

TEXT = "".join(f"line {number} of the file\n" for number in range(120))


def a_request(text: str = TEXT, *, predict: bool = True, model: str = "gpt-oss-120b") -> CompletionRequest:
    messages, frame = rendering.render(rendering.Task(text, "Leave it as it is.", "file.txt"))
    return CompletionRequest(model, messages, 8000, frame.wrap(text) if predict else None, "low")


@asynccontextmanager
async def a_provider(**options: Any) -> AsyncIterator[tuple[CerebrasProvider, Emulator]]:
    async with Emulator(EmulatorOptions(echo=True, **options)) as emulator:
        timeout_s = read_timeout_s(*options.get("faults", ()))
        provider = CerebrasProvider(
            api_key="secret-key", base_url=emulator.base_url, read_timeout_s=timeout_s
        )
        try:
            yield provider, emulator
        finally:
            provider.close()


def idle(provider: CerebrasProvider) -> list[Any]:
    """The connections that are kept for the next request."""
    transport: Any = provider._connect()._client._transport
    found: list[Any] = transport._idle
    return found


async def completed(provider: CerebrasProvider, asked: CompletionRequest) -> tuple[str, Completion]:
    deltas: list[str] = []
    completion = await provider.complete(asked, deltas.append)
    return "".join(deltas), completion


async def test_a_stream_gives_its_content_and_everything_the_server_reports() -> None:
    async with a_provider(reasoning_tokens=20, tokens_per_event=0) as (provider, _):
        text, done = await completed(provider, a_request())
        await completed(provider, a_request())
        again, _ = await completed(provider, a_request())
    assert text == again == f"````\n{TEXT}````"
    assert done.finish_reason == "stop"
    usage = done.usage
    assert usage.prompt_tokens and usage.completion_tokens
    assert usage.reasoning_tokens == 20
    assert usage.accepted_prediction_tokens and usage.accepted_prediction_tokens > 500
    assert usage.rejected_prediction_tokens == 0
    assert done.server.total_time_s is not None
    assert done.request_id
    assert done.rate_limit["remaining-requests-day"]
    assert done.attempts == 1
    assert done.ttft_s is not None and done.total_s is not None
    assert done.ttft_s <= done.total_s


async def test_what_a_server_does_not_report_stays_unknown() -> None:
    async with a_provider(faults=(parse_fault("no-usage"),)) as (provider, _):
        _, done = await completed(provider, a_request())
    assert done.usage.completion_tokens is None
    assert done.usage.accepted_prediction_tokens is None


@pytest.mark.parametrize(
    "fault", ["no-done", "no-fingerprint", "no-time-info", "trailing-usage", "content-in-final"]
)
async def test_a_stream_that_is_only_unusual_is_whole(fault: str) -> None:
    async with a_provider(faults=(parse_fault(fault),)) as (provider, _):
        text, done = await completed(provider, a_request())
    assert text == f"````\n{TEXT}````"
    assert done.finish_reason == "stop"
    assert done.usage.completion_tokens


FAULTS: dict[str, tuple[type[EditsvcError], str]] = {
    "status:400": (ProviderRejected, "refused the request (400"),
    "status:401": (ProviderAuthError, "does not accept the API key (401"),
    "status:402": (ProviderRejected, "(402"),
    "status:403": (ProviderAuthError, "(403"),
    "status:404": (ProviderRejected, "(404"),
    "status:408": (ProviderRejected, "(408"),
    "status:413": (ProviderRejected, "(413"),
    "status:422": (ProviderRejected, "(422"),
    "status:429": (ProviderRateLimited, "(429"),
    "status:429,retry-after=7": (ProviderRateLimited, "Try again in 7 s."),
    "status:500": (ProviderUnavailable, "failed (500"),
    "status:503,shape=top": (ProviderUnavailable, "failed (503"),
    "prediction-unsupported": (PredictionUnsupported, "does not support predictions"),
    "redirect": (ProviderRejected, "(307"),
    "reset": (ProviderUnreachable, "No connection to"),
    "stall-start": (ProviderTimeout, "No data from"),
    "stall": (ProviderTimeout, "No data from 127.0.0.1 for 1 s"),
    "cut": (IncompleteReply, "broke in the middle of the reply"),
    "endless": (EndlessReply, "exceeded the limit of 8,000 tokens"),
    "endless-event": (EndlessReply, "exceeded the limit of 8,000 tokens"),
    "endless-error": (ProviderUnavailable, "failed (500"),
    "error-event": (ProviderUnavailable, "broke off the reply with an error"),
    "error-event:503": (ProviderUnavailable, "failed (503"),
    "error-plain": (ProviderError, ""),
    "garbage": (ProviderProtocolError, "not valid JSON"),
    "empty-data": (ProviderProtocolError, "not valid JSON"),
    "bad-utf8": (ProviderProtocolError, "not valid JSON"),
    "html-200": (ProviderProtocolError, "answered with text/html"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_way_to_fail_is_one_of_our_errors(fault: str) -> None:
    expected, words = FAULTS[fault]
    async with a_provider(faults=(parse_fault(fault),)) as (provider, _):
        with pytest.raises(expected) as caught:
            await completed(provider, a_request())
    sentence = caught.value.sentence()
    assert words in sentence
    assert "secret-key" not in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("end", None), ("length", "length"), ("content-filter", "content_filter"), ("unknown-finish", "…")],
)
async def test_a_stream_that_ends_otherwise_says_how(fault: str, reason: str | None) -> None:
    async with a_provider(faults=(parse_fault(fault),)) as (provider, _):
        _, done = await completed(provider, a_request())
    assert done.finish_reason != "stop"
    if reason != "…":
        assert done.finish_reason == reason


async def test_a_reply_that_is_not_streamed_is_taken_too() -> None:
    async with a_provider(faults=(parse_fault("not-stream"),)) as (provider, _):
        text, done = await completed(provider, a_request())
    assert (text, done.finish_reason) == (f"````\n{TEXT}````", "stop")


async def test_nothing_is_sent_twice_by_itself() -> None:
    async with a_provider(faults=(parse_fault("status:503"),)) as (provider, emulator):
        with pytest.raises(ProviderUnavailable):
            await completed(provider, a_request())
        assert len(emulator.records()) == 1


async def test_a_limit_says_how_long_it_lasts() -> None:
    async with a_provider(faults=(parse_fault("status:429,retry-after=50"),)) as (provider, _):
        with pytest.raises(ProviderRateLimited, match="429") as limited:
            await completed(provider, a_request())
    assert limited.value.retry_after_s == 50


async def test_nobody_listening_is_an_error_that_names_the_server() -> None:
    provider = CerebrasProvider(api_key="x", base_url="http://127.0.0.1:9")
    with pytest.raises(ProviderUnreachable, match=r"No connection to 127\.0\.0\.1") as raised:
        await completed(provider, a_request())
    assert raised.value.hint == "Check that the server is running, and the base URL."
    provider.close()


async def test_the_models_that_the_server_lists() -> None:
    async with a_provider() as (provider, _):
        assert "gpt-oss-120b" in await provider.models()


async def test_cancelling_closes_the_stream_at_once() -> None:
    async with a_provider(speed=20.0) as (provider, emulator):
        started = asyncio.Event()
        task = asyncio.create_task(provider.complete(a_request(predict=False), lambda _: started.set()))
        await until(started.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(emulator.records)
        (record,) = emulator.records()
    assert record.disconnected
    assert record.sent_tokens < record.output_tokens


async def test_cancelling_before_the_first_byte_closes_the_connection_too() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1 << 16):
            asked.set()
        left.set()
        writer.close()

    async with await asyncio.start_server(says_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        provider = CerebrasProvider(
            api_key="x", base_url=f"http://127.0.0.1:{port}", read_timeout_s=HANGING_S
        )
        task = asyncio.create_task(provider.complete(a_request(), lambda _: None))
        await until(asked.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(left.is_set)
        provider.close()


async def test_edits_side_by_side_have_connections_of_their_own_and_cancelling_one_leaves_the_others() -> (
    None
):
    async with a_provider(speed=700.0) as (provider, _):
        begun = asyncio.Event()
        request = a_request(predict=False)
        tasks = [asyncio.create_task(completed(provider, request)) for _ in range(3)]
        cancelled = asyncio.create_task(provider.complete(request, lambda _: begun.set()))
        await until(begun.is_set)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in ended:
        assert not isinstance(outcome, BaseException)
        assert outcome[0] == f"````\n{TEXT}````"


async def test_a_listener_that_fails_ends_the_call_with_its_own_error() -> None:
    def listener(_: str) -> None:
        raise RuntimeError("the listener's defect")

    async with a_provider() as (provider, _):
        with pytest.raises(RuntimeError, match="the listener's defect"):
            await provider.complete(a_request(), listener)


class Http2Server:
    """A server over TLS and HTTP/2 that streams slowly, counts connections and notices who leaves."""

    def __init__(self, chunks: int) -> None:
        self._chunks = chunks
        self.left = asyncio.Event()
        self.versions: list[str] = []
        self.clients: set[tuple[str, int]] = set()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.versions.append(scope["http_version"])
        self.clients.add(scope["client"])
        while (await receive()).get("more_body"):
            pass
        waiting = asyncio.create_task(self._watch(receive))
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/event-stream")],
            }
        )
        for number in range(self._chunks):
            if waiting.done():
                return
            chunk = b'data: {"choices": [{"index": 0, "delta": {"content": "%d "}}]}\n\n' % number
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0.005)
        end = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
        await send({"type": "http.response.body", "body": end})
        waiting.cancel()

    async def _watch(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left.set()


@asynccontextmanager
async def refusing_others(port: int) -> AsyncIterator[int]:
    """The port of a server that ends a TLS handshake in which HTTP/2 is not offered; `port` has the others."""
    alert = bytes([21, 3, 3, 0, 2, 2, 120])  # RFC 7301, section 3.2: fatal, no_application_protocol

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.read(1 << 16)
        if b"\x02h2" not in hello:
            writer.write(alert)
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", port)
        back.write(hello)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def over_tls(
    *, chunks: int = 40, only_http2: bool = False
) -> AsyncIterator[tuple[CerebrasProvider, Http2Server]]:
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    app, stop = Http2Server(chunks), asyncio.Event()
    config = Config()
    config.accesslog = config.errorlog = None
    with authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.tempfile() as pem:
        config.certfile = config.keyfile = pem
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        config.bind = [f"127.0.0.1:{port}"]
        server = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type]
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            await asyncio.sleep(0.01)
        async with AsyncExitStack() as stack:
            if only_http2:
                port = await stack.enter_async_context(refusing_others(port))
            provider = CerebrasProvider(
                api_key="x", base_url=f"https://127.0.0.1:{port}", ssl_context=context
            )
            try:
                yield provider, app
            finally:
                provider.close()
                stop.set()
                await server


async def test_http1_is_used_where_both_are_offered_since_each_request_has_its_connection() -> None:
    async with over_tls() as (provider, app):
        for _ in range(3):
            text, done = await completed(provider, a_request("x\n"))
            assert done.finish_reason == "stop"
            assert text.startswith("0 1 2 ")
            await until(lambda: idle(provider))
    assert app.versions == ["1.1", "1.1", "1.1"]
    assert len(app.clients) == 1


async def test_http2_is_used_with_a_server_that_takes_nothing_else_and_its_connection_kept() -> None:
    async with over_tls(only_http2=True) as (provider, app):
        for _ in range(3):
            text, done = await completed(provider, a_request("x\n"))
            assert done.finish_reason == "stop"
            assert text.startswith("0 1 2 ")
            await until(lambda: idle(provider))
    assert app.versions == ["2", "2", "2"]
    assert len(app.clients) == 1


@pytest.mark.parametrize("only_http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
async def test_cancelling_over_tls_is_noticed_by_the_server(only_http2: bool) -> None:
    async with over_tls(chunks=1_000_000, only_http2=only_http2) as (provider, app):
        started = asyncio.Event()
        task = asyncio.create_task(provider.complete(a_request("x\n"), lambda _: started.set()))
        await until(started.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(app.left.is_set)


async def test_a_connection_is_kept_over_http1_too() -> None:
    async with Emulator(EmulatorOptions(echo=True)) as emulator:
        provider = CerebrasProvider(api_key="x", base_url=emulator.base_url)
        seen = set()
        for _ in range(3):
            await completed(provider, a_request())
            await until(lambda: idle(provider))
            seen |= {connection.socket.getsockname() for connection in idle(provider)}
        provider.close()
    assert len(seen) == 1


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
EVENTS = [
    b'data: {"choices":[{"index":0,"delta":{"content":"one\\n\\n"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"two"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
]
CHUNKS = b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in EVENTS) + b"0\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS
SIZED = HEAD + b"Content-Length: %d\r\n\r\n" % len(b"".join(EVENTS)) + b"".join(EVENTS)
SQUEEZED = gzip.compress(b"".join(EVENTS))

ANSWERS = {
    "in one packet": [CHUNKED],
    "a byte a packet": [CHUNKED[place : place + 1] for place in range(len(CHUNKED))],
    "after hints": [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + CHUNKED],
    "after hints, apart": [b"HTTP/1.1 100 Continue\r\n\r\n", CHUNKED],
    "with a size": [SIZED],
    "compressed": [HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(SQUEEZED) + SQUEEZED],
    "a long head": [HEAD + b"X-Long: " + b"x" * 70_000 + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS],
}
ENDING = {
    "until the end": [HEAD + b"\r\n", *EVENTS],
    "HTTP/1.0": [(HEAD + b"\r\n").replace(b"1.1", b"1.0"), *EVENTS],
}


class RawServer:
    """Answers every request with the same packets; `connections` counts who came, `open` who is still there."""

    def __init__(self, packets: list[bytes], *, ends: bool = False) -> None:
        self._packets = packets
        self._ends = ends
        self.connections = 0
        self.open = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().split(b"content-length:")[1].split()[0]))
                for packet in self._packets:
                    writer.write(packet)
                    await writer.drain()
                    await asyncio.sleep(0)
                if self._ends:
                    break
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.open -= 1


@pytest.mark.parametrize("name", [*ANSWERS, *ENDING])
async def test_an_answer_is_read_whatever_its_packets_and_its_connection_kept_if_it_has_an_end(
    name: str,
) -> None:
    server = RawServer(ANSWERS.get(name) or ENDING[name], ends=name in ENDING)
    async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        provider = CerebrasProvider(
            api_key="x", base_url=f"http://127.0.0.1:{port}", read_timeout_s=HANGING_S
        )
        for _ in range(2):
            text, done = await completed(provider, a_request())
            assert (text, done.finish_reason) == ("one\n\ntwo", "stop")
            if name in ANSWERS:
                await until(lambda: idle(provider))
        provider.close()
        await until(lambda: not server.open)
    assert server.connections == (2 if name in ENDING else 1)


@pytest.mark.parametrize(
    "end", [CHUNKED.index(b"two"), CHUNKED.index(b"finish_reason")], ids=["early", "late"]
)
async def test_a_chunked_answer_that_is_cut_off_is_not_whole_and_what_came_of_it_is_had(end: int) -> None:
    server = RawServer([CHUNKED[:end]], ends=True)
    async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        provider = CerebrasProvider(api_key="x", base_url=f"http://127.0.0.1:{port}")
        deltas: list[str] = []
        with pytest.raises(IncompleteReply, match="closed before the end"):
            await provider.complete(a_request(), deltas.append)
        assert "".join(deltas) == ("one\n\n" if CHUNKED[:end].count(b"data:") == 2 else "one\n\ntwo")
        provider.close()
        await until(lambda: not server.open)


async def test_a_connection_is_not_used_again_after_a_refusal_since_not_all_of_the_request_may_be_read() -> (
    None
):
    refusal = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    server = RawServer([refusal])
    async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        provider = CerebrasProvider(api_key="x", base_url=f"http://127.0.0.1:{port}")
        for _ in range(2):
            with pytest.raises(ProviderRejected):
                await completed(provider, a_request())
        provider.close()
        await until(lambda: not server.open)
    assert server.connections == 2


async def test_a_hundred_streams_are_read_by_one_thread() -> None:
    async with a_provider(speed=700.0) as (provider, _):
        begun = 0

        def count(_: str) -> None:
            nonlocal begun
            begun += 1

        request = a_request(predict=False)
        tasks = [asyncio.create_task(provider.complete(request, count)) for _ in range(100)]
        await until(lambda: begun > 200)
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("replies") == 1
        assert {done.finish_reason for done in await asyncio.gather(*tasks)} == {"stop"}


def test_no_request_can_hold_a_prediction_together_with_what_excludes_it() -> None:
    fields = set(CompletionRequest.__dataclass_fields__)
    assert "prediction" in fields
    assert not fields & {"tools", "logprobs", "n", "top_logprobs"}


@pytest.mark.parametrize("status", [200, 400, 401, 500])
async def test_a_server_that_repeats_the_key_does_not_spread_it(status: int) -> None:
    async def quote(request: web.Request) -> web.Response:
        key = request.headers["authorization"].removeprefix("Bearer ")
        error = {"error": {"message": f"Incorrect API key provided: {key}.", "code": "wrong"}}
        if status != 200:
            return web.json_response(error, status=status)
        return web.Response(text=f"data: {json.dumps(error)}\n\n", content_type="text/event-stream")

    application = web.Application()
    application.add_routes([web.post("/v1/chat/completions", quote)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider = CerebrasProvider(
        api_key="csk-very-secret-key", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}"
    )
    try:
        with pytest.raises(ProviderError) as caught:
            await completed(provider, a_request())
    finally:
        provider.close()
        await runner.cleanup()
    assert "Incorrect API key provided: (the key)" in caught.value.message
    assert "csk-very" not in caught.value.sentence()
