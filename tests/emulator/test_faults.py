"""Faults by name, and which requests they come to."""

from __future__ import annotations

import pytest

from editsvc.emulator.faults import FAULTS, Fault, FaultName, FaultPlan, Shape, parse_fault
from editsvc.errors import UsageError


def test_a_fault_is_a_name() -> None:
    assert parse_fault("no-done").name is FaultName.NO_DONE


def test_the_first_parameter_may_stand_alone() -> None:
    assert parse_fault("cut:0.2").at == parse_fault("cut:at=0.2").at == 0.2


def test_a_status_takes_what_goes_with_it() -> None:
    fault = parse_fault("status:429,retry-after=2,shape=error")

    assert (fault.code, fault.retry_after, fault.shape) == (429, "2", Shape.ERROR)


def test_a_mistake_may_be_made_in_the_first_turns_only() -> None:
    assert parse_fault("broken-syntax:1").turns == parse_fault("broken-syntax:turns=1").turns == 1
    assert parse_fault("broken-syntax").turns is None


def test_a_fault_prints_as_it_was_written() -> None:
    assert str(parse_fault(" status:429,retry-after=2 ")) == "status:429,retry-after=2"
    assert str(Fault(FaultName.RESET)) == "reset"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "cutt",
        "no-done:1",
        "cut:2",
        "cut:x",
        "cut:nan",
        "cut:when=0.1",
        "status:200",
        "status:x",
        "slow:-1",
        "broken-syntax:0",
        "broken-syntax:x",
    ],
)
def test_what_is_no_fault_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError):
        parse_fault(wrong)


def test_every_fault_has_a_row_in_the_table() -> None:
    assert set(FAULTS) == set(FaultName)


def test_without_a_rate_or_a_count_every_request_has_a_fault_and_they_take_turns() -> None:
    plan = FaultPlan((Fault(FaultName.CUT), Fault(FaultName.END)))

    assert [str(plan.pick(i)) for i in range(4)] == ["cut", "end", "cut", "end"]


def test_a_count_means_the_first_requests() -> None:
    plan = FaultPlan((Fault(FaultName.CUT),), count=2)

    assert [plan.pick(i) is not None for i in range(4)] == [True, True, False, False]


def test_a_rate_is_drawn_by_seed_and_number_alone() -> None:
    plan = FaultPlan((Fault(FaultName.CUT), Fault(FaultName.END)), rate=0.25, seed=7)
    drawn = [plan.pick(i) for i in range(2000)]

    assert drawn == [plan.pick(i) for i in range(2000)]
    assert 400 < sum(fault is not None for fault in drawn) < 600
    assert {str(fault) for fault in drawn if fault} == {"cut", "end"}


def test_no_faults_come_to_nobody() -> None:
    assert FaultPlan(rate=1.0).pick(0) is None
