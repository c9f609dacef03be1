"""What predictions gain, where the truth can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tuning_cases import TAU, Made

from editsvc.tuning.days import paced
from editsvc.tuning.savings import Rates, plain_speed, savings, share_saved

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tuning.observation import Weighted

    MakeWeighted = Callable[..., list[Weighted]]

# Ten requests that agree in everything but length; eight tenths of each reply come from the prediction.
SENT = [Made(reply=100 * n, accepted=80 * n, rejected=10 * n, pass_cost=1.5) for n in range(1, 11)]
PLAIN = [Made(reply=150 * n) for n in range(1, 7)]
RATES = Rates(second=30 / 3600, token=0.75 / 1_000_000)


def test_speed_acceptance_and_the_cost_of_a_pass_are_found_again(weighted: MakeWeighted) -> None:
    found = savings(weighted(*SENT), plain_speed(weighted(*PLAIN), RATES), RATES)
    assert found.token_s is not None and found.token_s.value == pytest.approx(TAU)
    assert found.pass_cost is not None and found.pass_cost.value == pytest.approx(1.5)
    assert found.acceptance is not None and found.acceptance.value == pytest.approx(80 / 90)
    assert found.coverage is not None and found.coverage.value == pytest.approx(80 / 110)
    assert (found.sent, found.plain) == (10, 6)


def test_time_saved_and_rejected_tokens_make_up_the_balance(weighted: MakeWeighted) -> None:
    """A reply of 550 tokens takes 0.55 s, or 0.165 s with a prediction, of which 55 tokens are rejected."""
    found = savings(weighted(*SENT), plain_speed(weighted(*PLAIN), RATES), RATES)
    assert found.saved_s is not None and found.saved_s.value == pytest.approx(0.55 - 0.165)
    assert found.rejected_cost == pytest.approx(55 * 0.75e-6)
    assert found.balance is not None
    price_in_time = 55 * 0.75e-6 / (30 / 3600)
    assert share_saved(found.balance).value == pytest.approx(1 - (0.165 + price_in_time) / 0.55)


def test_reasoning_is_written_token_by_token_and_costs_no_passes(weighted: MakeWeighted) -> None:
    thinking = [
        replace(
            one,
            observation=replace(
                one.observation,
                reasoning_tokens=50,
                reply_tokens=one.observation.reply_tokens + 50,
                seconds=(one.observation.seconds or 0) + 50 * TAU,
            ),
            exposure=one.exposure + 50,
        )
        for one in weighted(*SENT)
    ]
    found = savings(thinking, plain_speed(weighted(*PLAIN), RATES), RATES)
    assert found.pass_cost is not None and found.pass_cost.value == pytest.approx(1.5)


def test_at_the_limit_of_the_cost_of_a_pass_the_balance_is_zero(weighted: MakeWeighted) -> None:
    plain = plain_speed(weighted(*PLAIN), RATES)
    limit = savings(weighted(*SENT), plain, RATES).pass_cost_limit
    assert limit is not None
    there = savings(weighted(*(replace(one, pass_cost=limit) for one in SENT)), plain, RATES)
    assert there.balance is not None and there.balance.value == pytest.approx(0, abs=1e-9)


def test_at_the_limit_of_the_value_of_time_the_balance_is_zero(weighted: MakeWeighted) -> None:
    plain = plain_speed(weighted(*PLAIN), RATES)
    limit = savings(weighted(*SENT), plain, RATES).hour_limit
    assert limit is not None
    there = savings(weighted(*SENT), plain, Rates(limit / 3600, RATES.token))
    assert there.balance is not None and there.balance.value == pytest.approx(0, abs=1e-9)


def test_no_value_of_time_makes_up_for_time_lost(weighted: MakeWeighted) -> None:
    slower = [Made(reply=100 * n, accepted=10 * n, rejected=30 * n, pass_cost=1.4) for n in range(1, 11)]
    found = savings(weighted(*slower), plain_speed(weighted(*PLAIN), RATES), RATES)
    assert found.saved_s is not None and found.saved_s.value < 0
    assert found.hour_limit is None


def test_without_plain_requests_only_what_needs_none_is_known(weighted: MakeWeighted) -> None:
    found = savings(weighted(*SENT), plain_speed([], RATES), RATES)
    assert found.acceptance is not None
    assert (found.token_s, found.pass_cost, found.saved_s, found.balance) == (None, None, None, None)


def test_requests_without_times_count_for_acceptance_alone(weighted: MakeWeighted) -> None:
    found = savings(weighted(*SENT, seconds=None), plain_speed(weighted(*PLAIN), RATES), RATES)
    assert found.acceptance is not None
    assert (found.sent, found.saved_s, found.pass_cost) == (0, None, None)


def test_nothing_at_all_is_no_error(weighted: MakeWeighted) -> None:
    found = savings([], plain_speed([], RATES), RATES)
    assert (found.sent, found.acceptance, found.balance, found.rejected_cost) == (0, None, None, 0)


def test_a_prediction_that_is_accepted_whole_leaves_no_pass_to_measure(weighted: MakeWeighted) -> None:
    whole = [Made(reply=100 * n, accepted=100 * n, seconds_factor=0) for n in range(1, 11)]
    observations = weighted(*whole, seconds=0.01)
    found = savings(observations, plain_speed(weighted(*PLAIN), RATES), RATES)
    assert (found.pass_cost, found.pass_cost_limit) == (None, None)
    assert found.balance is not None and found.balance.value < 0


def test_an_edit_that_was_repeated_costs_what_all_its_requests_took(weighted: MakeWeighted) -> None:
    """One edit in eleven took ten seconds more, and wrote 900 tokens that nobody got."""
    drowned = weighted(
        Made(reply=1_000, accepted=0, rejected=900), clean=False, seconds=10.0, reply_tokens=1_500
    )
    expected = [replace(one, exposure=1_000.0) for one in drowned]
    plain = plain_speed(weighted(*PLAIN), RATES)
    without, with_ = (
        savings(weighted(*SENT), plain, RATES),
        savings([*weighted(*SENT), *expected], plain, RATES),
    )
    assert without.net_s is not None and with_.net_s is not None
    lost = 10 * without.net_s + 1.0 - 10.0 - RATES.token_s * (900 + 500)
    assert with_.net_s == pytest.approx(lost / 11)
    assert (with_.repeated, with_.failed) == (pytest.approx(1 / 11), 0)
    assert with_.token_s == without.token_s


def test_an_edit_that_failed_costs_its_time_and_another_try(weighted: MakeWeighted) -> None:
    broken = weighted(Made(reply=0, accepted=0), clean=False, done=False, counted=False, seconds=5.0)
    failed = [replace(one, exposure=500.0) for one in broken]
    plain = plain_speed(weighted(*PLAIN), RATES)
    without, with_ = (
        savings(weighted(*SENT), plain, RATES),
        savings([*weighted(*SENT), *failed], plain, RATES),
    )
    assert without.net_s is not None and with_.net_s is not None
    assert with_.net_s == pytest.approx((10 * without.net_s - 5.0) / 11)
    assert with_.acceptance == without.acceptance


def test_what_slows_down_a_day_speaks_for_neither_arm(weighted: MakeWeighted) -> None:
    """Requests without a prediction fell on a day three times as slow; its predicted ones tell."""
    start = weighted(Made(100))[0].observation.at
    usual = [weighted(one, at=start)[0] for one in SENT * 3]
    slow = [
        weighted(replace(one, seconds_factor=3.0), at=start + timedelta(days=1))[0]
        for one in [*SENT * 3, *PLAIN]
    ]
    known, _ = paced([*usual, *slow])
    sent = [one for one in known if one.observation.sent]
    plain = plain_speed([one for one in known if not one.observation.sent], RATES)
    found = savings(sent, plain, RATES)
    assert found.pass_cost is not None
    assert found.pass_cost.value == pytest.approx(1.5, rel=0.02)
