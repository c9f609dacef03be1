"""``editsvc bench``: tables and JSON of replays."""

import json
from pathlib import Path

import pytest
from shell import Shell

from editsvc.prediction.policy import PredictionMode
from editsvc.replay.live import MeasuredArm, speedup, verdict
from editsvc.report.intervals import quantiles, ratio

CASES = Path(__file__).parents[2] / "fixtures" / "replay" / "cases.jsonl"


def test_the_command_prints_tables_and_what_they_say(shell: Shell) -> None:
    ran = shell.run("bench", "replay", str(CASES))
    assert ran.code == 0, ran.err
    assert "auto takes" in ran.out.decode()
    assert json.loads(shell.run("bench", "replay", "--json", str(CASES)).out)["schema"] == 1


def test_a_result_that_is_wrong_is_named_and_ends_with_1(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    # What the emulator's model answers is the case; a file that is no UTF-8 text on the way can't be the same.
    case = {
        "id": "shrinks",
        "path": "x.py",
        "instruction": "Say it.",
        "before": "a = 1\n" * 40,
        "after": "a = 1\n",
    }
    path.write_text(json.dumps(case) + "\n")
    ran = shell.run("bench", "replay", str(path))
    assert ran.code == 1
    assert "shrinks: The last 39 of 40 lines are missing" in " ".join(ran.out.decode().split())


def test_a_verifier_that_is_none_is_a_usage_error(shell: Shell) -> None:
    ran = shell.run("bench", "replay", str(CASES), "--preset", "psychic")
    assert (ran.code, "There is no verifier 'psychic'" in ran.err) == (2, True)


def test_a_server_is_measured_with_and_without_a_prediction(offline_shell: Shell) -> None:
    ran = offline_shell.run("bench", "--requests", "6", "--concurrency", "2", "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["schema"], ran.json["requests"], ran.json["failed"], ran.json["offline"]) == (
        1,
        6,
        0,
        True,
    )
    with_one, without = ran.json["arms"]
    assert (with_one["prediction"], with_one["requests"]) == ("on", 3)
    assert (without["prediction"], without["acceptance"]["value"]) == ("off", None)
    assert with_one["acceptance"]["value"] > 0.5
    assert {record["source"] for record in offline_shell.records()} == {"bench"}
    assert "offline engine" in offline_shell.run("bench", "--requests", "2").out.decode()


def test_edits_that_fail_are_counted_and_said(shell: Shell) -> None:
    ran = shell.run("bench", "--requests", "4", "--json", fault="status:503")
    assert (ran.code, ran.json["failed"]) == (3, 4)
    assert ran.json["arms"][0]["total_s"]["median"] is None
    assert ran.err.startswith("editsvc: ")


def arm(mode: PredictionMode, *seconds: float) -> MeasuredArm:
    none = quantiles([])
    return MeasuredArm(mode, len(seconds), (), none, quantiles(list(seconds)), none, ratio([]))


@pytest.mark.parametrize(
    ("with_one", "without", "said"),
    [
        ([0.25, 0.25], [1.65, 1.65], "Predictions made this 6.6 times faster."),
        ([2.0], [1.0], "Predictions made this 2.0 times slower."),
        ([1.0], [1.05], "Predictions made no difference to the time."),
        ([], [1.0], ""),
    ],
)
def test_one_sentence_says_what_predictions_did(
    with_one: list[float], without: list[float], said: str
) -> None:
    assert verdict(speedup([arm(PredictionMode.ON, *with_one), arm(PredictionMode.OFF, *without)])) == said


def test_the_sentence_is_that_of_the_times_that_were_measured(offline_shell: Shell) -> None:
    ran = offline_shell.run("bench", "--requests", "4", "--json")
    with_one, without = (one["total_s"]["median"] for one in ran.json["arms"])
    assert ran.json["speedup"] == without / with_one
    last = offline_shell.run("bench", "--requests", "4").out.decode().rstrip("\n").split("\n")[-1]
    assert last.startswith("Predictions made ")


def test_a_race_measures_both_ways(offline_shell: Shell) -> None:
    ran = offline_shell.run("bench", "race", "--offline", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["offline"] is True
    assert ran.json["speedup"] == ran.json["without_s"] / ran.json["with_s"]
    shown = offline_shell.run("bench", "race", "--offline").out.decode()
    assert "no prediction" in shown and "accepted" in shown
    assert shown.rstrip("\n").split("\n")[-1].startswith("Predictions made ")


def test_a_race_that_fails_says_so(shell: Shell) -> None:
    ran = shell.run("bench", "race", fault="status:503")
    assert (ran.code, "Predictions made" in ran.out.decode(), ran.err.startswith("editsvc: ")) == (
        3,
        False,
        True,
    )
