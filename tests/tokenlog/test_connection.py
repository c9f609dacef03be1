"""How SQLite is set up: transactions, journal, permissions; and what a URL may say."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import OperationalError

from editsvc.tokenlog import LogUnavailable, RequestRecord, TokenLog
from editsvc.tokenlog.connection import display_url, journal_mode, make_engine, parse_url
from editsvc.tokenlog.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    MakeRecord = Callable[..., RequestRecord]

OLD, SOUND = (3, 51, 2), (3, 51, 3)
LOCAL = "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
NFS = "25 1 0:40 / / rw,relatime shared:1 - nfs4 server:/export rw,vers=4.2\n"


def mode(engine: Engine) -> tuple[str, int]:
    """Journal mode and synchronous level (1 NORMAL, 2 FULL) of the engine's connection."""
    with engine.connect() as connection:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        return journal, connection.exec_driver_sql("PRAGMA synchronous").scalar_one()


def trace(log: TokenLog) -> list[str]:
    """The statements that SQLite executes from now on, as it sees them."""
    statements: list[str] = []
    connection = log._open()._engine.raw_connection()
    driver = connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.set_trace_callback(statements.append)
    connection.close()
    return statements


def test_a_write_takes_the_lock_before_anything_else(sqlite_path: Path, make_record: MakeRecord) -> None:
    with TokenLog(sqlite_path) as log:
        statements = trace(log)
        log.append(make_record())
        assert statements[0] == "BEGIN IMMEDIATE"
        assert statements[1].startswith("INSERT INTO editsvc_requests")
        assert statements[2:] == ["COMMIT"]


def test_a_read_takes_no_lock_that_keeps_writers_out(sqlite_path: Path) -> None:
    with TokenLog(sqlite_path) as log:
        statements = trace(log)
        assert list(log.records()) == []
        assert [statements[0], statements[-1]] == ["BEGIN", "COMMIT"]


def test_the_space_is_given_back_outside_of_a_transaction(sqlite_path: Path) -> None:
    with TokenLog(sqlite_path) as log:
        statements = trace(log)
        log.purge(everything=True)
        assert statements[0] == "BEGIN IMMEDIATE"
        assert statements[2:4] == ["COMMIT", "VACUUM"]


def test_a_purged_record_is_not_left_in_the_file(sqlite_path: Path, make_record: MakeRecord) -> None:
    with TokenLog(sqlite_path) as log:
        log.append(make_record(model="a-model-to-forget"))
    assert b"a-model-to-forget" in sqlite_path.read_bytes()
    with TokenLog(sqlite_path) as log:
        log.purge(everything=True)
    assert [file.name for file in sqlite_path.parent.iterdir()] == ["log.db"]
    assert b"a-model-to-forget" not in sqlite_path.read_bytes()


@pytest.mark.parametrize("version", [OLD, SOUND], ids=["rollback", "write-ahead"])
def test_a_purged_record_is_in_no_file_while_the_log_is_open(
    sqlite_path: Path, make_record: MakeRecord, version: tuple[int, ...]
) -> None:
    def holding() -> list[str]:
        return [
            file.name for file in sqlite_path.parent.iterdir() if b"a-model-to-forget" in file.read_bytes()
        ]

    with closing(Database(sqlite_path, timeout_s=1, sqlite_version=version)) as log:
        log.append(make_record(model="a-model-to-forget"))
        assert holding()
        assert log.purge(None) == 1
        assert holding() == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [((3, 40, 1), "delete"), (OLD, "delete"), (SOUND, "wal"), ((3, 52, 0), "wal"), ((4, 0, 0), "wal")],
)
def test_the_write_ahead_log_is_used_only_where_it_is_sound(version: tuple[int, ...], expected: str) -> None:
    assert journal_mode(version) == expected


def test_the_write_ahead_log_syncs_at_checkpoints_only(sqlite_path: Path) -> None:
    engine = make_engine(parse_url(sqlite_path), timeout_s=1, sqlite_version=SOUND)
    assert mode(engine) == ("wal", 1)
    engine.dispose()


def test_the_rollback_journal_syncs_every_commit(sqlite_path: Path) -> None:
    engine = make_engine(parse_url(sqlite_path), timeout_s=1, sqlite_version=OLD)
    assert mode(engine) == ("delete", 2)
    engine.dispose()


