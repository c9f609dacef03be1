"""What the log cannot take waits beside it, and goes in once, whoever takes it in and whoever is killed."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from editsvc.tokenlog import LogUnavailable, RecordWaits, RequestRecord, TokenLog, Verdict
from editsvc.tokenlog.schema import RECORDED
from editsvc.tokenlog.spool import Spool, WaitingRecord, entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    MakeRecord = Callable[..., RequestRecord]
    RunTogether = Callable[[str, list[list[str]]], list[str]]


@pytest.fixture
def waiting(sqlite_path: Path) -> Path:
    return sqlite_path.with_name("unlogged.jsonl")


@pytest.fixture
def log(sqlite_path: Path, waiting: Path) -> Iterator[TokenLog]:
    with TokenLog(sqlite_path, timeout_s=0.05, spool=waiting, clock=lambda: 0.0) as opened:
        yield opened


class Held:
    """Another process that writes, and does not finish."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._other = sqlite3.connect(self._path, isolation_level=None)
        self._other.execute("BEGIN EXCLUSIVE")

    def __exit__(self, *_exc: object) -> None:
        self._other.execute("ROLLBACK")
        self._other.close()


def beside_the_log(waiting: Path) -> set[str]:
    """The files in the log's folder that are not SQLite's; a write-ahead log is two files while it is open."""
    return {file.name for file in waiting.parent.iterdir()} - {"log.db", "log.db-shm", "log.db-wal"}


def ids(log: TokenLog) -> list[str]:
    return [record.id for record in log.records()]


def test_a_record_waits_while_the_log_is_locked_and_goes_in_with_the_next_one(
    log: TokenLog, sqlite_path: Path, waiting: Path, make_record: MakeRecord
) -> None:
    log.open()
    with Held(sqlite_path), pytest.raises(RecordWaits) as told:
        log.append(make_record())
    assert told.value.warning("The edit was not logged.") == (
        f"The token log at sqlite:///{sqlite_path} is locked by another process; the record waits in {waiting}."
    )
    log.append(make_record())
    assert ids(log) == ["r0", "r1"]
    assert not waiting.exists()


def test_whoever_reads_the_log_takes_in_what_waits(
    log: TokenLog, sqlite_path: Path, make_record: MakeRecord
) -> None:
    log.open()
    with Held(sqlite_path), pytest.raises(RecordWaits):
        log.append(make_record())
    assert log.status()["count"] == 1
    assert log.status()["waiting"] == 0


def test_verdicts_and_numbers_wait_too_and_are_applied_to_records_that_waited(
    log: TokenLog, sqlite_path: Path, make_record: MakeRecord
) -> None:
    record = make_record()
    log.open()
    with Held(sqlite_path):
        for write in (
            lambda: log.append(record),
            lambda: log.set_what_if(record.id, {"file:resync": [7, 2]}),
            lambda: log.set_verdict(record.id, Verdict.REJECTED, 0, None),
            lambda: log.set_verdict(record.id, Verdict.PARTIAL, 2, 1),
        ):
            with pytest.raises(RecordWaits):
                write()
    assert list(log.records()) == [
        replace(
            record,
            what_if={"file:resync": [7, 2]},
            verdict=Verdict.PARTIAL,
            hunks_accepted=2,
            hunks_survived=1,
        )
    ]


def test_an_edit_that_was_taken_back_while_the_log_was_away_is_rejected(
    log: TokenLog, sqlite_path: Path, make_record: MakeRecord
) -> None:
    record = make_record(hunks=2)
    log.append(record)
    with Held(sqlite_path), pytest.raises(RecordWaits):
        log.set_undone(record.id)
    (found,) = log.records()
    assert (found.verdict, found.verdict_by, found.hunks_accepted) == (Verdict.REJECTED, "undo", 0)


