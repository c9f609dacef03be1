"""From records to numbers: what counts, what does not, and what is said about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from editsvc.errors import Status, UsageError
from editsvc.report import aggregate
from editsvc.tokenlog import RequestRecord, Source, TokenLog, Verdict
from editsvc.tokenlog.rows import record_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeRecord = Callable[..., RequestRecord]


def test_acceptance_coverage_and_verdicts_are_three_different_rates(predicted: MakeRecord) -> None:
    summary = aggregate(
        [
            predicted(60, 40, 120, verdict=Verdict.ACCEPTED, hunks=2, hunks_accepted=2),
            predicted(30, 0, 40, verdict=Verdict.PARTIAL, hunks=4, hunks_accepted=1),
            predicted(0, 0, 40),
        ]
    ).summary
    assert summary.prediction.acceptance.value == pytest.approx(90 / 130)
    assert summary.prediction.coverage.value == pytest.approx(90 / 200)
    assert summary.verdicts.edits.value == pytest.approx(1 / 2)
    assert summary.verdicts.hunks.value == pytest.approx(3 / 6)
    assert (summary.verdicts.accepted, summary.verdicts.partial, summary.verdicts.open) == (1, 1, 1)


def test_usage_that_was_not_reported_is_not_zero(predicted: MakeRecord, make_record: MakeRecord) -> None:
    reported = aggregate([predicted(60, 40, 120)]).summary
    mixed = aggregate([predicted(60, 40, 120), predicted(None, None, None), make_record()]).summary
    assert mixed.prediction.acceptance == reported.prediction.acceptance
    assert mixed.prediction.coverage == reported.prediction.coverage
    assert (mixed.requests, mixed.usage_reported, mixed.prediction.sent) == (3, 1, 2)


def test_a_request_that_reports_half_of_its_usage_counts_for_that_half(predicted: MakeRecord) -> None:
    prediction = aggregate([predicted(60, 40, None), predicted(10, None, 50)]).summary.prediction
    assert prediction.acceptance.value == pytest.approx(0.6)
    assert prediction.coverage.value == pytest.approx(0.2)
    assert (prediction.accepted_tokens, prediction.rejected_tokens) == (70, 40)


def test_requests_without_a_prediction_do_not_lower_coverage(
    predicted: MakeRecord, make_record: MakeRecord
) -> None:
    without = make_record(completion_tokens=1000, accepted_prediction_tokens=0, rejected_prediction_tokens=0)
    assert aggregate([predicted(60, 40, 120), without]).summary.prediction.coverage.value == pytest.approx(
        0.5
    )


def test_nothing_reported_is_none_everywhere(make_record: MakeRecord) -> None:
    summary = aggregate([make_record()]).summary
    assert summary.tokens.prompt is None
    assert summary.cost_usd is None
    assert summary.prediction.accepted_tokens is None
    assert summary.prediction.rejected_cost_usd is None
    assert summary.prediction.acceptance.value is None
    assert summary.latency.overall.ttft_s.median is None


def test_an_empty_log_makes_an_empty_report() -> None:
    report = aggregate([])
    assert (report.summary.requests, report.first, report.last) == (0, None, None)
    assert report.groups == []
    assert [each.kind for each in report.recommendations] == ["no-requests"]


def test_since_leaves_out_what_is_older(make_record: MakeRecord) -> None:
    records = [make_record() for _ in range(5)]
    report = aggregate(records, since=records[3].created_at)
    assert report.summary.requests == 2
    assert (report.first, report.last) == (records[3].created_at, records[4].created_at)


def test_cut_short_requests_say_nothing_about_speed(make_record: MakeRecord) -> None:
    latency = aggregate(
        [
            make_record(total_s=1.0, prediction_sent=True),
            make_record(total_s=3.0),
            make_record(total_s=60.0, status=Status.FAILED),
            make_record(total_s=0.1, status=Status.CANCELLED),
        ]
    ).summary.latency
    assert latency.overall.total_s.median == pytest.approx(2.0)
    assert latency.with_prediction.total_s.median == pytest.approx(1.0)
    assert latency.without_prediction.total_s.median == pytest.approx(3.0)


def test_an_edit_that_never_reached_a_server_is_no_measurement(make_record: MakeRecord) -> None:
    refused = make_record(status=Status.REFUSED, error="DocumentRefused", attempts=0)
    assert aggregate([refused]).summary.latency.overall.requests == 0


def test_groups_are_the_combinations_that_occur_the_largest_first(make_record: MakeRecord) -> None:
    report = aggregate(
        [
            make_record(model="fast", language="go"),
            make_record(model="fast", language="rust"),
            make_record(model="fast", language="rust"),
            make_record(model="slow", language=None),
        ],
        by=("model", "language"),
    )
    assert [(dict(group.key), group.summary.requests) for group in report.groups] == [
        ({"model": "fast", "language": "rust"}, 2),
        ({"model": "fast", "language": "go"}, 1),
        ({"model": "slow", "language": None}, 1),
    ]


def test_days_are_those_of_utc(make_record: MakeRecord) -> None:
    report = aggregate([make_record() for _ in range(25)], by=["day"])
    assert [(group.key["day"], group.summary.requests) for group in report.groups] == [
        ("2026-11-01", 24),
        ("2026-11-02", 1),
    ]


def test_errors_are_counted_by_status_and_kind(make_record: MakeRecord) -> None:
    report = aggregate(
        [
            make_record(status=Status.FAILED, error="ProviderTimeout"),
            make_record(status=Status.REFUSED, error="GuardRefused:elision"),
            make_record(status=Status.FAILED, error="ProviderRateLimited"),
            make_record(status=Status.FAILED, error="ProviderRateLimited"),
        ]
    )
    assert report.summary.errors == {
        Status.FAILED: {"ProviderRateLimited": 2, "ProviderTimeout": 1},
        Status.REFUSED: {"GuardRefused:elision": 1},
    }


@pytest.mark.parametrize(
    ("by", "sentence"), [(["colour"], "cannot be grouped by 'colour'"), (["model", "model"], "grouped twice")]
)
def test_a_grouping_that_makes_no_sense_is_a_mistake_of_the_user(by: list[str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        aggregate([], by=by)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("prediction-kind", "prediction_kind"), ("Instruction", "instruction_class"), ("scope_kind", "scope")],
)
def test_a_dimension_has_short_forms(make_record: MakeRecord, asked: str, meant: str) -> None:
    (group,) = aggregate([make_record()], by=[asked]).groups
    assert dict(group.key) == {meant: None}


@pytest.mark.parametrize(
    ("size", "name"),
    [(0, "under 1 kB"), (999, "under 1 kB"), (1000, "1 to 4 kB"), (64_000, "64 kB and more"), (None, None)],
)
def test_documents_are_grouped_by_their_size(make_record: MakeRecord, size: int | None, name: str) -> None:
    (group,) = aggregate([make_record(document_bytes=size)], by=["size"]).groups
    assert group.key["size"] == name


def test_requests_that_were_sent_again_are_counted_with_their_reasons(make_record: MakeRecord) -> None:
    report = aggregate(
        [
            make_record(attempts=2, restarts=["prediction-unsupported"]),
            make_record(attempts=3, restarts=["prediction-unsupported", "syntax"]),
            make_record(attempts=2),
            make_record(),
        ]
    )
    assert report.summary.retried == 3
    assert report.restarts == {"prediction-unsupported": 2, "syntax": 1}


records = st.builds(
    lambda **columns: record_of(columns),
    id=st.uuids().map(str),
    created_at=st.integers(0, 10_000).map(lambda n: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=n)),
    source=st.sampled_from(Source),
    status=st.sampled_from(Status),
    model=st.sampled_from(["fast", "slow", None]),
    prediction_sent=st.booleans(),
    prompt_tokens=st.none() | st.integers(0, 10**6),
    completion_tokens=st.none() | st.integers(0, 10**6),
    accepted_prediction_tokens=st.none() | st.integers(0, 10**6),
    rejected_prediction_tokens=st.none() | st.integers(0, 10**6),
    cost_usd=st.none() | st.floats(0, 10),
    rejected_cost_usd=st.none() | st.floats(0, 10),
)


@given(
    st.lists(records, max_size=30),
    st.sampled_from(["model", "status", "source", "day", "size", "prediction_sent"]),
)
def test_groups_add_up_to_the_whole(log: list[RequestRecord], dimension: str) -> None:
    report = aggregate(log, by=[dimension])
    groups = [group.summary for group in report.groups]
    assert sum(group.requests for group in groups) == report.summary.requests
    assert sum(group.tokens.completion or 0 for group in groups) == (report.summary.tokens.completion or 0)
    assert sum(group.cost_usd or 0 for group in groups) == pytest.approx(report.summary.cost_usd or 0)


def test_the_sums_are_those_of_an_independent_query(
    tmp_path: Path, predicted: MakeRecord, make_record: MakeRecord
) -> None:
    file = tmp_path / "log.db"
    with TokenLog(file) as log:
        for number in range(40):
            log.append(
                predicted(number, 3 * number % 7, 5 * number + 1, cost_usd=number / 7, model=f"m{number % 3}")
            )
        for _ in range(5):
            log.append(predicted(None, None, None, model="m0"))
            log.append(
                make_record(
                    completion_tokens=11, prompt_tokens=4, model="m1", cost_usd=1.0, rejected_cost_usd=0.5
                )
            )
        report = aggregate(log.records(), by=["model"])
    engine = create_engine(f"sqlite:///{file}")
    query = text(
        "SELECT COUNT(*), SUM(prompt_tokens), SUM(completion_tokens), SUM(accepted_prediction_tokens), "
        "SUM(rejected_prediction_tokens), SUM(cost_usd), SUM(rejected_cost_usd), "
        "SUM(prediction_sent * accepted_prediction_tokens) * 1.0 "
        "/ SUM(prediction_sent * (accepted_prediction_tokens + rejected_prediction_tokens)), "
        "SUM(CASE WHEN prediction_sent THEN accepted_prediction_tokens END) * 1.0 "
        "/ SUM(CASE WHEN prediction_sent AND accepted_prediction_tokens IS NOT NULL"
        " THEN completion_tokens END) "
        "FROM editsvc_requests WHERE :model IS NULL OR model = :model"
    )
    with engine.connect() as connection:
        for model, summary in [(None, report.summary), *((g.key["model"], g.summary) for g in report.groups)]:
            expected = connection.execute(query, {"model": model}).one()
            assert tuple(expected) == pytest.approx(
                (
                    summary.requests,
                    summary.tokens.prompt,
                    summary.tokens.completion,
                    summary.prediction.accepted_tokens,
                    summary.prediction.rejected_tokens,
                    summary.cost_usd,
                    summary.prediction.rejected_cost_usd,
                    summary.prediction.acceptance.value,
                    summary.prediction.coverage.value,
                )
            )
    engine.dispose()


def test_what_a_prediction_that_was_withdrawn_rejected_is_part_of_acceptance(
    predicted: MakeRecord,
) -> None:
    """The request was made again without it; the server had counted by then."""
    kept = [predicted(80, 20, 100) for _ in range(20)]
    withdrawn = [
        predicted(
            0, 100, 200, prediction_sent=False, prediction_drawn=True, prediction_reason="too-many-rejected"
        )
        for _ in range(20)
    ]
    found = aggregate([*kept, *withdrawn]).summary.prediction
    assert found.sent == 40
    assert found.acceptance.value == 0.4
    assert found.coverage.value == 80 / 300


@pytest.mark.parametrize("fields", [{"offline": True}, {"source": Source.BENCH}], ids=str)
def test_rates_are_of_servers_and_the_edits_of_people(
    fields: dict[str, object], predicted: MakeRecord
) -> None:
    served = [predicted(10, 90, 100, total_s=1.0) for _ in range(20)]
    others = [predicted(100, 0, 100, total_s=0.1, **fields) for _ in range(20)]
    found = aggregate([*served, *others]).summary
    assert found.requests == 40
    assert (found.prediction.sent, found.prediction.acceptance.value) == (20, 0.1)
    assert found.latency.overall.total_s.median == 1.0
