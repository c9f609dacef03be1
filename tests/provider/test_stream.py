"""The content and figures of a reply, out of bytes that are cut anywhere."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.errors import ContextExceeded, EndlessReply, ProviderProtocolError, ProviderUnavailable
from editsvc.provider.stream import ReplyStream

SSE = {"content-type": "text/event-stream; charset=utf-8"}


def delta(content: str | None = None, **more: Any) -> bytes:
    choice: dict[str, Any] = {"index": 0, "delta": {} if content is None else {"content": content}}
    finish = more.pop("finish", None)
    if finish is not None:
        choice["finish_reason"] = finish
    return json.dumps({"id": "c-1", "model": "m", "choices": [choice], **more}, ensure_ascii=False).encode()


def event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


DONE = event(b"[DONE]")
USAGE = {"completion_tokens": 3, "completion_tokens_details": {"accepted_prediction_tokens": 2}}
PLAIN = event(delta("def ")) + event(delta("naïve\u2028(")) + event(delta("):\n\n"))
END = event(delta(finish="stop", usage=USAGE, time_info={"total_time": 0.5}))


def stream(headers: dict[str, str] = SSE, *, longest: float = 1_000, limit: int = 100) -> ReplyStream:
    return ReplyStream(headers, server="s.example", longest=longest, limit=limit, clock=lambda: 7.0)


def taken(read: ReplyStream, body: bytes, at: list[int] | None = None, *, ends: bool = True) -> str:
    places = sorted(place % (len(body) + 1) for place in at or ())
    pieces = [body[a:b] for a, b in zip([0, *places], [*places, len(body)], strict=True)]
    return "".join(map(read.push, pieces)) + (read.end() if ends else "")


def told(read: ReplyStream) -> tuple[object, ...]:
    return (
        read.done, str(read.error), read.finish_reason, read.usage, read.server_times, read.model, read.request_id
    )  # fmt: skip


BODIES = {
    "plain": PLAIN + END + DONE,
    "without an end": PLAIN + END,
    "no blank line at the end": PLAIN + END[:-1],
    "comments between": b": hello\n\n" + PLAIN.replace(b"\n\n", b"\n\n: alive\n\n") + END + DONE,
    "names of events": PLAIN.replace(b"data", b"event: message\ndata") + END + DONE,
    "no space": (PLAIN + END + DONE).replace(b"data: ", b"data:"),
    "several lines of data": PLAIN.replace(b'"choices"', b'\ndata: "choices"') + END + DONE,
    "CRLF": (PLAIN + END + DONE).replace(b"\n", b"\r\n"),
    "CR": (PLAIN + END + DONE).replace(b"\n", b"\r"),
    "CRLF at last": PLAIN + (END + DONE).replace(b"\n", b"\r\n"),
    "a mark at the beginning": b"\xef\xbb\xbf" + PLAIN + END + DONE,
    "a mark in the middle": PLAIN + b"\xef\xbb\xbf" + PLAIN + END + DONE,
    "blank lines between": PLAIN.replace(b"\n\n", b"\n\n\n\n") + END + DONE,
    "numbers that JSON has not": PLAIN + event(delta("x").replace(b'"m"', b'"m", "usage": NaN')) + END + DONE,
    "words behind the end": PLAIN + END + DONE + event(delta("not this")),
    "an error": PLAIN + event(b'{"error": {"message": "no more"}}') + event(delta("not this")),
    "an error, unescaped": PLAIN + event(b'{"error": "no "room" left"}') + event(delta("not this")),
    "an error of two lines": PLAIN + event(b'{"error": "no room\nin "line" 2"}') + event(delta("not this")),
    "an error with a message, unescaped": PLAIN + event(b'{"error": {"code": 1, "message": "no "room""}}'),
    "an error that is too long": PLAIN + event(b'{"error": "the "prompt" is too long"}'),
    "garbage": PLAIN + event(b"{") + event(delta("not this")),
    "garbage that its neighbour mends": PLAIN + event(b'{"a": [{}') + event(b"{}]}"),
    "no chunk": PLAIN + event(b"[]") + event(delta("not this")),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
@given(at=st.lists(st.integers(0, 2_000), max_size=8))
def test_a_reply_is_the_same_wherever_its_bytes_are_cut(name: str, at: list[int]) -> None:
    body = BODIES[name]
    whole, cut, single = stream(), stream(), stream()
    text = taken(whole, body)
    assert text == taken(cut, body, at) == taken(single, body, list(range(len(body))))
    assert told(whole) == told(cut) == told(single)
    assert text.startswith("def naïve\u2028(")
    assert "not this" not in text


@pytest.mark.parametrize("name", [name for name in BODIES if "garbage" not in name and name != "no chunk"])
def test_what_is_not_as_plain_as_usual_says_the_same(name: str) -> None:
    read = stream()
    assert "):\n\n" in taken(read, BODIES[name])
    if not name.startswith("an error"):
        assert (read.finish_reason, read.usage.accepted_prediction_tokens) == ("stop", 2)
        assert (read.server_times.total_time_s, read.model, read.request_id) == (0.5, "m", "c-1")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("an error", ProviderUnavailable, "broke off the reply with an error: no more"),
        ("an error, unescaped", ProviderUnavailable, 'broke off the reply with an error: no "room" left.'),
        ("an error of two lines", ProviderUnavailable, "broke off the reply with an error: no room."),
        ("an error with a message, unescaped", ProviderUnavailable, 'with an error: no "room".'),
        ("an error that is too long", ContextExceeded, 'the "prompt" is too long'),
        ("garbage", ProviderProtocolError, "not valid JSON"),
        ("garbage that its neighbour mends", ProviderProtocolError, "not valid JSON"),
        ("no chunk", ProviderProtocolError, "not valid JSON"),
    ],
)
def test_an_error_comes_behind_the_content_before_it(name: str, error: type[Exception], words: str) -> None:
    read = stream()
    assert taken(read, BODIES[name], ends=False) == "def naïve\u2028():\n\n"
    assert isinstance(read.error, error)
    assert words in str(read.error)
    assert read.over


def test_a_reply_that_is_longer_than_it_may_be_is_an_error() -> None:
    read = stream(longest=5)
    assert taken(read, event(delta("12345")), ends=False) == "12345"
    assert taken(read, event(delta("6")), ends=False) == ""
    assert isinstance(read.error, EndlessReply)


def test_the_end_is_known_at_done_and_what_follows_is_not_read_for_ever() -> None:
    read = stream()
    taken(read, PLAIN + END, ends=False)
    assert not read.done
    read.push(DONE)
    assert read.done
    assert not read.over
    for _ in range(70):
        read.push(b":" * 1_000)
    assert read.over


def test_an_event_of_a_megabyte_is_read_once_it_is_whole() -> None:
    read = stream(longest=1 << 21, limit=1 << 18)
    body = event(delta("x" * (1 << 20)))
    assert taken(read, body, list(range(0, len(body), 9_000)), ends=False) == "x" * (1 << 20)
    assert read.push(event(delta("y"))) == "y"


def test_the_time_of_the_first_content_is_noted_and_that_of_none_is_not() -> None:
    read = stream()
    read.push(event(delta("")))
    assert read.first is None
    read.push(event(delta("x")))
    assert read.first == 7.0


def test_an_answer_that_is_not_streamed_is_taken_as_one_chunk() -> None:
    read = stream({"content-type": "application/json"})
    body = json.dumps({"choices": [{"message": {"content": "all"}, "finish_reason": "stop"}], "usage": USAGE})
    assert taken(read, body.encode(), [3, 9, 40]) == "all"
    assert (read.finish_reason, read.usage.completion_tokens) == ("stop", 3)


def test_a_page_is_no_reply() -> None:
    read = stream({"content-type": "text/html"})
    assert read.over
    assert "text/html" in str(read.error)


@pytest.mark.parametrize("depth", [100, 3_000, 100_000])
def test_an_event_that_is_nested_deeply_is_garbage_and_no_accident(depth: int) -> None:
    read = stream()
    read.push(b'data: {"error":' + b"[" * depth + b"\n\n")
    assert isinstance(read.error, ProviderProtocolError)
