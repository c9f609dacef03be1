"""The servers of a chain and what requests to them share: breakers, budgets, turns and the clock."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from editsvc.errors import ProviderError, ProviderRateLimited
from editsvc.provider.base import Completion, Priority
from editsvc.provider.breaker import Breaker
from editsvc.provider.budget import ATTENDED_S, INTERACTIVE_SHARE, MARGIN_SHARE, Budget
from editsvc.provider.failure_class import COOLDOWN_S, FailureClass, failure_class
from editsvc.provider.lessons import Lessons
from editsvc.provider.limits import Limits
from editsvc.provider.presence import Nobody

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from editsvc.provider.base import CompletionRequest, Provider, Receiver
    from editsvc.provider.budget import Reservation
    from editsvc.provider.patience import Patience
    from editsvc.provider.presence import Presence

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

    `model` is None for the first upstream: requests are made for it. For another it says what its model is called.
    `predicts` is false for one that takes no predictions, whatever a request says, `reasons` tells whether it takes
    ``reasoning_effort``. `at_once` is how many requests it gets at the same time. `lessons` has what it turned out to
    do; without `patience`, how long it is waited for is left to its provider.
    """

    provider: Provider
    model: str | None = None
    predicts: bool | None = None
    reasons: bool = True
    breaker: Breaker = field(default_factory=Breaker)
    budget: Budget = field(default_factory=Budget)
    limits: Limits = field(default_factory=Limits)
    lessons: Lessons = field(default_factory=Lessons)
    patience: Patience | None = None
    at_once: float = math.inf
    under_way: int = 0
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
        predicts = self.predicts is not False and not refuses and request.predicts_at(self.name)
        adapted = replace(
            request,
            model=self.model or request.model,
            prediction=request.prediction if predicts else None,
            reasoning_effort=request.reasoning_effort if self.reasons else None,
        )
        if self.patience is None:
            return adapted
        pace = self.lessons.of(adapted.model).pace
        waits = self.patience.of(adapted.prompt_tokens, adapted.max_completion_tokens, pace)
        return replace(adapted, waits=waits)


@dataclass(eq=False, slots=True)
class _Waiting:
    """A batch request that waits for its turn; `first_since` tells since when no other one is before it."""

    upstream: Upstream
    tokens: int
    first_since: float | None = None


class Upstreams:
    """The servers in the order in which they are asked; safe to use from several tasks of one event loop.

    `changed` is called with an upstream whose breaker is another than before, `learned` with one that was found to take
    another length of requests. `presence` knows whether somebody edits interactively; `sleep` and `draw` (uniform
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
        presence: Presence | None = None,
    ) -> None:
        self._upstreams = list(upstreams)
        self.policy = policy or RetryPolicy()
        self.now = clock
        self.draw = draw
        self._sleep = sleep
        self._changed = changed
        self._learned = learned
        self._presence = presence or Nobody()
        self._waiting: list[_Waiting] = []  # batch requests in the order in which they came
        self._ended = asyncio.Event()  # set, and replaced, when a request ends or has got its turn

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
        """Wait until a request has ended or got its turn, at most for `seconds`."""
        waiting = asyncio.ensure_future(self._ended.wait())
        if math.isinf(seconds):
            await waiting
            return
        napping = asyncio.ensure_future(self.pause(seconds))
        try:
            await asyncio.wait({waiting, napping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            napping.cancel()

    async def turn(self, upstream: Upstream, request: CompletionRequest, receiver: Receiver) -> Reservation:
        """Wait until `request` may be sent as far as the server's limits go; raises ProviderRateLimited.

        Of batch requests the first one goes that fits into what is left; when a window begins, the one that has waited
        longest. To wait behind others is no failure: `batch_wait_s` begins when none is before it.
        """
        if upstream.under_way >= upstream.at_once:
            await self._slot(upstream, receiver)
        upstream.under_way += 1
        try:
            return await self._reserved(upstream, request, receiver)
        except BaseException:
            upstream.under_way -= 1
            self._wake()
            raise

    async def _slot(self, upstream: Upstream, receiver: Receiver) -> None:
        """Wait until the server has fewer requests than it gets at the same time: others of ours are with it."""
        try:
            while upstream.under_way >= upstream.at_once:
                receiver.held(None)
                await self.change(math.inf)
        finally:
            receiver.released()

    async def _reserved(
        self, upstream: Upstream, request: CompletionRequest, receiver: Receiver
    ) -> Reservation:
        tokens = request.reserved_tokens
        if request.priority is Priority.INTERACTIVE:
            self._presence.note()
            return upstream.budget.reserve(tokens, self.now())
        mine = _Waiting(upstream, tokens)
        self._waiting.append(mine)
        try:
            while (wait := self._turn_s(mine)) > 0:
                left = self._patience_s(mine)
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
            self._waiting.remove(mine)
            self._wake()
            receiver.released()

    def _turn_s(self, mine: _Waiting) -> float:
        """Seconds until it is its turn; infinity if that depends on others."""
        kept = INTERACTIVE_SHARE if self._presence.idle_s() < ATTENDED_S else MARGIN_SHARE
        now = self.now()

        def wait_s(one: _Waiting) -> float:
            return one.upstream.budget.wait_s(one.tokens, Priority.BATCH, now, kept=kept)

        wait = wait_s(mine)
        return wait or (math.inf if any(not wait_s(one) for one in self._before(mine)) else 0.0)

    def _before(self, mine: _Waiting) -> list[_Waiting]:
        earlier = self._waiting[: self._waiting.index(mine)]
        return [one for one in earlier if one.upstream is mine.upstream]

    def _patience_s(self, mine: _Waiting) -> float:
        """How much longer it may wait."""
        if self._before(mine):
            return math.inf
        if mine.first_since is None:
            mine.first_since = self.now()
        return self.policy.batch_wait_s - (self.now() - mine.first_since)

    def _wake(self) -> None:
        """Let all that wait look again."""
        ended, self._ended = self._ended, asyncio.Event()
        ended.set()

    def finish(
        self,
        upstream: Upstream,
        request: CompletionRequest,
        reservation: Reservation,
        outcome: Completion | ProviderError | None,
    ) -> None:
        """Record the end of a request with all that learns from it; `outcome` is None if it was cancelled."""
        upstream.under_way -= 1
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
        self._wake()

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
