"""What other candidates would have got, and how well the verifier predicts the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from editsvc.report import aggregate

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tokenlog import RequestRecord

    Make = Callable[..., RequestRecord]


def test_the_sums_stand_beside_what_was_sent(predicted: Make, make_record: Make) -> None:
    found = aggregate(
        [
            predicted(60, 40, 100, what_if={"file:resync": [70, 30], "draft:resync": [90, 2]}),
            make_record(what_if={"file:resync": [10, 10]}),
        ]
    ).what_if
    draft, file = found
    assert (draft.candidate, draft.preset, draft.accepted, draft.rejected) == ("draft", "resync", 90, 2)
    assert (file.requests, file.accepted, file.rejected) == (2, 80, 40)
    assert (file.sent_requests, file.sent_accepted, file.sent_rejected) == (1, 60, 40)
    assert file.acceptance == pytest.approx(80 / 120)


def test_predicting_nothing_has_no_acceptance(make_record: Make) -> None:
    (none,) = aggregate([make_record(what_if={"none": [0, 0]})]).what_if
    assert (none.candidate, none.preset, none.acceptance) == ("none", None, None)


@pytest.mark.parametrize("counts", [None, 7, [], [1], [1, 2, 3], ["1", 2], [1.5, 2], {"a": 1}])
def test_what_is_no_pair_of_counts_is_skipped(make_record: Make, counts: Any) -> None:
    assert aggregate([make_record(what_if={"file:resync": counts})]).what_if == []


def test_a_verifier_that_predicts_the_server_lies_on_the_diagonal(predicted: Make) -> None:
    records = [
        predicted(
            number,
            100 - number,
            120,
            prediction_kind="file",
            what_if={"file:resync": [number, 100 - number], "file:prefix-only": [0, 100]},
        )
        for number in range(100)
    ]
    best, worst = aggregate(records).calibrations
    assert (best.preset, best.error, best.requests) == ("resync", 0, 100)
    assert len(best.bins) == 10
    assert all(each.actual.value == pytest.approx(each.predicted) for each in best.bins)
    assert worst.preset == "prefix-only" and worst.error == pytest.approx(0.495)


def test_only_the_candidate_that_was_sent_is_compared_with_the_server(predicted: Make) -> None:
    record = predicted(50, 50, 100, prediction_kind="scope", what_if={"file:resync": [90, 10]})
    assert aggregate([record]).calibrations == []
