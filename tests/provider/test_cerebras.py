"""The provider against a real server: what it reports, how it fails, and that cancelling ends the stream."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
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
    "endless-event": (EndlessReply, "sent more than 33,816,576 bytes"),
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
    with pytest.raises(ProviderUnreachable, match=r"No connection to 127\.0\.0\.1"):
        await completed(provider, a_request())
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
async def over_tls(*, chunks: int = 40) -> AsyncIterator[tuple[CerebrasProvider, Http2Server]]:
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
        provider = CerebrasProvider(api_key="x", base_url=f"https://127.0.0.1:{port}", ssl_context=context)
        try:
            yield provider, app
        finally:
            provider.close()
            stop.set()
            await server


async def test_http2_is_used_and_its_connection_kept() -> None:
    async with over_tls() as (provider, app):
        for _ in range(3):
            text, done = await completed(provider, a_request("x\n"))
            assert done.finish_reason == "stop"
            assert text.startswith("0 1 2 ")
            await until(lambda: idle(provider))
    assert app.versions == ["2", "2", "2"]
    assert len(app.clients) == 1


async def test_cancelling_over_http2_is_noticed_by_the_server() -> None:
    async with over_tls(chunks=1_000_000) as (provider, app):
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
