"""What a provider takes and gives, whatever it is built on."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from editsvc.prompt import Message


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One request for a streamed completion at temperature 0.

    There is no field for tools, logprobs or a number of choices: the API refuses a prediction together with
    any of them, and so such a request cannot be written down here.
    """

    model: str
    messages: Sequence[Message]
    max_completion_tokens: int
    prediction: str | None = None
    reasoning_effort: str | None = None
    response_format: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """The server's token counts; None where it reported none, which is not the same as 0."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None

    def __add__(self, other: Usage) -> Usage:
        """The counts of two requests together; what one of them did not report is not known of both."""
        pairs = ((getattr(self, one.name), getattr(other, one.name)) for one in fields(self))
        return Usage(*(None if a is None or b is None else a + b for a, b in pairs))


@dataclass(frozen=True, slots=True)
class ServerTimes:
    """The server's ``time_info``, in seconds; None where it reported none."""

    queue_s: float | None = None
    prompt_s: float | None = None
    completion_s: float | None = None
    total_s: float | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """How a stream ended; only ``finish_reason == "stop"`` makes what was streamed a whole reply.

    None means that the stream ended without saying why.
    `ttft_s` is the time from the call to the first piece of content, `total_s` to the end of the stream, both
    by the client's clock; `attempts` counts HTTP requests; `rate_limit` holds the ``x-ratelimit-`` headers
    without that prefix.
    """

    finish_reason: str | None
    usage: Usage = Usage()
    server: ServerTimes = ServerTimes()
    model: str | None = None
    request_id: str | None = None
    ttft_s: float | None = None
    total_s: float | None = None
    attempts: int = 1
    rate_limit: Mapping[str, str] = field(default_factory=dict)

    def after(self, earlier: Completion | None) -> Completion:
        """This completion as the end of an edit that an earlier one began: tokens, times and attempts add up."""
        if earlier is None:
            return self
        return replace(
            self,
            usage=earlier.usage + self.usage,
            ttft_s=earlier.ttft_s,
            total_s=None
            if self.total_s is None or earlier.total_s is None
            else earlier.total_s + self.total_s,
            attempts=earlier.attempts + self.attempts,
        )


class Provider(Protocol):
    """A server that completes chats."""

    @property
    def name(self) -> str:
        """The provider's name in results and in the log."""
        ...

    async def complete(self, request: CompletionRequest, on_delta: Callable[[str], None]) -> Completion:
        """Stream one completion; `on_delta` gets its content, in order, on the event loop's thread.

        Raises ProviderError for a stream that broke, or never began. Cancelling the task closes the stream at
        once.
        """
        ...

    async def models(self) -> list[str]:
        """The names of the models that the server lists."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