def test_a_verdict_on_a_record_that_waits_finds_it(
    log: TokenLog, sqlite_path: Path, make_record: MakeRecord
) -> None:
    log.open()
    with Held(sqlite_path), pytest.raises(RecordWaits):
        log.append(make_record())
    assert log.set_verdict("r0", Verdict.ACCEPTED, 1)


def test_every_field_survives_waiting(waiting: Path, make_record: MakeRecord) -> None:
    record = make_record(
        path="0123456789abcdef0123456789abcdef",
        model="m\u2028😀",
        propensity=0.1,
        prompt_tokens=2**62,
        rate_limit={"limit-requests-day": "9"},
        what_if={"none": [0, 0]},
        restarts=["syntax"],
        verdict=Verdict.ACCEPTED,
        offline=True,
    )
    spool = Spool(waiting)
    spool.add(WaitingRecord(record))
    assert list(entries([waiting])) == [WaitingRecord(record)]


def test_what_a_server_made_up_cannot_keep_a_record_from_waiting(
    waiting: Path, make_record: MakeRecord
) -> None:
    spool = Spool(waiting)
    spool.add(WaitingRecord(make_record(model="a\ud800b\0", ttft_s=float("nan"), prompt_tokens=10**30)))
    (entry,) = entries([waiting])
    assert isinstance(entry, WaitingRecord)
    assert (entry.record.model, entry.record.timing.ttft_s, entry.record.usage.prompt_tokens) == (
        "a\ufffdb\ufffd",
        None,
        None,
    )


def test_what_waits_is_for_its_owner_alone_and_has_no_field_that_the_log_has_not(
    waiting: Path, make_record: MakeRecord
) -> None:
    Spool(waiting).add(WaitingRecord(make_record()))
    assert stat.S_IMODE(waiting.stat().st_mode) == 0o600
    assert stat.S_IMODE(waiting.parent.stat().st_mode) == 0o700
    (line,) = waiting.read_text().split()
    assert set(json.loads(line)["record"]) == {column.name for column in RECORDED}


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"record","record":{"id":"half',
        b"\xff\xfe\x00",
        b"null",
        b'{"type":"record","record":{"id":"x","created_at":"2026-11-01T09:00:00Z","source":"cli","status":"odd"}}',
        (
            b'{"type":"record","record":{"id":"x","created_at":"2026-11-01T09:00:00Z","source":"cli",'
            b'"status":"failed","path":"src/secret.py"}}'
        ),
        (
            b'{"type":"record","record":{"id":"x","created_at":"2026-11-01T09:00:00Z","source":"cli",'
            b'"status":"failed","attempts":99999999999999999999}}'
        ),
        b'{"type":"verdict","id":"nobody","verdict":"accepted","hunks_accepted":99999999999999999999}',
    ],
    ids=[
        "cut off",
        "bytes",
        "null",
        "unknown status",
        "a plain path",
        "a huge number",
        "a huge number in a verdict",
    ],
)
def test_a_line_that_is_damaged_spoils_no_other(
    log: TokenLog, waiting: Path, make_record: MakeRecord, line: bytes
) -> None:
    waiting.parent.mkdir()
    spool = Spool(waiting)
    spool.add(WaitingRecord(make_record()))
    with waiting.open("ab") as stream:
        stream.write(line)
    spool.add(WaitingRecord(make_record()))
    log.append(make_record())
    assert ids(log) == ["r0", "r1", "r2"]
    assert not waiting.exists()


def test_what_a_killed_process_had_set_aside_is_taken_in_by_the_next_one(
    log: TokenLog, waiting: Path, make_record: MakeRecord
) -> None:
    """Killed before its commit: nothing is in the log yet. Killed behind it: all of it is."""
    spool = Spool(waiting)
    before, behind = make_record(), make_record()
    spool.add(WaitingRecord(before))
    spool.claim()
    spool.add(WaitingRecord(behind))
    spool.claim()
    with TokenLog(waiting.with_name("log.db")) as other:
        other.append(behind)
    spool.add(WaitingRecord(make_record()))
    assert spool.count() == 3
    assert ids(log) == ["r0", "r1", "r2"]
    assert beside_the_log(waiting) == set()


