"""How long a request may take, from where the server is, how long the request is, and what was seen before."""

from editsvc.provider.patience import LOADING_S, NEAR_FIRST_S, WHOLE_S, Pace, Patience
from editsvc.usage import Usage

NEAR = Patience(near=True)


def test_a_longer_prompt_gets_more_time_near_by_and_none_elsewhere() -> None:
    assert NEAR.of(0, 100).first_token_s == NEAR_FIRST_S
    assert NEAR.of(4_000, 100).first_token_s == NEAR_FIRST_S + 400
    assert Patience().of(4_000, 100) == Patience().of(0, 100)


def test_a_whole_reply_fits_into_the_time_of_a_slow_server() -> None:
    waits = NEAR.of(2_000, 1_500)
    assert waits.whole_s >= 2_000 / 10 + 1_500 / 1
    assert (waits.grants, waits.loading_s) == (True, LOADING_S)


def test_who_was_seen_to_be_slower_gets_more_and_nobody_gets_less() -> None:
    slow = Pace().after(Usage(prompt_tokens=1_000, completion_tokens=100), 500.0, 900.0)
    assert (slow.reads, slow.writes) == (2.0, 0.25)
    assert NEAR.of(1_000, 100, slow).first_token_s > NEAR.of(1_000, 100).first_token_s
    assert NEAR.of(1_000, 100, slow).whole_s > NEAR.of(1_000, 100).whole_s
    fast = Pace().after(Usage(prompt_tokens=1_000, completion_tokens=100), 0.1, 0.2)
    assert NEAR.of(1_000, 100, fast) == NEAR.of(1_000, 100)


def test_what_was_cached_and_what_is_short_says_nothing_about_the_pace() -> None:
    assert (
        Pace().after(Usage(prompt_tokens=1_000, cached_tokens=990, completion_tokens=3), 1.0, 1.1) == Pace()
    )
    assert Pace().after(Usage(), 1.0, 2.0) == Pace()


def test_no_patience_is_endless() -> None:
    crawling = Pace(reads=0.001, writes=0.001)
    assert NEAR.of(100_000, 40_000, crawling).whole_s <= 7_200
    assert NEAR.of(100_000, 40_000, crawling).first_token_s <= 7_200


def test_a_deadline_that_was_set_is_not_exceeded() -> None:
    waits = Patience(near=True, whole_s=30.0).of(5_000, 5_000)
    assert (waits.whole_s, waits.grants) == (30.0, False)
    assert Patience().of(5_000, 5_000).whole_s == WHOLE_S
