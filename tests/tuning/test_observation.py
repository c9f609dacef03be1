"""Which records say anything, and what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tuning_cases import DAY, START, Made

from editsvc.errors import Status
from editsvc.prediction.policy import Cell, Size
from editsvc.tokenlog import Source
from editsvc.tokenlog.evidence import logged_request
from editsvc.tuning.observation import by_model, observe, weigh

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.tokenlog import RequestRecord
    from editsvc.tuning.observation import Observation

SENT = Made(reply=500, accepted=400, rejected=30)


def test_a_predicted_request_is_read_from_its_record(make_record: Callable[..., RequestRecord]) -> None:
    record = make_record(SENT, reasoning_tokens=20, scope_kind="file", document_bytes=3_600)
    found = observe(logged_request(record))
    assert found is not None
    assert found.cell == Cell("cerebras", "gpt-oss-120b", "file", Size.SMALL)
    assert (found.reply_tokens, found.reasoning_tokens, found.passes) == (500, 20, 80)
    assert (found.accepted, found.rejected, found.propensity) == (400, 30, 0.9)
    assert found.document_tokens == 1_000


@pytest.mark.parametrize(
    "fields",
    [
        {"offline": True},
        {"model": None},
        {"completion_tokens": None},
        {"completion_tokens": 0},
        {"accepted_prediction_tokens": None},
        {"rejected_prediction_tokens": None},
        {"attempts": 0},
        {"source": Source.BENCH},
        {"finish_reason": None, "status": Status.FAILED, "error": "ProviderRateLimited"},
        {"prediction_sent": False, "prediction_drawn": True, "prediction_reason": "model-cannot"},
        {"finish_reason": None, "status": Status.CANCELLED},
        {"prediction_sent": False, "prediction_reason": "structured"},
    ],
    ids=str,
)
def test_a_record_that_says_nothing_about_predictions_is_left_out(
    fields: dict[str, Any], make_record: Callable[..., RequestRecord]
) -> None:
    assert observe(logged_request(make_record(SENT))) is not None
    assert observe(logged_request(make_record(SENT, **fields))) is None


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"completion_time_s": 0.4, "total_s": 9.0, "ttft_s": 1.0}, 0.4),
        ({"completion_time_s": None, "total_s": 1.25, "ttft_s": 0.25}, 1.0),
        ({"completion_time_s": None, "total_s": 1.25}, None),
        ({"completion_time_s": None, "total_s": 0.2, "ttft_s": 0.2}, None),
        ({"completion_time_s": 0.0}, None),
    ],
    ids=str,
)
def test_the_servers_time_counts_and_else_the_time_after_the_first_token(
    fields: dict[str, Any], seconds: float | None, make_record: Callable[..., RequestRecord]
) -> None:
    found = observe(logged_request(make_record(**fields)))
    assert found is not None
    assert found.seconds == seconds


def test_the_requests_of_a_model_are_in_the_order_of_time(
    make_observation: Callable[..., Observation],
) -> None:
    a, b = Cell("cerebras", "a", "file"), Cell("cerebras", "a", "symbol")
    other = make_observation(SENT, cell=Cell("cerebras", "b"))
    made = [make_observation(SENT, cell=cell) for cell in (a, b, a, b)]
    assert by_model([*reversed(made), other]) == {Cell("cerebras", "a"): made, Cell("cerebras", "b"): [other]}


def test_an_observation_counts_half_after_the_half_life(
    make_observation: Callable[..., Observation],
) -> None:
    made = make_observation(SENT, at=START)
    for days, weight in ((0, 1.0), (30, 0.5), (60, 0.25), (-1, 1.0)):
        (found,) = weigh([made], START + days * DAY, 30)
        assert found.weight == pytest.approx(weight)


def test_an_edit_belongs_to_the_arm_that_was_drawn_whatever_became_of_it(
    make_record: Callable[..., RequestRecord],
) -> None:
    withdrawn = {
        "prediction_sent": False,
        "prediction_reason": "too-many-rejected",
        "attempts": 2,
        "total_s": 5.3,
        "ttft_s": 0.3,
    }
    for drawn in (True, None):  # older records have no draw, but a reason
        found = observe(logged_request(make_record(SENT, prediction_drawn=drawn, **withdrawn)))
        assert found is not None
        assert (found.sent, found.clean, found.done, found.seconds) == (True, False, True, 5.0)
        assert (found.accepted, found.rejected, found.propensity) == (400, 30, 0.9)


def test_a_reply_that_ended_at_its_limit_counts_for_its_cost(
    make_record: Callable[..., RequestRecord],
) -> None:
    found = observe(
        logged_request(make_record(SENT, finish_reason="length", status=Status.FAILED, total_s=9.0))
    )
    assert found is not None
    assert (found.sent, found.clean, found.done, found.seconds) == (True, False, False, 9.0)


def test_the_length_of_a_reply_that_never_came_is_expected_from_the_document(
    make_observation: Callable[..., Observation],
) -> None:
    whole = [make_observation(SENT, document_tokens=1_000.0) for _ in range(4)]
    failed = make_observation(SENT, document_tokens=3_000.0, clean=False, done=False)
    unknown = make_observation(SENT, clean=False, done=False)
    exposures = [one.exposure for one in weigh([*whole, failed, unknown], START, 30)]
    assert exposures == [500.0] * 4 + [1_500.0, 500.0]
