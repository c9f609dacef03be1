"""Chaos: edits come, servers do what they please, users leave, time passes; whatever the order, the rules hold.

Virtual time: no rule depends on how fast the machine is.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from scripted import Keeper, a_request
from virtual_time import VirtualLoop

from editsvc.errors import (
    IncompleteReply,
    ProviderAuthError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnavailable,
    ProviderUnreachable,
)
from editsvc.provider.base import Completion, CompletionRequest, Priority
from editsvc.provider.chain import Chain
from editsvc.provider.upstreams import RetryPolicy, Upstream, Upstreams

REPLY = "".join(f"line {number}\n" for number in range(12))
OTHER = REPLY.replace("line 4", "line four")
MAX_RETRIES = 2
COUNTED = (ProviderUnavailable, ProviderTimeout, ProviderUnreachable, ProviderProtocolError, IncompleteReply)
FAILURES: dict[str, Callable[[], ProviderError]] = {
    "503": lambda: ProviderUnavailable("503"),
    "time-out": lambda: ProviderTimeout("silence"),
    "reset": lambda: ProviderUnreachable("reset"),
    "garbage": lambda: ProviderProtocolError("HTML"),
    "cut": lambda: IncompleteReply("cut", finish_reason=None),
    "401": lambda: ProviderAuthError("401"),
    "429": lambda: ProviderRateLimited("429", retry_after_s=3),
    "429 for an hour": lambda: ProviderRateLimited("429", retry_after_s=3_600),
}


@dataclass(eq=False)
class Ticket:
    """One request that a server has; `text` is what it will answer if it is let."""

    request: CompletionRequest
    on_delta: Callable[[str], None]
    text: str
    end: asyncio.Future[Completion]
    sent: int = 0

    @property
    def open(self) -> bool:
        return not self.end.done()


@dataclass(eq=False)
class Played:
    """A server whose every move is made by the machine."""

    name: str
    tickets: list[Ticket] = field(default_factory=list)

    async def complete(self, request: CompletionRequest, on_delta: Callable[[str], None]) -> Completion:
        text = REPLY if self.name == "one" else OTHER
        ticket = Ticket(request, on_delta, text, asyncio.get_running_loop().create_future())
        self.tickets.append(ticket)
        return await ticket.end

    async def models(self) -> list[str]:
        return []

    def close(self) -> None:
        pass


@dataclass(eq=False)
class Edit:
    keeper: Keeper
    task: asyncio.Task[Completion]
    cancelled: bool = False


class Chaos(RuleBasedStateMachine):
    edits = Bundle("edits")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Edit] = []

    @initialize(count=st.integers(1, 2), hedges=st.booleans())
    def begin(self, count: int, hedges: bool) -> None:
        # Not before: an example that ends as it begins is not torn down by every hypothesis.
        self.loop = VirtualLoop()
        asyncio.set_event_loop(None)
        self.servers = [Played(name) for name in ("one", "two")[:count]]
        policy = RetryPolicy(max_retries=MAX_RETRIES, hedge_after_s=0.5 if hedges else None)

        async def build() -> Chain:
            upstreams = [
                Upstream(server, model=None if not n else "m") for n, server in enumerate(self.servers)
            ]
            return Chain(Upstreams(upstreams, policy, clock=self.loop.time))

        self.chain = self.loop.run_until_complete(build())

    def settle(self) -> None:
        """Let everybody do what they can do without time passing."""
        for _ in range(12):
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()

    def tickets(self) -> list[Ticket]:
        return [ticket for server in self.servers for ticket in server.tickets if ticket.open]

    @rule(target=edits, batch=st.booleans(), predicts=st.booleans(), patient=st.booleans())
    def ask(self, batch: bool, predicts: bool, patient: bool) -> object:
        keeper = Keeper(deadline=math.inf if patient else self.loop.time() + 20)
        request = a_request(
            REPLY if predicts else None, priority=Priority.BATCH if batch else Priority.INTERACTIVE
        )
        edit = Edit(keeper, self.loop.create_task(self.chain.complete(request, keeper)))
        self.all.append(edit)
        self.settle()
        return multiple(edit)

    @rule(data=st.data(), count=st.integers(1, 200))
    def stream(self, data: st.DataObject, count: int) -> None:
        if tickets := self.tickets():
            ticket = data.draw(st.sampled_from(tickets))
            piece = ticket.text[ticket.sent : ticket.sent + count]
            ticket.sent += len(piece)
            if piece:
                ticket.on_delta(piece)
            self.settle()

    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        if tickets := self.tickets():
            ticket = data.draw(st.sampled_from(tickets))
            if ticket.sent < len(ticket.text):
                ticket.on_delta(ticket.text[ticket.sent :])
            ticket.end.set_result(Completion("stop"))
            self.settle()

    @rule(data=st.data(), how=st.sampled_from(sorted(FAILURES)))
    def fail(self, data: st.DataObject, how: str) -> None:
        if tickets := self.tickets():
            data.draw(st.sampled_from(tickets)).end.set_exception(FAILURES[how]())
            self.settle()

    @rule(edit=consumes(edits))
    def leave(self, edit: Edit) -> None:
        if not edit.task.done():
            edit.cancelled = True
            edit.task.cancel()
            self.settle()
            assert edit.task.done(), "a cancelled edit ends at once"

    @rule(seconds=st.floats(0.1, 30))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.wait_for(self._sleep(seconds), None))
        self.settle()

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @invariant()
    def what_is_shown_is_the_beginning_of_one_reply(self) -> None:
        for edit in self.all:
            shown = edit.keeper.shown
            assert REPLY.startswith(shown) or OTHER.startswith(shown), shown

    @invariant()
    def what_is_whole_is_whole(self) -> None:
        for edit in self.all:
            if edit.task.done() and not edit.task.cancelled() and edit.task.exception() is None:
                done = edit.task.result()
                assert edit.keeper.shown == (REPLY if done.provider == "one" else OTHER)
                assert done.attempts == len(edit.keeper.attempts)

    @invariant()
    def every_failure_is_one_of_ours(self) -> None:
        for edit in self.all:
            if edit.task.done() and not edit.task.cancelled():
                error = edit.task.exception()
                assert error is None or isinstance(error, ProviderError), error

    @invariant()
    def nobody_asks_without_end(self) -> None:
        for edit in self.all:
            asked = [one for one in edit.keeper.attempts if one.reason != "hedge"]
            assert len(asked) <= len(self.servers) * (1 + MAX_RETRIES)

    @invariant()
    def nothing_runs_on_after_its_edit(self) -> None:
        running = sum(not edit.task.done() for edit in self.all)
        assert len(self.tickets()) <= 2 * running
        for upstream in self.chain.upstreams:
            assert sum(one.under_way for one in upstream.budget._sent) == len(
                [ticket for ticket in upstream.provider.tickets if ticket.open]
            )

    @invariant()
    def only_what_a_server_did_counts_against_it(self) -> None:
        for upstream in self.chain.upstreams:
            counted = [
                ticket
                for ticket in upstream.provider.tickets
                if ticket.end.done()
                and not ticket.end.cancelled()
                and isinstance(ticket.end.exception(), COUNTED)
            ]
            assert upstream.breaker.health.failures <= len(counted)

    def teardown(self) -> None:
        """Time heals: whatever still waits ends, and no probe is lost."""
        try:
            if hasattr(self, "servers"):
                self.heal()
        finally:
            if hasattr(self, "loop"):
                self.loop.close()

    def heal(self) -> None:
        for _ in range(60):
            for ticket in self.tickets():
                ticket.end.set_exception(ProviderUnavailable("503"))
            self.wait(10)
            if all(edit.task.done() for edit in self.all):
                break
        assert all(edit.task.done() for edit in self.all), "an edit is stuck"
        now = self.loop.time()
        assert all(math.isfinite(upstream.breaker.wait_s(now)) for upstream in self.chain.upstreams), (
            "a lost probe"
        )
        others = asyncio.all_tasks(self.loop)
        assert not others, others
        for edit in self.all:
            if not edit.task.cancelled():
                edit.task.exception()


Chaos.TestCase.settings = settings(max_examples=150, stateful_step_count=30)
TestChaos = Chaos.TestCase
