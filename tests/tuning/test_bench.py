"""Tuning where the truth is known."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from editsvc.prediction.verifier import PRESETS, Latency, modelled_time, verify
from editsvc.tuning.bench import (
    HABITS,
    MODELS,
    QUANTITIES,
    WEEK,
    WEEKS,
    Result,
    WeeklyScore,
    run_bench,
    run_weeks,
)
from editsvc.tuning.bench_output import render, render_weeks, to_json, weeks_to_json
from editsvc.tuning.simulation import SimulatedEdit, SimulatedServer, generated_edits, given_edits, outcomes

if TYPE_CHECKING:
    from editsvc.tuning.simulation import Habits


@pytest.fixture(scope="module")
def result() -> Result:
    rng = Random(1)
    return run_bench(generated_edits(rng, 80), rng, requests=200, runs=60)


def test_decisions_are_right_where_the_truth_is_clear(result: Result) -> None:
    assert result.learned.right / result.learned.clear >= 0.95


def test_regret_is_small_after_200_requests_to_each_model(result: Result) -> None:
    found = {name: result.learned.regret(name) for name in ("learned", "always", "never", "size")}
    assert found["learned"] is not None and found["learned"] < 0.02
    assert all(
        value is not None and value > 5 * found["learned"]
        for name, value in found.items()
        if name != "learned"
    )


def test_intervals_hold_the_truth_as_often_as_they_say(result: Result) -> None:
    """60 runs of 8 steady models: 480 intervals of each kind, a percent of standard error.

    Of 200 requests hardly ten days have one without a prediction, so there are no intervals of times.
    """
    found = to_json(result)["learned"]["coverage"]
    assert {quantity for quantity, coverage in found.items() if coverage is not None} == {
        "acceptance",
        "net share",
    }
    for quantity in ("acceptance", "net share"):
        assert 0.92 <= found[quantity] <= 0.98, quantity


def test_changes_are_noticed_and_seldom_imagined(result: Result) -> None:
    assert result.learned.noticed / result.learned.drifts > 0.95
    assert result.learned.false_alarms / result.learned.steady <= 0.02


def test_the_same_seed_gives_the_same_figures() -> None:
    def run() -> str:
        rng = Random(3)
        return render(run_bench(generated_edits(rng, 30), rng, requests=40, runs=2, models=MODELS[:3]))

    assert run() == run()


def test_progress_is_told_run_by_run() -> None:
    rng, told = Random(1), list[int]()
    first = list[Result]()
    run_bench(
        generated_edits(rng, 20),
        rng,
        requests=30,
        runs=3,
        models=MODELS[:1],
        progress=told.append,
        first=first.append,
    )
    assert told == [1, 2, 3]
    assert [one.runs for one in first] == [1]


def test_each_habit_is_told_when_it_is_done_and_some_logs_are_tuned_weekly() -> None:
    rng, told = Random(1), list[WeeklyScore]()
    scores = run_weeks(
        generated_edits(rng, 20),
        rng,
        logs=5,
        weekly=2,
        models=MODELS[:1],
        habits=HABITS[:2],
        done=told.append,
    )
    assert told == scores
    assert [(one.logs, one.weekly) for one in scores] == [(5, 2), (5, 2)]
    assert all(0 < one.choices <= 2 * WEEKS * WEEK for one in scores)


def test_one_edit_costs_what_the_verifier_and_the_model_of_latency_say() -> None:
    before = tuple("abcdefghij" * 20)
    edit = SimulatedEdit(before, tuple("abcdefghij" * 10 + "xyz" + "abcdefghij" * 10), mangled=())
    server = SimulatedServer("resync", 1.5, token_s=0.01, reasoning_tokens=7)
    (found,) = outcomes([edit], server)
    done = verify(edit.before, edit.after, PRESETS["resync"])
    latency = Latency(first_token_s=0, prefill_tokens_per_s=0, token_s=0.01, pass_cost=1.5)
    assert found.sent_s == pytest.approx(
        modelled_time(done, latency, output_tokens=len(edit.after), reasoning_tokens=7)
    )
    assert found.plain_s == pytest.approx(2.10)
    assert (found.accepted, found.rejected) == (done.accepted, done.rejected)


def test_given_texts_become_edits() -> None:
    (found,) = given_edits([{"before": "a\nb", "after": "a\nc"}], list)
    assert (found.before, found.after) == (("a", "\n", "b"), ("a", "\n", "c"))
    assert found.mangled == ("a", "\r", "\n", "b")
    (fits, mangled) = (
        outcomes([found], SimulatedServer("prefix-only", 1.1, mangles=mangles))[0].accepted
        for mangles in (False, True)
    )
    assert fits > mangled


def test_the_table_names_what_it_measures(result: Result) -> None:
    table = render(result)
    for words in (
        "60 runs of 10 models",
        "regret of the learned policy",
        "of sending always",
        "of sending never",
        "of sending from 1,000 tokens on",
        "right where the truth differs by over 5 %",
        "95 % intervals that hold the net share",
        "changes of a server that were noticed",
    ):
        assert words in table


@pytest.fixture(scope="module")
def weeks() -> list[WeeklyScore]:
    rng = Random(2)
    habits = [one for one in HABITS if one.edits in {1, 8} and one.day_noise in {0.0, 0.3}]
    return run_weeks(generated_edits(rng, 80), rng, logs=28, habits=habits)


def test_who_tunes_every_week_is_seldom_wrong_and_changes_the_rule_once_at_most(
    weeks: list[WeeklyScore],
) -> None:
    for score in weeks:
        assert score.wrong / score.choices <= 0.13, score.habits
        assert score.changes / score.logs <= 1, score.habits


def test_files_and_days_are_no_change_of_a_server(weeks: list[WeeklyScore]) -> None:
    assert sum(score.alarms for score in weeks) <= 3


@pytest.fixture(scope="module")
def held() -> dict[tuple[Habits, str], tuple[int, int]]:
    """How many intervals hold the truth, and of how many, by habit and quantity: logs of all habits and three seeds."""
    found: Counter[tuple[Habits, str]] = Counter()
    of: Counter[tuple[Habits, str]] = Counter()
    for seed in (1, 2, 3):
        rng = Random(seed)
        for score in run_weeks(generated_edits(rng, 80), rng, logs=14, weekly=0):
            for quantity, (holds, intervals) in score.covered.items():
                found[score.habits, quantity] += holds
                of[score.habits, quantity] += intervals
    return {key: (found[key], of[key]) for key in of}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_after_ten_weeks_intervals_hold_the_truth(
    quantity: str, held: dict[tuple[Habits, str], tuple[int, int]]
) -> None:
    """504 logs: a percent of standard error."""
    counts = [count for (_, name), count in held.items() if name == quantity]
    assert 0.93 <= sum(count[0] for count in counts) / sum(count[1] for count in counts) <= 0.98


@pytest.mark.parametrize("habits", HABITS, ids=lambda one: f"{one.edits} edits, ±{one.day_noise}")
def test_intervals_hold_the_truth_whatever_the_habits(
    habits: Habits, held: dict[tuple[Habits, str], tuple[int, int]]
) -> None:
    """42 logs of 5 quantities, which are not independent: too few for a bound above."""
    counts = [count for (whose, _), count in held.items() if whose == habits]
    assert sum(count[0] for count in counts) / sum(count[1] for count in counts) >= 0.91


def test_the_habits_have_a_line_each(weeks: list[WeeklyScore]) -> None:
    table = render_weeks(weeks)
    assert "28 logs of ten weeks of a steady server for each line, 28 of them tuned every week" in table
    assert len(table.split("\n")) == 5 + len(weeks) + 1
    assert [one["edits_per_file"] for one in weeks_to_json(weeks)] == [1, 8, 1, 8]
