"""Servers that answer with something else: it becomes one of our errors, and is never more than was asked for."""

import asyncio
import gzip
import json
import math
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from itertools import count, pairwise

import pytest
from answering import JSON, Answer, Server, served
from hypothesis import given, settings
from hypothesis import strategies as st

from editsvc.emulator import Emulator, EmulatorOptions, parse_fault
from editsvc.errors import (
    EditsvcError,
    EndlessReply,
    ProviderError,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnreachable,
    SettingsError,
)
from editsvc.prompt.rendering import Message
from editsvc.provider.base import CompletionRequest
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.stream import ReplyStream
from editsvc.tokens import estimate_from_text

EVENTS = {"content-type": "text/event-stream"}
GZIP = {"content-encoding": "gzip"}
ASKED = CompletionRequest("a-model", [Message("user", "x")], 100)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as running:
        yield running


def complete(server: Server, answer: Answer) -> str:
    """The content of a reply, or the error that there was."""
    server.answer = answer
    provider = CerebrasProvider(api_key="a-secret-key", base_url=server.url)
    deltas: list[str] = []
    try:
        asyncio.run(provider.complete(ASKED, deltas.append))
    finally:
        provider.close()
    return "".join(deltas)


def models(server: Server, answer: Answer) -> list[str]:
    server.answer = answer
    provider = CerebrasProvider(api_key="a-secret-key", base_url=server.url)
    try:
        return asyncio.run(provider.models())
    finally:
        provider.close()


def error_of(call: Callable[[], object]) -> ProviderError | None:
    try:
        call()
    except ProviderError as exc:
        return exc
    return None


NO_CONTENT = 204
ODD = {
    "a page": Answer(b"<html>Sign in</html>", {"content-type": "text/html"}),
    "a list": Answer(b"[]"),
    "no JSON": Answer(b"hello"),
    "nothing": Answer(b""),
    "a number": Answer(b"7"),
    "another object": Answer(b'{"data": 5}'),
    "rows of something else": Answer(b'{"data": [1, null, {"id": 5}]}'),
    "not gzip": Answer(b"hello", JSON | GZIP),
    "half of gzip": Answer(gzip.compress(b'{"data": []}')[:-9] + b"xxxxxxxxx", JSON | GZIP),
    "another charset": Answer(b'{"data": "\xff"}', {"content-type": "application/json; charset=nonsense"}),
    "deep": Answer(b"[" * 100_000),
    "half a character": Answer(
        b'{"data": [{"id": "\\ud800"}], "choices": [{"delta": {"content": "\\ud800"}}]}'
    ),
    "digits": Answer(b'{"error": {"code": "' + b"9" * 5_000 + b'", "status_code": "\xc2\xb2"}}'),
}


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
def test_what_is_not_a_list_of_models_is_said(server: Server, answer: Answer) -> None:
    with pytest.raises(ProviderProtocolError, match=r"list of models|compressed answer"):
        models(server, answer)


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
@pytest.mark.parametrize("kind", ["as it is", "as events"])
def test_what_is_not_a_reply_is_said(server: Server, answer: Answer, kind: str) -> None:
    if kind == "as events":
        answer = Answer(b"data: " + answer.body + b"\n\n", answer.headers | EVENTS)
    error = error_of(lambda: complete(server, answer))
    assert error is not None
    assert "does not know" not in error.message


def test_a_list_of_models_is_one_also_where_the_server_has_none(server: Server) -> None:
    assert models(server, Answer(b'{"data": [{"id": "b"}, {"id": "a", "object": "model"}]}')) == ["a", "b"]
    assert models(server, Answer(b'{"object": "list", "data": null}')) == []


PIECES = st.sampled_from(
    [b"data: ", b"\n\n", b"{", b"}", b"[", b"]", b'"choices":', b'"data":', b'"id":', b'"error":', b'"delta":',
     b'"content":', b'"x"', b"null", b"1e999", b"-1", b":", b",", b"\xff", b'"\\ud800"', b"[DONE]", b"<html>"]
)  # fmt: skip
BODIES = st.lists(PIECES, max_size=12).map(b"".join) | st.binary(max_size=60)
HEADERS = st.sampled_from([JSON, EVENTS, {"content-type": "text/plain"}, {}, JSON | GZIP, EVENTS | GZIP])


