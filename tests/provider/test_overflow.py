"""A request that is too long is recognised in what servers say, as are the figures, whosever words they are."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from answering import JSON, Answer, Server, served
from hypothesis import given
from hypothesis import strategies as st

from editsvc.emulator import EmulatedModel, Emulator, EmulatorOptions
from editsvc.errors import (
    ContextExceeded,
    EditsvcError,
    Means,
    ProviderAuthError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from editsvc.prompt.rendering import Message
from editsvc.provider.base import Completion, CompletionRequest
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.overflow import Overflow, read

# What servers were seen to say, with the limit and the length that they name.
SAID: dict[str, tuple[int | None, int | None]] = {
    "Please reduce the length of the messages or completion. Current length is 69553 while limit is 65536": (
        65_536,
        69_553,
    ),
    "Please reduce the length of the messages or completion.": (None, None),
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 173172 tokens. "
    "Please reduce the length of the messages.": (128_000, 173_172),
    "This model's maximum context length is 131072 tokens. However, you requested 131134 tokens (122942 in the "
    "messages, 8192 in the completion).": (131_072, 131_134),
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 132463 tokens "
    "(1463 of text input, 131000 in the output).": (131_072, 132_463),
    "This model's maximum context length is 32768 tokens. However, you requested 32512 output tokens and your "
    "prompt contains at least 257 input tokens, for a total of at least 32769 tokens. Please reduce the length of "
    "the input prompt. (parameter=input_tokens, value=257)": (32_768, 32_769),
    "This model's maximum context length is 32768 tokens. However, you requested 32768 output tokens and your "
    "prompt contains 31800 characters (more than 0 characters, which is the upper bound).": (32_768, None),
    "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 65536 "
    "tokens and your request has 57879 input tokens (8192 > 65536 - 57879).": (65_536, 66_071),
    "Your input exceeds the context window of this model. Please adjust your input and try again.": (
        None,
        None,
    ),
    "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 509178 tokens.": (
        272_000,
        509_178,
    ),
    "request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it": (8192, 9412),
    "Context size has been exceeded.": (None, None),
    "The number of tokens to keep from the initial prompt is greater than the context length "
    "(n_keep: 4103 >= n_ctx: 4096).": (4096, 4103),
    "The input (516368 tokens) is longer than the model's context length (262144 tokens).": (
        262_144,
        516_368,
    ),
    "Requested token count exceeds the model's maximum context length of 64000 tokens. You requested a total of "
    "71897 tokens: 7897 tokens from the input messages and 64000 tokens for the completion.": (
        64_000,
        71_897,
    ),
    "Prompt contains 300000 tokens, too large for model with 131072 maximum context length": (
        131_072,
        300_000,
    ),
    "Prompt has 300,000 tokens, but the configured context size is 131,072 tokens": (131_072, 300_000),
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3474 `inputs` tokens and "
    "60 `max_new_tokens`": (2048, 3534),
    "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000": (4096, None),
    "The prompt is too long: 140000, model maximum context length: 131071": (131_071, 140_000),
    "prompt is too long: 213462 tokens > 200000 maximum": (200_000, 213_462),
    "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length": (
        200_000,
        209_573,
    ),
    "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575)": (
        1_048_575,
        1_196_265,
    ),
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens": (131_072, 537_812),
    "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.": (131_040, 131_393),
    "Prompt length (5000) exceeds maximum input length (4096)": (4096, 5000),
    "Your request exceeded model token limit: 262144 (requested: 300000)": (262_144, 300_000),
    "prompt token count of 145000 exceeds the limit of 128000": (128_000, 145_000),
    "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4300.": (4081, 4300),
    "Range of input length should be [1, 129024]": (129_024, None),
    "prompt too long; exceeded max context length by 4096 tokens": (None, None),
    "Prompt exceeds max length": (None, None),
    "Input is too long for requested model.": (None, None),
}

OTHER = [
    "",
    "Internal server error",
    "Loading model",
    "model runner crashed unexpectedly",
    "property 'prediction' is unsupported",
    "Extra inputs are not permitted",
    "Invalid input: messages must be a list",
    "Input should be less than or equal to 8192",
    "max_tokens must be less than or equal to 8192",
    "max_tokens is too large: 32000. This model supports at most 8192 completion tokens.",
    "You requested up to 64000 tokens, but can only afford 8000.",
    "You exceeded your current quota, please check your plan and billing details.",
    "server busy, please try again. maximum pending requests exceeded",
    "Tokens per minute limit exceeded - too many tokens processed.",
    "Throttling error: Too many tokens, please wait before trying again.",
    "Rate limit reached on tokens per min (TPM): Limit 30000, Used 28000, Requested 3000.",
    "Rate limit reached on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619.",
    "400 Request Header Or Cookie Too Large",
    "414 Request-URI Too Large",
]
MINUTE = (
    "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000, please reduce your "
    "message size and try again."
)


@pytest.mark.parametrize("said", SAID)
def test_what_servers_say_about_the_length_is_read(said: str) -> None:
    found = read({"error": {"message": said, "type": "invalid_request_error"}})
    assert found is not None
    assert (found.limit, found.length, found.a_minute) == (*SAID[said], False)


@pytest.mark.parametrize("said", OTHER)
def test_other_refusals_are_not_taken_for_it(said: str) -> None:
    assert read({"error": {"message": said}}) is None


@pytest.mark.parametrize(
    "code",
    [
        "context_length_exceeded",
        "exceed_context_size_error",
        "model_context_window_exceeded",
        "ContextWindowExceededError",
        "request_too_large",
        "string_above_max_length",
    ],
)
@pytest.mark.parametrize("name", ["code", "type"])
def test_a_code_or_a_type_is_enough(code: str, name: str) -> None:
    assert read({"error": {"message": "No.", name: code}}) == Overflow()


@pytest.mark.parametrize(
    "body",
    [
        {"message": "too long", "type": "exceed_context_size_error", "n_prompt_tokens": 9412, "n_ctx": 8192},
        {
            "error": {
                "code": 400,
                "message": "request (9412 tokens) exceeds the available context size (8192)",
            }
        },
        {"object": "error", "message": "The input (9412 tokens) is longer than the context length (8192)."},
        {"detail": '{"error": {"message": "context size is 8192 tokens", "n": "requested 9412 tokens"}}'},
        {"message": {"detail": [{"msg": "maximum context length is 8192, requested 9412 tokens"}]}},
        {
            "error": {
                "message": "Provider returned error",
                "code": 400,
                "metadata": {"raw": '{"error": "maximum context length is 8192, requested 9412 tokens"}'},
            }
        },
        "maximum context length is 8192, requested 9412 tokens",
    ],
    ids=["figures", "within error", "at the top", "a detail", "an object", "passed on", "a text"],
)
def test_wherever_the_body_says_it(body: Any) -> None:
    assert read(body) == Overflow(8192, 9412)


def test_what_is_repeated_of_the_request_says_nothing() -> None:
    sent = "raise ContextExceeded('maximum context length is 10 tokens')"
    assert read({"detail": [{"msg": "Extra inputs are not permitted", "input": {"content": sent}}]}) is None


def test_a_limit_of_a_minute_counts_if_the_request_alone_is_above_it() -> None:
    body = {"error": {"message": MINUTE, "type": "tokens", "code": "rate_limit_exceeded"}}
    assert read(body) == Overflow(6000, 9000, a_minute=True)
    body["error"]["message"] = MINUTE.replace("9000", "5000")
    assert read(body) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.sampled_from([*SAID, *OTHER]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["error", "message", "n_ctx", "x"]), inner, max_size=3)
        ),
    )
)
def test_no_body_is_too_odd(body: Any) -> None:
    found = read(body)
    if found is not None and found.limit is not None and found.length is not None:
        assert 0 < found.limit <= found.length


# --- through the SDK, over HTTP --------------------------------------------------------------------------------

ASKED = CompletionRequest("a-model", [Message("user", "x")], 100)
EVENTS = {"content-type": "text/event-stream"}
LLAMA = {
    "error": {
        "code": 400,
        "message": "the request exceeds the available context size, try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 9412,
        "n_ctx": 8192,
    }
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as running:
        yield running


def error_of(url: str, asked: CompletionRequest = ASKED) -> EditsvcError:
    provider = CerebrasProvider(api_key="a-secret-key", base_url=url)
    try:
        asyncio.run(provider.complete(asked, lambda _: None))
    except EditsvcError as exc:
        return exc
    finally:
        provider.close()
    raise AssertionError("it did not fail")


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


@pytest.mark.parametrize("status", [400, 413, 422, 500, 503])
def test_a_refusal_is_an_error_with_figures_whatever_its_status(server: Server, status: int) -> None:
    server.answer = Answer(json.dumps(LLAMA).encode(), JSON | {"x-request-id": "r-1"}, status)
    error = error_of(server.url)
    assert isinstance(error, ContextExceeded)
    assert (error.limit, error.length, error.http_status) == (8192, 9412, status)
    assert error.request_id == "r-1"
    assert error.message == (
        "127.0.0.1 takes 8,192 tokens, prompt and reply together, and this request needs 9,412."
    )
    assert [remedy.means for remedy in error.remedies] == [Means.SMALLER_SCOPE]


@pytest.mark.parametrize("in_the_middle", [False, True])
@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (LLAMA, 8192),
        ({"message": "request (9412 tokens) exceeds the context size (8192 tokens)", "code": 400}, 8192),
        ({"error": {"message": "maximum context length is 8192 tokens"}}, 8192),
        ({"error": "Context size has been exceeded."}, None),
    ],
)
def test_so_is_an_event(
    server: Server, body: dict[str, Any], limit: int | None, *, in_the_middle: bool
) -> None:
    begun = event({"choices": [{"index": 0, "delta": {"content": "a"}}]}) if in_the_middle else b""
    server.answer = Answer(begun + event(body) + b"data: [DONE]\n\n", EVENTS)
    error = error_of(server.url)
    assert isinstance(error, ContextExceeded)
    assert error.limit == limit


def test_a_context_that_is_full_in_mid_reply_tells_its_size(server: Server) -> None:
    server.answer = Answer(
        event({"choices": [{"index": 0, "delta": {"content": "a"}}]})
        + event(
            {
                "choices": [{"index": 0, "delta": {}, "finish_reason": "model_context_window_exceeded"}],
                "usage": {"prompt_tokens": 8000, "completion_tokens": 192},
            }
        )
        + b"data: [DONE]\n\n",
        EVENTS,
    )
    error = error_of(server.url)
    assert isinstance(error, ContextExceeded)
    assert (error.limit, error.length) == (8192, None)


def test_without_figures_the_server_has_the_word(server: Server) -> None:
    server.answer = Answer(b'{"error": {"message": "Context size has been exceeded."}}', status=500)
    assert error_of(server.url).message == (
        "The request is longer than 127.0.0.1 takes (500: Context size has been exceeded)."
    )


@pytest.mark.parametrize("status", [413, 429])
def test_a_request_above_the_limit_of_a_minute_will_never_pass(server: Server, status: int) -> None:
    server.answer = Answer(json.dumps({"error": {"message": MINUTE}}).encode(), status=status)
    error = error_of(server.url)
    assert isinstance(error, ContextExceeded)
    assert error.a_minute
    assert error.message == "127.0.0.1 takes 6,000 tokens a minute, and this request alone needs 9,000."


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (
            413,
            "Rate limit reached on tokens per minute (TPM): Limit 9000, Requested 500",
            ProviderRateLimited,
        ),
        (
            429,
            "Rate limit reached on tokens per minute (TPM): Limit 9000, Requested 500",
            ProviderRateLimited,
        ),
        (429, "Too many tokens in your requests; maximum context length is 5", ProviderRateLimited),
        (401, "maximum context length is 5 tokens with this key", ProviderAuthError),
        (400, "max_tokens must be at most 5", ProviderRejected),
        (500, "Internal server error", ProviderUnavailable),
    ],
)
def test_what_passes_or_is_another_fault_stays_what_it_is(
    server: Server, status: int, said: str, expected: type[EditsvcError]
) -> None:
    server.answer = Answer(json.dumps({"error": {"message": said}}).encode(), status=status)
    assert type(error_of(server.url)) is expected


def test_a_413_without_a_word_means_it(server: Server) -> None:
    server.answer = Answer(b"<html>413 Request Entity Too Large</html>", {"content-type": "text/html"}, 413)
    error = error_of(server.url)
    assert isinstance(error, ContextExceeded)
    assert (error.limit, error.message) == (None, "The request is longer than 127.0.0.1 takes (413).")


async def test_the_words_of_cerebras_as_its_emulator_says_them() -> None:
    async with Emulator(
        EmulatorOptions(echo=True, models=(EmulatedModel("a-model", context=90),))
    ) as emulator:
        provider = CerebrasProvider(api_key="k", base_url=emulator.base_url)
        try:
            outcome: Completion | EditsvcError = await provider.complete(ASKED, lambda _: None)
        except EditsvcError as exc:
            outcome = exc
        finally:
            provider.close()
    assert isinstance(outcome, ContextExceeded)
    assert outcome.limit == 90
    assert outcome.length is not None and outcome.length > 100
