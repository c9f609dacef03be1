"""Logs hold what older versions, other programs and odd servers left; every reader takes it as not reported."""

from __future__ import annotations

import json
import math
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest  # noqa: TC002 - as in every test
from formats import rendered, strict_json
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from editsvc.errors import Status
from editsvc.provider.models import table
from editsvc.report import aggregate, read, to_json
from editsvc.tokenlog import RequestRecord, Source, TokenLog, Verdict
from editsvc.tokenlog.connection import parse_url
from editsvc.tokenlog.dimensions import DIMENSIONS
from editsvc.tuning.objective import Objective, Worth, listed
from editsvc.tuning.sentences import text as in_words
from editsvc.tuning.tune import tune

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Make = Callable[..., RequestRecord]

NOW = datetime(2026, 11, 20, tzinfo=UTC)
INTEGERS = (
    "document_lines",
    "document_bytes",
    "attempts",
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
    "parts_offered",
    "scope_start_line",
)
REALS = (
    "propensity",
    "ttft_s",
    "total_s",
    "tokens_per_s",
    "queue_time_s",
    "prompt_time_s",
    "completion_time_s",
    "cost_usd",
    "rejected_cost_usd",
)
ODD_INTEGERS = [-5, -(2**63), 2**63 - 1, 2**62, 10**9 + 1]
ODD_REALS = [-1.0, float("nan"), float("inf"), float("-inf"), 1e308]
# SQLite takes anything into any column.
ODD_VALUES = ["many", b"\x00\xff", 12.5, "", "1e5x"]


def usual(make_record: Make, number: int) -> RequestRecord:
    sent = number % 3 != 0
    return make_record(
        source=Source.LSP,
        provider="cerebras",
        model=("gpt-oss-120b", "other")[number % 2],
        finish_reason="stop",
        attempts=1 + number % 2,
        scope_kind="file",
        document_bytes=3_000 * (number % 7),
        prediction_sent=sent,
        prediction_kind="file" if sent else None,
        propensity=0.9 if sent else 0.1,
        prompt_tokens=900,
        cached_tokens=128,
        completion_tokens=500,
        reasoning_tokens=20,
        accepted_prediction_tokens=400 if sent else 0,
        rejected_prediction_tokens=number % 50 if sent else 0,
        ttft_s=0.2,
        total_s=0.6,
        tokens_per_s=700.0,
        queue_time_s=0.0,
        completion_time_s=0.3,
        cost_usd=0.01,
        rejected_cost_usd=0.001,
        verdict=(None, *Verdict)[number % 4],
        hunks=3,
        hunks_accepted=number % 4,
        what_if={"file:resync": [400, 9], "none": [0, 0]},
    )


def spoil(url: str, values: Sequence[tuple[str, str, Any]]) -> None:
    """Write (id, column, value) past editsvc."""
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        for identity, column, value in values:
            connection.execute(
                text(f"UPDATE editsvc_requests SET {column} = :value WHERE id = :id"),
                {"value": value, "id": identity},
            )
    engine.dispose()


def check(log: TokenLog, requests: int) -> None:
    """Every reader works, and a report counted by the database is the one made from the records."""
    records = list(log.records())
    assert len(records) == log.status()["count"] == requests
    assert len(list(map(strict_encoded, log.export()))) == requests
    for by in ((), ("model", "size"), tuple(DIMENSIONS)):
        report = read(log, by=by, days=True)
        assert not report.missing
        found = rendered(report)
        shown = strict_json(found["json"])
        expected = strict_json(rendered(aggregate(records, by=by))["json"])
        assert rounded(shown) == rounded(expected)
        assert_possible(shown)
    tuned = tune(
        records,
        now=NOW,
        price_of=listed(table()),
        worth=Worth(objective=Objective.BALANCED, value_of_time=30.0),
    )
    assert "nan" not in in_words(tuned, "in all")


def strict_encoded(exported: dict[str, Any]) -> Any:
    return json.dumps(exported, allow_nan=False)


def rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def assert_possible(shown: Any) -> None:
    """Rates between 0 and 1, parts no more than their wholes, sums that add up."""
    for each in [shown, *shown["groups"]]:
        for rate in (
            *rates(each["prediction"], "acceptance", "coverage"),
            *rates(each["verdicts"], "edits", "hunks"),
        ):
            known = [value for value in rate.values() if value is not None]
            assert all(0 <= value <= 1 for value in known)
            if len(known) == 3:
                assert rate["low"] <= rate["value"] + 1e-9 and rate["value"] <= rate["high"] + 1e-9
        tokens = each["tokens"]
        assert (tokens["cached"] or 0) <= (tokens["prompt"] or 0)
        assert (tokens["reasoning"] or 0) <= (tokens["completion"] or 0)
        assert (each["prediction"]["rejected_cost_usd"] or 0) <= (each["cost_usd"] or 0) + 1e-9
        assert sum(each["statuses"].values()) == each["requests"]
        assert each["prediction"]["sent"] <= each["requests"]
        for speed in each["latency"].values():
            if isinstance(speed, dict):
                assert all(
                    value is None or value >= 0 for value in speed.values() if not isinstance(value, dict)
                )
    if shown["groups"]:
        for path in (
            ("requests",),
            ("tokens", "prompt"),
            ("tokens", "completion"),
            ("prediction", "accepted_tokens"),
        ):
            parts = [at(group, path) for group in shown["groups"]]
            assert (at(shown, path) or 0) == sum(part or 0 for part in parts)
    assert sum(day["requests"] for day in shown["days"]) == shown["requests"]
    for one in shown["what_if"]:
        assert one["acceptance"] is None or 0 <= one["acceptance"] <= 1


