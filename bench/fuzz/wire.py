"""What a server says of itself, fuzzed: usage and times in events, headers, and the list of its models."""

from __future__ import annotations

from dataclasses import astuple
from typing import Final

import msgspec

from bench.fuzz.grow import Grammar
from editsvc import credible
from editsvc.provider import budget, failures
from editsvc.provider.stream import ReplyStream
from editsvc.provider.wire import decode_chunk, decode_models, reported

_USAGE: Final = (
    b'{"id":"c-1","model":"m","choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,'
    b'"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":'
    b'{"accepted_prediction_tokens":2,"rejected_prediction_tokens":0,"reasoning_tokens":1}},'
    b'"time_info":{"queue_time":0.1,"prompt_time":0,"completion_time":0.5,"total_time":1e-3}}'
)
_VALUES: Final = (
    *(
        b"0",
        b"-0",
        b"-5",
        b"1",
        b"12.0",
        b"12.5",
        b"1e999",
        b"-1e999",
        b"NaN",
        b"Infinity",
        b"9223372036854775807",
    ),
    *(
        b"9" * 30,
        b"9" * 400,
        b"null",
        b"true",
        b"false",
        b'""',
        b'"7"',
        b'"\\ud800"',
        b"[]",
        b"{}",
        b"[[{}]]",
    ),
)
_NAMES: Final = tuple(
    b'"%s":' % name
    for name in (
        *(b"id", b"model", b"choices", b"finish_reason", b"usage", b"time_info", b"prompt_tokens", b"index"),
        *(b"completion_tokens", b"completion_tokens_details", b"accepted_prediction_tokens", b"queue_time"),
        *(
            b"rejected_prediction_tokens",
            b"reasoning_tokens",
            b"cached_tokens",
            b"prompt_tokens_details",
            b"total_time",
        ),
    )
)
EVENTS: Final = Grammar(
    (*_VALUES, *_NAMES, b"{", b"}", b"[", b"]", b",", b'"', b"\\", b"\n", b"\xff", b"\xc3", b"\0"),
    (
        _USAGE,
        b'{"choices":[],"usage":null}',
        b'{"error":{"code":"429","message":"no"},"status_code":429}',
        b"{}",
    ),
    rare=(b"[" * 3_000, b"9" * 5_000, b'"' + b"x" * 5_000 + b'"'),
    longest=600,
)
HEADERS: Final = Grammar(
    tokens=(
        *(
            "x-ratelimit-limit-tokens-minute: ",
            "x-ratelimit-remaining-tokens-minute: ",
            "x-ratelimit-other: ",
        ),
        *(
            "x-ratelimit-reset-tokens-minute: ",
            "x-ratelimit-remaining-requests-day: ",
            "retry-after: ",
            "cf-ray: ",
        ),
        *(
            "x-ratelimit-reset-requests-day: ",
            "x-ratelimit-limit-requests-day: ",
            "x-request-id: ",
            "\n",
            "\n",
        ),
        *(
            "0",
            "1",
            "-1",
            "60",
            "99999999",
            "1e999",
            "nan",
            "inf",
            "Wed, 21 Oct 2099 07:28:00 GMT",
            "6m0s",
            "é",
            "\0",
        ),
        *(
            "\x1b[2J",
            " ",
            "٣",
            "1_0",
            "0x10",
            "Sat, 31 Feb 2026 25:61:61 +9999",
            "Mon, 01 Jan 0001 00:00:00 +2359",
        ),
    ),
    seeds=(
        "",
        "x-request-id: r-1\nretry-after: 7\n",
        (
            "x-ratelimit-limit-requests-day: 9\nx-ratelimit-remaining-requests-day: 0\n"
            "x-ratelimit-reset-requests-day: 60\n"
        ),
    ),
    rare=("9" * 5_000, "x" * 5_000),
    longest=300,
)
MODELS: Final = Grammar(
    (
        b'{"data":',
        b'{"id":',
        b'"gpt-oss-120b"',
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b"null",
        b"5",
        b'""',
        b'"\\ud800"',
        b"\xff",
    ),
    (b'{"object":"list","data":[{"id":"m","object":"model"}]}', b"[]", b"null", b"<html>", b'{"data":null}'),
    rare=(b"[" * 3_000, b'{"data":[' + b'{"id":"m"},' * 2_000),
    longest=200,
)
_SERVER: Final = "s.example"
_LONGEST_SENTENCE: Final = 600


def check_wire(event: bytes, lines: str, listed: bytes) -> str:
    """Numbers that can be, words of bounded length, one sentence for each refusal, and no other exception."""
    headers = {
        name: value for line in lines.split("\n") for name, colon, value in [line.partition(": ")] if colon
    }
    came = [_event(event), _stream(event, headers), _headers(headers), _listed(listed)]
    return " ".join(came)


def _event(data: bytes) -> str:
    try:
        chunk = decode_chunk(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "no-chunk"
    said = reported(chunk)
    usage, times = said.usage, said.server
    if usage is not None:
        assert all(credible.count(count) == count for count in astuple(usage) if count is not None), usage
        for part in (
            usage.accepted_prediction_tokens,
            usage.rejected_prediction_tokens,
            usage.reasoning_tokens,
        ):
            assert part is None or usage.completion_tokens is None or part <= usage.completion_tokens
    if times is not None:
        assert all(credible.seconds(time) == time for time in astuple(times) if time is not None), times
    assert all(len(value) <= _LONGEST_SENTENCE for value in said.odd.values())
    return f"usage-{usage is not None:d}{times is not None:d}{len(said.odd)}"


def _stream(data: bytes, headers: dict[str, str]) -> str:
    stream = ReplyStream(
        {**headers, "content-type": "text/event-stream"},
        server=_SERVER,
        longest=1_000,
        limit=10,
        clock=lambda: 0.0,
    )
    stream.push(b"data: " + data + b"\n\n")
    stream.end()
    for name in (stream.request_id, stream.model):
        assert name is None or credible.name(name) == name
    assert credible.word(stream.finish_reason) == stream.finish_reason
    if stream.error is None:
        return "end"
    _check_sentence(stream.error)
    return type(stream.error).__name__


def _headers(headers: dict[str, str]) -> str:
    limits = failures.rate_limit(headers)
    assert credible.rate_limits(limits) == (limits or None)
    budget.Budget().finish(budget.Budget().reserve(1, 0.0), limits, 1.0)
    tokens = budget.tokens_a_minute(limits)
    assert tokens is None or 1 <= tokens <= credible.MOST
    error = failures.from_status(429, "no", server=_SERVER, headers=headers)
    _check_sentence(error)
    wait = getattr(error, "retry_after_s", None)
    assert wait is None or 0 <= wait <= failures.LONGEST_COOLDOWN_S, wait
    return f"limits-{len(limits)}{tokens is not None:d}{wait is not None:d}"


def _check_sentence(error: Exception) -> None:
    sentence = str(error)
    assert sentence
    assert "\n" not in sentence
    assert len(sentence) <= _LONGEST_SENTENCE, sentence


def _listed(data: bytes) -> str:
    try:
        rows = decode_models(data).data or ()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "no-list"
    return f"models-{min(len(rows), 3)}{sum(credible.name(row.id) is not None for row in rows) > 0:d}"
