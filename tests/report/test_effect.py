"""Time saved: only chance compares, and the intervals cover the truth as often as they say."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.errors import Status
from editsvc.report import aggregate
from editsvc.report.effect import TAIL_FLOOR, WeightedValues
from editsvc.report.intervals import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tokenlog import RequestRecord

    Make = Callable[..., RequestRecord]


def test_the_median_with_prediction_is_set_against_the_one_without(randomised: Make) -> None:
    records = [randomised(True, 1.0 + number / 100) for number in range(41)]
    records += [randomised(False, 2.0 + number / 100) for number in range(41)]
    saved = aggregate(records).effect.total_s
    assert (saved.with_prediction, saved.without_prediction) == (pytest.approx(1.2), pytest.approx(2.2))
    assert saved.saved == pytest.approx(1.0)
    assert saved.low is not None and saved.high is not None
    assert 0.7 < saved.low < 1.0 < saved.high < 1.3


def test_what_the_policy_chose_without_chance_does_not_count(randomised: Make) -> None:
    slow = [randomised(False, 60.0, propensity) for propensity in (0.0, 1.0) for _ in range(100)]
    records = [randomised(True, 1.0) for _ in range(25)] + [randomised(False, 2.0) for _ in range(25)]
    effect = aggregate([*records, *slow]).effect
    assert (effect.requests_with, effect.requests_without) == (25, 25)
    assert effect.total_s.without_prediction == 2.0


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"status": Status.FAILED}, id="failed"),
        pytest.param({"status": Status.CANCELLED}, id="cancelled"),
        pytest.param({"attempts": 0}, id="never sent"),
        pytest.param({"offline": True}, id="answered by the offline engine"),
    ],
)
def test_what_measures_no_server_does_not_count(randomised: Make, fields: dict[str, object]) -> None:
    effect = aggregate([randomised(True, 1.0, **fields), randomised(False, None)]).effect
    assert (effect.requests_with, effect.requests_without) == (0, 0)
    assert effect.total_s.saved is None


def test_a_changing_probability_is_weighed_out(randomised: Make) -> None:
    """Slow requests were explored more often; a plain comparison of medians would find a difference."""
    rng = random.Random(7)
    records = []
    for number in range(6_000):
        slow = number % 3 == 0
        chance = 0.5 if slow else 0.95
        sent = rng.random() < chance
        records.append(
            randomised(sent, (5.0 if slow else 1.0) + rng.random(), chance if sent else 1 - chance)
        )
    effect = aggregate(records).effect
    assert effect.total_s.saved == pytest.approx(0.0, abs=0.15)
    plain = sorted(each.timing.total_s or 0 for each in records if not each.prediction.sent)
    assert plain[len(plain) // 2] > 5


def test_below_the_floor_medians_are_shown_and_no_difference(randomised: Make) -> None:
    records = [randomised(True, 1.0) for _ in range(100)]
    records += [randomised(False, 2.0) for _ in range(FLOOR - 1)]
    effect = aggregate(records).effect
    assert effect.total_s.without_prediction == 2.0
    assert (effect.total_s.saved, effect.total_s.low) == (None, None)
    assert effect.more_requests is not None and effect.more_requests >= 1


def test_a_95th_percentile_needs_more_requests_than_a_median(randomised: Make) -> None:
    few = [randomised(sent, 1.0) for sent in (True, False) for _ in range(TAIL_FLOOR - 1)]
    assert aggregate(few).effect.total_p95_s.saved is None
    enough = [randomised(sent, 1.0) for sent in (True, False) for _ in range(TAIL_FLOOR)]
    assert aggregate(enough).effect.total_p95_s.saved == 0


def test_the_number_of_requests_still_needed_follows_the_share_held_out(randomised: Make) -> None:
    records = [randomised(True, 1.0) for _ in range(45)] + [randomised(False, 2.0) for _ in range(5)]
    assert aggregate(records).effect.more_requests == pytest.approx(150, rel=0.1)  # 15 more at one in ten


def test_without_chance_nobody_knows_how_many_requests_are_needed(predicted: Make) -> None:
    assert aggregate([predicted(1, 1, 3, propensity=1.0)]).effect.more_requests is None


@pytest.mark.parametrize(("level", "least"), [(0.5, 60), (0.95, 400)])
def test_the_interval_of_a_difference_covers_the_truth_in_95_of_100_logs(level: float, least: int) -> None:
    """Log-normal times; prediction halves what comes after the first token."""
    from editsvc.report.effect import _difference

    rng = random.Random(20261121)

    def draw(speed: float, count: int) -> list[float]:
        return [0.2 + speed * rng.lognormvariate(-0.5, 0.6) for _ in range(count)]

    population = [sorted(draw(speed, 200_000)) for speed in (0.5, 1.0)]
    truth = population[1][int(level * 200_000)] - population[0][int(level * 200_000)]
    covered = 0
    for _ in range(500):
        predicted, held_out = (
            WeightedValues((value, 1.0) for value in draw(speed, count))
            for speed, count in ((0.5, 5 * least), (1.0, least))
        )
        found = _difference(predicted, held_out, level, 1)
        assert found.low is not None and found.high is not None
        covered += found.low <= truth <= found.high
    assert 0.925 <= covered / 500 <= 0.975


@given(
    st.lists(st.tuples(st.floats(0.001, 100), st.sampled_from([1.0, 5.0, 20.0])), min_size=1, max_size=40),
    st.floats(0, 1),
)
def test_a_weighted_quantile_lies_among_the_values(pairs: list[tuple[float, float]], level: float) -> None:
    values = WeightedValues(pairs)
    assert min(pairs)[0] <= values.quantile(level) <= max(pairs)[0]
    assert 1 - 1e-9 <= values.size <= len(pairs) + 1e-9


def test_a_report_repeats_itself(busy_month: list[RequestRecord]) -> None:
    assert aggregate(busy_month).effect == aggregate(busy_month).effect
