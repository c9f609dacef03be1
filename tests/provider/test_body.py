"""The bodies of HTTP/1.1 answers, cut anywhere; h11 says what is right."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.provider.body import BadBody, BodyToTheEnd, ChunkedBody

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b'data: {"choices": []}\n\n'


def chunked(*contents: bytes, sizes: str = "%x", extension: bytes = b"", trailers: bytes = b"") -> bytes:
    chunks = [
        (sizes % len(content)).encode() + extension + b"\r\n" + content + b"\r\n" for content in contents
    ]
    return b"".join(chunks) + b"0" + extension + b"\r\n" + trailers + b"\r\n"


def cut(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted(place % (len(data) + 1) for place in at)
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def by_h11(data: bytes) -> bytes:
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(HEAD + data)
    content = b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            raise h11.RemoteProtocolError("it has no end")
        if isinstance(event, h11.Data):
            content += event.data
    return content


BODIES = {
    "an event a chunk": chunked(EVENT, EVENT, EVENT),
    "events across chunks": chunked(EVENT[:5], EVENT[5:] + EVENT[:9], EVENT[9:]),
    "line ends as content": chunked(b"\r\n", b"\r\n\r\n", b"0\r\n\r\n"),
    "sizes in capitals, with zeros": chunked(b"a" * 171, b"b", sizes="000%X"),
    "extensions": chunked(EVENT, extension=b';name="value"'),
    "trailers": chunked(EVENT, trailers=b"Server-Timing: a\r\nX: \r\n"),
    "nothing": chunked(),
}


@pytest.mark.parametrize("name", BODIES)
@given(at=st.lists(st.integers(0, 400), max_size=12))
def test_the_content_is_the_same_wherever_the_bytes_are_cut(name: str, at: list[int]) -> None:
    data = BODIES[name]
    for pieces in (cut(data, at), [data[place : place + 1] for place in range(len(data))]):
        body = ChunkedBody()
        assert b"".join(map(body.push, pieces)) == by_h11(data)
        assert body.complete
        body.end()
        assert by_h11(body.remainder or b"") == b""


@given(
    st.lists(st.sampled_from([b"3\r\n", b"abc", b"\r\n", b"\r", b"\n", b"g", b" ", b";x", b"2\r\nab\r\n"])),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_what_h11_refuses_is_refused_and_what_it_takes_is_taken(parts: list[bytes], at: list[int]) -> None:
    data = b"".join(parts) + b"0\r\n\r\n"
    body = ChunkedBody()
    try:
        found: bytes | None = b"".join(map(body.push, cut(data, at)))
        body.end()
    except BadBody:
        found = None
    try:
        expected: bytes | None = by_h11(data)
    except h11.RemoteProtocolError:
        expected = None
    assert found == expected


def test_a_connection_is_of_no_use_with_bytes_behind_the_end() -> None:
    body = ChunkedBody()
    assert body.push(chunked(EVENT) + b"HTTP/1.1 200 OK") == EVENT
    assert body.complete
    assert body.remainder is None


@pytest.mark.parametrize("end", range(1, len(chunked(EVENT))))
def test_a_connection_that_ends_too_soon_is_noticed(end: int) -> None:
    body = ChunkedBody()
    body.push(chunked(EVENT)[:end])
    with pytest.raises(BadBody, match="closed before the end"):
        body.end()


def test_a_line_without_end_is_not_collected_for_ever() -> None:
    body = ChunkedBody()
    body.push(b"0" * 10_000)
    with pytest.raises(BadBody, match="no size"):
        body.push(b"0" * 10_000)


def test_a_body_without_a_size_ends_with_its_connection() -> None:
    body = BodyToTheEnd()
    assert body.push(EVENT) == EVENT
    assert not body.complete
    body.end()
    assert body.complete
    assert body.remainder is None