@given(BODIES, HEADERS, st.sampled_from([200, 200, 200, NO_CONTENT, 301, 404, 429, 500, 599]), st.booleans())
@settings(max_examples=150)
def test_whatever_comes_is_a_reply_or_an_error_of_ours(
    body: bytes, headers: dict[str, str], status: int, packed: bool
) -> None:
    if packed and "content-encoding" in headers:
        body = gzip.compress(body)
    answer = Answer(body if status != NO_CONTENT else b"", headers, status)
    with served() as server:
        for ask in (complete, models):
            error = error_of(lambda ask=ask: ask(server, answer))  # type: ignore[misc]
            assert error is None or error.message.endswith(".")
            assert error is None or "does not know" not in error.message
            assert error is None or "a-secret-key" not in error.message


# --- more than was asked for -------------------------------------------------------------------------------------


def test_a_small_answer_that_unpacks_to_a_large_one_is_not_unpacked(server: Server) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b'{"data": "' + bytes(200 << 20)) + packer.flush()
    with pytest.raises(EndlessReply):
        models(server, Answer(bomb, JSON | GZIP))
    with pytest.raises(EndlessReply):
        complete(server, Answer(bomb, JSON | GZIP))


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip, deflate", "nonsense"])
@pytest.mark.parametrize("status", [200, 500])
def test_what_is_compressed_twice_or_in_another_way_is_not_unpacked(
    server: Server, encoding: str, status: int
) -> None:
    twice = gzip.compress(gzip.compress(bytes(20 << 20)))
    assert len(twice) < 1_000  # in one call, httpx makes 20 MB of it, and gigabytes of some kilobytes
    for ask in (models, complete):
        for headers in (JSON, EVENTS):
            tracemalloc.start()
            error = error_of(
                lambda ask=ask, headers=headers: ask(  # type: ignore[misc]
                    server, Answer(twice, headers | {"content-encoding": encoding}, status)
                )
            )
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert isinstance(error, ProviderProtocolError)
            assert "gzip or deflate was expected, once" in error.message
            assert peak < 10 << 20


@pytest.mark.parametrize("window", [zlib.MAX_WBITS, -zlib.MAX_WBITS, zlib.MAX_WBITS | 16])
def test_what_is_compressed_once_is_read(server: Server, window: int) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    body = packer.compress(b'{"data": [{"id": "m"}]}') + packer.flush()
    coding = "gzip" if window > zlib.MAX_WBITS else "deflate"
    assert models(server, Answer(body, JSON | {"content-encoding": coding})) == ["m"]


TOKENS = 20_000
MOST_GIVEN = 4 << 20


async def endless(fault: str = "endless:0", **options: float) -> tuple[list[str], list[int], ProviderError]:
    """The deltas of a reply without end, in which round of the loop each came, and the error."""
    rounds, came, deltas = 0, list[int](), list[str]()
    loop = asyncio.get_running_loop()

    def go_round() -> None:
        nonlocal rounds
        rounds += 1
        ticking[0] = loop.call_soon(go_round)

    def on_delta(text: str) -> None:
        deltas.append(text)
        came.append(rounds)

    ticking = [loop.call_soon(go_round)]
    ticks = count(0, options.get("tick", 0))
    request = CompletionRequest(
        "gpt-oss-120b", [Message("user", "x")], TOKENS, time_left_s=options.get("time_left_s", math.inf)
    )
    async with Emulator(EmulatorOptions(echo=True, faults=(parse_fault(fault),))) as emulator:
        provider = CerebrasProvider(api_key="x", base_url=emulator.base_url, clock=lambda: next(ticks))
        try:
            with pytest.raises(ProviderError) as failed:
                await provider.complete(request, on_delta)
        finally:
            ticking[0].cancel()
            provider.close()
    return deltas, came, failed.value


async def test_a_reply_without_end_is_cut_off_at_what_was_asked_for() -> None:
    deltas, _, error = await endless()
    assert isinstance(error, EndlessReply)
    assert f"exceeded the limit of {TOKENS:,} tokens" in error.message
    assert estimate_from_text("".join(deltas)) <= 5 * TOKENS


