"""A window against the one before: what changed, how sure that is, and what is not known."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from editsvc.errors import Status
from editsvc.report.compare import compared
from editsvc.report.compare_words import compared_rows, comparing, note
from editsvc.report.evidence import gather
from editsvc.report.model import Compared, ComparedModel, Comparison, Period, Unit
from editsvc.tokenlog.values import Verdict
from editsvc.tuning.estimates import Estimate, difference, rates_apart, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editsvc.tokenlog import RequestRecord

    Make = Callable[..., RequestRecord]

MIDDLE = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = timedelta(days=7)


def compare(records: Sequence[RequestRecord], span: timedelta = WEEK, by: tuple[str, ...] = ()) -> Comparison:
    windows = [gather(records, by=by, since=begin, until=begin + span) for begin in (MIDDLE, MIDDLE - span)]
    return compared(*windows, span=span, middle=MIDDLE)


def two_weeks(
    make: Make,
    rng: random.Random,
    *,
    edits: int = 4,
    day_noise: float = 0.1,
    speed: tuple[float, float] = (900, 900),
    held_out: float = 0.2,
    **fields: Any,
) -> list[RequestRecord]:
    """Sixteen requests a day, some to one file in a row, on days that are slow or fast; before, then now."""
    records = []
    for day in range(-7, 7):
        pace = math.exp(rng.gauss(0, day_noise))
        for number in range(16):
            if number % edits == 0:
                path, fits = f"{rng.getrandbits(128):032x}", rng.betavariate(4, 1.3)
            size = 60 + int(rng.lognormvariate(6, 0.5))
            sent = rng.random() >= held_out
            accepted = int(size * min(1.0, max(0.0, rng.gauss(fits, 0.05)))) if sent else 0
            rejected = (size - accepted) // 2 if sent else 0
            took = (size - accepted) * (1.15 if sent else 1) * pace * rng.lognormvariate(0, 0.1)
            took /= speed[day >= 0]
            records.append(
                make(
                    created_at=MIDDLE + timedelta(days=day, minutes=5 * number),
                    provider="cerebras",
                    model="gpt-oss-120b",
                    path=path,
                    finish_reason="stop",
                    scope_kind="file",
                    document_bytes=4 * size,
                    prediction_sent=sent,
                    prediction_drawn=sent,
                    propensity=1 - held_out if sent else held_out,
                    completion_tokens=size + rejected,
                    accepted_prediction_tokens=accepted if sent else None,
                    rejected_prediction_tokens=rejected if sent else None,
                    ttft_s=0.1,
                    total_s=0.1 + took,
                    completion_time_s=took,
                    cost_usd=(size + rejected) * 0.75e-6,
                    verdict=rng.choice([Verdict.ACCEPTED, Verdict.REJECTED]),
                    **fields,
                )
            )
    return records


def figure(found: Comparison, name: str) -> Compared:
    return next(each for each in found.figures if each.name == name)


def test_each_request_is_in_one_window(make_record: Make) -> None:
    """The one at the boundary is in the later window; what is older than both is in none."""
    at = [MIDDLE - 2 * WEEK, MIDDLE - WEEK, MIDDLE - timedelta(seconds=1), MIDDLE, MIDDLE + timedelta(days=6)]
    found = compare([make_record(created_at=each) for each in at])
    assert (found.now.requests, found.before.requests) == (2, 2)


def test_a_cost_that_is_not_known_is_no_cost_of_zero(make_record: Make) -> None:
    costs = [0.5, None, None, 0.25]
    found = compare(
        [
            make_record(created_at=MIDDLE + timedelta(days=day), cost_usd=cost)
            for cost, day in zip(costs, (1, 2, -1, -2), strict=True)
        ]
    )
    assert (found.now.cost_usd, found.before.cost_usd) == (0.5, 0.25)
    assert figure(found, "Cost of 1,000 edits").now == pytest.approx(500)
    assert note(found).startswith("Cost covers 1 of 2 requests now, 1 of 2 before.")


def test_a_server_that_became_slower_is_said_with_the_figure(make_record: Make) -> None:
    rng = random.Random(1)
    found = compare(two_weeks(make_record, rng, speed=(900, 300), held_out=0.0))
    first = comparing(found)
    time = figure(found, "Time of an edit")
    assert time.low is not None and time.low > 0
    assert first.sentence.startswith("An edit took ")
    assert first.sentence.endswith(" longer than in the 7 days before.")
    assert "What predictions save is not compared: not enough data" in first.evidence


def test_what_predictions_save_is_the_judges_answer_about_each_window(make_record: Make) -> None:
    found = compare(two_weeks(make_record, random.Random(2)))
    (model,) = found.models
    assert model.now is not None and model.before is not None
    assert model.low is not None and model.high is not None
    assert model.low < model.now - model.before < model.high
    assert comparing(found).sentence.startswith("No certain change: predictions save ")


def test_four_days_on_either_side_are_not_enough_for_times(make_record: Make) -> None:
    found = compare(
        [
            each
            for each in two_weeks(make_record, random.Random(3))
            if (each.created_at - MIDDLE) % WEEK < timedelta(days=4)
        ]
    )
    assert figure(found, "Time of an edit").low is None
    assert figure(found, "Acceptance").low is not None  # by files, of which there are enough
    assert found.models[0].low is None
    assert comparing(found).kind == "not-enough-to-compare"


def test_groups_are_compared_by_themselves(make_record: Make) -> None:
    rng = random.Random(4)
    go, python = (two_weeks(make_record, rng, language=name) for name in ("go", "python"))
    found = compare(go + python[: len(python) // 2], by=("language",))
    assert [(dict(each.key), each.requests_now, each.requests_before) for each in found.groups] == [
        ({"language": "go"}, 112, 112),
        ({"language": "python"}, 0, 112),
    ]
    assert found.groups[0].figures[0].low is not None
    assert found.groups[1].figures[0].now is None


def test_offline_requests_are_counted_and_not_measured(make_record: Make) -> None:
    records = [
        make_record(created_at=MIDDLE + timedelta(hours=hour), offline=True, total_s=1.0) for hour in (-1, 1)
    ]
    found = compare(records)
    assert (found.now.requests, figure(found, "Time of an edit").now) == (1, None)


def test_the_difference_of_means_is_welchs(make_record: Make) -> None:
    """One request a file, a file a day: nothing is clustered, and the interval is that of Welch's t test."""
    rng = random.Random(5)
    now, before = ([rng.lognormvariate(0, 0.3) for _ in range(count)] for count in (60, 80))
    ones = [
        ratio(values, [1.0] * len(values), [1.0] * len(values), range(len(values)), least=5)
        for values in (now, before)
    ]
    assert ones[0] is not None and ones[1] is not None
    found = difference(ones[0], ones[1])
    expected = stats.ttest_ind(now, before, equal_var=False).confidence_interval()
    width = expected.high - expected.low
    assert found.low == pytest.approx(expected.low, abs=0.05 * width)
    assert found.high == pytest.approx(expected.high, abs=0.05 * width)


