"""The database counts what the records say, in SQLite and in PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from editsvc.errors import Status
from editsvc.report import aggregate, read, to_json
from editsvc.report.evidence import gather
from editsvc.tokenlog import LogUnavailable, RequestRecord, Source, TokenLog, Verdict
from editsvc.tokenlog.connection import parse_url
from editsvc.tokenlog.dimensions import DIMENSIONS
from editsvc.tokenlog.evidence import Sums

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., RequestRecord]


@pytest.fixture
def mixed(make_record: Make) -> list[RequestRecord]:
    """Requests of every kind, and with every part of their usage missing in some."""
    records = [
        make_record(
            created_at=datetime.fromisoformat("2026-11-01T21:00:00+00:00") + timedelta(minutes=20 * number),
            source=(Source.CLI, Source.LSP)[number % 2],
            status=tuple(Status)[number % 5],
            error=(None, "ProviderTimeout")[number % 5 == 3],
            model=("fast", "slow", None)[number % 3],
            provider="cerebras",
            language=("go", None)[number % 7 == 0],
            scope_kind=("file", "symbol")[number % 2],
            document_bytes=(None, 500, 5_000, 500_000)[number % 4],
            prediction_sent=number % 4 != 0,
            prediction_kind=("file", None)[number % 4 == 0],
            propensity=(None, 1.0, 0.9, 0.1, 0.5)[number % 5],
            attempts=number % 4,
            restarts=(None, ["syntax"], ["syntax", "length"])[number % 3],
            prompt_tokens=(100 + number, None)[number % 6 == 0],
            cached_tokens=(number, None)[number % 6 == 1],
            completion_tokens=(50 + number, None, 0)[number % 3],
            # Of a reply without tokens nothing was predicted: a part is not more than its whole.
            accepted_prediction_tokens=((30 + number) * (number % 3 != 2), None)[number % 7 == 2],
            rejected_prediction_tokens=(number % 9 * (number % 3 != 2), None)[number % 8 == 3],
            ttft_s=number / 100,
            total_s=number / 50,
            completion_time_s=(number / 60, None)[number % 2],
            cost_usd=(number / 7, None)[number % 5 == 1],
            rejected_cost_usd=(number / 70, None)[number % 5 == 1],
            verdict=(None, *Verdict)[number % 4],
            hunks=(number % 3, None)[number % 11 == 0],
            hunks_accepted=(0, None)[number % 4 == 0],
            what_if={"file:resync": [number, 3], "none": [0, 0]},
            offline=number % 10 == 9,
            instruction_class=("rename", None)[number % 2],
            policy_version="rule-1",
            editsvc_version=(None, "0.1.0", "0.2.0")[number % 3],
            repository_hmac=(None, "none", "0123456789ab")[number % 3],
            user_hmac=(None, "fedcba987654")[number % 2],
            named_arm=(None, "none", "control", "mini")[number % 4],
            named_arm_propensity=(None, None, 0.8, 0.2)[number % 4],
            prompt_version=(None, "none", "23eddd02")[number % 3],
        )
        for number in range(120)
    ]
    return [*records, make_record(created_at=records[-1].created_at + timedelta(days=40))]


@pytest.mark.parametrize("by", [(), *((name,) for name in DIMENSIONS), ("model", "day")], ids=",".join)
def test_the_evidence_is_that_of_the_records(
    log_url: str, mixed: list[RequestRecord], by: tuple[str, ...]
) -> None:
    with TokenLog(log_url) as log:
        for record in mixed:
            log.append(record)
        found = log.evidence(by=by, days=True)
    expected = gather(mixed, by=by, since=None)
    assert set(found.cells) == set(expected.cells)
    for facet, sums in expected.cells.items():
        for field in fields(Sums):
            assert getattr(found.cells[facet], field.name) == pytest.approx(getattr(sums, field.name)), field
    assert (found.sample, found.explored, found.restarts) == (
        expected.sample,
        expected.explored,
        expected.restarts,
    )
    assert (found.first, found.last, found.days) == (expected.first, expected.last, expected.days)


def rounded(value: Any) -> Any:
    """`value` without the last digits, which depend on the order in which a database adds."""
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def test_since_leaves_out_what_is_older(log_url: str, mixed: list[RequestRecord]) -> None:
    since = mixed[70].created_at
    with TokenLog(log_url) as log:
        for record in mixed:
            log.append(record)
        found = to_json(read(log, by=["day"], since=since, days=True))
    expected = to_json(aggregate(mixed, by=["day"], since=since))
    assert found["requests"] == 51
    assert rounded(found) == rounded(expected)


@pytest.mark.parametrize("model", [None, "fast"])
def test_a_window_leaves_out_what_is_not_in_it(
    log_url: str, mixed: list[RequestRecord], model: str | None
) -> None:
    since, until = mixed[20].created_at, mixed[90].created_at
    with TokenLog(log_url) as log:
        for record in mixed:
            log.append(record)
        found = log.evidence(by=("language",), since=since, until=until, model=model, days=True)
    expected = gather(mixed, by=("language",), since=since, until=until, model=model)
    assert {facet: sums.requests for facet, sums in found.cells.items()} == {
        facet: sums.requests for facet, sums in expected.cells.items()
    }
    assert (found.sample, found.explored, found.restarts) == (
        expected.sample,
        expected.explored,
        expected.restarts,
    )
    assert (found.first, found.last, found.days) == (expected.first, expected.last, expected.days)


def test_costs_tell_unknown_prices_from_what_was_not_reported(log_url: str, make_record: Make) -> None:
    with TokenLog(log_url) as log:
        for fields in (
            {"cost_usd": 0.5, "completion_tokens": 10},
            {"cost_usd": 0.25, "completion_tokens": 10, "model": "other"},
            {"cost_usd": None, "completion_tokens": 10},  # no price
            {"cost_usd": None, "completion_tokens": None},  # cut short
            {"cost_usd": None, "completion_tokens": 10, "offline": True},  # costs nothing
        ):
            log.append(make_record(**fields))
        first = next(log.records()).created_at
        assert log.costs() == (4, 2, 1, 0.75)
        assert log.costs(model="other") == (1, 1, 0, 0.25)
        assert log.costs(first, first + timedelta(seconds=1)) == (1, 1, 0, 0.5)
        assert log.costs(first - timedelta(days=2), first) == (0, 0, 0, None)


def test_the_sums_are_those_of_another_query(log_url: str, mixed: list[RequestRecord]) -> None:
    with TokenLog(log_url) as log:
        for record in mixed:
            log.append(record)
        shown = to_json(read(log))
    engine = create_engine(parse_url(log_url))
    with engine.connect() as connection:
        query = text(
            "SELECT COUNT(*), SUM(prompt_tokens), SUM(cached_tokens + 0 * prompt_tokens), SUM(completion_tokens), "
            "SUM(accepted_prediction_tokens), SUM(rejected_prediction_tokens), SUM(cost_usd), "
            "SUM(rejected_cost_usd) FROM editsvc_requests"
        )
        expected = [float(value) for value in connection.execute(query).one()]
    engine.dispose()
    tokens, prediction = shown["tokens"], shown["prediction"]
    assert [
        shown["requests"],
        tokens["prompt"],
        tokens["cached"],
        tokens["completion"],
        prediction["accepted_tokens"],
        prediction["rejected_tokens"],
        shown["cost_usd"],
        prediction["rejected_cost_usd"],
    ] == pytest.approx(expected)


def test_a_large_log_is_sampled_and_its_sums_stay_exact(log_url: str, make_record: Make) -> None:
    with TokenLog(log_url) as log:
        for number in range(400):
            sent = number % 10 != 0
            log.append(
                make_record(
                    id=f"{number:032x}",
                    prediction_sent=sent,
                    propensity=0.9 if sent else 0.1,
                    completion_tokens=number,
                    accepted_prediction_tokens=number,
                    rejected_prediction_tokens=1,
                    attempts=1,
                    total_s=1.0,
                )
            )
        found = log.evidence(sample=60)
    assert found.sampled_every == 7
    assert 30 <= len(found.sample) <= 90
    assert found.explored_every == 2
    assert 5 <= len(found.explored) <= 35
    assert all(each.explored for each in found.explored)
    assert sum(sums.completion or 0 for sums in found.cells.values()) == sum(range(400))


def test_an_empty_log_is_evidence_of_nothing(log_url: str) -> None:
    with TokenLog(log_url) as log:
        found = log.evidence(by=("model",), days=True)
        assert (found.cells, found.sample, found.days, found.first) == ({}, (), (), None)
        assert to_json(read(log))["requests"] == 0


def test_a_single_record_without_anything_optional_makes_a_report(log_url: str, make_record: Make) -> None:
    with TokenLog(log_url) as log:
        log.append(make_record())
        shown = to_json(read(log, by=list(DIMENSIONS), days=True))
    assert shown["requests"] == 1
    assert shown["prediction"]["acceptance"] == {"value": None, "low": None, "high": None}
    assert shown["tokens"] == {"prompt": None, "cached": None, "completion": None, "reasoning": None}


@pytest.mark.parametrize("revision", ["0001_requests", "0002_survival"])
def test_a_log_of_an_older_version_is_reported(sqlite_path: Path, revision: str) -> None:
    sqlite_path.parent.mkdir()
    engine = create_engine(f"sqlite:///{sqlite_path}")
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "editsvc.tokenlog:migrations")
        config.set_main_option("path_separator", "os")
        command.upgrade(config, revision)
        connection.execute(
            text(
                "INSERT INTO editsvc_requests (id, created_at, source, status, prediction_sent, attempts, "
                "offline, what_if) VALUES ('old', '2026-11-01 09:00:00.000000', 'cli', 'changed', 1, 2, 0, "
                "'{\"file\": [3, 1]}')"
            )
        )
    engine.dispose()
    with TokenLog(sqlite_path) as log:
        shown = to_json(read(log, by=["day"], days=True))
    assert (shown["requests"], shown["retried"]) == (1, 1)
    assert shown["what_if"][0]["accepted_tokens"] == 3


def test_a_record_that_this_version_does_not_know_is_said_in_a_sentence(
    sqlite_path: Path, make_record: Make
) -> None:
    with TokenLog(sqlite_path) as log:
        log.append(make_record())
    with closing(sqlite3.connect(sqlite_path)) as connection, connection:
        connection.execute("UPDATE editsvc_requests SET status = 'paused'")
    with TokenLog(sqlite_path) as log, pytest.raises(LogUnavailable, match="'paused' is not a valid Status"):
        read(log)


def test_a_report_is_made_while_others_write(sqlite_path: Path, make_record: Make) -> None:
    with TokenLog(sqlite_path) as writer, TokenLog(sqlite_path) as reader:
        for number in range(1, 30):
            writer.append(make_record(prediction_sent=True, completion_tokens=number))
            shown: dict[str, Any] = to_json(read(reader))
            assert shown["requests"] == sum(shown["statuses"].values()) == number


def test_sums_need_no_more_than_an_index(sqlite_path: Path, make_record: Make) -> None:
    """The pass over all requests, the one over days, and those over the few that stand out."""
    with TokenLog(sqlite_path) as log:
        log.append(make_record())
    facet = "model, status, prediction_sent, prediction_drawn, verdict, offline, source, error, reported"
    since = "+created_at >= 'a'"
    between = "created_at >= 'a' AND created_at < 'b'"
    plans = {
        f"SUM(prompt_tokens), SUM(hunks) FROM editsvc_requests GROUP BY {facet}": "days",
        f"SUM(prompt_tokens) FROM editsvc_requests GROUP BY {facet}, document_size, provider": "sums",
        f"COUNT(cost_usd) FROM editsvc_requests WHERE NOT offline AND {between}": "by_time",
        "1 FROM editsvc_requests WHERE reported = -1 LIMIT 1": "odd",
        f"COUNT(*) FROM editsvc_requests WHERE {since} AND propensity > 0 AND propensity <= 0.5": "explored",
        f"COUNT(*) FROM editsvc_requests WHERE {since} AND attempts > 1": "again",
    }
    with closing(sqlite3.connect(sqlite_path)) as connection:
        for query, index in plans.items():
            plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT {query}").fetchall()
            assert f"INDEX editsvc_requests_{index}" in plan[0][-1]