CHOICE = {"index": 0, "delta": {"content": "x = 1\n"}}
CHUNK = b"data: " + json.dumps({"choices": [CHOICE]}).encode() + b"\n\n"
SHAPES = {
    "content": (CHUNK, b"", EVENTS),
    "empty events": (b'data: {"choices":[]}\n\n', b"", EVENTS),
    "reasoning": (b'data: {"choices":[{"delta":{"reasoning":"hm"}}]}\n\n', b"", EVENTS),
    "comments": (b": nothing\n\n", b"", EVENTS),
    "comments within an event": (b": nothing\n", b"data: {\n", EVENTS),
    "empty lines": (b"\n", b"", EVENTS),
    "lines without a colon": (b"data\n", b"", EVENTS),
    "a line": (b"x" * 60_000, b"data: ", EVENTS),
    "a string": (b"x" * 60_000, b'data: {"choices":[{"delta":{"content":"', EVENTS),
    "a list": (b"{}," * 20_000, b'data: {"choices":[', EVENTS),
    "lines of one event": (b'data: "x",\n', b"data: [\n", EVENTS),
    "one body": (b"x" * 60_000, b'{"choices":[{"message":{"content":"', JSON),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_reply_without_end_is_cut_off_whatever_it_is_made_of(shape: str) -> None:
    part, head, headers = SHAPES[shape]
    stream = ReplyStream(
        headers, server="s.example", longest=ASKED.longest_reply, limit=100, clock=lambda: 0.0
    )
    given, received = 0, stream.push(head)
    body = part * (60_000 // len(part))
    tracemalloc.start()
    while not stream.over and given < MOST_GIVEN:
        received += stream.push(body)
        given += len(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert estimate_from_text(received) <= 5 * (100 + 256)
    assert peak < 20 << 20
    # What says nothing, and is not kept, is stopped by the bytes that the call may have.
    assert isinstance(stream.error, EndlessReply) or shape in {
        *("empty events", "reasoning", "comments", "empty lines"),
    }


async def test_everybody_else_has_a_turn_between_two_slices_of_a_reply() -> None:
    deltas, came, _ = await endless()
    assert max(map(len, deltas)) <= 16_000
    assert len(came) > 10
    assert all(earlier < later for earlier, later in pairwise(came))


async def test_the_thread_that_reads_knows_the_deadline_itself() -> None:
    # The clock goes on by a second whenever it is read.
    _, _, error = await endless(time_left_s=5, tick=1)
    assert isinstance(error, ProviderTimeout)


# --- on the way there --------------------------------------------------------------------------------------------

FAR = "http://example.invalid"


def refused(monkeypatch: pytest.MonkeyPatch, base_url: str = FAR, **environ: str) -> EditsvcError:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    provider = CerebrasProvider(api_key="a-secret-key", base_url=base_url)
    errors = []
    for ask in (provider.complete(ASKED, lambda _: None), provider.models()):
        with pytest.raises(EditsvcError) as failed:
            asyncio.run(ask)  # type: ignore[arg-type]
        errors.append(failed.value)
    provider.close()
    assert errors[0].message == errors[1].message
    return errors[0]


@pytest.mark.parametrize(
    "proxy",
    ["nonsense", "ftp://h:1", "http://", "http://h:x", "http://\x01", "http://me:pa ss@h:x/", "socks5://h:1"],
)
def test_a_proxy_that_is_none_is_said_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    error = refused(monkeypatch, http_proxy=proxy)
    assert isinstance(error, SettingsError)
    assert error.message.startswith("http_proxy (")
    assert "pa ss" not in error.message


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(monkeypatch, http_proxy="http://me:secret@127.0.0.1:1")
    assert isinstance(error, ProviderUnreachable)
    assert error.message.startswith(
        "No connection to example.invalid through the proxy http://me:***@127.0.0.1:1: "
    )


@pytest.mark.parametrize("name", ["nowhere.pem", "not-one.pem"])
def test_certificates_that_cannot_be_read_are_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    path = tmp_path_factory.mktemp("certificates") / name
    if name == "not-one.pem":
        path.write_text("hello\n")
    error = refused(monkeypatch, "https://127.0.0.1:1", SSL_CERT_FILE=str(path))
    assert isinstance(error, SettingsError)
    assert error.message.startswith("SSL_CERT_FILE names certificates that cannot be read: ")


@pytest.mark.parametrize("headers", [":x", "a name: x", "x: \x01", "x: ünï", "fine: x\nx: \t\x7f"])
def test_custom_headers_that_cannot_be_sent_are_said_without_their_values(
    monkeypatch: pytest.MonkeyPatch, headers: str
) -> None:
    error = refused(monkeypatch, "http://127.0.0.1:1", CEREBRAS_CUSTOM_HEADERS=headers)
    assert isinstance(error, SettingsError)
    line = headers.count("\n") + 1
    assert error.message == f"CEREBRAS_CUSTOM_HEADERS: line {line} is not a header."
