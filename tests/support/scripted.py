"""Servers that do as a script says, one entry a request, and a receiver that keeps what it is told."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from editsvc.errors import IncompleteReply, ProviderError, ProviderTimeout
from editsvc.prompt.rendering import Message
from editsvc.provider.base import Attempt, Completion, CompletionRequest, Priority


@dataclass(frozen=True)
class Says:
    """A reply: `text` in pieces of `piece` code points, each after `every_s`, the first after `first_s`.

    It ends with `error`, else with `finish_reason`; without an end it stalls until the read timeout of 15 s.
    """

    text: str = ""
    error: ProviderError | None = None
    finish_reason: str | None = "stop"
    first_s: float = 0.2
    every_s: float = 0.01
    piece: int = 8
    stalls: bool = False
    rate_limit: dict[str, str] = field(default_factory=dict)


@dataclass
class Scripted:
    """A provider; what it is asked beyond its script is answered like the last entry."""

    name: str
    script: Sequence[Says]
    asked: list[CompletionRequest] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)
    open: int = 0

    async def complete(self, request: CompletionRequest, on_delta: Callable[[str], None]) -> Completion:
        says = self.script[min(len(self.asked), len(self.script) - 1)]
        self.asked.append(request)
        self.asked_at.append(asyncio.get_running_loop().time())
        self.open += 1
        try:
            await asyncio.sleep(says.first_s)
            for at in range(0, len(says.text), says.piece):
                on_delta(says.text[at : at + says.piece])
                await asyncio.sleep(says.every_s)
            if says.stalls:
                await asyncio.sleep(15)
                raise ProviderTimeout(f"No data from {self.name} for 15 s.")
            if says.error is not None:
                raise says.error
            return Completion(says.finish_reason, rate_limit=says.rate_limit)
        finally:
            self.open -= 1

    async def models(self) -> list[str]:
        return []

    def close(self) -> None:
        pass


def cut(text: str) -> Says:
    """A reply whose connection breaks after `text`."""
    error = IncompleteReply("The connection broke.", finish_reason=None)
    return Says(text, error=error)


@dataclass
class Keeper:
    """A receiver; `shown` is what somebody sees, `deadline` on the loop's clock."""

    shown: str = ""
    restarts: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    holds: list[float | None] = field(default_factory=list)
    deadline: float = math.inf

    def received(self, text: str) -> None:
        assert text
        self.shown += text

    def restarted(self) -> None:
        self.restarts += 1
        self.shown = ""

    def attempted(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def held(self, seconds: float | None) -> None:
        self.holds.append(seconds)

    def released(self) -> None:
        pass

    def granted(self, seconds: float) -> None:
        self.deadline = max(self.deadline, asyncio.get_running_loop().time() + seconds)

    def time_left_s(self) -> float:
        return self.deadline - asyncio.get_running_loop().time()

    @property
    def route(self) -> list[tuple[str, str, str]]:
        return [(one.provider, one.reason.value, one.outcome) for one in self.attempts]


def a_request(
    prediction: str | None = None, *, priority: Priority = Priority.INTERACTIVE, tokens: int = 100
) -> CompletionRequest:
    return CompletionRequest(
        "first-model", [Message("user", "x")], tokens, prediction, "low", priority=priority
    )