@given(st.integers(0, 40), st.integers(0, 30))
def test_the_difference_of_rates_is_newcombes(hits: int, others: int) -> None:
    def wilson(count: int, of: int) -> Estimate:
        low, high = proportion_confint(count, of, method="wilson")
        return Estimate(count / of, low, high, 0.1, 30)

    found = rates_apart(wilson(hits, 40), wilson(others, 30))
    low, high = confint_proportions_2indep(hits, 40, others, 30, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_the_intervals_hold_no_change_where_there_is_none(make_record: Make) -> None:
    """Four edits a file, days that differ by a tenth; how many of 500 such logs is in the docs."""
    held: dict[str, list[bool]] = {}
    for seed in range(12):
        found = compare(two_weeks(make_record, random.Random(seed)))
        for name, low, high in (
            *((each.name, each.low, each.high) for each in found.figures),
            *(("saved", each.low, each.high) for each in found.models),
        ):
            if low is not None and high is not None:
                held.setdefault(name, []).append(low <= 0 <= high)
    assert all(sum(each) > 8 for each in held.values()), held
    assert min(map(len, held.values())) == 12


VALUES = st.one_of(st.none(), st.floats(-3, 1, allow_nan=False))


@given(
    requests=st.tuples(st.integers(0, 9_999_999), st.integers(0, 9_999_999)),
    saved=st.tuples(VALUES, VALUES),
    times=st.tuples(st.floats(0, 5_000), st.floats(0, 5_000)),
    half=st.one_of(st.none(), st.floats(0.0001, 2)),
    span=st.sampled_from(
        [timedelta(hours=1), timedelta(days=1), WEEK, timedelta(weeks=52), timedelta(hours=36)]
    ),
    unit=st.sampled_from([Unit.SECONDS, Unit.DOLLARS]),
)
def test_the_first_sentence_is_short_in_every_state(
    requests: tuple[int, int],
    saved: tuple[float | None, float | None],
    times: tuple[float, float],
    half: float | None,
    span: timedelta,
    unit: Unit,
) -> None:
    def around(change: float | None) -> tuple[float | None, float | None]:
        return (None, None) if change is None or half is None else (change - half, change + half)

    change = saved[0] - saved[1] if saved[0] is not None and saved[1] is not None else None
    apart = times[0] - times[1]
    figures = [
        Compared(name, each, *times, apart, *(around(apart) if each is unit else (None, None)), *requests)
        for name, each in (("Time of an edit", Unit.SECONDS), ("Cost of 1,000 edits", Unit.DOLLARS))
    ]
    model = ComparedModel("m", *saved, change, *around(change), modelled=False, missing="too few")
    periods = (Period(MIDDLE, MIDDLE + span, each, None, 0) for each in requests)
    found = Comparison(span, *periods, figures, [model], [])
    first = comparing(found)
    assert len(first.sentence.split()) <= 15, first.sentence
    assert first.sentence.endswith(".")
    assert all(len(row) == 5 for row in compared_rows(found))


def test_failures_are_compared(make_record: Make) -> None:
    records = two_weeks(make_record, random.Random(6))
    broken = [make_record(created_at=MIDDLE + timedelta(hours=n), status=Status.FAILED) for n in range(60)]
    failed = figure(compare(records + broken), "Failed")
    assert failed.before == 0
    assert failed.low is not None and failed.low > 0
