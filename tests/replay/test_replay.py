"""Known edits through the engine in every way: the same file comes out, and what differs is what it costs."""

import json
from pathlib import Path

import pytest

from editsvc.emulator.responder import load_script
from editsvc.prediction.verifier import PRESETS, Latency
from editsvc.replay import ARMS, Replay, run
from editsvc.replay.table import to_json, verdicts, wrong

CASES = Path(__file__).parents[2] / "fixtures" / "replay" / "cases.jsonl"


@pytest.fixture(scope="module")
def replay() -> Replay:
    return run([(case, case.path) for case in load_script(CASES)])


def test_every_arm_ends_in_the_same_file(replay: Replay) -> None:
    assert wrong(replay.results) == []
    assert {one.arm for one in replay.results} == {arm.name for arm in ARMS}


def test_a_long_file_is_rewritten_in_part_and_a_short_one_whole(replay: Replay) -> None:
    scopes = {one.case: one.scope.split()[:2] for one in replay.of("auto")}
    assert scopes["inside-one-method"] == ["sections", "unknown-place"]
    assert scopes["two-places"] == ["sections", "unknown-place"]
    assert scopes["css-colour"] == ["file", "small"]


def test_what_the_instruction_says_is_predicted(replay: Replay) -> None:
    predicted = {one.case: one.predicted for one in replay.of("auto")}
    assert (predicted["rename"], predicted["css-colour"]) == ("draft", "draft")
    assert (predicted["two-places"], predicted["nothing-to-rename"]) == ("scope", "scope")
    rename = next(one for one in replay.of("auto") if one.case == "rename")
    assert all(one.rejected == 0 for one in rename.requests[0].verifications.values())


def test_a_cursor_that_stands_at_half_of_the_change_costs_a_second_request(replay: Replay) -> None:
    assert {one.case: one.restarts for one in replay.of("symbol")}["two-places"] == ("whole-file",)


@pytest.mark.parametrize("preset", PRESETS)
def test_auto_is_as_fast_as_the_best_and_bills_less_than_a_third(replay: Replay, preset: str) -> None:
    best = min(replay.seconds(arm.name, preset) for arm in ARMS)
    assert replay.seconds("auto", preset) <= 1.05 * best
    assert replay.billed("auto", preset, above=1_000) < replay.billed("file", preset, above=1_000) / 3


def test_times_are_those_of_the_model_of_latency(replay: Replay) -> None:
    slower = Replay(replay.results, Latency(first_token_s=10.0))
    assert slower.seconds("file", "resync") > 10 * len(replay.of("file"))
    assert len(verdicts(replay)) == len(PRESETS)


def test_the_json_has_every_case_in_every_arm(replay: Replay) -> None:
    found = json.loads(json.dumps(to_json(replay)))
    assert (found["schema"], len(found["arms"])) == (1, len(ARMS))
    assert len(found["cases"]) == len(replay.results)
    assert all(one["exact"] == one["cases"] for one in found["arms"])
