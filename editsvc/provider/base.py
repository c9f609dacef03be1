"""What a provider takes and gives, whatever it is built on."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from editsvc.usage import Drafts, ServerTimes, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from editsvc.prompt.rendering import Message
    from editsvc.provider.patience import Waits


# Blanks and dashes in a row; the longest tokens of o200k and its like have 128.
_LONGEST_TOKEN: Final = 128


class Priority(StrEnum):
    """Who waits for a completion: somebody in front of a screen, or one of many files."""

    INTERACTIVE = "interactive"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One request for a streamed completion at temperature 0.

    There is no field for tools, logprobs or a number of choices: the API refuses a prediction together with
    any of them, and so such a request cannot be written down here. `prompt_tokens` is an estimate; together with
    `max_completion_tokens` it is what a server's rate limit reserves for the request. Whoever carries it out ends it by
    itself when `time_left_s` seconds are over, and waits meanwhile as `waits` says; None leaves that to the provider.
    The servers named in `unpredicted` get no prediction. `sent` is called, in some thread, as soon as the request is on
    its way: the moment for what was put off so that it leaves early.
    """

    model: str
    messages: Sequence[Message]
    max_completion_tokens: int
    prediction: str | None = None
    reasoning_effort: str | None = None
    response_format: Mapping[str, Any] | None = None
    prompt_tokens: int = 0
    priority: Priority = Priority.INTERACTIVE
    time_left_s: float = math.inf
    waits: Waits | None = None
    unpredicted: frozenset[str] = frozenset()
    sent: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)

    def predicts_at(self, server: str) -> bool:
        """Whether the prediction is to go along to `server`: that depends on who is asked."""
        return server not in self.unpredicted

    @property
    def longest_reply(self) -> int:
        """More code points than `max_completion_tokens` tokens can have: a server that sends more ignores the limit."""
        return self.max_completion_tokens * _LONGEST_TOKEN

    @property
    def reserved_tokens(self) -> int:
        """What the server takes from the tokens of this minute when the request arrives."""
        return self.prompt_tokens + self.max_completion_tokens


class AttemptReason(StrEnum):
    """Why a request was sent: the first of its edit, again, elsewhere, for the rest of a reply, or to be faster."""

    FIRST = "first"
    RETRY = "retry"
    FALLBACK = "fallback"
    RESUME = "resume"
    HEDGE = "hedge"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One HTTP request of an edit and its outcome: numbers and names, for the log.

    `outcome` is the reply's finish reason, the kind of an error, or ``cancelled``; `received` counts code points
    of content, `waited_s` is how long the request was held back, `total_s` how long it then took. The
    last two are what the server tells of its own speculation (`editsvc.usage.Drafts`).
    """

    provider: str
    model: str
    reason: AttemptReason
    predicted: bool
    outcome: str
    received: int
    waited_s: float
    total_s: float
    drafted_tokens: int | None = None
    accepted_draft_tokens: int | None = None

    def json(self) -> dict[str, Any]:
        """The attempt as ``rewrite --json`` and the log have it; times in milliseconds' precision."""
        times = {"waited_s": round(self.waited_s, 3), "total_s": round(self.total_s, 3)}
        values = {**asdict(self), **times}
        return {"why" if name == "reason" else name: value for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a server does otherwise than expected, for the user to know, once: `kind` tells what."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Completion:
    """How a stream ended; only ``finish_reason == "stop"`` makes what was streamed a whole reply.

    None means that the stream ended without saying why.
    `ttft_s` is the time from sending to the first piece of content, `total_s` to the end of the stream, both
    by the client's clock; `attempts` counts HTTP requests; `rate_limit` holds the ``x-ratelimit-`` headers
    without that prefix. `provider` is who answered, as `requested_model`, and `predicted` whether a prediction
    went along; `fallback_reason` says why that is not the server that comes first, "" if it is. `usage_is_whole` is
    false if other requests were billed whose usage is unknown. `odd` names the impossible numbers that the server
    reported, with their values; they are unknown in `usage` and `server`. `notices` says what else it did.
    """

    finish_reason: str | None
    usage: Usage = Usage()
    drafts: Drafts = Drafts()
    server: ServerTimes = ServerTimes()
    model: str | None = None
    request_id: str | None = None
    ttft_s: float | None = None
    total_s: float | None = None
    attempts: int = 1
    rate_limit: Mapping[str, str] = field(default_factory=dict)
    provider: str | None = None
    requested_model: str | None = None
    predicted: bool | None = None
    fallback_reason: str = ""
    usage_is_whole: bool = True
    odd: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

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
            usage_is_whole=earlier.usage_is_whole and self.usage_is_whole,
        )


class Provider(Protocol):
    """One server that completes chats."""

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

    def warm_up(self) -> None:
        """Load and connect what the first request needs, without sending anything; blocks, and never raises."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class Receiver(Protocol):
    """Who follows a completion through all of its attempts; called on the event loop's thread."""

    def received(self, text: str) -> None:
        """More of the reply."""
        ...

    def restarted(self) -> None:
        """What was received so far is void: the reply begins anew."""
        ...

    def attempted(self, attempt: Attempt) -> None:
        """A request has ended."""
        ...

    def held(self, seconds: float | None) -> None:
        """The next request is held back because of a limit, for about so long; None if that is not known."""
        ...

    def released(self) -> None:
        """It goes on."""
        ...

    def granted(self, seconds: float) -> None:
        """The server that is asked now calls for so much time from here on, whatever the deadline was."""
        ...

    def time_left_s(self) -> float:
        """Seconds until the edit's deadline; infinity if there is none."""
        ...


class Completer(Protocol):
    """Completes chats by whatever servers it takes."""

    @property
    def name(self) -> str:
        """The provider that is asked first."""
        ...

    @property
    def refuses_predictions(self) -> bool:
        """Whether that provider has said a short while ago that it supports no predictions for its model."""
        ...

    def ignores_predictions(self, server: str) -> bool:
        """Whether `server` took no notice of the predictions that it got."""
        ...

    def context_tokens(self, model: str) -> int | None:
        """The most tokens that that provider was found to take for `model`, prompt and completion together.

        It is a limit, of the context or of a minute; None where nothing was learned.
        """
        ...

    async def complete(self, request: CompletionRequest, receiver: Receiver) -> Completion:
        """The completion, after as many attempts as it takes; raises the ProviderError that ended the last one.

        Cancelling the task closes every stream at once.
        """
        ...
