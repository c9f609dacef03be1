"""The servers of a chain and what requests to them share: breakers, budgets, turns and the clock."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from editsvc.errors import ProviderError, ProviderRateLimited
from editsvc.provider.base import Completion, Priority
from editsvc.provider.breaker import Breaker
from editsvc.provider.budget import Budget
from editsvc.provider.failure_class import COOLDOWN_S, FailureClass, failure_class
from editsvc.provider.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from editsvc.provider.base import CompletionRequest, Provider, Receiver
    from editsvc.provider.budget import Reservation

_SHORTEST_NAP_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often to retry, and how long to wait; times in seconds."""

    max_retries: int = 2
    longest_wait_s: float = 8.0
    batch_wait_s: float = 300.0
    hedge_after_s: float | None = None


@dataclass(eq=False)
class Upstream:
    """One server of a chain.

    `model` and `predicts` are None for the first upstream: requests are made for it, and whoever makes them asks
    whether it refuses predictions. For another they say what its model is called and whether it takes predictions.
    `reasons` tells whether it takes ``reasoning_effort``.
    """

    provider: Provider
    model: str | None = None
    predicts: bool | None = None
    reasons: bool = True
    breaker: Breaker = field(default_factory=Breaker)
    budget: Budget = field(default_factory=Budget)
    limits: Limits = field(default_factory=Limits)
    refuses_predictions_until: float = -math.inf

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.provider.name

    def refuses_predictions(self, now: float) -> bool:
        """Whether it has said a short while ago that it supports none."""
        return now < self.refuses_predictions_until

    def adapted(self, request: CompletionRequest, now: float) -> CompletionRequest:
        """`request` as this server takes it."""
        refuses = self.model is not None and self.refuses_predictions(now)
        predicts = self.predicts is not False and not refuses
        return replace(
            request,
            model=self.model or request.model,
            prediction=request.prediction if predicts else None,
            reasoning_effort=request.reasoning_effort if self.reasons else None,
        )


class Upstreams:
    """The servers in the order in which they are asked; safe to use from several tasks of one event loop.

    `changed` is called with an upstream whose breaker is another than before, `learned` with one that was found to take
    another length of requests. `sleep` and `draw` (uniform
    in [0, 1)) are the caller's, like the clock.
    """

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        policy: RetryPolicy | None = None,
        *,
        clock: Callable[[], float],
        draw: Callable[[], float] = lambda: 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        changed: Callable[[Upstream], None] = lambda _: None,
        learned: Callable[[Upstream], None] = lambda _: None,
    ) -> None:
        self._upstreams = list(upstreams)
        self.policy = policy or RetryPolicy()
        self.now = clock
        self.draw = draw
        self._sleep = sleep
        self._changed = changed
        self._learned = learned
        self._queue = asyncio.Lock()  # batch requests take their turns in the order in which they came
        self._ended = asyncio.Event()  # set, and replaced, when a request ends

    def __iter__(self) -> Iterator[Upstream]:
        """The servers in their order."""
        return iter(self._upstreams)

    def __len__(self) -> int:
        """The number of servers."""
        return len(self._upstreams)

    @property
    def first(self) -> Upstream:
        """The one that is asked first."""
        return self._upstreams[0]

    async def pause(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await self._sleep(max(seconds, _SHORTEST_NAP_S))

    async def change(self, seconds: float) -> None:
        """Wait until a request has ended, at most for `seconds`."""
        waiting = asyncio.ensure_future(self._ended.wait())
        napping = asyncio.ensure_future(self.pause(seconds))
        try:
            await asyncio.wait({waiting, napping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            napping.cancel()

    async def turn(self, upstream: Upstream, request: CompletionRequest, receiver: Receiver) -> Reservation:
        """Wait until `request` may be sent as far as the server's limits go; raises ProviderRateLimited."""
        tokens = request.reserved_tokens
        if request.priority is Priority.INTERACTIVE:
            return upstream.budget.reserve(tokens, self.now())
        asked = self.now()
        if self._queue.locked():
            receiver.held(None)
        try:
            async with self._queue:
                while wait := upstream.budget.wait_s(tokens, request.priority, self.now()):
                    left = self.policy.batch_wait_s - (self.now() - asked)
                    if left <= 0 or left < wait < math.inf:
                        raise ProviderRateLimited(
                            f"{upstream.name} has no room for this request within {self.policy.batch_wait_s:g} s.",
                            hint="Try again later, or with fewer files.",
                            retry_after_s=None if math.isinf(wait) else wait,
                        )
                    receiver.held(None if math.isinf(wait) else wait)
                    await self.change(min(wait, left))
                return upstream.budget.reserve(tokens, self.now())
        finally:
            receiver.released()

    def finish(
        self,
        upstream: Upstream,
        request: CompletionRequest,
        reservation: Reservation,
        outcome: Completion | ProviderError | None,
    ) -> None:
        """Record the end of a request with all that learns from it; `outcome` is None if it was cancelled."""
        now = self.now()
        upstream.budget.finish(reservation, getattr(outcome, "rate_limit", None), now)
        before = upstream.breaker.health
        if isinstance(outcome, Completion):
            upstream.breaker.succeeded()
        elif outcome is None:
            upstream.breaker.abandoned()
        else:
            self._record_failure(upstream, outcome, now)
        if upstream.breaker.health != before:
            self._changed(upstream)
        if upstream.limits.learn(request, outcome, now):
            self._learned(upstream)
        ended, self._ended = self._ended, asyncio.Event()
        ended.set()

    @staticmethod
    def _record_failure(upstream: Upstream, error: ProviderError, now: float) -> None:
        fault = failure_class(error)
        if fault is FailureClass.SERVER:
            upstream.breaker.failed(now, error.kind)
        elif isinstance(error, ProviderRateLimited):
            wait = error.retry_after_s
            upstream.breaker.limited(now, COOLDOWN_S if wait is None else wait)
        else:
            upstream.breaker.abandoned()
