"""The JSON of the chat completions API, as far as it is read or written here.

Everything that a server might leave out has a default, and what is not listed is ignored: chunks of other
servers, and of this one next month, must still decode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from editsvc.provider.base import ServerTimes, Usage

if TYPE_CHECKING:
    from editsvc.provider.base import CompletionRequest


class CompletionDetails(msgspec.Struct):
    """``usage.completion_tokens_details``."""

    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None
    reasoning_tokens: int | None = None


class PromptDetails(msgspec.Struct):
    """``usage.prompt_tokens_details``."""

    cached_tokens: int | None = None


class UsageCounts(msgspec.Struct):
    """``usage``."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_tokens_details: PromptDetails | None = None

    def usage(self) -> Usage:
        """The counts in our own words."""
        completion = self.completion_tokens_details or CompletionDetails()
        prompt = self.prompt_tokens_details or PromptDetails()
        return Usage(
            prompt_tokens=self.prompt_tokens,
            cached_tokens=prompt.cached_tokens,
            completion_tokens=self.completion_tokens,
            reasoning_tokens=completion.reasoning_tokens,
            accepted_prediction_tokens=completion.accepted_prediction_tokens,
            rejected_prediction_tokens=completion.rejected_prediction_tokens,
        )


class TimeInfo(msgspec.Struct):
    """``time_info``, in seconds."""

    queue_time: float | None = None
    prompt_time: float | None = None
    completion_time: float | None = None
    total_time: float | None = None

    def times(self) -> ServerTimes:
        """The times in our own words."""
        return ServerTimes(self.queue_time, self.prompt_time, self.completion_time, self.total_time)


class Content(msgspec.Struct):
    """A delta, or the message of a reply that was not streamed."""

    content: str | None = None


class Choice(msgspec.Struct):
    """One choice of a chunk, or of a reply that was not streamed."""

    delta: Content | None = None
    message: Content | None = None
    finish_reason: str | None = None
    index: int = 0


class Chunk(msgspec.Struct):
    """One event of a stream, or the body of a reply that was not streamed; errors have the same shape."""

    id: str | None = None
    model: str | None = None
    choices: list[Choice] | None = None
    usage: UsageCounts | None = None
    time_info: TimeInfo | None = None
    error: Any = None
    # An error may also stand at the top level, without an `error` key.
    message: Any = None
    type: Any = None
    code: Any = None
    status_code: Any = None


decode_chunk = msgspec.json.Decoder(Chunk).decode
_encoder = msgspec.json.Encoder()


def encode_request(request: CompletionRequest, *, asks_for_usage: bool = False) -> bytes:
    """The body of a request; what is not given is left out, since the API takes no nulls.

    `asks_for_usage` adds OpenAI's ``stream_options.include_usage``.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "temperature": 0,
        "max_completion_tokens": request.max_completion_tokens,
        "stream": True,
    }
    if asks_for_usage:
        body["stream_options"] = {"include_usage": True}
    if request.reasoning_effort is not None:
        body["reasoning_effort"] = request.reasoning_effort
    if request.prediction is not None:
        body["prediction"] = {"type": "content", "content": request.prediction}
    if request.response_format is not None:
        body["response_format"] = request.response_format
    return _encoder.encode(body)
