"""Ratios, rates and shrinkage."""

from __future__ import annotations

import math
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.tuning import estimates
from editsvc.tuning.estimates import Estimate, combined, linear, mean, rate, ratio, shrunk, student

counts = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(0, 5_000), st.floats(0.01, 1)), min_size=0, max_size=40
)


def test_a_ratio_of_sums_weighs_long_requests_more() -> None:
    found = ratio([1, 1, 1, 10], [10, 10, 10, 20], [1, 1, 1, 1])
    assert found is not None
    assert found.value == pytest.approx(13 / 50)
    assert found.low < found.value < found.high


def test_two_requests_say_too_little() -> None:
    assert ratio([1, 2], [3, 3], [1, 1]) is None
    assert ratio([1, 2, 3], [3, 3, 3], [1, 1, 1]) is not None
    assert mean([]) is None


def test_one_request_that_is_the_whole_says_nothing_about_variation() -> None:
    assert ratio([5, 0, 0, 0], [9, 0, 0, 0], [1, 1, 1, 1]) is None


def test_halving_every_weight_changes_nothing() -> None:
    parts, wholes = [3.0, 5.0, 2.0, 8.0, 1.0], [6.0, 7.0, 9.0, 9.0, 4.0]
    one, other = ratio(parts, wholes, [1.0] * 5), ratio(parts, wholes, [0.5] * 5)
    assert one is not None and other is not None
    assert (one.value, one.low, one.freedom) == pytest.approx((other.value, other.low, other.freedom))


@given(counts)
def test_a_rate_and_its_interval_stay_between_0_and_1(made: list[tuple[int, int, float]]) -> None:
    found = rate([a for a, _, _ in made], [a + r for a, r, _ in made], [w for _, _, w in made])
    if found is not None:
        assert 0 <= found.low <= found.value + 1e-9
        assert found.value - 1e-9 <= found.high <= 1


def test_a_rate_without_any_variation_still_has_an_interval() -> None:
    found = rate([5] * 30, [5] * 30, [1.0] * 30)
    assert found is not None
    assert found.value == 1
    assert 0.8 < found.low < 0.95


@pytest.mark.parametrize(
    ("freedom", "point"),
    [(2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (1e9, 1.960)],
)
def test_students_t_is_that_of_the_tables(freedom: float, point: float) -> None:
    assert student(freedom) == pytest.approx(point, rel=0.01)


def test_the_errors_of_independent_parts_add_up_in_squares() -> None:
    found = combined(1.0, [(0.3, linear(2.0, 1.0, 10)), (-1.0, linear(3.0, 0.4, 10))])
    assert found.error == pytest.approx(0.5)
    assert 10 < found.freedom < 20


def test_an_unsure_estimate_is_drawn_to_the_others_and_a_sure_one_is_not() -> None:
    sure, unsure = linear(1.0, 0.01, 200), linear(3.0, 2.0, 10)
    drawn = shrunk([sure, linear(1.1, 0.01, 200), unsure])
    assert drawn[0].value == pytest.approx(1.0, abs=0.05)
    assert 1.0 < drawn[2].value < 2.0
    assert drawn[2].error < unsure.error


def test_estimates_far_apart_and_sure_of_themselves_stay_where_they_are() -> None:
    found = [linear(value, 0.01, 100) for value in (-1.0, 0.0, 1.0)]
    assert [one.value for one in shrunk(found)] == pytest.approx([-1.0, 0.0, 1.0], abs=1e-3)


def test_a_lonely_estimate_is_not_drawn_anywhere() -> None:
    alone = [linear(0.3, 0.2, 9)]
    assert shrunk(alone) == alone
    assert shrunk([]) == []


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(1e-6, 5), st.floats(3, 500)), min_size=2, max_size=8))
def test_shrinkage_never_leaves_the_range_of_the_estimates(made: list[tuple[float, float, float]]) -> None:
    found = [linear(*one) for one in made]
    low, high = min(one.value for one in found), max(one.value for one in found)
    for before, after in zip(found, shrunk(found), strict=True):
        assert low - 1e-6 <= after.value <= high + 1e-6
        assert after.error <= before.error * 2 + 1e-9


def test_shrinkage_lessens_the_error_of_groups_that_are_alike() -> None:
    rng = Random(4)
    raw = drawn = 0.0
    for _ in range(300):
        truths = [rng.gauss(0, 0.1) for _ in range(6)]
        found = [linear(truth + rng.gauss(0, 0.3), 0.3, 50) for truth in truths]
        raw += sum((one.value - truth) ** 2 for one, truth in zip(found, truths, strict=True))
        drawn += sum((one.value - truth) ** 2 for one, truth in zip(shrunk(found), truths, strict=True))
    assert drawn < 0.5 * raw


def test_the_chance_of_being_negative_follows_the_distance_from_zero() -> None:
    below = [estimates.chance_below_zero(linear(value, 1.0, 1e6)) for value in (-1.645, 0.0, 1.645)]
    assert below == pytest.approx([0.95, 0.5, 0.05], abs=1e-3)
    assert estimates.chance_below_zero(Estimate(-1, -1, -1, 0.0, 9)) == 1


def test_few_degrees_of_freedom_make_less_certain() -> None:
    few, many = (estimates.chance_below_zero(linear(-1.0, 0.5, freedom)) for freedom in (2.5, 1000))
    assert 0.5 < few < many


def test_the_interval_of_a_ratio_holds_the_truth_as_often_as_it_says() -> None:
    """Skewed lengths, 30 requests, 1,800 logs: 95 % give or take the 2 % that a few requests leave open."""
    held, rngs = 0, {seed: Random(seed) for seed in (1, 2, 3)}
    for seed, _ in product((1, 2, 3), range(600)):
        rng = rngs[seed]
        wholes = [rng.lognormvariate(5, 0.8) for _ in range(30)]
        parts = [0.3 * whole * math.exp(rng.gauss(-0.005, 0.1)) for whole in wholes]
        found = ratio(parts, wholes, [1.0] * 30)
        assert found is not None
        held += found.low <= 0.3 <= found.high
    assert 0.93 <= held / 1_800 <= 0.97


def test_the_interval_of_an_acceptance_holds_the_truth_though_a_few_requests_reject_the_most() -> None:
    """Nine requests in ten reject next to nothing, and one rejects most; 100 requests, 600 logs."""
    rng = Random(1)
    held = 0
    for _ in range(600):
        wholes = [round(rng.lognormvariate(6, 0.8)) for _ in range(100)]
        parts = [round(whole * (0.98 if rng.random() < 0.9 else 0.3)) for whole in wholes]
        found = rate(parts, wholes, [1.0] * 100)
        assert found is not None
        held += found.low <= 0.9 * 0.98 + 0.1 * 0.3 <= found.high
    assert 0.93 <= held / 600 <= 0.97
