"""Figures of speed: how a row is made of turns, and what a table says about it. No test here measures anything."""

import json

import pytest

from bench import __main__ as table
from bench import rows


def test_a_ratio_is_the_median_of_the_ratios_of_turns_not_the_ratio_of_medians() -> None:
    row = rows.compared("edit", "SDK", [1, 20, 30], [10, 20, 10], goal=0.5)
    assert (row.ours, row.peer, row.ratio) == (20, 10, 1)
    assert (row.low, row.high) == (0.55, 2)
    assert row.reached is False


def test_a_row_without_a_peer_is_judged_by_its_own_figure() -> None:
    row = rows.alone("lag", [10, 30, 20], unit="lines", goal=20)
    assert (row.name, row.ratio, row.judged, row.reached) == ("lag", None, 20, True)


def test_turns_go_forwards_and_backwards_and_those_for_warming_up_do_not_count() -> None:
    order: list[str] = []

    def call(name: str) -> float:
        order.append(name)
        return len(order)

    found = rows.interleaved({"a": lambda: call("a"), "b": lambda: call("b")}, rounds=2)
    assert "".join(order) == "baabba"
    assert found == {"a": [3, 6], "b": [4, 5]}


def test_rows_of_several_runs_become_one_with_all_their_turns() -> None:
    parts = [rows.compared("edit", "SDK", [1.0, 2.0], [2.0, 2.0]), rows.compared("edit", "SDK", [4.0], [2.0])]
    assert rows.merged(parts) == rows.compared("edit", "SDK", [1.0, 2.0, 4.0], [2.0, 2.0, 2.0])


def test_what_a_process_prints_is_read_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    row = rows.compared("edit", "SDK", [1.0, 2.0], [2.0, 2.0], goal=0.5)
    rows.dump([row])
    printed = capsys.readouterr().out
    assert rows.read(printed) == [row]
    assert {"what", "against", "ours", "peer", "ratio", "goal", "unit", "runs", "low", "high"} <= set(
        json.loads(printed)["rows"][0]
    )


def test_slower_is_what_more_than_doubled_and_nothing_that_is_new() -> None:
    expected = {"edit": 0.5, "start": 1.0}
    assert table.slower({"edit": 1.0, "start": 2.01, "new": 9.0}, expected) == {"start"}


def test_every_part_can_be_measured() -> None:
    for part in table.PARTS:
        module = __import__(f"bench.{part}", fromlist=["measure"])
        assert callable(module.measure)


def test_the_short_form_has_something_to_compare_with() -> None:
    expected = json.loads(table.EXPECTED.read_text("utf-8"))
    assert len(expected) > 10
    assert all(ratio > 0 for ratio in expected.values())
