"""The formulas beside scipy's and statsmodels': what is written here by hand says what they say."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special, stats
from scipy.optimize import nnls
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from editsvc.report import intervals
from editsvc.tuning import days, drift, estimates
from editsvc.tuning.estimates import difference, linear, mean, rate, ratio, reach, shrunk, student

FILES, DAYS = [number // 3 for number in range(60)], [number % 12 for number in range(60)]


@pytest.fixture
def requests() -> tuple[list[float], list[float], list[float]]:
    """Parts, wholes and weights of sixty requests: twenty files, twelve days."""
    rng = Random(1)
    wholes = [rng.lognormvariate(5, 0.8) for _ in range(60)]
    return (
        [0.3 * whole * rng.lognormvariate(0, 0.2) for whole in wholes],
        wholes,
        [0.2 + rng.random() for _ in range(60)],
    )


def fitted(parts: list[float], wholes: list[float], weights: list[float]) -> sm.WLS:
    """A ratio of sums is a line through the origin, fitted with weights of 1/x."""
    x = np.array(wholes)
    return sm.WLS(np.array(parts), x, weights=np.array(weights) / x)


@pytest.mark.parametrize("freedom", [2, 2.5, 3, 4, 7.3, 12, 40, 1_000])
def test_students_t(freedom: float) -> None:
    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.01)


def test_a_ratio_is_a_weighted_line_through_the_origin(
    requests: tuple[list[float], list[float], list[float]],
) -> None:
    found = ratio(*requests, FILES)
    assert found is not None
    assert found.value == pytest.approx(fitted(*requests).fit().params[0])


def test_the_error_of_a_ratio_is_that_of_leaving_out_one_file_after_the_other(
    requests: tuple[list[float], list[float], list[float]],
) -> None:
    found = ratio(*requests, FILES)
    assert found is not None
    others = []
    for file in set(FILES):
        kept = [place for place, one in enumerate(FILES) if one != file]
        others.append(fitted(*([column[place] for place in kept] for column in requests)).fit().params[0])
    assert found.error == pytest.approx(math.sqrt(sum((other - found.value) ** 2 for other in others)))


@pytest.mark.parametrize("groups", [(FILES,), (FILES, DAYS)], ids=["files", "files and days"])
def test_errors_by_clusters_are_a_little_wider_than_the_sandwich(
    groups: tuple[list[int], ...], requests: tuple[list[float], list[float], list[float]]
) -> None:
    """The plain sandwich knows no leverage, and is too narrow where clusters are few."""
    columns = np.column_stack(groups) if len(groups) > 1 else np.array(groups[0])
    sandwich = fitted(*requests).fit(
        cov_type="cluster", cov_kwds={"groups": columns, "use_correction": False}
    )
    found = ratio(*requests, *groups)
    assert found is not None
    assert sandwich.bse[0] < found.error < 1.25 * sandwich.bse[0]


def test_a_mean_has_the_error_of_the_sandwich_with_leverage() -> None:
    rng = Random(2)
    values, weights = [rng.gauss(3, 1) for _ in range(40)], [0.5 + rng.random() for _ in range(40)]
    found = mean(values, weights)
    expected = sm.WLS(np.array(values), np.ones(40), weights=np.array(weights)).fit().HC3_se[0]
    assert found is not None
    assert found.value == pytest.approx(DescrStatsW(values, weights).mean)
    assert found.error == pytest.approx(expected)


def test_a_difference_of_two_means_has_welchs_interval() -> None:
    rng = Random(3)
    one, other = [rng.gauss(5, 1) for _ in range(24)], [rng.gauss(4, 3) for _ in range(15)]
    both = [linear(float(np.mean(x)), float(stats.sem(x)), len(x) - 1) for x in (one, other)]
    found = difference(*both)
    expected = stats.ttest_ind(one, other, equal_var=False)
    low, high = expected.confidence_interval()
    assert found.freedom == pytest.approx(expected.df)
    assert (found.low, found.high) == (pytest.approx(low, rel=0.01), pytest.approx(high, rel=0.01))


@pytest.mark.parametrize(("hits", "trials"), [(20, 20), (0, 25), (17, 40), (99, 100)])
def test_wilsons_interval(hits: int, trials: int) -> None:
    expected = proportion_confint(hits, trials, method="wilson")
    assert (
        intervals.proportion(hits, trials).low,
        intervals.proportion(hits, trials).high,
    ) == pytest.approx(expected, abs=1e-6)
    assert estimates._wilson(hits / trials, trials) == pytest.approx(expected, abs=1e-6)


def test_where_no_request_differs_a_rate_has_wilsons_interval() -> None:
    found = rate([7] * 30, [7] * 30, [1.0] * 30)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(proportion_confint(30, 30, method="wilson"), abs=1e-6)


def test_the_variance_between_groups_is_that_of_a_random_effects_model() -> None:
    rng = Random(4)
    values = [rng.gauss(1, 0.8) for _ in range(9)]
    errors = [rng.uniform(0.1, 0.4) for _ in range(9)]
    # So many degrees of freedom that errors stand for normal ones.
    drawn = shrunk([linear(value, error, 1e9) for value, error in zip(values, errors, strict=True)])
    model = combine_effects(np.array(values), np.square(errors), method_re="dl")
    between, centre = model.tau2, model.mean_effect_re
    for value, error, found in zip(values, errors, drawn, strict=True):
        own = between / (between + error * error)
        assert found.value == pytest.approx(own * value + (1 - own) * centre, rel=1e-6)


@pytest.mark.parametrize("skew", [-0.9, -0.3, 0.05, 0.4, 1.0])
def test_the_correction_of_skewness_undoes_halls_polynomial(skew: float) -> None:
    """Hall's transformation of a studentized mean is T + kT²/3 + k²T³/27 + k/6."""
    for point in (-2.2, -1.0, 0.3, 1.96):
        found = estimates._halls(point, skew, skew / 3)
        assert found + skew * found**2 / 3 + skew**2 * found**3 / 27 + skew / 6 == pytest.approx(point)


