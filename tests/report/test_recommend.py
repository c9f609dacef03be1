"""A recommendation stands on numbers, and there is none without them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from editsvc.errors import Status
from editsvc.prediction.policy import Cell
from editsvc.report import aggregate
from editsvc.report.recommend import recommendations
from editsvc.tokenlog.rows import record_of
from editsvc.tokenlog.values import Source
from editsvc.tuning.estimates import Estimate
from editsvc.tuning.judge import Basis, Finding
from editsvc.tuning.savings import Savings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from editsvc.tokenlog import RequestRecord

    MakeRecord = Callable[..., RequestRecord]


NOTHING_SAVED = Savings(
    sent=0,
    plain=0,
    files=0,
    acceptance=None,
    coverage=None,
    token_s=None,
    pass_cost=None,
    saved_s=None,
    rejected_cost=0.0,
    sent_s=None,
    plain_s=None,
    balance=None,
    pass_cost_limit=None,
    hour_limit=None,
)


def sentences(records: Iterable[RequestRecord]) -> list[str]:
    """What is said behind the first sentence."""
    return [each.text for each in aggregate(records).recommendations[1:]]


def headline(records: Iterable[RequestRecord]) -> tuple[str, str]:
    first = aggregate(records).recommendations[0]
    assert len(first.sentence.split()) <= 15
    return first.kind, first.text


def halves(randomised: MakeRecord, with_s: float, without_s: float, **fields: object) -> list[RequestRecord]:
    """Sixty requests of each kind, each kind with times of its own, a little apart."""
    return [
        randomised(sent, (with_s if sent else without_s) * (1 + number / 200), **fields)
        for number in range(60)
        for sent in (True, False)
    ]


VALUES = st.floats(-100, 0.999)


@st.composite
def findings(draw: st.DrawFn) -> list[Finding]:
    """What the judge may say of up to five models."""
    found = []
    for name in draw(st.lists(st.sampled_from("abcde"), unique=True, max_size=5)):
        net = draw(st.none() | VALUES)
        found.append(
            Finding(
                Cell("cerebras", name),
                draw(st.integers(0, 10**7)),
                replace(
                    NOTHING_SAVED,
                    net_s=draw(st.none() | st.floats(-1000, 1000)),
                    failed=draw(st.floats(0, 1)),
                ),
                net=None
                if net is None
                else Estimate(net, net - 1, net + 1, 0.5, 9, enough=draw(st.booleans())),
                predict=draw(st.sampled_from([None, True, False])),
                ignored=draw(st.booleans()),
                unsupported=draw(st.booleans()),
                basis=draw(st.sampled_from([None, *Basis])),
                foretold=draw(st.none() | st.tuples(VALUES, VALUES)),
                missing="not enough data: 3 requests with known times, 20 are needed",
            )
        )
    return found


@given(judged=findings(), requests=st.integers(0, 3), predicted=st.booleans(), offline=st.booleans())
def test_the_first_sentence_is_short_whatever_the_judge_says(
    judged: list[Finding], requests: int, predicted: bool, offline: bool
) -> None:
    records = [
        record_of(
            {
                "id": str(number),
                "created_at": datetime(2026, 11, 1, tzinfo=UTC),
                "source": Source.CLI,
                "status": Status.CHANGED,
                "prediction_sent": predicted,
                "offline": offline,
                "attempts": 1,
            }
        )
        for number in range(requests)
    ]
    summary = aggregate(records).summary
    first = recommendations(summary, aggregate([]).effect, {}, judged)[0]
    names = {finding.cell.model for finding in judged}
    words = [word for word in first.sentence.split() if word.rstrip(".,:") not in names]
    assert len(words) <= 15, first.sentence
    assert first.sentence.endswith(".")
    assert "\n" not in first.evidence


def test_predictions_that_save_time_are_to_be_kept(randomised: MakeRecord) -> None:
    kind, sentence = headline(halves(randomised, 0.5, 1.0))
    assert kind == "keep-predicting"
    assert sentence.startswith(
        "Keep predictions on: the median edit is 50.0 % faster with them. "
        "With them half of the edits are done in 0.57 s, without in 1.15 s. "
        "That is 0.57 s saved (95 % sure: between 0."
    )
    assert sentence.endswith("measured on 120 requests chosen at random.")


def test_predictions_that_cost_time_are_to_be_turned_off(randomised: MakeRecord) -> None:
    kind, sentence = headline(halves(randomised, 1.0, 0.5))
    assert kind == "stop-predicting"
    assert sentence.startswith("Turn predictions off:")
    assert "0.57 s lost" in sentence


def test_a_difference_that_may_be_none_says_how_many_requests_decide(randomised: MakeRecord) -> None:
    kind, sentence = headline(halves(randomised, 0.99, 1.0))
    assert kind == "no-difference-yet"
    assert sentence.startswith("Not enough data")
    assert "more requests should settle it" in sentence


def test_too_few_requests_say_how_many_are_missing(randomised: MakeRecord) -> None:
    records = [randomised(True, 1.0) for _ in range(90)] + [randomised(False, 1.0) for _ in range(10)]
    assert headline(records) == (
        "not-enough-data",
        (
            "Not enough data to say whether predictions save time. 20 requests that went out without "
            "prediction at random are needed, and there are 10; about 100 more requests will suffice."
        ),
    )


def test_without_chance_the_way_to_an_answer_is_named(predicted: MakeRecord) -> None:
    kind, sentence = headline(predicted(300, 20, 400) for _ in range(500))
    assert kind == "not-enough-data"
    assert "No request was randomised" in sentence
    assert "the setting exploration" in sentence


def test_what_is_on_already_is_not_to_be_switched_on(predicted: MakeRecord) -> None:
    _, sentence = headline(predicted(300, 20, 400) for _ in range(500))
    assert "As long as the setting exploration is above 0" in sentence
    _, offline = headline(predicted(300, 20, 400, offline=True) for _ in range(5))
    assert "the offline engine answered all requests" in offline
    assert "exploration" not in offline


def test_no_predictions_and_no_requests_are_said_as_such(make_record: MakeRecord) -> None:
    assert headline([make_record()])[0] == "no-predictions"
    assert headline([])[0] == "no-requests"


def test_a_model_with_another_answer_is_named(randomised: MakeRecord) -> None:
    records = halves(randomised, 0.5, 1.0, model="fast") * 3 + halves(randomised, 1.0, 0.5, model="odd")
    assert headline(records)[0] == "keep-predicting"
    assert sentences(records)[0].startswith("With model odd, turn predictions off:")


def test_predictions_that_work_need_no_word(predicted: MakeRecord) -> None:
    assert not sentences(
        predicted(300 + number, 20, 400, model="fast", cost_usd=0.01) for number in range(50)
    )


def test_a_model_that_reports_no_prediction_tokens(predicted: MakeRecord) -> None:
    assert sentences(predicted(None, None, 400, model="mute") for _ in range(25)) == [
        (
            "Model mute reported no prediction tokens in 25 requests that sent a prediction: "
            "the value of predictions cannot be measured there."
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
    ).recommendations[1:]
    assert found.kind == "coverage-below-break-even"
    assert found.sentence.startswith(
        "Predictions covered 2.8 % of what model far wrote in 30 requests, at most "
    )
    assert found.numbers["coverage"] == 11 / 400


def test_coverage_that_may_be_above_break_even_is_left_open(predicted: MakeRecord) -> None:
    assert not sentences(predicted(400 * (number % 15 == 0), 50, 400, model="far") for number in range(30))


def test_rejected_tokens_that_are_much_of_the_bill(predicted: MakeRecord) -> None:
    records = [
        predicted(300, 300, 700, model="dear", cost_usd=0.01, rejected_cost_usd=0.004) for _ in range(20)
    ]
    assert sentences(records) == [
        "Rejected prediction tokens cost $0.08 with model dear, 40.0 % of $0.20 in 20 requests."
    ]


def test_many_failures_and_what_they_were(make_record: MakeRecord) -> None:
    records = [
        *(make_record() for _ in range(17)),
        make_record(status=Status.FAILED, error="ProviderTimeout"),
        *(make_record(status=Status.FAILED, error="ProviderRateLimited") for _ in range(2)),
    ]
    assert sentences(records) == ["3 of 20 requests failed, most often: a rate limit (2 times)."]


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


def test_a_model_that_realigns_worse_than_before_is_named_with_the_day(predicted: MakeRecord) -> None:
    rng = random.Random(7)
    told = {"model": "m", "finish_reason": "stop"}
    before = [predicted(rng.randint(850, 930), rng.randint(20, 60), 1_000, **told) for _ in range(60)]
    after = [predicted(rng.randint(250, 350), rng.randint(400, 500), 1_000, **told) for _ in range(40)]
    (drift,) = [one for one in aggregate([*before, *after]).recommendations if "accepts" in one.sentence]
    assert drift.kind == "drift"
    assert f"Since {after[0].created_at:%Y-%m-%d}" in drift.sentence
    assert drift.numbers["requests"] == 40


def test_a_model_that_stays_as_it_was_has_no_drift(predicted: MakeRecord) -> None:
    rng = random.Random(8)
    told = {"model": "m", "finish_reason": "stop"}
    records = [predicted(rng.randint(850, 930), rng.randint(20, 60), 1_000, **told) for _ in range(100)]
    assert "drift" not in {one.kind for one in aggregate(records).recommendations}
