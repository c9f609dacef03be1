"""The border for a server's numbers: what cannot be is not reported, and the rest of the chunk is read."""

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.provider.wire import decode_chunk, reported
from editsvc.usage import Drafts, ServerTimes, Usage

NUMBERS = {
    "negative": "-5",
    "64 bits": str(2**63 - 1),
    "400 digits": "1" * 400,
    "half a million digits": "1" * 500_000,
    "not a number": "NaN",
    "infinity": "-Infinity",
    "beyond a float": "1e400",
    "a fraction": "12.5",
    "a truth": "true",
    "text": '"7"',
    "surrogate": '"\\ud800"',
    "an object": "{}",
    "a list": "[[1]]",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "prompt_tokens",
    "completion_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
    "cached_tokens",
    "reasoning_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
    "queue_time",
    "prompt_time",
    "completion_time",
    "total_time",
]
TOLD = st.recursive(JSON, lambda inner: st.dictionaries(st.sampled_from(NAMES), inner), max_leaves=12)


def chunk(number: str) -> bytes:
    return (
        '{"choices":[{"delta":{"content":"é"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,'
        f'"completion_tokens":{number},"completion_tokens_details":{{"accepted_prediction_tokens":4}}}},'
        f'"time_info":{{"queue_time":{number},"total_time":0.5}}}}'
    ).encode()


@pytest.mark.parametrize("number", [each for each in NUMBERS if each != "surrogate"])
def test_an_odd_number_takes_nothing_else_with_it(number: str) -> None:
    read = decode_chunk(chunk(NUMBERS[number]))
    assert read.choices is not None and read.choices[0].delta is not None
    assert (read.choices[0].delta.content, read.choices[0].finish_reason) == ("é", "stop")
    told = reported(read)
    assert told.usage == Usage(prompt_tokens=9, accepted_prediction_tokens=4)
    assert told.server is not None
    assert (told.server.total_time_s, told.server.queue_time_s) == (
        0.5,
        12.5 if number == "a fraction" else None,
    )
    assert "completion tokens" in told.odd
    assert all(len(value) < 40 for value in told.odd.values())


def test_what_is_not_valid_unicode_is_not_read_by_way_of_an_odd_number() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_chunk(b'{"choices":[{"delta":{"content":"\\ud800"}}],"usage":{"prompt_tokens":NaN}}')


@pytest.mark.parametrize(
    "data", [b"", b"{", b"no JSON", b'{"choices": 7}', b'{"usage": {"prompt_tokens": NaN}']
)
def test_what_is_no_chunk_stays_none(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_chunk(data)


def test_zero_is_reported_and_absence_is_not() -> None:
    told = reported(decode_chunk(b'{"usage":{"completion_tokens":0,"prompt_tokens":3.0}}'))
    assert told == (Usage(prompt_tokens=3, completion_tokens=0), None, {}, None)
    assert reported(decode_chunk(b'{"usage":{},"time_info":{}}')) == (Usage(), ServerTimes(), {}, None)


def test_a_completion_time_of_zero_is_one_that_nobody_measured_and_nothing_odd() -> None:
    told = reported(decode_chunk(b'{"time_info":{"queue_time":0,"completion_time":0.0,"total_time":0.0}}'))
    assert told == (None, ServerTimes(queue_time_s=0.0, total_time_s=0.0), {}, None)


@given(usage=TOLD, times=TOLD)
def test_whatever_stands_there_the_reply_is_read_and_its_numbers_can_be(usage: object, times: object) -> None:
    data = json.dumps({"choices": [{"delta": {"content": "x"}}], "usage": usage, "time_info": times}).encode()
    try:
        read = decode_chunk(data)
    except msgspec.DecodeError:
        assert b"\\ud" in data  # half of a surrogate pair, which is no text
        return
    told = reported(read)
    assert read.choices is not None
    for count in msgspec.to_builtins(told.usage or Usage()).values():
        assert count is None or (type(count) is int and 0 <= count <= 10**9)
    for seconds in msgspec.to_builtins(told.server or ServerTimes()).values():
        assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@pytest.mark.parametrize(
    ("usage", "prompt", "cached"),
    [
        ('{"prompt_tokens":900,"prompt_tokens_details":{"cached_tokens":700}}', 900, 700),
        ('{"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":700}}', 800, 700),  # counted apart
        ('{"prompt_tokens":900,"cache_read_input_tokens":700}', 900, 700),
        ('{"prompt_tokens":900,"prompt_tokens_details":null,"prompt_cache_hit_tokens":700}', 900, 700),
        ('{"prompt_tokens":0,"cache_read_input_tokens":700}', 0, None),
        ('{"prompt_tokens":900,"cache_read_input_tokens":0}', 900, None),
    ],
)
def test_cached_tokens_are_part_of_the_prompt_however_a_server_counts_them(
    usage: str, prompt: int, cached: int | None
) -> None:
    told = reported(decode_chunk(f'{{"usage":{usage}}}'.encode())).usage
    assert told == Usage(prompt_tokens=prompt, cached_tokens=cached)


@pytest.mark.parametrize(
    ("chunk", "drafts"),
    [
        ('{"timings":{"draft_n":40,"draft_n_accepted":31,"prompt_n":9}}', Drafts(40, 31)),  # llama.cpp
        ('{"timings":{"prompt_n":9}}', None),  # drafts nothing
        (
            '{"metrics":{"speculative_decoding":{"num_draft_tokens":4,"num_accepted_draft_tokens":0}}}',
            Drafts(4, 0),
        ),
        ('{"usage":{"metrics":{"speculative_decoding":{"num_draft_tokens":4}}}}', Drafts(4)),
        (
            '{"perf_metrics":{"speculation-prompt-tokens":"40","speculation-prompt-matched-tokens":"31"}}',
            Drafts(40, 31),
        ),
        ('{"perf_metrics":{"speculation-prompt-tokens":4,"speculation-prompt-matched-tokens":5}}', Drafts(4)),
        ('{"perf_metrics":{"speculation-prompt-tokens":-4}}', None),
        ('{"perf_metrics":{"speculation-prompt-tokens":"%s"}}' % ("9" * 400), None),
        ('{"perf_metrics":[],"metrics":"x","timings":7}', None),
    ],
)
def test_what_a_server_drafted_by_itself_is_counted_apart(chunk: str, drafts: Drafts | None) -> None:
    assert reported(decode_chunk(chunk.encode())).drafts == drafts
