"""What predictions gain, where the truth can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tuning_cases import TAU, Made

from editsvc.tuning.savings import Rates, Speed, savings, share_saved, speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tuning.observation import Weighted

    MakeWeighted = Callable[..., list[Weighted]]

# Ten requests that agree in everything but length; eight tenths of each reply come from the prediction.
SENT = [Made(reply=100 * n, accepted=80 * n, rejected=10 * n, pass_cost=1.5) for n in range(1, 11)]
PLAIN = [Made(reply=150 * n) for n in range(1, 7)]
RATES = Rates(second=30 / 3600, token=0.75 / 1_000_000)


def test_speed_acceptance_and_the_cost_of_a_pass_are_found_again(weighted: MakeWeighted) -> None:
    found = savings(weighted(*SENT), speed(weighted(*PLAIN)), RATES)
    assert found.token_s is not None and found.token_s.value == pytest.approx(TAU)
    assert found.pass_cost is not None and found.pass_cost.value == pytest.approx(1.5)
    assert found.acceptance is not None and found.acceptance.value == pytest.approx(80 / 90)
    assert found.coverage is not None and found.coverage.value == pytest.approx(80 / 110)
    assert (found.sent, found.plain) == (10, 6)


def test_time_saved_and_rejected_tokens_make_up_the_balance(weighted: MakeWeighted) -> None:
    """A reply of 550 tokens takes 0.55 s, or 0.165 s with a prediction, of which 55 tokens are rejected."""
    found = savings(weighted(*SENT), speed(weighted(*PLAIN)), RATES)
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
        )
        for one in weighted(*SENT)
    ]
    found = savings(thinking, speed(weighted(*PLAIN)), RATES)
    assert found.pass_cost is not None and found.pass_cost.value == pytest.approx(1.5)


def test_at_the_limit_of_the_cost_of_a_pass_the_balance_is_zero(weighted: MakeWeighted) -> None:
    plain = speed(weighted(*PLAIN))
    limit = savings(weighted(*SENT), plain, RATES).pass_cost_limit
    assert limit is not None
    there = savings(weighted(*(replace(one, pass_cost=limit) for one in SENT)), plain, RATES)
    assert there.balance is not None and there.balance.value == pytest.approx(0, abs=1e-9)


def test_at_the_limit_of_the_value_of_time_the_balance_is_zero(weighted: MakeWeighted) -> None:
    plain = speed(weighted(*PLAIN))
    limit = savings(weighted(*SENT), plain, RATES).hour_limit
    assert limit is not None
    there = savings(weighted(*SENT), plain, Rates(limit / 3600, RATES.token))
    assert there.balance is not None and there.balance.value == pytest.approx(0, abs=1e-9)


def test_no_value_of_time_makes_up_for_time_lost(weighted: MakeWeighted) -> None:
    slower = [Made(reply=100 * n, accepted=10 * n, rejected=30 * n, pass_cost=1.4) for n in range(1, 11)]
    found = savings(weighted(*slower), speed(weighted(*PLAIN)), RATES)
    assert found.saved_s is not None and found.saved_s.value < 0
    assert found.hour_limit is None


def test_without_plain_requests_only_what_needs_none_is_known(weighted: MakeWeighted) -> None:
    found = savings(weighted(*SENT), speed([]), RATES)
    assert found.acceptance is not None
    assert (found.token_s, found.pass_cost, found.saved_s, found.balance) == (None, None, None, None)


def test_requests_without_times_count_for_acceptance_alone(weighted: MakeWeighted) -> None:
    found = savings(weighted(*SENT, seconds=None), speed(weighted(*PLAIN)), RATES)
    assert found.acceptance is not None
    assert (found.sent, found.saved_s, found.pass_cost) == (0, None, None)


def test_nothing_at_all_is_no_error(weighted: MakeWeighted) -> None:
    found = savings([], Speed(0, None), RATES)
    assert (found.sent, found.acceptance, found.balance, found.rejected_cost) == (0, None, None, 0)


def test_a_prediction_that_is_accepted_whole_leaves_no_pass_to_measure(weighted: MakeWeighted) -> None:
    whole = [Made(reply=100 * n, accepted=100 * n, seconds_factor=0) for n in range(1, 11)]
    observations = weighted(*whole, seconds=0.01)
    found = savings(observations, speed(weighted(*PLAIN)), RATES)
    assert (found.pass_cost, found.pass_cost_limit) == (None, None)
    assert found.balance is not None and found.balance.value < 0
