r"""The base protocol: whole, byte by byte and at random cuts, the bodies are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp.wire.frames import FrameError, FrameReader, frame


@given(st.lists(st.binary(max_size=50), max_size=5), st.lists(st.integers(1, 60)))
def test_bodies_do_not_depend_on_how_the_bytes_come(bodies: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(frame, bodies))
    reader, got, start = FrameReader(), [], 0
    for cut in cuts:
        got += reader.push(data[start : start + cut])
        start += cut
    got += reader.push(data[start:])

    assert got == bodies


def test_header_names_are_read_in_any_case_and_others_are_passed_over() -> None:
    data = b"content-length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{}"

    assert FrameReader().push(data) == [b"{}"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", id="a browser's request"),
        pytest.param(b"Content-Type: text/plain\r\n\r\n{}", id="no length"),
        pytest.param(b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", id="two lengths"),
        pytest.param(b"Content-Length: -1\r\n\r\n{}", id="a negative length"),
        pytest.param(b"Content-Length: 99999999999\r\n\r\n{}", id="a length beyond memory"),
        pytest.param(b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n", id="a length of thousands of digits"),
        pytest.param(b"x" * 10_000, id="a header without an end"),
        pytest.param(
            b"X: " + b"y" * 9_000 + b"\r\nContent-Length: 2\r\n\r\n{}", id="a header that is too long"
        ),
    ],
)
def test_what_is_no_base_protocol_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        FrameReader().push(data)


@pytest.mark.parametrize("length", range(8 * 1024 - 4, 8 * 1024 + 4))
def test_whether_a_header_is_too_long_does_not_depend_on_the_pieces(length: int) -> None:
    fields = b"Content-Length: 2\r\nX: "
    data = fields + b"y" * (length - len(fields)) + b"\r\n\r\n{}"

    def read(pieces: list[bytes]) -> list[bytes] | None:
        reader = FrameReader()
        try:
            return [body for piece in pieces for body in reader.push(piece)]
        except FrameError:
            return None

    assert read([data]) == read([data[at : at + 1] for at in range(len(data))])
    assert (read([data]) is None) == (length > 8 * 1024)
