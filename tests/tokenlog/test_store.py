"""What goes into the log comes out of it, in both databases."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editsvc.errors import Status
from editsvc.tokenlog import LogUnavailable, RequestRecord, Source, TokenLog, Verdict
from editsvc.tokenlog.rows import believed, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    MakeRecord = Callable[..., RequestRecord]

SALTED = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def log(log_url: str) -> Iterator[TokenLog]:
    with TokenLog(log_url) as opened:
        yield opened


def test_records_come_back_oldest_first_whatever_the_order_they_came_in(
    log: TokenLog, make_record: MakeRecord
) -> None:
    first, second, third = make_record(), make_record(), make_record()
    for record in (second, third, first):
        log.append(record)
    assert list(log.records()) == [first, second, third]


def test_since_leaves_out_what_is_older_and_keeps_what_is_equal(
    log: TokenLog, make_record: MakeRecord
) -> None:
    records = [make_record() for _ in range(4)]
    for record in records:
        log.append(record)
    assert list(log.records(since=records[2].created_at)) == records[2:]


def test_a_time_in_another_zone_is_the_same_moment(log: TokenLog, make_record: MakeRecord) -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    log.append(make_record(created_at=datetime(2026, 11, 1, 2, 15, tzinfo=zone)))
    (read,) = log.records()
    assert read.created_at == datetime(2026, 10, 31, 20, 45, tzinfo=UTC)
    assert read.created_at.tzinfo is UTC
    assert not list(log.records(since=datetime(2026, 11, 1, 2, 16, tzinfo=zone)))


def test_a_verdict_is_added_to_its_record_alone(log: TokenLog, make_record: MakeRecord) -> None:
    judged, other = make_record(hunks=5), make_record(hunks=5)
    log.append(judged)
    log.append(other)
    assert log.set_verdict(judged.id, Verdict.PARTIAL, 3)
    assert [(record.verdict, record.hunks_accepted) for record in log.records()] == [
        (Verdict.PARTIAL, 3),
        (None, None),
    ]


def test_survival_is_no_verdict(log: TokenLog, make_record: MakeRecord) -> None:
    record = make_record(hunks=5)
    log.append(record)
    assert log.set_verdict(record.id, None, 0, 5)
    (read,) = log.records()
    assert (read.verdict, read.hunks_accepted, read.hunks_survived) == (None, 0, 5)


def test_a_verdict_on_an_unknown_edit_says_so(log: TokenLog) -> None:
    assert not log.set_verdict("nobody", Verdict.ACCEPTED, 1)


def test_how_an_edit_ended_is_amended_in_its_record_alone(log: TokenLog, make_record: MakeRecord) -> None:
    amended, other = make_record(status=Status.CHANGED), make_record(status=Status.CHANGED)
    log.append(amended)
    log.append(other)
    assert log.set_outcome(amended.id, Status.REFUSED, "Stale")
    assert list(log.records()) == [replace(amended, status=Status.REFUSED, error="Stale"), other]
    assert not log.set_outcome("nobody", Status.REFUSED, "Stale")


def test_an_id_is_taken_once(log: TokenLog, make_record: MakeRecord) -> None:
    record = make_record()
    log.append(record)
    with pytest.raises(LogUnavailable, match="rejected the record"):
        log.append(record)
    assert list(log.records()) == [record]


def test_purging_up_to_a_time_keeps_what_is_newer(log: TokenLog, make_record: MakeRecord) -> None:
    records = [make_record() for _ in range(5)]
    for record in records:
        log.append(record)
    assert log.purge(before=records[3].created_at) == 3
    assert list(log.records()) == records[3:]


def test_purging_everything_leaves_a_log_that_works(log: TokenLog, make_record: MakeRecord) -> None:
    log.append(make_record())
    assert log.purge(everything=True) == 1
    assert log.status()["count"] == 0
    log.append(make_record(id="next"))
    assert [record.id for record in log.records()] == ["next"]


def test_purging_needs_to_be_told_what(log: TokenLog) -> None:
    with pytest.raises(ValueError, match="everything=True"):
        log.purge()


def test_a_time_without_a_zone_is_a_mistake_of_the_caller(log: TokenLog) -> None:
    naive = datetime(2026, 11, 1)  # noqa: DTZ001  (the mistake under test)
    with pytest.raises(ValueError, match="no time zone"):
        list(log.records(since=naive))
    with pytest.raises(ValueError, match="no time zone"):
        log.purge(before=naive)


def test_what_candidates_would_have_got_is_added_afterwards(log: TokenLog, make_record: MakeRecord) -> None:
    record = make_record()
    log.append(record)
    assert log.set_what_if(record.id, {"scope:resync": [30, 2], "none": [0, 0]})
    (stored,) = log.records()
    assert stored == replace(record, what_if={"scope:resync": [30, 2], "none": [0, 0]})
    assert not log.set_what_if("nobody", {})


def test_the_status_of_a_new_log(log: TokenLog) -> None:
    status = log.status()
    assert (status["count"], status["first"], status["last"]) == (0, None, None)
    assert status["schema_revision"] == "0011_reported"
    assert status["size_bytes"] is not None
    assert status["size_bytes"] > 0


def test_the_status_tells_first_and_last(log: TokenLog, make_record: MakeRecord) -> None:
    for _ in range(3):
        log.append(make_record())
    status = log.status()
    assert (status["count"], status["first"], status["last"]) == (
        3,
        "2026-11-01T09:00:00+00:00",
        "2026-11-01T09:02:00+00:00",
    )


def test_every_exported_record_is_a_line_of_json(log: TokenLog, make_record: MakeRecord) -> None:
    for _ in range(3):
        log.append(
            make_record(rate_limit={"x-ratelimit-limit-requests-day": "900"}, what_if={"file": [7, 2]})
        )
    lines = [json.dumps(each, allow_nan=False) for each in log.export()]
    assert [json.loads(line)["id"] for line in lines] == ["r0", "r1", "r2"]


def test_what_a_server_made_up_cannot_break_the_log(log: TokenLog, make_record: MakeRecord) -> None:
    log.append(
        make_record(
            model="a\0b\ud800c",
            request_id="\U0001f600" * 10_000,
            finish_reason="x" * 1_000_000,
            completion_tokens=2**70,
            ttft_s=float("inf"),
            total_s=float("nan"),
            rate_limit={"x\0": "\udfff", "limit-tokens": "9", "reset-tokens": "9" * 1_000},
        )
    )
    (read,) = log.records()
    assert read.model == "a\ufffdb\ufffdc"
    assert (read.request_id, read.finish_reason) == (None, "other")
    assert (read.usage.completion_tokens, read.timing.ttft_s, read.timing.total_s) == (None, None, None)
    assert read.rate_limit == {"limit-tokens": "9"}


def test_threads_share_one_log(log: TokenLog, make_record: MakeRecord) -> None:
    batches = [[make_record() for _ in range(20)] for _ in range(6)]

    def write(batch: list[RequestRecord]) -> None:
        for record in batch:
            log.append(record)

    threads = [threading.Thread(target=write, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {record.id for record in log.records()} == {record.id for batch in batches for record in batch}


def test_a_log_survives_being_closed(log_url: str, make_record: MakeRecord) -> None:
    record = make_record()
    with TokenLog(log_url) as log:
        log.append(record)
    with TokenLog(log_url) as log:
        assert list(log.records()) == [record]


def test_a_closed_log_stays_closed(log: TokenLog, make_record: MakeRecord) -> None:
    log.close()
    with pytest.raises(LogUnavailable, match="closed"):
        log.append(make_record())


def test_more_records_than_a_page_all_come_even_when_they_share_a_moment(make_record: MakeRecord) -> None:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    with TokenLog("sqlite://") as log:
        for _ in range(1203):
            log.append(make_record(created_at=moment))
        ids = [record.id for record in log.records(since=moment)]
    assert ids == sorted(f"r{number}" for number in range(1203))


def test_a_reader_that_pauses_keeps_no_writer_waiting(sqlite_path: Path, make_record: MakeRecord) -> None:
    with TokenLog(sqlite_path) as reading, TokenLog(sqlite_path, timeout_s=0) as writing:
        reading.append(make_record())
        reading.append(make_record())
        records = reading.records()
        next(records)
        writing.append(make_record())
        assert next(records).id == "r1"


def test_neither_importing_nor_making_a_log_loads_a_database_library(tmp_path: Path) -> None:
    script = (
        "import sys; sys.path[:] = sys.argv[2:]\n"
        "from editsvc.tokenlog import TokenLog\n"
        "TokenLog(sys.argv[1]).close()\n"
        "print([name for name in ('sqlalchemy', 'alembic', 'sqlite3', 'psycopg') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, f"sqlite:///{tmp_path}/log.db", *sys.path],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n"
    assert not list(tmp_path.iterdir())


counts = st.none() | st.integers(0, 2**63 - 1)
seconds = st.none() | st.floats(0, 1e12, allow_subnormal=False)
words = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
records_of_all_kinds = st.builds(
    lambda **columns: record_of(columns),
    id=st.uuids().map(str),
    created_at=st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  (the strategy adds the zone)
    source=st.sampled_from(Source),
    status=st.sampled_from(Status),
    path=st.none() | st.just(SALTED),
    prediction_sent=st.booleans(),
    offline=st.booleans(),
    attempts=st.integers(0, 10),
    verdict=st.none() | st.sampled_from(Verdict),
    rate_limit=st.none() | st.dictionaries(words.filter(bool), words.filter(bool), max_size=3),
    what_if=st.none()
    | st.dictionaries(
        words.filter(bool), st.lists(st.integers(0, 10**6), min_size=2, max_size=2), max_size=3
    ),
    **dict.fromkeys(
        (
            "language",
            "provider",
            "model",
            "error",
            "scope_kind",
            "prediction_kind",
            "prediction_reason",
            "policy_version",
            "editsvc_version",
            "prompt_version",
            "named_arm",
            "request_id",
            "finish_reason",
            "instruction_class",
        ),
        words,
    ),
    **dict.fromkeys(
        (
            "scope_start_line",
            "scope_end_line",
            "document_lines",
            "document_bytes",
            "prompt_tokens",
            "cached_tokens",
            "completion_tokens",
            "reasoning_tokens",
            "accepted_prediction_tokens",
            "rejected_prediction_tokens",
            "max_completion_tokens",
            "hunks",
            "hunks_accepted",
            "hunks_survived",
        ),
        counts,
    ),
    **dict.fromkeys(
        (
            "propensity",
            "named_arm_propensity",
            "ttft_s",
            "total_s",
            "tokens_per_s",
            "queue_time_s",
            "prompt_time_s",
            "completion_time_s",
            "cost_usd",
            "rejected_cost_usd",
        ),
        seconds,
    ),
)


@given(records=st.lists(records_of_all_kinds, max_size=3, unique_by=lambda record: record.id))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_record_comes_back_with_the_numbers_that_can_be(
    log: TokenLog, records: list[RequestRecord]
) -> None:
    log.purge(everything=True)
    for record in records:
        log.append(record)
    expected = map(believed, sorted(records, key=lambda record: (record.created_at, record.id)))
    assert list(log.records()) == list(expected)
