"""Servers in the order in which they are asked, until one has answered the whole of a request.

The rules, in the order in which they apply:

1. Whoever can answer now is asked now: the first server in the chain whose breaker lets requests through, and that
   has not failed this request yet.
2. When all have failed it, the round is over. There are `max_retries` more of them, after a pause: the backoff, or
   what a server that answered 429 asks for. Nobody waits longer than `longest_wait_s`, nor beyond the edit's deadline.
   One of many files waits up to `batch_wait_s` for room within the limits, however often it is refused meanwhile.
3. Where all breakers are open, somebody in front of a screen still gets one try, with the server that is to be
   asked next, and no more. One of many files waits, or fails at once.
4. A reply that breaks off is asked for again, with what was received and the rest of the prediction as its
   prediction. It is hidden while it repeats what was shown, and takes its place if it does not.
5. With `hedge_after_s`, a request that has no content by then is also sent to the next server (or once more to the
   only one); the first that has content goes on, the other is cancelled.

A failure that another request would meet too (4xx) ends it at once. A request that is too long for a server goes to the
next one, which may take more; if none has answered it, the error says that it is too long, whatever else happened:
whoever asked can ask for less. The chain decides; what a failure means is in `failure_class`, when a server is left
alone in `breaker`, what the limits leave in `budget`.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editsvc import credible
from editsvc.errors import (
    ContextExceeded,
    IncompleteReply,
    PredictionUnsupported,
    ProviderBusy,
    ProviderError,
    ProviderRateLimited,
    ProviderUnavailable,
)
from editsvc.provider.base import Attempt, AttemptReason, Completion, Priority
from editsvc.provider.breaker import BreakerState
from editsvc.provider.failure_class import FailureClass, backoff_s, failure_class
from editsvc.provider.limits import impassable
from editsvc.provider.resume import ResumedReply, rest_predicted
from editsvc.usage import Drafts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editsvc.provider.base import CompletionRequest, Receiver
    from editsvc.provider.budget import Reservation
    from editsvc.provider.upstreams import Upstream, Upstreams

# How long a server's word that it supports no predictions is believed.
_REFUSAL_REMEMBERED_S: Final = 600.0
# A server that loads its model is asked so often whether it is ready.
_LOADING_POLL_S: Final = 2.0
# In code points: what takes longer than a millisecond or two belongs in a thread.
_LONG: Final = 100_000


class _Call:
    """One HTTP request under way. Its content is kept until it is known that it is the one to be shown."""

    def __init__(
        self,
        upstream: Upstream,
        reason: AttemptReason,
        request: CompletionRequest,
        reservation: Reservation,
        *,
        waited_s: float,
    ) -> None:
        self.upstream = upstream
        self.reason = reason
        self.request = request
        self.reservation = reservation
        self.waited_s = waited_s
        self.count = 0
        self.heard = asyncio.Event()
        self.outcome: Completion | ProviderError | None = None
        self.closed = False
        self._content: list[str] = []
        self._show: Callable[[str], None] | None = None
        self.task = asyncio.ensure_future(upstream.provider.complete(request, self._on_delta))

    def _on_delta(self, text: str) -> None:
        self.count += len(text)
        self.heard.set()
        if self._show is not None:
            self._show(text)
        else:
            self._content.append(text)

    def start_showing(self, show: Callable[[str], None]) -> None:
        """From now on, and with what came already, this is the call that is shown."""
        self._show = show
        if self._content:
            show("".join(self._content))
            self._content = []


class Chain:
    """A `Completer` over one or more servers; safe to use from several tasks of one event loop."""

    def __init__(self, upstreams: Upstreams) -> None:
        self.upstreams = upstreams

    @property
    def name(self) -> str:
        """The provider that is asked first."""
        return self.upstreams.first.name

    @property
    def refuses_predictions(self) -> bool:
        """See `Completer.refuses_predictions`."""
        return self.upstreams.first.refuses_predictions(self.upstreams.now())

    def ignores_predictions(self, server: str) -> bool:
        """See `Completer.ignores_predictions`."""
        asked = [one for one in self.upstreams if one.name == server]
        return any(lesson.ignores_predictions for one in asked for _, lesson in one.lessons.known())

    def context_tokens(self, model: str) -> int | None:
        """See `Completer.context_tokens`."""
        return self.upstreams.first.limits.tokens(model, self.upstreams.now())

    async def complete(self, request: CompletionRequest, receiver: Receiver) -> Completion:
        """See `Completer.complete`."""
        return await _RequestRun(self.upstreams, request, receiver).run()

    def warm_up(self) -> None:
        """Get the server ready that is asked first; see `Provider.warm_up`."""
        self.upstreams.first.provider.warm_up()

    def close(self) -> None:
        """Close every connection."""
        for upstream in self.upstreams:
            upstream.provider.close()


class _RequestRun:
    """One request on its way through the chain."""

    def __init__(self, upstreams: Upstreams, request: CompletionRequest, receiver: Receiver) -> None:
        self._upstreams = upstreams
        self._request = request
        self._receiver = receiver
        self._shown = ResumedReply()
        self._begun = math.inf  # when the first request was sent; its turn in the queue is not its time
        self._first: float | None = None
        self._attempts = 0
        self._failures: list[tuple[Upstream, ProviderError]] = []
        self._failed: set[Upstream] = set()  # those that failed this request in the present round
        self._out: set[Upstream] = set()  # those that will not do for this request at all
        self._waited_s = 0.0
        self._refusals = 0  # of one of many files, because of limits
        self._refused_since = 0.0
        self._busy_since: float | None = None  # since when a server has been loading
        self._busy_left_s = 0.0
        self._usage_is_whole = True

    async def run(self) -> Completion:
        retries = 0
        while True:
            upstream = await self._next()
            last_resort = not upstream.breaker.permits(self._upstreams.now())
            call = await self._ask(upstream)
            if isinstance(call.outcome, Completion):
                return self._whole(call, call.outcome)
            self._record_failure(call)
            if self._able():
                continue
            too_long = self._upstreams.first in self._out
            patient = self._is_patient() or self._waits_for(call)
            spent = retries >= self._upstreams.policy.max_retries and not patient
            if too_long or last_resort or spent:
                raise self._final_error()
            await self._rest(retries + self._refusals)
            retries += not patient

    def _is_patient(self) -> bool:
        """Whether a refusal because of limits counts for nothing: one of many files waits until there is room."""
        limited = isinstance(self._failures[-1][1], ProviderRateLimited)
        if not limited or self._request.priority is not Priority.BATCH:
            return False
        now = self._upstreams.now()
        if not self._refusals:
            self._refused_since = now
        self._refusals += 1
        return now - self._refused_since < self._upstreams.policy.batch_wait_s

    def _waits_for(self, call: _Call) -> bool:
        """Whether a server that is not ready yet is waited for: loading a large model takes minutes."""
        error, waits = call.outcome, call.request.waits
        if not isinstance(error, ProviderBusy) or waits is None:
            return False
        now = self._upstreams.now()
        if self._busy_since is None:
            self._busy_since = now
        self._busy_left_s = waits.loading_s - (now - self._busy_since)
        return self._busy_left_s > 0

    # --- whom to ask ------------------------------------------------------------------------------------------

    def _left(self) -> list[Upstream]:
        return [upstream for upstream in self._upstreams if upstream not in self._failed | self._out]

    def _able(self) -> bool:
        """Whether there is somebody to ask in this round, without waiting."""
        now = self._upstreams.now()
        return any(upstream.breaker.permits(now) for upstream in self._left())

    async def _next(self) -> Upstream:
        """The server to ask; raises ProviderError if nobody is to be asked."""
        while True:
            now = self._upstreams.now()
            left = self._left()
            for upstream in left:
                if upstream.breaker.permits(now):
                    return upstream
            soonest = min(left, key=lambda upstream: upstream.breaker.wait_s(now))
            wait = soonest.breaker.wait_s(now)
            limited = soonest.breaker.state(now) is BreakerState.CLOSED
            if self._request.priority is Priority.INTERACTIVE and not limited:
                return soonest
            most = self._most_s(limited=limited)
            if (most < wait < math.inf) or most <= 0:
                raise self._held_back(soonest, wait, limited=limited)
            # Infinite is the wait for somebody else's probe: how that ends is known as soon as it does.
            self._receiver.held(None if math.isinf(wait) else wait)
            await self._upstreams.change(min(wait, most))
            self._receiver.released()
            self._waited_s += self._upstreams.now() - now

    def _most_s(self, *, limited: bool) -> float:
        """How much longer this request may be held back."""
        policy = self._upstreams.policy
        if self._request.priority is Priority.BATCH:
            return (policy.batch_wait_s if limited else policy.longest_wait_s) - self._waited_s
        return min(policy.longest_wait_s - self._waited_s, self._receiver.time_left_s())

    def _held_back(self, upstream: Upstream, wait: float, *, limited: bool) -> ProviderError:
        if self._failures:
            return self._final_error()
        hint = "Try again in a moment." if math.isinf(wait) else f"Try again in {math.ceil(wait)} s."
        if limited:
            return ProviderRateLimited(
                f"{upstream.name} allows no more requests for now.", hint=hint, retry_after_s=wait
            )
        return ProviderUnavailable(
            f"{upstream.name} has failed {upstream.breaker.health.failures} times in a row and is not asked for now.",
            hint=hint,
        )

    # --- asking -----------------------------------------------------------------------------------------------

    async def _ask(self, upstream: Upstream) -> _Call:
        """One request, or two if it is hedged; the one that was shown, ended."""
        calls = [await self._begin(upstream, self._reason(upstream))]
        try:
            second = await self._hedge(calls[0])
            if second is not None:
                calls.append(second)
            call = calls[0] if second is None else await self._faster(calls[0], second)
            await self._cancel(calls, but=call)
            self._shown.begin_again()
            call.start_showing(self._show)
            await asyncio.wait({call.task})
            self._close(call)
            return call
        finally:
            await self._cancel(calls)

    def _reason(self, upstream: Upstream) -> AttemptReason:
        if self._shown.seen:
            return AttemptReason.RESUME
        if upstream is not self._upstreams.first:
            return AttemptReason.FALLBACK
        return AttemptReason.RETRY if self._attempts else AttemptReason.FIRST

    async def _begin(self, upstream: Upstream, reason: AttemptReason) -> _Call:
        upstreams, since = self._upstreams, self._upstreams.now()
        request = upstream.adapted(self._request, since)
        seen = self._shown.seen
        if seen and request.prediction is not None:
            predicted = await self._rest_predicted(request.prediction, seen)
            request = replace(request, prediction=predicted)
        reservation = await upstreams.turn(upstream, request, self._receiver)
        if request.waits is not None and request.waits.grants:
            self._receiver.granted(request.waits.whole_s)
        request = replace(request, time_left_s=self._receiver.time_left_s())
        now = upstreams.now()
        self._begun = min(self._begun, now)
        waited, self._waited_s = self._waited_s + now - since, 0.0
        upstream.breaker.asked(now)
        self._attempts += 1
        return _Call(upstream, reason, request, reservation, waited_s=waited)

    @staticmethod
    async def _rest_predicted(predicted: str, seen: str) -> str:
        if len(predicted) + len(seen) < _LONG:
            return rest_predicted(predicted, seen)
        return await asyncio.to_thread(rest_predicted, predicted, seen)

    async def _hedge(self, call: _Call) -> _Call | None:
        """A second request, if the first one has neither content nor an end in time."""
        after = self._upstreams.policy.hedge_after_s
        if after is None or self._request.priority is Priority.BATCH or self._shown.seen:
            return None
        heard = asyncio.ensure_future(call.heard.wait())
        napping = asyncio.ensure_future(self._upstreams.pause(after))
        try:
            await asyncio.wait({heard, napping, call.task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
            napping.cancel()
        if call.heard.is_set() or call.task.done():
            return None
        now = self._upstreams.now()
        others = [
            upstream
            for upstream in self._left()
            if upstream is not call.upstream and upstream.breaker.permits(now)
        ]
        if not others and len(self._upstreams) > 1:
            return None
        return await self._begin(others[0] if others else call.upstream, AttemptReason.HEDGE)

    async def _faster(self, one: _Call, other: _Call) -> _Call:
        """The call that has content first, or ends well first; the one that is left if the other fails."""
        waiting = [asyncio.ensure_future(call.heard.wait()) for call in (one, other)]
        try:
            while True:
                for call, rival in ((one, other), (other, one)):
                    if call.heard.is_set():
                        return call
                    if not call.task.done():
                        continue
                    if call.task.exception() is None or rival.task.done():
                        return call
                    self._close(call)
                    self._record_failure(call)
                    return rival
                running = [call.task for call in (one, other)]
                await asyncio.wait({*waiting, *running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for future in waiting:
                future.cancel()

    def _close(self, call: _Call) -> None:
        """Record the outcome of a finished call; raises errors that are not a provider's."""
        error = call.task.exception()
        if error is not None and not isinstance(error, ProviderError):
            raise error  # and the call is recorded as cancelled
        outcome = call.task.result() if error is None else error
        if isinstance(outcome, Completion) and outcome.finish_reason is None:
            outcome = IncompleteReply(
                f"{call.upstream.name} ended the reply before it was complete.",
                finish_reason=None,
                hint="Nothing was changed; try again.",
                request_id=outcome.request_id,
            )
        elif isinstance(outcome, ProviderRateLimited):
            outcome = impassable(outcome, call.request, call.upstream.name) or outcome
        call.outcome = outcome
        self._record_end(
            call,
            outcome,
            (credible.finish_reason(outcome.finish_reason) or "")
            if isinstance(outcome, Completion)
            else outcome.kind,
        )

    async def _cancel(self, calls: Sequence[_Call], *, but: _Call | None = None) -> None:
        """Cancel the calls that are no longer needed, and wait until their streams are closed."""
        for call in calls:
            if call.closed or call is but:
                continue
            call.task.cancel()
            await asyncio.wait({call.task})
            error = None if call.task.cancelled() else call.task.exception()
            if isinstance(error, ProviderError):
                self._record_end(call, error, error.kind)
            else:
                self._record_end(call, None, "cancelled")
                self._usage_is_whole = False

    def _record_end(self, call: _Call, outcome: Completion | ProviderError | None, word: str) -> None:
        call.closed = True
        self._upstreams.finish(call.upstream, call.request, call.reservation, outcome)
        if call.count and not isinstance(outcome, Completion):
            self._usage_is_whole = False  # billed, and nobody said how much
        drafts = outcome.drafts if isinstance(outcome, Completion) else Drafts()
        attempt = Attempt(
            provider=call.upstream.name,
            model=call.request.model,
            reason=call.reason,
            predicted=call.request.prediction is not None,
            outcome=word,
            received=call.count,
            waited_s=call.waited_s,
            total_s=self._upstreams.now() - call.reservation.sent_at,
            drafted_tokens=drafts.drafted_tokens,
            accepted_draft_tokens=drafts.accepted_draft_tokens,
        )
        self._receiver.attempted(attempt)

    def _show(self, delta: str) -> None:
        if self._first is None:
            self._first = self._upstreams.now()
        self._pass_on(*self._shown.push(delta))

    def _pass_on(self, void: bool, text: str) -> None:  # noqa: FBT001 - a pair that is handed on
        if void:
            self._receiver.restarted()
        if text:
            self._receiver.received(text)

    # --- how it ends ------------------------------------------------------------------------------------------

    def _whole(self, call: _Call, done: Completion) -> Completion:
        self._pass_on(*self._shown.finish())
        return replace(
            done,
            provider=call.upstream.name,
            requested_model=call.request.model,
            fallback_reason=self._fallback_reason(call),
            predicted=call.request.prediction is not None,
            usage_is_whole=self._usage_is_whole,
            ttft_s=None if self._first is None else self._first - self._begun,
            total_s=self._upstreams.now() - self._begun,
            attempts=self._attempts,
        )

    def _fallback_reason(self, call: _Call) -> str:
        """Why the first server did not answer; "" if it did, or was only slower."""
        first = self._upstreams.first
        if call.upstream is first or call.reason is AttemptReason.HEDGE:
            return ""
        reasons = [error.message for upstream, error in self._failures if upstream is first]
        if reasons:
            return reasons[-1]
        if first.breaker.state(self._upstreams.now()) is BreakerState.CLOSED:
            return f"{first.name} allows no more requests for now."
        return f"{first.name} has failed {first.breaker.health.failures} times in a row and is not asked for now."

    def _record_failure(self, call: _Call) -> None:
        """Record that a server failed the request; raises the error if no other request would help."""
        upstream, error = call.upstream, call.outcome
        assert isinstance(error, ProviderError)  # noqa: S101 - a completion is no failure
        first = upstream is self._upstreams.first
        self._failures.append((upstream, error))
        if isinstance(error, PredictionUnsupported) and call.request.prediction is not None:
            upstream.refuses_predictions_until = self._upstreams.now() + _REFUSAL_REMEMBERED_S
            if not first:
                return  # it is asked again, without one
        fault = failure_class(error)
        if fault not in {FailureClass.REQUEST, FailureClass.LENGTH}:
            self._failed.add(upstream)
            return
        self._out.add(upstream)
        if (first and fault is FailureClass.REQUEST) or len(self._out) == len(self._upstreams):
            raise self._final_error()

    async def _rest(self, retries: int) -> None:
        """The pause between two rounds; raises if it would be too long."""
        self._failed.clear()
        left = self._left()
        if not left:
            raise self._final_error()
        latest = self._failures[-1][1]
        if isinstance(latest, ProviderBusy):
            await self._wait_s(_LOADING_POLL_S)
            return
        limited = isinstance(latest, ProviderRateLimited)
        pause = 0.0 if self._shown.seen and not retries else backoff_s(retries, self._upstreams.draw())
        cooling = min(upstream.breaker.health.cool_until for upstream in left) - self._upstreams.now()
        pause = max(pause, cooling)
        if pause > self._most_s(limited=limited) or pause >= self._receiver.time_left_s():
            raise self._final_error()
        if pause > 0:
            await self._wait_s(pause)

    async def _wait_s(self, pause: float) -> None:
        since = self._upstreams.now()
        self._receiver.held(pause)
        await self._upstreams.pause(pause)
        self._receiver.released()
        self._waited_s += self._upstreams.now() - since

    def _final_error(self) -> ProviderError:
        """The error to raise: the latest, with what another server had failed with before it.

        A request that was too long is told as such, by the server that takes the most: a shorter one may do.
        """
        lengths = [error for _, error in self._failures if isinstance(error, ContextExceeded)]
        if lengths:
            return max(lengths, key=lambda error: math.inf if error.limit is None else error.limit)
        upstream, error = self._failures[-1]
        others = [earlier for other, earlier in self._failures[:-1] if other is not upstream]
        if others:
            error.message = f"{error.message.rstrip('.')}; before that, {others[-1].message}"
        return error