def test_a_record_is_not_written_into_a_file_that_was_taken_away_meanwhile(
    waiting: Path, make_record: MakeRecord
) -> None:
    """The other process opens the file before it is moved aside, and writes after it was read."""

    class Overtaken(Spool):
        moved = False

        def _append(self, line: bytes) -> bool:
            if not self.moved:
                self.moved = True
                self.file.touch()
                descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND)
                taken = self.claim()
                os.write(descriptor, line)
                os.close(descriptor)
                assert taken
                return not taken
            return super()._append(line)

    spool = Overtaken(waiting)
    spool.add(WaitingRecord(make_record()))
    assert [entry.record.id for entry in entries([waiting]) if isinstance(entry, WaitingRecord)] == ["r0"]


def test_no_more_waits_than_there_is_room_for(waiting: Path, make_record: MakeRecord) -> None:
    spool = Spool(waiting, most_bytes=3_000)
    spool.add(WaitingRecord(make_record()))
    spool.claim()  # what stands aside counts too
    spool.add(WaitingRecord(make_record()))
    with pytest.raises(OSError, match="3,000 bytes of records wait already"):
        spool.add(WaitingRecord(make_record()))
    assert spool.count() == 2


def test_what_nobody_can_take_in_does_not_become_ever_more_files(
    log: TokenLog, waiting: Path, make_record: MakeRecord
) -> None:
    spool = Spool(waiting)
    for _ in range(10):
        spool.add(WaitingRecord(make_record()))
        spool.claim()  # and then the disk is full, or the process is killed
    assert len(list(waiting.parent.iterdir())) == 4
    log.append(make_record())
    log.append(make_record())
    assert ids(log) == [f"r{number}" for number in range(12)]
    assert not spool.waits()


def in_the_way_a_folder(waiting: Path) -> None:
    waiting.mkdir()


def in_the_way_a_pipe(waiting: Path) -> None:
    os.mkfifo(waiting)


def in_the_way_a_link(waiting: Path) -> None:
    waiting.symlink_to(waiting.with_name("elsewhere"))


@pytest.mark.parametrize("obstacle", [in_the_way_a_folder, in_the_way_a_pipe, in_the_way_a_link])
def test_a_loss_is_said_where_the_record_cannot_wait_either(
    log: TokenLog, sqlite_path: Path, waiting: Path, make_record: MakeRecord, obstacle: Callable[[Path], None]
) -> None:
    log.open()
    obstacle(waiting)
    with Held(sqlite_path), pytest.raises(LogUnavailable) as told:
        log.append(make_record())
    sentence = told.value.warning("The edit was not logged.")
    assert sentence.startswith("The edit was not logged. The token log at ")
    assert f"is locked by another process, and {waiting} cannot be written: " in sentence
    log.append(make_record())  # and the log goes on without the spool
    assert ids(log) == ["r1"]
    assert not waiting.with_name("elsewhere").exists()


def test_an_id_that_is_taken_does_not_wait(log: TokenLog, waiting: Path, make_record: MakeRecord) -> None:
    record = make_record()
    log.append(record)
    with pytest.raises(LogUnavailable, match="rejected the record"):
        log.append(record)
    assert not waiting.exists()


def test_a_log_that_did_not_answer_in_time_is_left_alone_for_a_while(
    sqlite_path: Path, waiting: Path, make_record: MakeRecord
) -> None:
    """So that the next records, which may come every second, do not each wait for it."""
    now = [0.0]

    def clock() -> float:
        now[0] += 1
        return now[0]

    with TokenLog(sqlite_path, timeout_s=0.05, spool=waiting, clock=clock) as log:
        log.append(make_record())
        with Held(sqlite_path), pytest.raises(RecordWaits):
            log.append(make_record())
        with pytest.raises(RecordWaits, match="is locked by another process"):
            log.append(make_record())
        now[0] += 30
        log.append(make_record())
        assert ids(log) == ["r0", "r1", "r2", "r3"]