def test_an_old_sqlite_takes_a_database_out_of_wal_mode(sqlite_path: Path) -> None:
    engine = make_engine(parse_url(sqlite_path), timeout_s=1, sqlite_version=SOUND)
    assert mode(engine) == ("wal", 1)
    engine.dispose()
    engine = make_engine(parse_url(sqlite_path), timeout_s=1, sqlite_version=OLD)
    assert mode(engine) == ("delete", 2)
    engine.dispose()


def test_an_old_sqlite_does_not_join_others_in_wal_mode(sqlite_path: Path) -> None:
    others = make_engine(parse_url(sqlite_path), timeout_s=1, sqlite_version=SOUND)
    assert mode(others) == ("wal", 1)
    engine = make_engine(parse_url(sqlite_path), timeout_s=0, sqlite_version=OLD)
    with pytest.raises(OperationalError, match="locked"):
        engine.connect()
    engine.dispose()
    others.dispose()


def test_a_network_file_system_gets_the_rollback_journal(sqlite_path: Path) -> None:
    local = make_engine(parse_url(sqlite_path), timeout_s=1, sqlite_version=SOUND, mountinfo=LOCAL)
    assert mode(local) == ("wal", 1)
    local.dispose()
    network = make_engine(parse_url(sqlite_path), timeout_s=1, sqlite_version=SOUND, mountinfo=NFS)
    assert mode(network) == ("delete", 2)
    network.dispose()


def test_the_status_names_the_network_file_system(sqlite_path: Path) -> None:
    with TokenLog(sqlite_path, mountinfo=NFS) as log:
        assert log.status()["network_file_system"] == "nfs4"
    with TokenLog(sqlite_path, mountinfo=LOCAL) as log:
        assert log.status()["network_file_system"] is None
    with TokenLog("sqlite:///:memory:", mountinfo=NFS) as log:
        assert log.status()["network_file_system"] is None


def test_a_new_sqlite_goes_on_with_the_rollback_journal_while_others_use_it(sqlite_path: Path) -> None:
    sqlite_path.parent.mkdir()
    other = sqlite3.connect(sqlite_path, isolation_level=None)
    other.execute("CREATE TABLE anything (value)")
    other.execute("BEGIN")
    other.execute("SELECT * FROM anything").fetchall()
    engine = make_engine(parse_url(sqlite_path), timeout_s=0, sqlite_version=SOUND)
    assert mode(engine) == ("delete", 2)
    engine.dispose()
    other.close()


def test_a_new_log_is_for_its_owner_alone(sqlite_path: Path, make_record: MakeRecord) -> None:
    with TokenLog(sqlite_path) as log:
        log.append(make_record())
    assert stat.S_IMODE(sqlite_path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(sqlite_path.stat().st_mode) == 0o600


def test_permissions_of_a_folder_that_was_there_are_left_alone(sqlite_path: Path) -> None:
    sqlite_path.parent.mkdir()
    sqlite_path.parent.chmod(0o755)
    with TokenLog(sqlite_path) as log:
        log.open()
    assert stat.S_IMODE(sqlite_path.parent.stat().st_mode) == 0o755


def test_a_path_may_hold_what_means_something_in_a_url(tmp_path: Path, make_record: MakeRecord) -> None:
    file = tmp_path / "what? 100% #1@home" / "log.db"
    with TokenLog(file) as log:
        log.append(make_record())
    assert file.exists()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////data/log.db", "sqlite:////data/log.db"),
        (Path("/data/log.db"), "sqlite:////data/log.db"),
        ("postgresql://ann:s3cret@db/log", "postgresql+psycopg://ann:***@db/log"),
        ("postgres://ann@db/log?password=s3cret", "postgresql+psycopg://ann@db/log?password=hidden"),
        ("postgresql+psycopg://db/log?sslmode=require", "postgresql+psycopg://db/log?sslmode=require"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str | Path, shown: str) -> None:
    assert display_url(parse_url(url)) == shown


def test_an_sqlite_that_is_too_old_is_said_with_both_versions(sqlite_path: Path) -> None:
    with pytest.raises(
        LogUnavailable, match=r"needs SQLite 3\.31 or newer, and this Python has 3\.26\.0"
    ) as info:
        Database(sqlite_path, timeout_s=1, sqlite_version=(3, 26, 0))
    assert "another Python" in info.value.hint
    assert not sqlite_path.exists()
