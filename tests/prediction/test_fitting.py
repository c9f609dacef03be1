"""The rule of a server is learned from the counts that it reports, and a change of it is noticed."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import islice

import msgspec
import pytest
from token_edits import LINE_END, edits

from editsvc.prediction.fitting import IGNORES, MISSES, Fit, Knowledge, Observation, counts_by, learn, places
from editsvc.prediction.verifier import PRESETS, Direction, Preset, Rejection, preset_named, verify
from editsvc.prediction.walk import Course, Pair, Place, Window

LINE_ENDS = frozenset({LINE_END})
OFF_THE_GRID = {
    "a window of 27": preset_named("window=27,match=7"),
    "a ramp": preset_named("window=5-22,match=9"),
    "a ramp and a remainder": replace(
        preset_named("window=20-40,match=9,direction=forward"), rejection=Rejection.REMAINDER
    ),
    "a longer and a shorter match": preset_named("window=44,match=5-9,direction=forward"),
    "no realignment": replace(preset_named("window=13,direction=none"), rejection=Rejection.REMAINDER),
    "the ends of lines": preset_named("window=36,match=4,at-lines"),
    "a limited reach": preset_named("window=24,match=4,reach=90"),
}


def reported(rule: Preset, prediction: list[int], output: list[int]) -> Observation:
    counts = verify(prediction, output, rule, LINE_ENDS)
    return Observation(counts.accepted, counts.rejected, len(output))


def learned(rule: Preset, seed: str, requests: int = 20, fit: Fit | None = None) -> Fit:
    fit = fit or Fit()
    for prediction, output in islice(edits(seed), requests):
        learn(fit, Pair(prediction, output, LINE_ENDS), reported(rule, prediction, output))
    return fit


@pytest.mark.parametrize("way", Rejection)
@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_is_recognised_with_either_way_of_counting(name: str, way: Rejection) -> None:
    rule = replace(PRESETS[name], rejection=way)
    fit = learned(rule, f"{name} {way}", 12)

    assert fit.knowledge is Knowledge.KNOWN
    assert fit.best is not None
    assert fit.best.rule.rejection is way
    assert fit.best.rule.direction is rule.direction
    assert (fit.best.rule.least, fit.best.rule.most) == (rule.least, rule.most)


@pytest.mark.parametrize("name", OFF_THE_GRID)
def test_a_rule_that_is_on_no_grid_is_found_from_twenty_requests(name: str) -> None:
    rule = OFF_THE_GRID[name]
    fit = learned(rule, name)
    best = fit.best
    assert best is not None

    right = 0
    for prediction, output in islice(edits(f"others of {name}"), 20):
        told = counts_by(best.rule, Pair(prediction, output, LINE_ENDS))
        seen = reported(rule, prediction, output)
        right += abs(told[0] - seen.accepted) <= 0.02 * seen.accepted and abs(told[1] - seen.rejected) <= max(
            1, 0.02 * seen.rejected
        )

    assert right >= 19


def test_a_server_that_takes_no_notice_is_recognised() -> None:
    fit = Fit()
    for prediction, output in islice(edits("ignored"), 8):
        learn(fit, Pair(prediction, output), Observation(0, 0, len(output)))

    assert fit.best is not None
    assert fit.best.rule == IGNORES
    assert fit.knowledge is Knowledge.KNOWN


def test_a_change_of_the_rule_is_noticed_at_the_third_miss_and_the_new_one_learned_from_the_first() -> None:
    fit = learned(PRESETS["resync"], "before")
    after = PRESETS["forward-only"]
    noticed = [
        learn(fit, Pair(prediction, output), reported(after, prediction, output))
        for prediction, output in islice(edits("after"), 12)
    ]

    assert noticed.count(True) == 1
    assert noticed.index(True) >= MISSES - 1
    assert fit.changes == 1
    assert fit.before is not None
    assert fit.before.direction is Direction.NEAREST
    assert fit.best is not None
    assert fit.best.rule.direction is Direction.FORWARD
    assert fit.requests == 12


def test_a_single_odd_count_is_no_change() -> None:
    fit = learned(PRESETS["adaptive"], "steady")
    for prediction, output in islice(edits("odd"), 2):
        learn(fit, Pair(prediction, output), Observation(7, 1_000, len(output)))
    learned(PRESETS["adaptive"], "steady again", 10, fit)

    assert fit.changes == 0
    assert fit.misses == 0
    assert fit.knowledge is Knowledge.KNOWN


def test_a_steady_server_is_never_said_to_have_changed() -> None:
    for name in ("a limited reach", "a ramp", "no realignment"):
        assert learned(OFF_THE_GRID[name], f"steady {name}", 40).changes == 0


def test_a_server_with_other_tokens_is_fitted_by_distance() -> None:
    fit = Fit()
    rule = PRESETS["forward-only"]
    rng = random.Random("other tokens")
    for prediction, output in islice(edits("other tokens"), 20):
        counts = verify(prediction, output, rule)
        scale = 1.2 + rng.uniform(-0.005, 0.005)
        learn(
            fit,
            Pair(prediction, output),
            Observation(
                round(scale * counts.accepted), round(scale * counts.rejected), round(scale * len(output))
            ),
        )

    assert fit.scale == pytest.approx(1.2, abs=0.01)
    assert fit.knowledge is Knowledge.CLOSE
    assert fit.usual_error is not None
    assert 0 < fit.usual_error < 0.05
    assert fit.best is not None
    assert fit.best.rule.direction is Direction.FORWARD


def test_counts_that_follow_no_rule_are_unknown() -> None:
    fit = Fit()
    rng = random.Random("noise")
    for prediction, output in islice(edits("noise"), 20):
        learn(
            fit,
            Pair(prediction, output),
            Observation(rng.randrange(len(output)), rng.randrange(2_000), len(output)),
        )

    assert fit.knowledge is Knowledge.UNKNOWN


def test_no_run_is_kept_once_the_rule_is_beyond_doubt() -> None:
    fit = learned(PRESETS["resync"], "kept", 2)
    assert fit.traces
    learned(PRESETS["resync"], "kept further", 20, fit)

    assert not fit.traces
    assert all(each.hits == each.seen for each in fit.rules)


def test_it_goes_on_from_what_was_kept() -> None:
    rule = OFF_THE_GRID["a ramp"]
    whole = Fit()
    kept = Fit()
    for prediction, output in islice(edits("kept"), 12):
        learn(whole, Pair(prediction, output), reported(rule, prediction, output))
        learn(kept, Pair(prediction, output), reported(rule, prediction, output))
        kept = msgspec.json.decode(msgspec.json.encode(kept), type=Fit)

    assert kept == whole


def test_runs_and_windows_give_the_counts_of_the_verifier() -> None:
    """Where no run ends with the prediction, to the token."""
    windows = [
        Window(32, 32),
        Window(8, 64),
        Window(3, 20, 5),
        Window(4, 32, 0, 0),
        Window(4, 32, 0, 2, False),
    ]
    same = 0
    cases = 0
    for prediction, output in islice(edits("runs"), 10):
        pair = Pair(prediction, output, LINE_ENDS)
        for place in places()[::7]:
            for window in windows:
                rule = Preset(
                    window.least,
                    window.most,
                    place.n_min,
                    place.n_max,
                    place.direction,
                    Rejection.PER_PROPOSAL,
                    *window[2:],
                    place.reach,
                    place.at_lines,
                )
                counts = verify(prediction, output, rule, LINE_ENDS)
                accepted, proposed = Course(pair.runs(Place(*place))).divided(window)
                same += (accepted, proposed - accepted) == (counts.accepted, counts.rejected)
                cases += 1

    assert same >= 0.9 * cases


def test_what_is_kept_of_a_request_are_its_runs_for_every_place_however_they_were_found() -> None:
    """Where a place must have the runs of another one, they are not looked for again."""
    for prediction, output in islice(edits("traces"), 6):
        fit = Fit()
        learn(fit, Pair(prediction, output, LINE_ENDS), reported(PRESETS["resync"], prediction, output))
        (trace,) = fit.traces
        pair = Pair(prediction, output, LINE_ENDS)
        assert [tuple(trace.runs[which]) for which in trace.of] == [pair.runs(place) for place in places()]


@pytest.mark.parametrize("window", [Window(1, 1), Window(37, 37), Window(5, 22), Window(3, 50, 7, 0, False)])
def test_what_is_accepted_alone_is_the_same(window: Window) -> None:
    for prediction, output in islice(edits("courses"), 5):
        course = Course(Pair(prediction, output).runs(Place(4, 4, Direction.NEAREST)))
        assert course.accepted(window) == course.divided(window)[0]


@pytest.mark.parametrize(
    "rule",
    [
        preset_named("window=20-109,match=8,direction=forward"),
        preset_named("window=10-80,match=10"),
        preset_named("window=83,match=5,direction=forward"),
        replace(preset_named("window=71,match=14,direction=forward"), rejection=Rejection.REMAINDER),
    ],
    ids=str,
)
def test_a_window_that_nobody_would_guess_is_found_from_ten_requests(rule: Preset) -> None:
    """Neighbours of what is nearly right lead to it, also where two numbers have to change together."""
    fit = learned(rule, f"found {rule}", 10)

    assert fit.knowledge is Knowledge.KNOWN
    assert rule in fit.alternatives


def test_nothing_is_learned_from_texts_that_are_too_long() -> None:
    fit = Fit()
    learn(fit, Pair([1] * 50_000, [1] * 20_000), Observation(10, 10, 20_000))

    assert fit == Fit()
