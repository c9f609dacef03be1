"""A log that cannot be used says so in one sentence, and nothing else escapes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from editsvc.errors import ExitCode
from editsvc.tokenlog import LogUnavailable, RequestRecord, TokenLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeRecord = Callable[..., RequestRecord]


def test_a_file_that_is_no_database(sqlite_path: Path, make_record: MakeRecord) -> None:
    sqlite_path.parent.mkdir()
    sqlite_path.write_bytes(b"Dear diary, today I was not a database.\n" * 50)
    before = sqlite_path.read_bytes()
    with TokenLog(sqlite_path) as log, pytest.raises(LogUnavailable, match="is damaged") as failure:
        log.append(make_record())
    assert failure.value.exit_code is ExitCode.SETTINGS
    assert sqlite_path.read_bytes() == before


def test_a_database_with_a_page_overwritten(sqlite_path: Path, make_record: MakeRecord) -> None:
    with TokenLog(sqlite_path) as log:
        for _ in range(50):
            log.append(make_record())
    content = bytearray(sqlite_path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    sqlite_path.write_bytes(content)
    with TokenLog(sqlite_path) as log, pytest.raises(LogUnavailable, match="is damaged"):
        list(log.records())


def test_a_folder_in_place_of_the_file(sqlite_path: Path, make_record: MakeRecord) -> None:
    sqlite_path.mkdir(parents=True)
    with TokenLog(sqlite_path) as log, pytest.raises(LogUnavailable, match="cannot be opened"):
        log.append(make_record())


def test_a_file_in_place_of_the_folder(sqlite_path: Path, make_record: MakeRecord) -> None:
    sqlite_path.parent.write_text("in the way")
    with TokenLog(sqlite_path) as log, pytest.raises(LogUnavailable, match="cannot be opened"):
        log.append(make_record())


def test_a_log_that_may_only_be_read_is_read(sqlite_path: Path, make_record: MakeRecord) -> None:
    record = make_record()
    with TokenLog(sqlite_path) as log:
        log.append(record)
    with TokenLog(f"sqlite:///file:{sqlite_path}?mode=ro&uri=true") as log:
        assert list(log.records()) == [record]
        with pytest.raises(LogUnavailable, match="cannot be written"):
            log.append(make_record())


def test_a_new_log_where_nothing_may_be_written(sqlite_path: Path) -> None:
    with (
        TokenLog(f"sqlite:///file:{sqlite_path}?mode=ro&uri=true") as log,
        pytest.raises(LogUnavailable, match="cannot be opened"),
    ):
        log.open()


def test_a_full_disk_loses_the_record_and_not_the_log(sqlite_path: Path, make_record: MakeRecord) -> None:
    with TokenLog(sqlite_path) as log:
        log.append(make_record())
        database = log._open()
        with database._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite raises it to what the file has
        with pytest.raises(LogUnavailable, match="disk is full"):
            log.append(make_record(model="m" * 100_000))
        log.append(make_record())
        assert [record.id for record in log.records()] == ["r0", "r2"]


def test_a_log_that_another_process_holds(sqlite_path: Path, make_record: MakeRecord) -> None:
    with TokenLog(sqlite_path, timeout_s=0.05) as log:
        log.open()
        other = sqlite3.connect(sqlite_path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LogUnavailable, match="is locked by another process"):
            log.append(make_record())
        other.execute("ROLLBACK")
        other.close()
        log.append(make_record())
        assert [record.id for record in log.records()] == ["r1"]


def test_a_log_that_was_moved_away_while_it_was_open_is_begun_again(
    sqlite_path: Path, make_record: MakeRecord
) -> None:
    with TokenLog(sqlite_path) as log:
        log.append(make_record())
        sqlite_path.rename(sqlite_path.with_name("yesterday.db"))
        log.append(make_record())
        assert [record.id for record in log.records()] == ["r1"]
    with TokenLog(sqlite_path) as log:
        assert [record.id for record in log.records()] == ["r1"]


def test_a_record_of_a_kind_that_this_version_does_not_know(
    sqlite_path: Path, make_record: MakeRecord
) -> None:
    with TokenLog(sqlite_path) as log:
        log.append(make_record())
        other = sqlite3.connect(sqlite_path)
        with other:
            other.execute("UPDATE editsvc_requests SET status = 'pondered'")
        other.close()
        with pytest.raises(LogUnavailable, match="'pondered' is not a valid Status"):
            list(log.records())


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    url = f"postgresql://somebody:s3cret@/log?host={tmp_path}"
    with TokenLog(url) as log, pytest.raises(LogUnavailable, match="cannot be used") as failure:
        log.open()
    assert "s3cret" not in failure.value.sentence()
    assert "\n" not in failure.value.sentence()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("not a url, s3cret", "URL cannot be read"),
        ("mysql://somebody:s3cret@localhost/log", "names mysql"),
        ("postgresql+nodriver://somebody:s3cret@localhost/log", "driver that is not installed"),
    ],
)
def test_a_url_that_names_no_log_is_explained_without_its_password(url: str, sentence: str) -> None:
    with TokenLog(url) as log, pytest.raises(LogUnavailable, match=sentence) as failure:
        log.open()
    assert "s3cret" not in failure.value.sentence()
    assert failure.value.hint


def test_a_lock_on_a_row_in_postgresql_is_not_waited_for_without_end(
    new_postgresql_database: Callable[[], str], make_record: MakeRecord
) -> None:
    import psycopg

    url = new_postgresql_database()
    with TokenLog(url, timeout_s=1) as log:
        log.open()
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE editsvc_requests IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(LogUnavailable, match="lock timeout"):
                log.append(make_record())
        log.append(make_record())
        assert [record.id for record in log.records()] == ["r1"]


def test_a_server_that_restarts_is_used_again(
    new_postgresql_database: Callable[[], str], postgresql_server: str, make_record: MakeRecord
) -> None:
    import psycopg

    with TokenLog(new_postgresql_database()) as log:
        log.append(make_record())
        with psycopg.connect(postgresql_server, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'editsvc_test_%'"
            )
        log.append(make_record())
        assert [record.id for record in log.records()] == ["r0", "r1"]
