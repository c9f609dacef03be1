"""The local budget: many files stay within the server's limits, and leave room for somebody who waits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.provider.base import Priority
from editsvc.provider.budget import INTERACTIVE_SHARE, MARGIN_SHARE, Budget, Reservation, limit_reset_s

BATCH, INTERACTIVE = Priority.BATCH, Priority.INTERACTIVE


def told(remaining: float, *, limit: float = 60_000, reset: float = 30) -> dict[str, str]:
    return {
        "limit-tokens-minute": str(limit),
        "remaining-tokens-minute": str(remaining),
        "reset-tokens-minute": str(reset),
    }


def after(remaining: float, *, limit: float = 60_000, reset: float = 30) -> Budget:
    """A budget whose server has just said what is left."""
    budget = Budget()
    budget.finish(budget.reserve(1_000, 0), told(remaining, limit=limit, reset=reset), 1)
    return budget


def test_there_is_room_while_the_server_says_so() -> None:
    assert after(50_000).wait_s(10_000, BATCH, 2) == 0


def test_where_there_is_none_one_waits_for_the_next_window() -> None:
    # 1 s + 30 s, and half a second for clocks and networks
    assert after(20_000).wait_s(10_000, BATCH, 2) == pytest.approx(29.5)


def test_what_was_sent_since_counts_though_the_server_has_not_said_so() -> None:
    budget = after(50_000)
    for now in (2, 3):
        assert budget.wait_s(10_000, BATCH, now) == 0
        budget.reserve(10_000, now)
    assert budget.wait_s(10_000, BATCH, 4) == 0
    budget.reserve(10_000, 4)
    assert budget.wait_s(10_000, BATCH, 5) > 0


def test_a_later_reply_knows_better() -> None:
    budget = after(20_000)
    first, second = budget.reserve(10_000, 2), budget.reserve(10_000, 3)
    budget.finish(second, told(55_000), 4)
    budget.finish(first, told(1_000), 5)  # overtaken: it was sent before
    assert budget.wait_s(10_000, BATCH, 6) == 0


def test_somebody_in_front_of_a_screen_never_waits() -> None:
    budget = after(0)
    assert budget.wait_s(1_000_000, INTERACTIVE, 2) == 0


def test_but_what_they_send_counts() -> None:
    budget = after(40_000)
    assert budget.wait_s(10_000, BATCH, 2) == 0
    budget.reserve(20_000, 2)
    assert budget.wait_s(10_000, BATCH, 3) > 0


def test_when_the_window_is_over_there_is_room_again_but_not_without_end() -> None:
    budget = after(0)
    waiting = budget.wait_s(20_000, BATCH, 2)
    now = 2 + waiting
    sent = 0
    while not budget.wait_s(20_000, BATCH, now):
        budget.reserve(20_000, now)
        sent += 1
    assert sent == 2  # three quarters of 60,000
    assert math.isinf(budget.wait_s(20_000, BATCH, now))  # the next reply tells


def test_batch_work_takes_nearly_all_where_nothing_is_to_be_kept_for_others() -> None:
    budget = after(20_000)
    assert budget.wait_s(10_000, BATCH, 2, kept=INTERACTIVE_SHARE) > 0
    assert budget.wait_s(10_000, BATCH, 2, kept=MARGIN_SHARE) == 0
    assert budget.wait_s(19_900, BATCH, 2, kept=MARGIN_SHARE) > 0


def test_a_request_larger_than_its_share_goes_when_the_window_is_fresh() -> None:
    assert after(60_000).wait_s(200_000, BATCH, 2) == 0
    assert after(50_000).wait_s(200_000, BATCH, 2) > 0


def test_before_the_server_has_said_anything_a_few_go_first() -> None:
    budget = Budget()
    assert budget.wait_s(500_000, BATCH, 0) == 0  # alone, whatever its size
    one = budget.reserve(15_000, 0)
    assert math.isinf(budget.wait_s(10_000, BATCH, 1))
    budget.finish(one, {}, 2)  # a server without limits
    assert budget.wait_s(10_000_000, BATCH, 3) == 0


def test_a_request_that_died_without_a_word_holds_nobody_up() -> None:
    budget = Budget()
    one = budget.reserve(30_000, 0)
    assert math.isinf(budget.wait_s(10_000, BATCH, 1))
    budget.finish(one, None, 2)
    assert budget.wait_s(10_000, BATCH, 3) == 0


def test_the_days_requests_are_a_limit_too() -> None:
    budget = Budget()
    headers = {"limit-requests-day": "100", "remaining-requests-day": "20", "reset-requests-day": "5000"}
    budget.finish(budget.reserve(10, 0), headers, 1)
    assert budget.wait_s(10, BATCH, 2) == pytest.approx(4_999.5)


@pytest.mark.parametrize("nonsense", ["", "many", "nan", "-5", "inf"])
def test_what_a_server_says_wrongly_is_no_limit(nonsense: str) -> None:
    budget = Budget()
    headers = {**told(0), "remaining-tokens-minute": nonsense}
    budget.finish(budget.reserve(10, 0), headers, 1)
    assert budget.wait_s(10_000, BATCH, 2) == 0


@given(
    limit=st.integers(10_000, 200_000),
    sizes=st.lists(st.integers(1, 9_000), min_size=1, max_size=25),
    others=st.integers(0, 2_000),
    kept=st.sampled_from([INTERACTIVE_SHARE, MARGIN_SHARE]),
    data=st.data(),
)
def test_batch_work_never_runs_into_the_limit_nor_into_the_share_of_others(
    limit: int, sizes: list[int], others: int, kept: float, data: st.DataObject
) -> None:
    """Against a server with fixed windows of a minute, `others` tokens of which somebody else takes each time."""
    budget, now, window, left = Budget(), 0.0, 0, float(limit)
    under_way: list[tuple[Reservation, dict[str, str]]] = []
    # Before the first word of the server nobody can know.
    first = budget.reserve(sizes[0], now)
    left -= sizes[0]
    budget.finish(first, told(left, limit=limit, reset=60), now)
    for size in sizes:
        wait = budget.wait_s(size, BATCH, now, kept=kept)
        while wait:
            if under_way and (math.isinf(wait) or data.draw(st.booleans())):
                budget.finish(*under_way.pop(0), now)
            else:
                now += wait
            wait = budget.wait_s(size, BATCH, now, kept=kept)
        if int(now // 60) != window:
            window, left = int(now // 60), float(limit)
        assert left >= size, "429"
        assert left - size >= limit * kept - others - 1 or size > limit * (1 - kept)
        reservation = budget.reserve(size, now)
        left -= size
        under_way.append((reservation, told(left, limit=limit, reset=60 - now % 60)))
        now += data.draw(st.floats(0.01, 2))
        if data.draw(st.booleans()):
            budget.finish(*under_way.pop(0), now)


def test_no_window_is_longer_than_its_name_says() -> None:
    assert after(0, reset=99_999_999).wait_s(10_000, BATCH, 1) <= 121
    refused = {"remaining-requests-day": "0", "reset-requests-day": "1e18"}
    assert limit_reset_s(refused) == 2 * 86_400