def test_the_status_of_a_log_that_cannot_be_read_tells_what_waits(
    log: TokenLog, sqlite_path: Path, waiting: Path, make_record: MakeRecord
) -> None:
    sqlite_path.parent.mkdir()
    sqlite_path.write_bytes(b"no database, but large enough to be taken for one" * 99)
    for _ in range(2):
        with pytest.raises(RecordWaits, match="is damaged"):
            log.append(make_record())
    with pytest.raises(LogUnavailable, match=f"is damaged.*; 2 records wait in {waiting}"):
        log.status()


def test_purging_everything_deletes_what_waits(
    log: TokenLog, sqlite_path: Path, waiting: Path, make_record: MakeRecord
) -> None:
    log.append(make_record())
    with Held(sqlite_path), pytest.raises(RecordWaits):
        log.append(make_record(model="a-model-to-forget"))
    assert log.purge(everything=True) == 2
    assert ids(log) == []
    assert beside_the_log(waiting) == set()


def test_purging_up_to_a_time_deletes_what_waits_and_is_older(
    log: TokenLog, sqlite_path: Path, make_record: MakeRecord
) -> None:
    old, new = make_record(), make_record()
    log.open()
    with Held(sqlite_path):
        for record in (old, new):
            with pytest.raises(RecordWaits):
                log.append(record)
    assert log.purge(before=new.created_at) == 1
    assert list(log.records()) == [new]


def test_purging_a_log_that_cannot_be_used_deletes_at_least_what_waits(
    log: TokenLog, sqlite_path: Path, waiting: Path, make_record: MakeRecord
) -> None:
    log.append(make_record())
    with Held(sqlite_path):
        with pytest.raises(RecordWaits):
            log.append(make_record())
        with pytest.raises(LogUnavailable, match=r"is locked.*; what waited for it \(1\) is deleted"):
            log.purge(everything=True)
    assert not waiting.exists()
    assert ids(log) == ["r0"]


TAKER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from editsvc.errors import Status
from editsvc.tokenlog import RecordWaits, RequestRecord, Source, TokenLog
from editsvc.tokenlog.spool import Spool, WaitingRecord
url, spool, name, count = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
import editsvc.tokenlog.database
print("ready", flush=True)
sys.stdin.readline()
with TokenLog(url, timeout_s=30, spool=spool) as log:
    for number in range(count):
        record = RequestRecord(
            id=f"{name}-{number}", created_at=datetime.now(UTC), source=Source.BENCH, status=Status.CHANGED)
        if number % 2:
            Spool(spool).add(WaitingRecord(record))
        else:
            log.append(record)
"""


def test_processes_that_take_in_what_others_put_there_take_each_record_once(
    log_url: str, waiting: Path, run_together: RunTogether
) -> None:
    run_together(TAKER, [[log_url, str(waiting), f"p{process}", "12"] for process in range(8)])
    with TokenLog(log_url, spool=waiting) as log:
        found = ids(log)
    assert sorted(found) == sorted(f"p{process}-{number}" for process in range(8) for number in range(12))
    assert not Spool(waiting).waits()


def test_a_log_that_is_replaced_by_a_good_one_gets_what_waited(
    log: TokenLog, sqlite_path: Path, make_record: MakeRecord
) -> None:
    log.append(make_record())
    with closing(sqlite3.connect(sqlite_path)) as newer, newer:
        newer.execute("UPDATE editsvc_schema SET version_num = '0999_later'")
    with TokenLog(sqlite_path, spool=sqlite_path.with_name("unlogged.jsonl")) as old:
        with pytest.raises(RecordWaits, match="has the revision 0999_later"):
            old.append(make_record())
        sqlite_path.rename(sqlite_path.with_name("newer.db"))
        assert ids(old) == ["r1"]
