"""Named arms are compared by what was drawn, with intervals over files and days; too few of them give none."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editsvc.errors import Status
from editsvc.report import aggregate, to_json
from editsvc.report.arms import arms
from editsvc.tokenlog import RequestRecord, Source
from editsvc.tokenlog.evidence import LoggedRequest, logged_request
from editsvc.tokenlog.rows import record_of
from editsvc.tuning.arms import compared
from editsvc.tuning.objective import Worth

START = datetime(2026, 11, 1, 9, tzinfo=UTC)
HOUR_USD = 36.0  # a second is worth a cent


def record(number: int, **fields: Any) -> RequestRecord:
    values: dict[str, Any] = {
        "id": f"r{number}",
        "created_at": START + timedelta(hours=7 * number),
        "source": Source.CLI,
        "status": Status.CHANGED,
        "provider": "cerebras",
        "model": "fast",
        "finish_reason": "stop",
        "attempts": 1,
        "path": f"{number // 3:032x}",
        "named_arm": "control",
        "named_arm_propensity": 0.5,
        "total_s": 2.0,
        "cost_usd": 0.01,
    }
    return record_of(values | fields)


def simulated(
    seed: int,
    *,
    effect_s: float = 0.0,
    share: float = 0.3,
    edits_a_file: int = 4,
    day_noise: float = 0.2,
    count: int = 300,
) -> list[LoggedRequest]:
    """Edits of files on twenty days: those of a file, and of a day, fare alike; `other` takes `effect_s` more."""
    rng = random.Random(seed)
    days = [rng.lognormvariate(0, day_noise) for _ in range(20)]
    found = []
    for number in range(count):
        file = number // edits_a_file
        day = file * 20 * edits_a_file // count
        size = 1 + random.Random(f"{seed} {file}").lognormvariate(0, 0.5)
        other = rng.random() < share
        found.append(
            logged_request(
                record(
                    number,
                    created_at=START + timedelta(days=day, minutes=number),
                    path=f"{file:032x}",
                    named_arm="other" if other else "control",
                    named_arm_propensity=share if other else 1 - share,
                    total_s=days[day % 20] * size * rng.lognormvariate(0, 0.3) + effect_s * other,
                )
            )
        )
    return found


def test_intervals_hold_what_they_say_whether_files_and_days_matter_or_not() -> None:
    for effect_s, options in (
        (0.0, {"edits_a_file": 1, "day_noise": 0.0}),
        (0.4, {"edits_a_file": 4, "day_noise": 0.3}),
    ):
        held = 0
        for seed in range(30):
            (found,) = compared(simulated(seed, effect_s=effect_s, **options), HOUR_USD)
            assert found.saved_s is not None
            held += found.saved_s.low <= -effect_s <= found.saved_s.high
        assert held >= 26  # of 30 logs, which by chance happens once in a hundred times


def test_what_the_day_does_to_both_arms_is_no_doubt_about_their_difference() -> None:
    calm, wild = (
        compared(simulated(7, effect_s=0.5, day_noise=noise, share=0.5), HOUR_USD)[0].saved_s
        for noise in (0.0, 0.6)
    )
    assert calm is not None
    assert wild is not None
    assert wild.high - wild.low < 2.5 * (calm.high - calm.low)


@given(st.integers(0, 1_000), st.integers(0, 9), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_below_ten_files_or_days_there_is_no_figure(seed: int, files: int, edits: int) -> None:
    few = [
        logged_request(
            record(
                number,
                path=f"{number % max(1, files):032x}",
                named_arm="other",
                total_s=random.Random(seed + number).random() + 0.1,
            )
        )
        for number in range(edits)
    ]
    many = [logged_request(record(1_000 + number)) for number in range(60)]
    for found in compared([*few, *many], HOUR_USD):
        assert found.saved_s is None
        assert found.size.files <= max(1, files)
        (said,) = arms([*few, *many], Worth())
        assert "not enough data" in said.sentence


def test_money_counts_as_time_and_failures_as_another_try() -> None:
    control = [logged_request(record(number)) for number in range(60)]
    dear = [logged_request(record(100 + n, named_arm="dear", cost_usd=0.02)) for n in range(60)]
    (found,) = compared([*control, *dear], HOUR_USD)
    assert found.saved_s is not None
    assert (found.saved_s.value, found.priced) == (pytest.approx(-1.0), True)
    half = [
        logged_request(record(100 + n, named_arm="half", status=(Status.CHANGED, Status.FAILED)[n % 2]))
        for n in range(60)
    ]
    (found,) = compared([*control, *half], HOUR_USD)
    assert found.saved_s is not None
    # 2 s and a cent, which is another second, of every second edit.
    assert found.saved_s.value == pytest.approx(-1.5)
    assert found.failed == (0.5, 0.0)


def test_where_a_price_is_unknown_time_alone_is_compared_and_that_is_said() -> None:
    control = [logged_request(record(number)) for number in range(60)]
    free = [logged_request(record(100 + n, named_arm="free", cost_usd=None, total_s=1.0)) for n in range(60)]
    (found,) = compared([*control, *free], HOUR_USD)
    assert found.saved_s is not None
    assert (found.saved_s.value, found.priced) == (pytest.approx(1.0), False)
    (said,) = arms([*control, *free], Worth())
    assert "Time alone, since a price is not known" in said.evidence


def test_what_was_drawn_counts_and_not_who_answered_or_how_it_is_weighted() -> None:
    found = simulated(3, effect_s=1.0)
    (expected,) = compared(found, HOUR_USD)
    elsewhere = [each._replace(provider="fallback", model="slow") for each in found]
    assert compared(elsewhere, HOUR_USD) == [expected]
    # Half of the period with another share: each edit counts as much as it was rare.
    rare = [each._replace(named_arm_propensity=(each.named_arm_propensity or 1) / 2) for each in found]
    (again,) = compared(rare, HOUR_USD)
    assert again.saved_s is not None
    assert expected.saved_s is not None
    assert again.saved_s.value == pytest.approx(expected.saved_s.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"named_arm": None, "named_arm_propensity": None},
        {"named_arm": "none", "named_arm_propensity": None},
        {"offline": True},
        {"source": Source.BENCH},
        {"status": Status.CANCELLED},
        {"attempts": 0},
        {"total_s": None},
    ],
    ids=str,
)
def test_edits_that_say_nothing_about_an_arm_are_left_out(fields: dict[str, Any]) -> None:
    told = simulated(5)
    more = [logged_request(record(1_000 + n, **{"named_arm": "other", **fields})) for n in range(50)]
    assert compared([*told, *more], HOUR_USD) == compared(told, HOUR_USD)


def test_a_report_says_for_each_arm_what_an_edit_costs_in_it() -> None:
    records = [record(number) for number in range(60)]
    records += [
        replace(record(100 + n, named_arm="mini", total_s=1.5 + n % 3 / 100), id=f"m{n}") for n in range(60)
    ]
    report = aggregate(records, by=["arm"])
    said = next(each for each in report.recommendations if each.kind == "arm")
    assert said.sentence.startswith("Arm mini: an edit costs 0.49 s (")
    assert said.sentence.endswith("less than in control.")
    assert "95 % interval" in said.evidence
    assert {group.key["arm"] for group in report.groups} == {"mini", "control"}
    shown = to_json(report)["recommendations"]
    assert next(each for each in shown if each["kind"] == "arm")["numbers"]["edits"] == 60


def test_a_log_without_arms_says_nothing_about_them() -> None:
    report = aggregate([record(number, named_arm="none") for number in range(60)])
    assert [each for each in report.recommendations if each.kind == "arm"] == []
