"""The circuit breaker: what opens it, how long it stays open, and what it must not count."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.provider.breaker import LONGEST_COOLDOWN_S, Breaker, BreakerLimits, BreakerState, Health
from editsvc.provider.health import HealthFile

LIMITS = BreakerLimits(failures=3, memory_s=100, open_s=5, longest_open_s=20, probe_s=60)


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker(LIMITS)
    for _ in range(3):
        breaker.asked(at)
        breaker.failed(at, "ProviderTimeout")
    return breaker


def test_it_opens_after_so_many_failures_in_a_row_and_says_when_to_come_back() -> None:
    breaker = opened(at=10)
    assert breaker.state(10) is BreakerState.OPEN
    assert breaker.wait_s(12) == pytest.approx(3)
    assert breaker.health.reason == "ProviderTimeout"


def test_a_success_in_between_begins_the_count_anew() -> None:
    breaker = Breaker(LIMITS)
    for _ in range(5):
        breaker.failed(0, "x")
        breaker.failed(0, "x")
        breaker.succeeded()
    assert breaker.state(0) is BreakerState.CLOSED


def test_failures_that_are_long_ago_do_not_count() -> None:
    breaker = Breaker(LIMITS)
    for at in (0, 101, 202, 303):
        breaker.failed(at, "x")
    assert breaker.state(303) is BreakerState.CLOSED


def test_when_its_time_is_over_one_request_finds_out_for_all() -> None:
    breaker = opened()
    assert breaker.state(5) is BreakerState.HALF_OPEN
    assert breaker.permits(5)
    breaker.asked(5)
    assert not breaker.permits(5)
    assert math.isinf(breaker.wait_s(6))
    breaker.succeeded()
    assert breaker.state(6) is BreakerState.CLOSED
    assert breaker.permits(6)


def test_a_probe_that_fails_doubles_the_time_up_to_a_limit() -> None:
    breaker, now, waits = opened(), 0.0, []
    for _ in range(4):
        waits.append(breaker.wait_s(now))
        now += waits[-1]
        breaker.asked(now)
        breaker.failed(now, "x")
    assert waits == [5, 10, 20, 20]


def test_a_request_from_before_it_opened_does_not_make_it_longer() -> None:
    breaker = opened()
    breaker.failed(2, "x")
    assert breaker.wait_s(2) == pytest.approx(3)


def test_a_probe_that_is_taken_back_lets_the_next_one_through() -> None:
    breaker = opened()
    breaker.asked(5)
    breaker.abandoned()
    assert breaker.permits(5)


def test_a_probe_that_nobody_hears_of_again_is_lost_after_a_while() -> None:
    breaker = opened()
    breaker.asked(5)
    assert not breaker.permits(64)
    assert breaker.permits(65)


def test_a_limit_is_a_cooldown_and_no_failure() -> None:
    breaker = Breaker(LIMITS)
    for _ in range(10):
        breaker.limited(0, 7)
    assert breaker.state(0) is BreakerState.CLOSED
    assert breaker.wait_s(0) == 7
    assert breaker.permits(7)


def test_a_shorter_cooldown_does_not_end_a_longer_one() -> None:
    breaker = Breaker(LIMITS)
    breaker.limited(0, 30)
    breaker.limited(1, 1)
    assert breaker.wait_s(1) == 29


def test_what_is_known_can_move_to_another_clock() -> None:
    health = opened(at=10).health.moved(1_000)
    assert Breaker(LIMITS, health).wait_s(1_012) == pytest.approx(3)
    assert Health().moved(5) == Health()


@given(
    st.lists(st.tuples(st.sampled_from(["asked", "ok", "failed", "limited", "abandoned"]), st.floats(0, 40)))
)
def test_whatever_happens_it_lets_somebody_through_in_the_end(events: list[tuple[str, float]]) -> None:
    breaker, now = Breaker(LIMITS), 0.0
    for event, later in events:
        now += later
        if event == "asked":
            breaker.asked(now)
        elif event == "ok":
            breaker.succeeded()
        elif event == "failed":
            breaker.failed(now, "x")
        elif event == "limited":
            breaker.limited(now, later)
        else:
            breaker.abandoned()
        assert breaker.wait_s(now) >= 0
    assert breaker.permits(now + LIMITS.longest_open_s + LIMITS.probe_s + 41)


@pytest.mark.parametrize("asked_for", [99_999_999.0, 1e300, LONGEST_COOLDOWN_S])
def test_a_server_that_asks_for_a_long_rest_is_tried_by_one_request_after_two_minutes(
    asked_for: float,
) -> None:
    breaker = Breaker(LIMITS)
    breaker.asked(0)
    breaker.limited(0, asked_for)
    assert breaker.wait_s(0) == LONGEST_COOLDOWN_S
    assert breaker.permits(120)
    breaker.asked(120)
    assert math.isinf(breaker.wait_s(121))
    breaker.succeeded()
    assert breaker.permits(121)


def test_an_endless_rest_that_another_process_has_noted_is_cut_short_too(tmp_path: Path) -> None:
    file = HealthFile(tmp_path, clock=lambda: 50.0, wall=lambda: 1_000.0)
    file.save("https://s.example", Health(cool_until=1e300))
    assert Breaker(LIMITS, file.load("https://s.example")).wait_s(50) == LONGEST_COOLDOWN_S
