"""The server of the measurements: what it is asked for is what it sends, on every wire."""

import json
import ssl
from collections.abc import Iterator

import httpx
import pytest

from bench.server import Reply, Server, Wire

PIECES = ["````python\n", "a = 1\n", "# \u2028 ä\n", "b = 2\n", "````\n"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server({"short": Reply(PIECES, accepted=4, rejected=1, prompt=9)}) as running:
        yield running


def a_client(server: Server) -> httpx.Client:
    context = ssl.create_default_context(cafile=server.certificate)
    return httpx.Client(http2=True, verify=context, trust_env=False)


def events(body: bytes) -> list[dict[str, object]]:
    *chunks, done, end = body.split(b"\n\n")
    assert (done, end) == (b"data: [DONE]", b"")
    return [json.loads(chunk.removeprefix(b"data: ")) for chunk in chunks]


@pytest.mark.parametrize(("wire", "version"), [("http", "HTTP/1.1"), ("h2", "HTTP/2"), ("tls", "HTTP/1.1")])
@pytest.mark.parametrize("rate", [0, 100_000])
@pytest.mark.parametrize(("tokens", "count"), [(1, 5), (4, 2)])
def test_a_reply_comes_whole_in_events_of_so_many_tokens(
    server: Server, wire: Wire, version: str, rate: float, tokens: int, count: int
) -> None:
    url = server.base_url(wire, "short", rate=rate, tokens=tokens)
    with a_client(server) as client:
        for _ in range(2):  # over one connection
            answer = client.post(f"{url}/v1/chat/completions", json={"model": "m"})
            assert answer.http_version == version
            role, *contents, final = events(answer.content)
            assert role["choices"] == [{"delta": {"role": "assistant"}, "index": 0}]
            said = [chunk["choices"][0]["delta"]["content"] for chunk in contents]  # type: ignore[index]
            assert len(said) == count
            assert "".join(said) == "".join(PIECES)
            assert final["usage"]["completion_tokens"] == 6  # type: ignore[index]


def test_more_than_a_window_of_http2_holds_comes_whole_too() -> None:
    pieces = ["x" * 1000] * 1000
    with Server({"long": Reply(pieces)}) as server, a_client(server) as client:
        answer = client.post(f"{server.base_url('h2', 'long')}/v1/chat/completions", json={})
    assert len(events(answer.content)) == 1002


def test_the_log_says_what_came_and_forgets_it(server: Server) -> None:
    server.log()
    with a_client(server) as client:
        url = server.base_url("h2", "short")
        client.post(
            f"{url}/v1/chat/completions", content=b"x" * 200_000, headers={"Content-Encoding": "gzip"}
        )
        client.get(f"{url}/v1/models")
    asked, listed = server.log()
    assert (asked.path, asked.protocol) == ("/short/0/1/v1/chat/completions", "h2")
    assert (asked.size, asked.encoding) == (200_000, "gzip")
    assert asked.connected <= asked.first <= asked.whole <= asked.token <= asked.last
    assert listed.path == "/short/0/1/v1/models"
    assert server.log() == []
