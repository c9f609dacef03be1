"""What a policy would have been worth."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from tuning_cases import TAU, Made

from editsvc.prediction.policy import Cell
from editsvc.tuning.evaluation import evaluate
from editsvc.tuning.savings import Rates

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tuning.observation import Observation

    MakeObservation = Callable[..., Observation]

MODEL = Cell("cerebras", "gpt-oss-120b")
RATES = {MODEL: Rates(second=1 / 100, token=1e-6)}


def drawn_log(make: MakeObservation, seed: int, count: int, share: float) -> list[Observation]:
    """Replies of 400 tokens on average; with a prediction a quarter of the time, and 20 tokens rejected."""
    rng = Random(seed)
    log = []
    for _ in range(count):
        reply = rng.randint(100, 700)
        factor = rng.uniform(0.9, 1.1)
        if rng.random() < share:
            made = Made(reply, seconds_factor=factor)
            log.append(make(made, propensity=share))
        else:
            made = Made(reply, accepted=reply * 3 // 4, rejected=20, seconds_factor=factor)
            log.append(make(made, propensity=1 - share))
    return log


WITH = 0.25 * 400 * TAU + 20 * 1e-6 * 100
WITHOUT = 400 * TAU


@pytest.mark.parametrize(("send", "truth"), [(True, WITH), (False, WITHOUT)])
def test_both_estimates_hold_the_value_of_a_policy_that_was_not_followed(
    send: bool, truth: float, make_observation: MakeObservation
) -> None:
    held = {"snips": 0, "doubly robust": 0}
    for seed in range(100):
        found = evaluate(drawn_log(make_observation, seed, 600, 0.1), lambda _: send, RATES)
        assert found.snips is not None and found.doubly_robust is not None
        held["snips"] += found.snips.low <= truth <= found.snips.high
        held["doubly robust"] += found.doubly_robust.low <= truth <= found.doubly_robust.high
    assert min(held.values()) >= 88


def test_the_doubly_robust_estimate_is_the_surer_one(make_observation: MakeObservation) -> None:
    found = evaluate(drawn_log(make_observation, 1, 600, 0.1), lambda _: False, RATES)
    assert found.snips is not None and found.doubly_robust is not None
    assert found.doubly_robust.error < found.snips.error


def test_the_effective_size_counts_what_speaks_about_the_policy(make_observation: MakeObservation) -> None:
    log = drawn_log(make_observation, 2, 1_000, 0.05)
    as_it_was, otherwise = (evaluate(log, lambda _, send=send: send, RATES) for send in (True, False))
    assert as_it_was.effective == pytest.approx(sum(one.sent for one in log))
    assert otherwise.effective == pytest.approx(sum(not one.sent for one in log))


def test_too_small_an_effective_size_is_refused_in_words(make_observation: MakeObservation) -> None:
    found = evaluate(drawn_log(make_observation, 3, 200, 0.03), lambda _: False, RATES)
    assert (found.snips, found.doubly_robust, found.logged) == (None, None, None)
    assert found.refusal.startswith("Not enough data: the effective sample for this policy is ")
    assert " of 200 randomised requests; " in found.refusal


def test_requests_that_were_no_matter_of_chance_tell_nothing(make_observation: MakeObservation) -> None:
    certain = [make_observation(Made(400), propensity=1.0) for _ in range(100)]
    found = evaluate(certain, lambda _: False, RATES)
    assert (found.requests, found.effective) == (0, 0)
    assert found.refusal


def test_a_model_of_which_nothing_was_learned_is_left_out(make_observation: MakeObservation) -> None:
    log = [make_observation(Made(400), propensity=0.5, cell=Cell("other", "m")) for _ in range(100)]
    assert evaluate(log, lambda _: True, RATES).requests == 0
