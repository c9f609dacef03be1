"""From what length of a document on its parts are offered."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from tuning_cases import Made

from editsvc.tuning.observation import Weighted
from editsvc.tuning.savings import Rates
from editsvc.tuning.scopes import crossing

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tuning.observation import Observation

    MakeObservation = Callable[..., Observation]

FREE = Rates(second=1.0, token=0.0)


def log(make: MakeObservation, *, parts_s: float, count: int = 40, seed: int = 1) -> list[Weighted]:
    """The whole takes 1 ms for each token of a document; parts take `parts_s` and a tenth of that."""
    rng = Random(seed)
    made = []
    for number in range(2 * count):
        length = rng.uniform(300, 6_000)
        parts = number % 2 == 0
        seconds = (parts_s + 0.0001 * length if parts else 0.001 * length) * rng.uniform(0.95, 1.05)
        one = make(Made(500), document_tokens=length, parts=parts, seconds=seconds)
        made.append(Weighted(one, 1.0))
    return made


@pytest.mark.parametrize(("parts_s", "tokens"), [(0.9, 1_000), (1.8, 2_000), (3.6, 4_000)])
def test_the_threshold_is_where_both_ways_take_as_long(
    parts_s: float, tokens: int, make_observation: MakeObservation
) -> None:
    held = 0
    for seed in range(40):
        found = crossing(log(make_observation, parts_s=parts_s, seed=seed), FREE)
        assert found is not None
        held += found.tokens.low <= tokens <= found.tokens.high
        assert found.threshold == pytest.approx(tokens, rel=0.15)
    assert held >= 34


def test_the_threshold_is_round_and_within_limits(make_observation: MakeObservation) -> None:
    at_once = crossing(log(make_observation, parts_s=0.001), FREE)
    assert at_once is not None and at_once.threshold == 200
    later = crossing(log(make_observation, parts_s=1.234), FREE)
    assert later is not None and later.threshold % 100 == 0


def test_tokens_that_are_billed_bring_the_threshold_down(make_observation: MakeObservation) -> None:
    """The whole of a document bills its tokens, parts a tenth of them."""
    free = crossing(log(make_observation, parts_s=1.8), FREE)
    billed = log(make_observation, parts_s=1.8)
    dear = [
        Weighted(
            make_observation(
                Made(round((one.observation.document_tokens or 0) * (0.1 if one.observation.parts else 1))),
                document_tokens=one.observation.document_tokens,
                parts=one.observation.parts,
                seconds=one.observation.seconds,
            ),
            1.0,
        )
        for one in billed
    ]
    found = crossing(dear, Rates(second=1.0, token=0.001))
    assert free is not None and found is not None
    assert found.tokens.value < free.tokens.value


def test_one_way_alone_or_too_few_requests_decide_nothing(make_observation: MakeObservation) -> None:
    whole = [one for one in log(make_observation, parts_s=0.9) if not one.observation.parts]
    assert crossing(whole, FREE) is None
    assert crossing(log(make_observation, parts_s=0.9, count=19), FREE) is None
    assert crossing([], FREE) is None


def test_where_length_makes_no_difference_there_is_no_threshold(make_observation: MakeObservation) -> None:
    rng = Random(1)
    made = [
        Weighted(
            make_observation(
                Made(500),
                document_tokens=rng.uniform(300, 6_000),
                parts=number % 2 == 0,
                seconds=rng.uniform(1, 2),
            ),
            1.0,
        )
        for number in range(100)
    ]
    assert crossing(made, FREE) is None