def rates(section: dict[str, Any], *names: str) -> list[dict[str, float | None]]:
    return [section[name] for name in names]


def at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


def test_numbers_that_cannot_be_break_no_reader(log_url: str, make_record: Make) -> None:
    """Each column with each odd value that its database takes, and several in one row."""
    sqlite = log_url.startswith("sqlite")
    odd = [(column, value) for column in INTEGERS for value in ODD_INTEGERS]
    odd += [(column, value) for column in REALS for value in ODD_REALS if not (sqlite and math.isnan(value))]
    if sqlite:
        odd += [(column, value) for column in (*INTEGERS, *REALS) for value in ODD_VALUES if value != 12.5]
        odd += [(column, 12.5) for column in INTEGERS]
    records = [usual(make_record, number) for number in range(len(odd) + 30)]
    with TokenLog(log_url) as log:
        for record in records:
            log.append(record)
    spoil(log_url, [(records[number].id, *each) for number, each in enumerate(odd)])
    rng = random.Random(12)
    spoil(log_url, [(record.id, *rng.choice(odd)) for record in records[: len(odd)] for _ in range(3)])
    with TokenLog(log_url) as log:
        check(log, len(records))


@given(data=st.data())
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_a_log_holds_its_reports_are_possible(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, make_record: Make
) -> None:
    path: Path = tmp_path_factory.mktemp("log") / "log.db"
    records = [usual(make_record, number) for number in range(data.draw(st.sampled_from([0, 1, 2, 25])))]
    value = st.one_of(
        st.none(),
        st.integers(-3, 1_000),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        st.binary(max_size=3),
    )
    with TokenLog(path) as log:
        for record in records:
            log.append(record)
        log.open()
    with closing(sqlite3.connect(path)) as connection, connection:
        for record in records:
            for column in data.draw(st.lists(st.sampled_from((*INTEGERS, *REALS)), max_size=4)):
                told = data.draw(value)
                if told is not None or column != "attempts":
                    # NaN is NULL to SQLite, and there is always a number of attempts.
                    nan = isinstance(told, float) and math.isnan(told)
                    written = 0 if column == "attempts" and nan else told
                    connection.execute(
                        f"UPDATE editsvc_requests SET {column} = ? WHERE id = ?", (written, record.id)
                    )
    with TokenLog(path) as log:
        check(log, len(records))


def test_hunks_of_which_more_were_accepted_than_there_are_make_no_rate_above_one(
    log_url: str, make_record: Make
) -> None:
    with TokenLog(log_url) as log:
        log.append(make_record(verdict=Verdict.ACCEPTED, hunks=9, hunks_accepted=10))
        log.append(make_record(verdict=Verdict.ACCEPTED, hunks=4, hunks_accepted=3))
        assert to_json(read(log))["verdicts"]["hunks"]["value"] == 0.75


def test_what_a_front_end_shows_as_hunks_is_what_the_log_has(log_url: str, make_record: Make) -> None:
    with TokenLog(log_url) as log:
        for number in range(2):
            log.append(make_record(id=f"e{number}", status=Status.CHANGED, hunks=1))
        assert log.set_verdict("e0", Verdict.ACCEPTED, 2, hunks=2)
        assert log.set_verdict("e1", Verdict.ACCEPTED, 1)
        assert [(one.hunks, one.hunks_accepted) for one in log.records()] == [(2, 2), (1, 1)]


def test_what_would_have_been_got_is_read_where_it_can_be(sqlite_path: Path, make_record: Make) -> None:
    with TokenLog(sqlite_path) as log:
        log.append(make_record(id="odd"))
    odd = '{"file:resync": [3, 1], "a": [NaN, 1], "b": [-1, 2], "c": [1], "d": 7, "e": [1e400, 1], "f": [true, 1]}'
    with closing(sqlite3.connect(sqlite_path)) as connection, connection:
        connection.execute("UPDATE editsvc_requests SET what_if = ?", [odd])
    with TokenLog(sqlite_path) as log:
        (record,) = log.records()
        assert record.what_if == {"file:resync": [3, 1]}
        assert [each.candidate for each in read(log).what_if] == ["file"]
