"""Large bodies travel compressed, and a server that does not take that gets them as they are."""

from __future__ import annotations

import asyncio
import gzip
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_a_thread import at_work

from editsvc.emulator import Emulator, EmulatorOptions
from editsvc.errors import ContextExceeded, ProviderAuthError, ProviderError, ProviderRejected
from editsvc.prompt import rendering
from editsvc.provider import dialects
from editsvc.provider.base import Completion, CompletionRequest
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.compression import compressed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGE = "".join(f"    total += fetch(total, {number})\n" for number in range(4_000))
SMALL = "x = 1\n"
DONE = (
    b'data: {"id":"r","model":"m","choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
TOO_LONG = (
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 90000 tokens."
)


@dataclass
class Received:
    encoding: str | None
    body: bytes


class Server(ThreadingHTTPServer):
    """Answers as `answer` says for each request: with a status and a message, by hanging up (0), or 200."""

    daemon_threads = True
    answer: Callable[[Received], tuple[int, str]]
    received: list[Received]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def encodings(self) -> list[str | None]:
        return [request.encoding for request in self.received]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = Received(self.headers["Content-Encoding"], body)
        self.server.received.append(request)
        status, message = self.server.answer(request)
        if not status:
            self.close_connection = True
            return
        kind, body = "text/event-stream", DONE
        if status >= 300:
            kind, body = "application/json", json.dumps({"error": {"message": message}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def a_server(answer: Callable[[Received], tuple[int, str]]) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), _Handler)
    server.answer, server.received = answer, []
    with at_work(server):
        yield server


@dataclass
class Asked:
    """Requests of one provider, one after the other."""

    url: str
    compatible: bool = False
    text: str = field(default=LARGE, repr=False)

    def outcomes(self, times: int = 1) -> list[Completion | ProviderError]:
        return asyncio.run(self._all(times))

    async def _all(self, times: int) -> list[Completion | ProviderError]:
        dialect = dialects.table()["compatible" if self.compatible else "cerebras"]
        provider = CerebrasProvider(api_key="secret-key", base_url=self.url, dialect=dialect)
        messages, frame = rendering.render(rendering.Task(self.text, "Leave it.", "file.py"))
        request = CompletionRequest("gpt-oss-120b", messages, 90_000, frame.wrap(self.text))
        found: list[Completion | ProviderError] = []
        try:
            for _ in range(times):
                try:
                    found.append(await provider.complete(request, lambda _: None))
                except ProviderError as exc:
                    found.append(exc)
        finally:
            provider.close()
        return found


def test_a_large_body_is_compressed_to_a_third_and_says_what_the_plain_one_says() -> None:
    with a_server(lambda _: (200, "")) as server:
        outcomes = Asked(server.url).outcomes(2)
        Asked(server.url, compatible=True).outcomes()

    first, second, plain = server.received
    assert [outcome.finish_reason for outcome in outcomes if isinstance(outcome, Completion)] == ["stop"] * 2
    assert (first.encoding, plain.encoding) == ("gzip", None)
    assert first.body == second.body
    assert len(first.body) <= 0.35 * len(plain.body)
    expected = json.loads(plain.body)
    del expected["stream_options"]
    expected["max_completion_tokens"] = expected.pop("max_tokens")
    assert json.loads(gzip.decompress(first.body)) == expected


def test_a_small_body_is_sent_as_it_is() -> None:
    with a_server(lambda _: (200, "")) as server:
        Asked(server.url, text=SMALL).outcomes()

    assert server.encodings == [None]


@given(st.binary(max_size=3_000))
def test_what_is_compressed_is_gzip(body: bytes) -> None:
    assert gzip.decompress(compressed(body)) == body


@pytest.mark.parametrize("status", [400, 403, 406, 411, 415, 422, 500, 501, 502])
def test_what_is_refused_only_when_compressed_is_sent_plain_from_then_on(status: int) -> None:
    with a_server(lambda request: (status if request.encoding else 200, "unreadable body")) as server:
        outcomes = Asked(server.url).outcomes(3)

    assert [isinstance(outcome, Completion) for outcome in outcomes] == [True] * 3
    assert server.encodings == ["gzip", None, None, None]


def test_a_server_that_hangs_up_on_a_compressed_body_gets_a_plain_one() -> None:
    with a_server(lambda request: (0 if request.encoding else 200, "")) as server:
        [outcome] = Asked(server.url).outcomes()

    assert isinstance(outcome, Completion)
    assert server.encodings == ["gzip", None]


def test_the_attempts_count_both_bodies() -> None:
    with a_server(lambda request: (415 if request.encoding else 200, "")) as server:
        first, second = Asked(server.url).outcomes(2)

    assert isinstance(first, Completion) and isinstance(second, Completion)
    assert (first.attempts, second.attempts) == (2, 1)


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [(400, TOO_LONG, ContextExceeded), (422, "no such field", ProviderRejected)],
)
def test_what_is_refused_in_both_forms_says_nothing_about_compression(
    status: int, message: str, error: type[ProviderError]
) -> None:
    with a_server(lambda _: (status, message)) as server:
        server.answer = lambda _: (status, message) if len(server.received) <= 2 else (200, "")
        first, second = Asked(server.url).outcomes(2)

    assert isinstance(first, error)
    assert isinstance(second, Completion)
    assert server.encodings == ["gzip", None, "gzip"]


@pytest.mark.parametrize("status", [401, 402, 404, 408, 413, 429, 503, 504])
def test_a_refusal_for_another_reason_is_not_asked_about_again(status: int) -> None:
    with a_server(lambda _: (status, "no")) as server:
        [outcome] = Asked(server.url).outcomes()

    assert isinstance(outcome, ProviderError)
    assert isinstance(outcome, ProviderAuthError) == (status == 401)
    assert server.encodings == ["gzip"]


def test_a_server_that_has_taken_a_compressed_body_is_not_suspected_later() -> None:
    with a_server(lambda _: (200, "")) as server:
        server.answer = lambda _: (200, "") if len(server.received) == 1 else (500, "overheated")
        _, second = Asked(server.url).outcomes(2)

    assert isinstance(second, ProviderError)
    assert server.encodings == ["gzip", "gzip"]


def test_the_emulator_takes_compressed_bodies_or_refuses_them() -> None:
    async def outcome(**options: Any) -> Completion:
        async with Emulator(EmulatorOptions(echo=True, **options)) as emulator:
            [completion] = await Asked(emulator.base_url)._all(1)
            assert isinstance(completion, Completion)
            assert completion.finish_reason == "stop"
            return completion

    assert asyncio.run(outcome()).attempts == 1
    assert asyncio.run(outcome(refuse_gzip=True)).attempts == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"\x1f\x8b no gzip", 400), (compressed(b"{}"), 400), (compressed(bytes(300 << 20)), 413)],
    ids=["broken", "not a request", "inflates to 300 MB"],
)
def test_the_emulator_answers_what_inflates_to_no_request(body: bytes, status: int) -> None:
    async def answered() -> int:
        async with Emulator(EmulatorOptions(echo=True)) as emulator, httpx.AsyncClient(timeout=60) as client:
            url = f"{emulator.base_url}/v1/chat/completions"
            answer = await client.post(url, content=body, headers={"Content-Encoding": "gzip"})
            assert answer.json()["error"]["message"]
            return answer.status_code

    assert asyncio.run(answered()) == status
