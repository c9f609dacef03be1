"""A recommendation stands on numbers, and there is none without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.errors import Status
from editsvc.report import aggregate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from editsvc.tokenlog import RequestRecord

    MakeRecord = Callable[..., RequestRecord]


def sentences(records: Iterable[RequestRecord]) -> list[str]:
    return [each.sentence for each in aggregate(records).recommendations]


def test_predictions_that_work_need_no_word(predicted: MakeRecord) -> None:
    assert not sentences(
        predicted(300 + number, 20, 400, model="fast", cost_usd=0.01) for number in range(50)
    )


def test_a_model_that_reports_no_prediction_tokens(predicted: MakeRecord) -> None:
    assert sentences(predicted(None, None, 400, model="mute") for _ in range(25)) == [
        (
            "Model mute reported no prediction tokens in 25 requests that sent a prediction: "
            "what predictions are worth there cannot be measured."
        )
    ]


def test_a_model_that_ignores_predictions(predicted: MakeRecord) -> None:
    assert sentences(predicted(0, 0, 400, model="deaf") for _ in range(25)) == [
        (
            "Model deaf accepted no prediction token and rejected none in 25 requests "
            "that sent a prediction: it seems to ignore predictions."
        )
    ]


def test_coverage_that_is_surely_below_break_even(predicted: MakeRecord) -> None:
    (found,) = aggregate(
        predicted(10 + number % 3, 50, 400, model="far") for number in range(30)
    ).recommendations
    assert found.kind == "coverage-below-break-even"
    assert found.sentence.startswith(
        "Predictions covered 2.8% of what model far wrote in 30 requests, at most "
    )
    assert found.numbers["coverage"] == 11 / 400


def test_coverage_that_may_be_above_break_even_is_left_open(predicted: MakeRecord) -> None:
    assert not sentences(predicted(400 * (number % 15 == 0), 50, 400, model="far") for number in range(30))


def test_rejected_tokens_that_are_much_of_the_bill(predicted: MakeRecord) -> None:
    records = [
        predicted(300, 300, 700, model="dear", cost_usd=0.01, rejected_cost_usd=0.004) for _ in range(20)
    ]
    assert sentences(records) == [
        "Rejected prediction tokens cost $0.0800 with model dear, 40% of $0.2000 in 20 requests."
    ]


def test_many_failures_and_what_they_were(make_record: MakeRecord) -> None:
    records = [
        *(make_record() for _ in range(17)),
        make_record(status=Status.FAILED, error="ProviderTimeout"),
        *(make_record(status=Status.FAILED, error="ProviderRateLimited") for _ in range(2)),
    ]
    assert sentences(records) == ["3 of 20 requests failed, most often with ProviderRateLimited (2 times)."]


def test_modelled_numbers_are_said_to_be_modelled(make_record: MakeRecord) -> None:
    assert sentences([make_record(offline=True), make_record()]) == [
        (
            "The offline engine answered 1 of 2 requests: "
            "their tokens, times and costs are modelled, not measured."
        )
    ]


def test_a_few_requests_prove_nothing(predicted: MakeRecord) -> None:
    records = [
        *(predicted(None, None, 400, model="mute") for _ in range(9)),
        *(predicted(1, 500, 600, model="far", cost_usd=1.0, rejected_cost_usd=0.9) for _ in range(5)),
        *(predicted(0, 0, 400, model="deaf", status=Status.FAILED) for _ in range(5)),
    ]
    assert not sentences(records)