def test_an_interval_never_reaches_less_far_than_students_t() -> None:
    for skew in (-1.0, -0.2, 0.0, 0.2, 1.0):
        assert min(reach(12, skew)) == pytest.approx(student(12))
    below, above = reach(12, 0.5)
    assert below < above


@pytest.mark.parametrize("distance", [0.35, 0.6, 1.0, 1.36, 1.63, 2.2])
def test_the_bridge_is_kolmogorovs(distance: float) -> None:
    assert drift._bridge_exceeds(distance) == pytest.approx(special.kolmogorov(distance), abs=1e-5)


def test_ranks_share_ties() -> None:
    rng = Random(5)
    values = [rng.choice([0.1, 0.5, 0.5, 0.9, rng.random()]) for _ in range(80)]
    assert drift._ranks(values) == list(stats.rankdata(values))


def test_what_a_request_takes_is_fitted_by_weighted_least_squares() -> None:
    rng = Random(6)
    rows = []
    for _ in range(200):
        x = (rng.lognormvariate(4, 1), 1.0, rng.lognormvariate(5, 1))
        rows.append((x, (0.001 * x[0] + 0.02 + 0.0001 * x[2]) * rng.lognormvariate(0, 0.1)))
    before = [0.001, 0.01, 0.0]
    weights = [1 / days._told(before, x[0], x[2]) for x, _ in rows]
    matrix = np.array([[w * each for each in x] for (x, _), w in zip(rows, weights, strict=True)])
    right = np.array([w * y for (_, y), w in zip(rows, weights, strict=True)])
    expected, _ = nnls(matrix, right)
    assert days._least_squares(rows, before) == pytest.approx(list(expected), rel=1e-6)


def test_quantiles_are_numpys() -> None:
    rng = Random(7)
    values = [rng.lognormvariate(0, 1) for _ in range(33)]
    found = intervals.quantiles(values)
    assert (found.median, found.p95) == pytest.approx(tuple(np.quantile(values, [0.5, 0.95])))
