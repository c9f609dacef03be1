"""Rates per request, and intervals that cover the truth as often as they say."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.report.intervals import FLOOR, Totals, proportion, quantiles, ratio
from editsvc.report.model import Quantiles, Rate

if TYPE_CHECKING:
    from collections.abc import Callable

pairs = st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(lambda pair: (min(pair), max(pair)))


def simulated_request(rng: random.Random) -> tuple[int, int]:
    """Accepted and all verified tokens of one request.

    Sizes are log-normal; four edits in five follow the prediction closely, the fifth hardly at all.
    """
    size = 20 + int(rng.lognormvariate(5.5, 0.6))
    share = rng.betavariate(4, 1.2) if rng.random() < 0.8 else rng.betavariate(1, 4)
    accepted = int(size * share)
    return accepted, accepted + int((size - accepted) * rng.uniform(0.1, 0.9))


def test_a_ratio_is_of_sums_and_not_a_mean_of_ratios() -> None:
    assert ratio([(90, 100), (0, 10)]).value == pytest.approx(90 / 110)


def test_a_request_that_verified_nothing_says_nothing() -> None:
    assert ratio([(5, 10), (0, 0), (0, 0)]) == Rate(0.5, None, None, 1)


def test_no_requests_have_no_rate() -> None:
    assert ratio([]) == ratio([(0, 0)]) == proportion(0, 0) == Rate(None, None, None, 0)


def test_below_the_floor_there_is_a_value_and_no_interval() -> None:
    few = ratio([(number, 30) for number in range(FLOOR - 1)])
    assert (few.low, few.high) == (None, None)
    assert few.value == pytest.approx(0.3)
    enough = ratio([(number, 30) for number in range(FLOOR)])
    assert enough.low is not None


def simulated_reply(rng: random.Random) -> tuple[int, int]:
    """Accepted tokens of one request, and all that it wrote: those, its own, and rejected ones."""
    accepted, verified = simulated_request(rng)
    return accepted, verified + int(rng.lognormvariate(4, 0.8))


@pytest.mark.parametrize("request_of", [simulated_request, simulated_reply], ids=["acceptance", "coverage"])
@pytest.mark.parametrize("requests", [60, 200])
def test_the_interval_covers_the_truth_in_95_of_100_logs(
    request_of: Callable[[random.Random], tuple[int, int]], requests: int
) -> None:
    rng = random.Random(20261121)
    population = [request_of(rng) for _ in range(200_000)]
    truth = sum(part for part, _ in population) / sum(whole for _, whole in population)
    covered = 0
    for _ in range(500):
        rate = ratio([request_of(rng) for _ in range(requests)])
        assert rate.low is not None
        assert rate.high is not None
        covered += rate.low <= truth <= rate.high
    assert 0.93 <= covered / 500 <= 0.97


def test_a_sample_gives_the_spread_and_the_totals_give_the_rate() -> None:
    rng = random.Random(3)
    log = [simulated_request(rng) for _ in range(20_000)]
    totals = Totals(sum(part for part, _ in log), sum(whole for _, whole in log), len(log))
    exact, sampled = ratio(log), ratio(log[::10], totals)
    assert sampled.value == exact.value
    assert sampled.requests == 20_000
    assert exact.low is not None and exact.high is not None
    assert sampled.low == pytest.approx(exact.low, abs=(exact.high - exact.low) / 10)
    assert sampled.high == pytest.approx(exact.high, abs=(exact.high - exact.low) / 10)


def test_the_interval_counts_requests_and_not_tokens() -> None:
    rng = random.Random(1)
    requests = [simulated_request(rng) for _ in range(200)]
    rate = ratio(requests)
    assert rate.value is not None
    assert rate.low is not None
    assert rate.high is not None
    tokens = sum(whole for _, whole in requests)
    by_token = 2 * 1.96 * math.sqrt(rate.value * (1 - rate.value) / tokens)
    assert rate.high - rate.low > 5 * by_token


def test_requests_that_all_agree_do_not_prove_certainty() -> None:
    rate = ratio([(100, 100)] * 25)
    assert rate.value == 1
    assert rate.high == 1
    assert rate.low == pytest.approx(0.867, abs=0.001)


def test_more_accepted_than_written_is_shown_as_it_was_reported() -> None:
    rate = ratio([(12, 10), (11, 10)] * 20)
    assert rate.value == pytest.approx(1.15)
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < 1.15 < rate.high


@given(st.lists(pairs, min_size=FLOOR, max_size=60))
def test_an_interval_holds_its_value_and_stays_between_0_and_1(requests: list[tuple[int, int]]) -> None:
    rate = ratio(requests)
    if rate.low is not None:
        assert rate.value is not None
        assert rate.high is not None
        assert 0 <= rate.low <= rate.value + 1e-12
        assert rate.value - 1e-12 <= rate.high <= 1


@given(st.lists(pairs, min_size=FLOOR, max_size=40), st.randoms())
def test_the_order_of_requests_does_not_matter(requests: list[tuple[int, int]], rng: random.Random) -> None:
    shuffled = list(requests)
    rng.shuffle(shuffled)
    assert ratio(shuffled) == ratio(requests)


def test_a_proportion_has_wilsons_interval() -> None:
    rate = proportion(80, 100)
    assert (rate.low, rate.high) == (pytest.approx(0.7112, abs=1e-4), pytest.approx(0.8666, abs=1e-4))


def test_quantiles_lie_between_neighbours() -> None:
    assert quantiles([float(number) for number in range(1, 22)]) == Quantiles(11.0, 20.0, 21)
    assert quantiles([4.0, 1.0, 3.0, 2.0]) == Quantiles(2.5, None, 4)
    assert quantiles([]) == Quantiles(None, None, 0)


def simulated_file(rng: random.Random, edits: int) -> list[tuple[int, int]]:
    """Edits of one file, which fare alike: what the server makes of its lines hardly depends on the edit."""
    size = 20 + int(rng.lognormvariate(5.5, 0.6))
    share = rng.betavariate(4, 1.2) if rng.random() < 0.8 else rng.betavariate(1, 4)
    pairs = []
    for _ in range(edits):
        accepted = int(size * min(max(share + rng.gauss(0, 0.05), 0.0), 1.0))
        pairs.append((accepted, accepted + int((size - accepted) * rng.uniform(0.1, 0.9))))
    return pairs


@pytest.mark.parametrize("edits", [1, 2, 4, 8])
def test_the_interval_covers_the_truth_however_many_edits_a_file_has(edits: int) -> None:
    """Three seeds, 400 logs of each: a standard error of 0.6 %."""
    by_file = by_request = 0
    for seed in (1, 2, 3):
        rng = random.Random(100 * seed + edits)
        population = [pair for _ in range(20_000) for pair in simulated_file(rng, edits)]
        truth = sum(part for part, _ in population) / sum(whole for _, whole in population)
        for _ in range(400):
            log = [(number, pair) for number in range(400 // edits) for pair in simulated_file(rng, edits)]
            pairs = [pair for _, pair in log]
            rate, alone = ratio(pairs, files=[file for file, _ in log]), ratio(pairs)
            assert rate.low is not None and rate.high is not None
            assert alone.low is not None and alone.high is not None
            by_file += rate.low <= truth <= rate.high
            by_request += alone.low <= truth <= alone.high
    assert 0.93 <= by_file / 1_200 <= 0.98
    if edits > 2:
        assert by_request / 1_200 < 0.85


def test_many_edits_of_few_files_have_no_interval() -> None:
    pairs = [(number, 100) for number in range(90)]
    assert ratio(pairs, files=[number % 9 for number in range(90)]).low is None
    assert ratio(pairs, files=[number % 10 for number in range(90)]).low is not None


def test_a_sample_knows_that_its_requests_belong_to_files() -> None:
    rng = random.Random(4)
    log = [(number, pair) for number in range(4_000) for pair in simulated_file(rng, 5)]
    pairs = [pair for _, pair in log]
    totals = Totals(sum(part for part, _ in pairs), sum(whole for _, whole in pairs), len(pairs))
    exact = ratio(pairs, files=[file for file, _ in log])
    drawn = [one for one in log if rng.random() < 0.2]
    sampled = ratio([pair for _, pair in drawn], totals, [file for file, _ in drawn])
    assert exact.low is not None and exact.high is not None
    assert sampled.low is not None and sampled.high is not None
    assert sampled.high - sampled.low == pytest.approx(exact.high - exact.low, rel=0.25)
