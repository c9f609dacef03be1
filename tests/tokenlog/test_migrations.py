"""The revisions lead from nothing to the declared schema, and only forwards."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from editsvc.report import read
from editsvc.tokenlog import LogUnavailable, TokenLog
from editsvc.tokenlog.connection import parse_url
from editsvc.tokenlog.migrate import HEAD, REVISIONS
from editsvc.tokenlog.rows import columns_of
from editsvc.tokenlog.schema import METADATA, RECORDED, REQUESTS, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Engine

    from editsvc.tokenlog import RequestRecord


# Each database writes an expression in its own way; the next test compares SQLite's.
@pytest.mark.filterwarnings("ignore:Computed default on:UserWarning")
def test_an_upgraded_database_is_the_declared_one(log_url: str) -> None:
    with TokenLog(log_url) as log:
        log.open()
    engine = create_engine(parse_url(log_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True},
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_what_a_database_makes_of_a_record_is_what_is_declared(sqlite_path: Path) -> None:
    with TokenLog(sqlite_path) as log:
        log.open()
    with closing(sqlite3.connect(sqlite_path)) as connection:
        ((made,),) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'editsvc_requests'")
    for column, kind in (("reported", "BIGINT"), ("document_size", "TEXT")):
        computed = REQUESTS.c[column].computed
        assert computed is not None
        assert f"{column} {kind} GENERATED ALWAYS AS ({computed.sqltext}) VIRTUAL" in made


def test_the_columns_are_what_a_record_is_flattened_to(make_record: Callable[..., RequestRecord]) -> None:
    assert {column.name for column in RECORDED} == set(columns_of(make_record()))


def test_the_revisions_form_one_chain_in_the_declared_order() -> None:
    config = Config()
    config.set_main_option("script_location", "editsvc.tokenlog:migrations")
    config.set_main_option("path_separator", "os")
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == REVISIONS
    assert all(script.path.endswith(f"v{script.revision}.py") for script in scripts)


def test_a_log_of_a_newer_editsvc_is_left_alone(
    log_url: str, make_record: Callable[..., RequestRecord]
) -> None:
    with TokenLog(log_url) as log:
        log.append(make_record())
    engine = create_engine(parse_url(log_url))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999_tomorrow'"))
    sentence = re.escape(
        f"has the revision 0999_tomorrow, but this editsvc knows only revisions up to {HEAD}"
    )
    with TokenLog(log_url) as log, pytest.raises(LogUnavailable, match=sentence):
        log.append(make_record())
    with engine.connect() as connection:
        assert connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == "0999_tomorrow"
        assert connection.scalar(text("SELECT COUNT(*) FROM editsvc_requests")) == 1
    engine.dispose()


def test_an_upgrade_that_fails_leaves_nothing_behind(log_url: str) -> None:
    with TokenLog(log_url) as log:
        log.open()
    engine = create_engine(parse_url(log_url))
    with engine.begin() as connection:
        # The table is there, and nobody noted the revision: the first migration meets it and stops.
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    with TokenLog(log_url) as log, pytest.raises(LogUnavailable, match="already exists"):
        log.open()
    assert inspect(engine).get_table_names() == ["editsvc_requests"]
    engine.dispose()


@pytest.mark.parametrize(
    ("fields", "drawn"),
    [
        ({"prediction_sent": True, "prediction_reason": "pays"}, True),
        ({"prediction_sent": False, "prediction_reason": "held-out"}, False),
        ({"prediction_sent": False, "prediction_reason": "too-many-rejected", "attempts": 2}, True),
        ({"prediction_sent": False, "prediction_reason": "server-refused", "attempts": 2}, True),
        ({"prediction_sent": False, "prediction_reason": "server-refused", "attempts": 1}, False),
        ({"prediction_sent": False, "prediction_reason": None}, None),
    ],
    ids=str,
)
def test_what_older_records_drew_is_read_from_their_reason(
    fields: dict[str, object], drawn: bool | None, log_url: str
) -> None:
    engine = at_revision(log_url, "0007_findings")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO editsvc_requests"
                " (id, created_at, source, status, attempts, offline, prediction_sent, prediction_reason)"
                " VALUES ('r', '2026-11-01 00:00:00.000000', 'cli', 'changed', :attempts, false, :prediction_sent,"
                " :prediction_reason)"
            ),
            {"attempts": 1, **fields},
        )
    with TokenLog(log_url) as log:
        (found,) = log.records()
    assert found.prediction.drawn is drawn
    engine.dispose()


def test_of_older_records_nobody_knows_the_versions_which_is_not_none(
    log_url: str, make_record: Callable[..., RequestRecord]
) -> None:
    engine = at_revision(log_url, "0009_verdict_by")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO editsvc_requests (id, created_at, source, status, attempts, offline, prediction_sent)"
                " VALUES ('old', '2026-10-01 00:00:00.000000', 'cli', 'changed', 1, false, true)"
            )
        )
    engine.dispose()
    with TokenLog(log_url) as log:
        log.append(make_record(editsvc_version="0.1.0", prompt_version="none"))
        log.append(make_record(editsvc_version="0.1.0", prompt_version="23eddd02"))
        report = read(log, by=["version", "prompt"])
        old = next(iter(log.export()))
    assert (old["editsvc_version"], old["prompt_version"]) == (None, None)
    assert {tuple(group.key.values()) for group in report.groups} == {
        (None, None),
        ("0.1.0", "none"),
        ("0.1.0", "23eddd02"),
    }


def at_revision(log_url: str, revision: str) -> Engine:
    """An empty log as the editsvc of that revision made it."""
    with TokenLog(log_url) as log:
        log.open()
    engine = create_engine(parse_url(log_url))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE editsvc_requests"))
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    config = Config()
    config.set_main_option("script_location", "editsvc.tokenlog:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine
