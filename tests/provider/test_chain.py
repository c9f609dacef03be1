"""The chain of servers: who is asked, when, how often, and what somebody sees of it. In virtual time."""

import asyncio
import math
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
import virtual_time
from scripted import Keeper, Says, Scripted, a_request, cut

from editsvc.errors import (
    ContextExceeded,
    IncompleteReply,
    PredictionUnsupported,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from editsvc.provider.base import Completion, CompletionRequest, Priority
from editsvc.provider.breaker import Breaker, BreakerLimits, BreakerState, Health
from editsvc.provider.chain import Chain
from editsvc.provider.presence import Presence
from editsvc.provider.upstreams import RetryPolicy, Upstream, Upstreams

T = TypeVar("T")
OLD = "".join(f"line {number}\n" for number in range(30))
NEW = OLD.replace("line 20\n", "line twenty\n")
DOWN = Says(error=ProviderUnavailable("The server failed (503)."), first_s=0.01)
HALF = NEW[: NEW.index("line 15") + 3]


def limited(seconds: float | None) -> Says:
    return Says(error=ProviderRateLimited("No more (429).", retry_after_s=seconds), first_s=0.01)


def chain(*servers: Scripted, breaker: BreakerLimits | None = None, **policy: Any) -> Chain:
    loop = asyncio.get_running_loop()
    upstreams = [
        Upstream(
            server,
            model="second-model" if number else None,
            predicts=True if number else None,
            reasons=not number,
            breaker=Breaker(breaker or BreakerLimits()),
        )
        for number, server in enumerate(servers)
    ]
    return Chain(Upstreams(upstreams, RetryPolicy(**policy), clock=loop.time))


def play(work: Coroutine[Any, Any, T]) -> T:
    return virtual_time.run(work)


async def ended(
    chain: Chain, request: CompletionRequest | None = None, keeper: Keeper | None = None
) -> tuple[Completion | ProviderError, Keeper, float]:
    """The completion or the error, what the receiver was told, and how long it took."""
    keeper, begun = keeper or Keeper(), asyncio.get_running_loop().time()
    try:
        outcome: Completion | ProviderError = await chain.complete(request or a_request(), keeper)
    except ProviderError as exc:
        outcome = exc
    return outcome, keeper, asyncio.get_running_loop().time() - begun


# --- before the first token ------------------------------------------------------------------------------------


def test_a_server_that_fails_is_asked_again_after_a_pause() -> None:
    async def course() -> None:
        server = Scripted("one", [DOWN, DOWN, Says(NEW)])
        done, keeper, _ = await ended(chain(server))
        assert isinstance(done, Completion) and done.attempts == 3
        assert keeper.shown == NEW
        pauses = [b - a for a, b in zip(server.asked_at, server.asked_at[1:], strict=False)]
        assert pauses == [pytest.approx(0.26), pytest.approx(0.51)]
        assert keeper.route == [
            ("one", "first", "ProviderUnavailable"),
            ("one", "retry", "ProviderUnavailable"),
            ("one", "retry", "stop"),
        ]

    play(course())


def test_the_next_server_is_asked_at_once_and_is_told_in_its_own_words() -> None:
    async def course() -> None:
        one, two = Scripted("one", [DOWN]), Scripted("two", [Says(NEW)])
        done, keeper, elapsed = await ended(chain(one, two), a_request(OLD))
        assert isinstance(done, Completion)
        assert (done.provider, done.requested_model, done.predicted) == ("two", "second-model", True)
        assert done.fallback_reason == "The server failed (503)."
        assert keeper.route == [("one", "first", "ProviderUnavailable"), ("two", "fallback", "stop")]
        assert elapsed < 1
        assert (two.asked[0].model, two.asked[0].reasoning_effort) == ("second-model", None)
        assert two.asked[0].prediction == OLD

    play(course())


def test_when_all_have_failed_the_error_tells_of_both() -> None:
    async def course() -> None:
        one = Scripted("one", [DOWN])
        two = Scripted("two", [Says(error=ProviderTimeout("No data from two for 15 s."))])
        failed, keeper, _ = await ended(chain(one, two, max_retries=1))
        assert isinstance(failed, ProviderTimeout)
        assert failed.message == "No data from two for 15 s; before that, The server failed (503)."
        assert [provider for provider, _, _ in keeper.route] == ["one", "two", "one", "two"]

    play(course())


@pytest.mark.parametrize(
    "error",
    [ProviderAuthError("401"), ProviderRejected("413", http_status=413), PredictionUnsupported("400")],
    ids=lambda error: error.kind,
)
def test_what_is_wrong_with_the_request_is_nobody_elses_business(error: ProviderError) -> None:
    async def course() -> None:
        one, two = Scripted("one", [Says(error=error)]), Scripted("two", [Says(NEW)])
        failed, keeper, _ = await ended(chain(one, two), a_request(OLD))
        assert failed is error
        assert len(keeper.route) == 1
        assert not two.asked

    play(course())


def test_a_fallback_that_does_not_accept_the_request_is_left_out() -> None:
    async def course() -> None:
        one = Scripted("one", [DOWN, Says(NEW)])
        two = Scripted("two", [Says(error=ProviderAuthError("two does not accept the API key (401)."))])
        done, keeper, _ = await ended(chain(one, two))
        assert isinstance(done, Completion) and done.provider == "one"
        assert [provider for provider, _, _ in keeper.route] == ["one", "two", "one"]

    play(course())


def too_long(limit: int | None, *, after: str = "") -> Says:
    return Says(after, error=ContextExceeded(f"Too long for {limit}.", limit=limit), first_s=0.01)


def test_a_request_that_is_too_long_for_the_first_server_goes_to_the_second() -> None:
    async def course() -> None:
        one, two = Scripted("one", [too_long(8_000)]), Scripted("two", [Says(NEW)])
        servers = chain(one, two)
        for _ in range(4):
            done, keeper, _ = await ended(servers)
            assert isinstance(done, Completion)
            assert (done.provider, done.fallback_reason) == ("two", "Too long for 8000.")
            assert keeper.route == [("one", "first", "ContextExceeded"), ("two", "fallback", "stop")]
        assert servers.upstreams.first.breaker.health == Health()  # it works

    play(course())


def test_alone_a_server_is_not_asked_again_for_what_is_too_long() -> None:
    async def course() -> None:
        failed, keeper, elapsed = await ended(chain(Scripted("one", [too_long(8_000)])))
        assert isinstance(failed, ContextExceeded)
        assert len(keeper.route) == 1
        assert elapsed < 0.1

    play(course())


@pytest.mark.parametrize(
    ("second", "limit"),
    [
        (DOWN, 8_000),
        (limited(60), 8_000),
        (Says(error=ProviderAuthError("401"), first_s=0.01), 8_000),
        (too_long(4_000), 8_000),
        (too_long(16_000), 16_000),
        (too_long(None), None),
    ],
    ids=["down", "busy", "refused", "less", "more", "unknown"],
)
def test_what_is_too_long_stays_so_whatever_the_second_server_does(second: Says, limit: int | None) -> None:
    async def course() -> None:
        servers = chain(Scripted("one", [too_long(8_000)]), Scripted("two", [second]))
        failed, keeper, elapsed = await ended(servers)
        assert isinstance(failed, ContextExceeded)
        assert failed.limit == limit  # that of the server that takes the most
        assert len(keeper.route) == 2
        assert elapsed < 0.1

    play(course())


def test_what_is_too_long_for_the_fallback_is_asked_of_the_first_server_again() -> None:
    async def course() -> None:
        one, two = Scripted("one", [DOWN, Says(NEW)]), Scripted("two", [too_long(4_000)])
        done, keeper, _ = await ended(chain(one, two))
        assert isinstance(done, Completion) and done.provider == "one"
        assert [provider for provider, _, _ in keeper.route] == ["one", "two", "one"]

    play(course())


def test_a_context_that_is_full_in_mid_reply_ends_it_for_that_server() -> None:
    async def course() -> None:
        one, two = Scripted("one", [too_long(8_000, after=HALF)]), Scripted("two", [Says(NEW)])
        done, keeper, _ = await ended(chain(one, two), a_request(OLD))
        assert isinstance(done, Completion) and done.provider == "two"
        assert (keeper.shown, keeper.restarts) == (NEW, 0)
        assert not done.usage_is_whole

    play(course())


def test_a_fallback_that_turns_out_to_take_no_predictions_is_asked_without() -> None:
    async def course() -> None:
        refused = PredictionUnsupported("two does not support predictions for this model (400).")
        one, two = Scripted("one", [DOWN]), Scripted("two", [Says(error=refused), Says(NEW)])
        servers = chain(one, two)
        done, keeper, _ = await ended(servers, a_request(OLD))
        assert isinstance(done, Completion) and done.predicted is False
        assert [one.prediction for one in two.asked] == [OLD, None]
        await ended(servers, a_request(OLD))
        assert two.asked[2].prediction is None  # it is remembered
        assert keeper.shown == NEW

    play(course())


def test_an_edit_ends_with_its_deadline_and_does_not_wait_for_what_would_come_after() -> None:
    async def course() -> None:
        keeper = Keeper(deadline=asyncio.get_running_loop().time() + 0.2)
        failed, keeper, elapsed = await ended(chain(Scripted("one", [DOWN])), keeper=keeper)
        assert isinstance(failed, ProviderUnavailable)
        assert elapsed < 0.2
        assert len(keeper.route) == 1

    play(course())


# --- in the middle of a reply ----------------------------------------------------------------------------------


def test_the_rest_of_a_reply_comes_from_the_next_server_without_a_flicker() -> None:
    async def course() -> None:
        one, two = Scripted("one", [cut(HALF)]), Scripted("two", [Says(NEW)])
        done, keeper, _ = await ended(chain(one, two), a_request(OLD))
        assert isinstance(done, Completion) and not done.usage_is_whole
        assert (keeper.shown, keeper.restarts) == (NEW, 0)
        assert keeper.route == [("one", "first", "IncompleteReply:None"), ("two", "resume", "stop")]
        # The prediction has what came, and what was to come.
        assert two.asked[0].prediction == OLD

    play(course())


def test_a_reply_that_says_something_else_takes_the_place_of_what_was_shown() -> None:
    async def course() -> None:
        other = OLD.replace("line 3\n", "line three\n")
        one, two = Scripted("one", [cut(HALF)]), Scripted("two", [Says(other)])
        _, keeper, _ = await ended(chain(one, two), a_request(OLD))
        assert (keeper.shown, keeper.restarts) == (other, 1)

    play(course())


def test_alone_a_server_is_asked_for_the_rest_at_once() -> None:
    async def course() -> None:
        server = Scripted("one", [cut(HALF), Says(NEW)])
        _, keeper, _ = await ended(chain(server), a_request(OLD))
        assert (keeper.shown, keeper.restarts) == (NEW, 0)
        assert keeper.attempts[1].waited_s < 0.01

    play(course())


def test_an_end_without_a_finish_reason_is_a_reply_that_broke_off() -> None:
    async def course() -> None:
        server = Scripted("one", [Says(HALF, finish_reason=None), Says(NEW)])
        done, keeper, _ = await ended(chain(server), a_request(OLD))
        assert isinstance(done, Completion)
        assert keeper.shown == NEW

    play(course())


@pytest.mark.parametrize("reason", ["length", "content_filter", "something"])
def test_an_end_with_another_finish_reason_is_the_requests_own(reason: str) -> None:
    async def course() -> None:
        server = Scripted("one", [Says(HALF, finish_reason=reason)])
        done, keeper, _ = await ended(chain(server), a_request(OLD))
        assert isinstance(done, Completion) and done.finish_reason == reason
        assert len(keeper.route) == 1

    play(course())


def test_a_reply_that_keeps_breaking_off_fails_after_so_many_rounds() -> None:
    async def course() -> None:
        failed, keeper, _ = await ended(chain(Scripted("one", [cut(HALF)])), a_request(OLD))
        assert isinstance(failed, IncompleteReply)
        assert len(keeper.route) == 3

    play(course())


def test_without_a_prediction_none_is_made_up() -> None:
    async def course() -> None:
        server = Scripted("one", [cut(HALF), Says(NEW)])
        _, keeper, _ = await ended(chain(server))
        assert server.asked[1].prediction is None
        assert keeper.shown == NEW

    play(course())


# --- limits ----------------------------------------------------------------------------------------------------


def test_a_limit_is_waited_for_as_the_server_says() -> None:
    async def course() -> None:
        _, keeper, elapsed = await ended(chain(Scripted("one", [limited(5), Says(NEW)])))
        assert keeper.shown == NEW
        assert 5 <= elapsed < 6
        assert keeper.holds == [pytest.approx(5)]

    play(course())


def test_but_not_for_too_long() -> None:
    async def course() -> None:
        failed, keeper, elapsed = await ended(chain(Scripted("one", [limited(30)])))
        assert isinstance(failed, ProviderRateLimited)
        assert elapsed < 1
        assert len(keeper.route) == 1

    play(course())


def test_somebody_else_is_asked_meanwhile() -> None:
    async def course() -> None:
        one, two = Scripted("one", [limited(30), Says(NEW)]), Scripted("two", [Says(NEW)])
        servers = chain(one, two)
        _, first, _ = await ended(servers)
        _, second, _ = await ended(servers)
        assert first.route == [("one", "first", "ProviderRateLimited"), ("two", "fallback", "stop")]
        assert second.route == [("two", "fallback", "stop")]  # the cooldown holds for all
        await asyncio.sleep(31)
        _, third, _ = await ended(servers)
        assert third.route == [("one", "first", "stop")]

    play(course())


def test_one_of_many_files_waits_longer() -> None:
    async def course() -> None:
        request = a_request(priority=Priority.BATCH)
        _, keeper, elapsed = await ended(chain(Scripted("one", [limited(60), Says(NEW)])), request)
        assert keeper.shown == NEW
        assert 60 <= elapsed < 62

    play(course())


def headers(remaining: int, reset: float) -> dict[str, str]:
    return {
        "limit-tokens-minute": "60000",
        "remaining-tokens-minute": str(remaining),
        "reset-tokens-minute": str(reset),
    }


def attended(folder: Path, *servers: Scripted, batch_wait_s: float = 300.0) -> Chain:
    """A chain that knows whether somebody edits interactively."""
    clock = asyncio.get_running_loop().time
    presence = Presence(folder, wall=clock)
    policy = RetryPolicy(batch_wait_s=batch_wait_s)
    return Chain(Upstreams([Upstream(server) for server in servers], policy, clock=clock, presence=presence))


def test_many_files_take_all_there_is_while_nobody_edits_interactively(tmp_path: Path) -> None:
    async def course() -> None:
        server = Scripted("one", [Says(NEW, rate_limit=headers(12_000, 30))])
        servers = attended(tmp_path, server)
        await ended(servers, a_request(tokens=1_000, priority=Priority.BATCH))
        _, keeper, elapsed = await ended(servers, a_request(tokens=10_000, priority=Priority.BATCH))
        assert elapsed < 1
        assert not keeper.holds
        await ended(servers, a_request(tokens=10))  # somebody comes
        _, keeper, elapsed = await ended(servers, a_request(tokens=10_000, priority=Priority.BATCH))
        assert elapsed > 25
        await asyncio.sleep(301)  # and has gone
        _, keeper, elapsed = await ended(servers, a_request(tokens=10_000, priority=Priority.BATCH))
        assert not keeper.holds

    play(course())


def test_a_smaller_request_goes_first_where_the_next_one_does_not_fit() -> None:
    async def course() -> None:
        server = Scripted("one", [Says(NEW, rate_limit=headers(12_000, 30))])
        servers = chain(server)
        await ended(servers, a_request(tokens=1_000, priority=Priority.BATCH))
        large = asyncio.ensure_future(ended(servers, a_request(tokens=20_000, priority=Priority.BATCH)))
        await asyncio.sleep(0.1)
        _, _, elapsed = await ended(servers, a_request(tokens=5_000, priority=Priority.BATCH))
        assert elapsed < 1
        assert not large.done()
        done, _, _ = await large
        assert isinstance(done, Completion)

    play(course())


def test_to_wait_behind_others_of_the_same_run_is_no_failure(tmp_path: Path) -> None:
    async def course() -> None:
        # A window of 30 s takes two of them: 20 take 300 s, and none is patient for more than 40 s.
        server = Scripted("one", [Says(NEW, rate_limit=headers(0, 30))])
        servers = attended(tmp_path, server, batch_wait_s=40)
        await ended(servers, a_request(tokens=1_000, priority=Priority.BATCH))
        ends = await asyncio.gather(
            *(ended(servers, a_request(tokens=50_000, priority=Priority.BATCH)) for _ in range(12))
        )
        assert all(isinstance(done, Completion) for done, _, _ in ends)
        assert max(elapsed for _, _, elapsed in ends) > 300

    play(course())


def test_one_of_many_files_is_refused_as_often_as_it_takes_and_not_for_ever() -> None:
    async def course() -> None:
        request = a_request(priority=Priority.BATCH)
        done, keeper, _ = await ended(chain(Scripted("one", [*([limited(20)] * 6), Says(NEW)])), request)
        assert isinstance(done, Completion)
        assert len(keeper.route) == 7
        failed, keeper, elapsed = await ended(chain(Scripted("one", [limited(1)])), request)
        assert isinstance(failed, ProviderRateLimited)
        assert 300 <= elapsed < 310
        assert len(keeper.route) < 150  # no storm: the pauses become longer

    play(course())


def test_many_files_take_their_turns_and_an_editor_goes_first(tmp_path: Path) -> None:
    async def course() -> None:
        loop = asyncio.get_running_loop()
        server = Scripted("one", [Says(NEW, rate_limit=headers(12_000, 30))])
        servers = attended(tmp_path, server)
        await ended(servers, a_request(tokens=10))
        await ended(servers, a_request(tokens=1_000, priority=Priority.BATCH))
        begun = loop.time()
        files = [
            asyncio.ensure_future(ended(servers, a_request(tokens=10_000, priority=Priority.BATCH)))
            for _ in range(3)
        ]
        await asyncio.sleep(1)
        assert len(server.asked) == 2  # 12,000 less a quarter of 60,000 is not enough
        _, keeper, elapsed = await ended(servers, a_request(tokens=10_000))
        assert keeper.shown == NEW
        assert elapsed < 2
        assert not keeper.holds
        for done, kept, _ in await asyncio.gather(*files):
            assert isinstance(done, Completion)
            assert kept.holds
        assert loop.time() - begun > 28

    play(course())


# --- the breaker -----------------------------------------------------------------------------------------------


def test_a_server_that_keeps_failing_is_let_alone_and_found_again() -> None:
    async def course() -> None:
        one = Scripted("one", [DOWN, DOWN, DOWN, Says(NEW)])
        two = Scripted("two", [Says(NEW)])
        servers = chain(one, two)
        for _ in range(3):
            await ended(servers)
        assert servers.upstreams.first.breaker.state(asyncio.get_running_loop().time()) is BreakerState.OPEN
        done, keeper, _ = await ended(servers)
        assert keeper.route == [("two", "fallback", "stop")]
        assert isinstance(done, Completion)
        assert done.fallback_reason == "one has failed 3 times in a row and is not asked for now."
        await asyncio.sleep(6)
        _, keeper, _ = await ended(servers)
        assert keeper.route == [("one", "first", "stop")]

    play(course())


def test_alone_it_still_gets_one_request_for_whoever_is_waiting() -> None:
    async def course() -> None:
        servers = chain(Scripted("one", [DOWN] * 3 + [Says(NEW)]), max_retries=0)
        for _ in range(3):
            await ended(servers)
        done, keeper, _ = await ended(servers)
        assert isinstance(done, Completion)
        assert len(keeper.route) == 1

    play(course())


def test_and_only_one() -> None:
    async def course() -> None:
        servers = chain(Scripted("one", [DOWN]), max_retries=5)
        await ended(servers)
        _, keeper, _ = await ended(servers)
        assert len(keeper.route) == 1

    play(course())


def test_many_files_wait_for_one_that_finds_out() -> None:
    async def course() -> None:
        server = Scripted("one", [DOWN] * 3 + [Says(NEW)])
        servers = chain(server, max_retries=0)
        for _ in range(3):
            await ended(servers)
        batch = [asyncio.ensure_future(ended(servers, a_request(priority=Priority.BATCH))) for _ in range(4)]
        await asyncio.sleep(4)
        assert len(server.asked) == 3
        await asyncio.sleep(1.05)
        assert len(server.asked) == 4  # the probe
        for done, keeper, _ in await asyncio.gather(*batch):
            assert isinstance(done, Completion)
            assert len(keeper.route) == 1

    play(course())


def test_or_fail_at_once_with_a_sentence_where_that_would_take_too_long() -> None:
    async def course() -> None:
        servers = chain(Scripted("one", [DOWN]), breaker=BreakerLimits(open_s=20), max_retries=0)
        for _ in range(3):
            await ended(servers)
        failed, keeper, elapsed = await ended(servers, a_request(priority=Priority.BATCH))
        assert isinstance(failed, ProviderUnavailable)
        assert failed.message == "one has failed 3 times in a row and is not asked for now."
        assert failed.hint == "Try again in 20 s."
        assert (elapsed, keeper.route) == (0, [])

    play(course())


def test_what_users_take_back_never_counts() -> None:
    async def course() -> None:
        server = Scripted("one", [Says(NEW, first_s=5)])
        servers = chain(server)
        for _ in range(10):
            task = asyncio.ensure_future(ended(servers))
            await asyncio.sleep(1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert servers.upstreams.first.breaker.health.failures == 0
        assert server.open == 0

    play(course())


def test_what_is_learned_is_told() -> None:
    async def course() -> None:
        told: list[tuple[str, BreakerState]] = []
        loop = asyncio.get_running_loop()
        upstream = Upstream(Scripted("one", [DOWN, DOWN, DOWN, Says(NEW)]))
        servers = Chain(
            Upstreams(
                [upstream],
                RetryPolicy(max_retries=2),
                clock=loop.time,
                changed=lambda one: told.append((one.name, one.breaker.state(loop.time()))),
            )
        )
        await ended(servers)
        await ended(servers)
        assert told == [
            ("one", state)
            for state in (BreakerState.CLOSED, BreakerState.CLOSED, BreakerState.OPEN, BreakerState.CLOSED)
        ]

    play(course())


# --- hedging ---------------------------------------------------------------------------------------------------


def test_a_slow_server_is_overtaken_and_its_stream_is_closed() -> None:
    async def course() -> None:
        one, two = Scripted("one", [Says(OLD, first_s=9)]), Scripted("two", [Says(NEW)])
        done, keeper, elapsed = await ended(chain(one, two, hedge_after_s=0.5))
        assert isinstance(done, Completion) and done.provider == "two"
        assert not done.usage_is_whole
        assert not done.fallback_reason  # it was slow, not broken
        assert keeper.shown == NEW
        assert elapsed < 2
        assert one.open == 0
        assert keeper.route == [("one", "first", "cancelled"), ("two", "hedge", "stop")]

    play(course())


def test_a_server_that_is_fast_enough_is_asked_alone() -> None:
    async def course() -> None:
        one, two = Scripted("one", [Says(NEW, first_s=0.4, every_s=0.2)]), Scripted("two", [Says(NEW)])
        _, keeper, _ = await ended(chain(one, two, hedge_after_s=0.5))
        assert keeper.route == [("one", "first", "stop")]
        assert not two.asked

    play(course())


def test_of_two_requests_one_may_fail() -> None:
    async def course() -> None:
        one = Scripted("one", [Says(error=ProviderUnavailable("503"), first_s=0.6)])
        two = Scripted("two", [Says(NEW, first_s=2)])
        done, keeper, _ = await ended(chain(one, two, hedge_after_s=0.5))
        assert isinstance(done, Completion) and done.provider == "two"
        assert keeper.shown == NEW

    play(course())


def test_alone_a_server_is_asked_twice() -> None:
    async def course() -> None:
        server = Scripted("one", [Says(NEW, first_s=9), Says(NEW)])
        _, keeper, elapsed = await ended(chain(server, hedge_after_s=0.5))
        assert keeper.shown == NEW
        assert elapsed < 2
        assert server.open == 0

    play(course())


def test_many_files_are_never_hedged() -> None:
    async def course() -> None:
        server = Scripted("one", [Says(NEW, first_s=9)])
        await ended(chain(server, hedge_after_s=0.5), a_request(priority=Priority.BATCH))
        assert len(server.asked) == 1

    play(course())


# --- what is nobody's fault ------------------------------------------------------------------------------------


def test_a_defect_of_the_receiver_is_passed_on_and_closes_the_stream() -> None:
    class Broken(Keeper):
        def received(self, text: str) -> None:
            raise RuntimeError("the receiver's defect")

    async def course() -> None:
        server = Scripted("one", [Says(NEW)])
        servers = chain(server)
        with pytest.raises(RuntimeError, match="the receiver's defect"):
            await servers.complete(a_request(), Broken())
        assert server.open == 0
        assert servers.upstreams.first.breaker.health.failures == 0
        assert math.isinf(-servers.upstreams.first.breaker.health.failed_at)

    play(course())


def test_a_last_try_that_ends_with_a_refused_prediction_is_an_error_of_ours() -> None:
    async def course() -> None:
        refused = PredictionUnsupported("two does not support predictions for this model (400).")
        servers = chain(Scripted("one", [DOWN]), Scripted("two", [Says(error=refused), DOWN]))
        now = asyncio.get_running_loop().time()
        for upstream, wait in zip(servers.upstreams, (10, 5), strict=True):
            upstream.breaker = Breaker(health=Health(failures=3, failed_at=now, until=now + wait, open_s=5))
        outcome, keeper, _ = await ended(servers, a_request(OLD))
        assert outcome is refused
        assert keeper.route == [("two", "fallback", "PredictionUnsupported")]

    play(course())
