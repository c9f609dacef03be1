"""When a model changed, and when it only looks like it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from tuning_cases import DAY, START, Made

from editsvc.prediction.policy import Cell
from editsvc.provider import models
from editsvc.tokenlog.rows import columns_of, record_of
from editsvc.tuning.drift import ChangeKind, change_points, changes, price_changes
from editsvc.tuning.objective import listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tokenlog import RequestRecord

MODEL = Cell("cerebras", "gpt-oss-120b")
GOOD, BAD = Made(500, accepted=450, rejected=20), Made(500, accepted=20, rejected=60)


@pytest.mark.parametrize("distribution", ["continuous", "ties", "skewed"])
def test_a_steady_series_seldom_raises_an_alarm(distribution: str) -> None:
    rng = Random(distribution)
    draw = {
        "continuous": rng.random,
        "ties": lambda: rng.choice([0.5, 0.9, 1.0, 1.0, 1.0]),
        "skewed": lambda: rng.lognormvariate(0, 2),
    }[distribution]
    alarms = sum(bool(change_points([draw() for _ in range(120)], alpha=0.05)) for _ in range(800))
    assert alarms / 800 <= 0.065


def test_a_shift_is_found_close_to_where_it_is() -> None:
    rng = Random(1)
    values = [rng.gauss(0.9, 0.05) for _ in range(60)] + [rng.gauss(0.6, 0.05) for _ in range(40)]
    assert change_points(values) == [60]


def test_two_shifts_are_both_found() -> None:
    rng = Random(2)
    values = [rng.gauss(level, 0.1) for level in (0, 3, 1) for _ in range(50)]
    assert change_points(values) == pytest.approx([50, 100], abs=2)


@pytest.mark.parametrize("values", [[], [0.5], [0.5] * 200, [0.0] * 7 + [1.0] * 7], ids=len)
def test_too_short_or_constant_a_series_has_no_change(values: list[float]) -> None:
    assert change_points(values) == []


def test_a_change_of_realignment_is_told_with_its_time_and_its_figures(
    make_record: Callable[..., RequestRecord],
) -> None:
    records = [*(make_record(GOOD) for _ in range(40)), *(make_record(BAD) for _ in range(30))]
    found = {change.kind: change for change in changes(records)}
    assert set(found) == {ChangeKind.ACCEPTANCE, ChangeKind.COVERAGE}
    acceptance = found[ChangeKind.ACCEPTANCE]
    assert (acceptance.cell, acceptance.at, acceptance.requests) == (MODEL, records[40].created_at, 30)
    assert acceptance.sentence == (
        "Since 2026-09-02 16:00 gpt-oss-120b accepts 25 % of predictions, and accepted 96 % before "
        "(30 requests since)."
    )


def test_a_server_that_loses_its_place_is_noticed_though_it_rejects_nothing(
    make_record: Callable[..., RequestRecord],
) -> None:
    lost = Made(500, accepted=90, rejected=4)
    records = [*(make_record(GOOD) for _ in range(40)), *(make_record(lost) for _ in range(40))]
    assert ChangeKind.COVERAGE in {change.kind for change in changes(records)}


def test_other_work_is_no_change_of_the_model(make_record: Callable[..., RequestRecord]) -> None:
    """Symbols fare worse than files all along; at some point they are all that is edited."""
    rng = Random(1)
    kinds = ["file"] * 50 + [rng.choice(["file", "symbol"]) for _ in range(20)] + ["symbol"] * 50
    records = [
        make_record(
            Made(500, (440 if kind == "file" else 60) + rng.randint(-20, 20), 40 + rng.randint(-9, 9)),
            scope_kind=kind,
        )
        for kind in kinds
    ]
    assert changes(records) == []
    alike = [record_of(columns_of(record) | {"scope_kind": "file"}) for record in records]
    assert {change.kind for change in changes(alike)} >= {ChangeKind.ACCEPTANCE, ChangeKind.COVERAGE}


def test_a_server_that_slows_down_is_noticed_by_its_plain_requests(
    make_record: Callable[..., RequestRecord],
) -> None:
    records = [
        make_record(Made(500, seconds_factor=factor), created_at=START + day * DAY)
        for day, factor in enumerate((1.0,) * 20 + (2.0,) * 20)
    ]
    (found,) = changes(records)
    assert found.kind is ChangeKind.SPEED
    assert (found.before, found.after) == (pytest.approx(1_000), pytest.approx(500))


def test_a_pass_that_takes_longer_is_told_from_a_server_that_does(
    make_record: Callable[..., RequestRecord],
) -> None:
    records = [
        make_record(made, created_at=START + day * DAY)
        for day in range(40)
        for made in (Made(500), Made(500, 250, 20, 1.1 if day < 20 else 3.0))
    ]
    (found,) = changes(records)
    assert found.kind is ChangeKind.PASS_COST
    assert (found.before, found.after) == (pytest.approx(1.1), pytest.approx(3.0))
    assert (
        "takes 3.00 times a plain token for a pass with a prediction, and took 1.10 before" in found.sentence
    )


@pytest.mark.parametrize("edits", [1, 2, 4, 8])
def test_files_that_fare_differently_are_no_change_however_often_each_is_edited(
    edits: int, make_record: Callable[..., RequestRecord]
) -> None:
    rng = Random(edits)
    alarms = 0
    for log in range(100):
        records = []
        for file in range(240 // edits):
            accepted = rng.randint(20, 480)
            records += [
                make_record(
                    Made(500, accepted + rng.randint(-15, 15), rng.randint(5, 60)),
                    path=f"{log:08x}{file:024x}",
                )
                for _ in range(edits)
            ]
        alarms += bool(changes(records))
    assert alarms <= 3


def test_a_run_of_refusals_means_that_support_is_gone(make_record: Callable[..., RequestRecord]) -> None:
    refused = {"prediction_reason": "server-refused", "attempts": 2}
    records = [make_record(GOOD), *(make_record(**refused) for _ in range(3))]
    (found,) = changes(records)
    assert (found.kind, found.at, found.requests) == (ChangeKind.SUPPORT, records[1].created_at, 3)
    assert "has refused predictions since 2026-09-01 01:00 (3 in a row)" in found.sentence


def test_refusals_that_ended_are_no_change(make_record: Callable[..., RequestRecord]) -> None:
    refused = {"prediction_reason": "server-refused", "attempts": 2}
    assert changes([*(make_record(**refused) for _ in range(5)), make_record(GOOD)]) == []
    assert changes([make_record(**refused) for _ in range(2)]) == []


def test_a_refusal_that_is_remembered_is_no_further_one(make_record: Callable[..., RequestRecord]) -> None:
    remembered = {"prediction_reason": "server-refused", "attempts": 1}
    records = [make_record(prediction_reason="server-refused", attempts=2)]
    assert changes([*records, *(make_record(**remembered) for _ in range(9))]) == []


def test_the_offline_engine_never_changes(make_record: Callable[..., RequestRecord]) -> None:
    records = [make_record(one, offline=True) for one in [GOOD] * 40 + [BAD] * 40]
    assert changes(records) == []


def test_a_new_price_is_told_beside_the_old_one() -> None:
    table = {"gpt-oss-120b": models.Model(usd_per_million_output=1.5)}
    (found,) = price_changes({MODEL: 0.75, Cell("cerebras", "gone"): 1.0}, listed(table), START)
    assert (
        found.sentence
        == "The output of gpt-oss-120b costs $1.5 for a million tokens, and cost $0.75 when the policy was made."
    )
    assert price_changes({MODEL: 1.5}, listed(table), START) == []


def test_no_records_no_changes() -> None:
    assert changes([]) == []
