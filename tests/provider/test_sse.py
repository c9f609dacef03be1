"""Server-sent events out of bytes, cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.provider.sse import EventParser, ServerSentEvent

STREAM = (
    b": a comment\n\n"
    b'data: {"a": 1}\n\n'
    b"event: error\ndata: one\ndata: two\n\n"
    b"id: 7\nretry: 10\ndata:no blank\n\n" + "data: u\u2028v \x85 é\n\n".encode() + b"data:\n\n"
    b"data: [DONE]\n\n"
)
EVENTS = [
    ServerSentEvent(b"", b'{"a": 1}'),
    ServerSentEvent(b"error", b"one\ntwo"),
    ServerSentEvent(b"", b"no blank"),
    ServerSentEvent(b"", "u\u2028v \x85 é".encode()),
    ServerSentEvent(b"", b""),
    ServerSentEvent(b"", b"[DONE]"),
]


def events(data: bytes, cuts: list[int]) -> list[ServerSentEvent]:
    parser = EventParser()
    found = [
        event for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) for event in parser.push(data[a:b])
    ]
    return found + parser.finish()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@given(data=st.data())
def test_events_are_the_same_for_every_line_end_and_every_cut(end: bytes, data: st.DataObject) -> None:
    stream = STREAM.replace(b"\n", end)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    assert events(stream, cuts) == EVENTS
    assert events(stream, list(range(1, len(stream)))) == EVENTS


def test_an_unfinished_line_at_the_end_is_dropped_and_a_finished_one_is_not() -> None:
    assert events(b'data: {"a": 1}\n', []) == EVENTS[:1]
    assert events(b'data: {"a": ', []) == []


def test_a_byte_order_mark_does_not_cost_the_first_event() -> None:
    stream = b"\xef\xbb\xbfdata: one\n\ndata: two\n\n"
    found = [ServerSentEvent(b"", b"one"), ServerSentEvent(b"", b"two")]
    assert events(stream, []) == found
    assert events(stream, list(range(1, len(stream)))) == found


def test_a_name_without_a_colon_has_an_empty_value() -> None:
    assert events(b"event: a\nevent\ndata\ndata\n\n", []) == [ServerSentEvent(b"", b"\n")]


def test_a_last_line_that_ends_in_a_carriage_return_is_whole() -> None:
    assert events(b"data: one\r", []) == [ServerSentEvent(b"", b"one")]
    assert events(b"data: one\r\rdata: two\r", []) == [
        ServerSentEvent(b"", b"one"),
        ServerSentEvent(b"", b"two"),
    ]
