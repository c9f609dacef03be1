"""Disks that are full or may not be written, and files that are damaged: a sentence, and the record is kept."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from editsvc.errors import Status
from editsvc.tokenlog import LogUnavailable, RecordWaits, RequestRecord, Source, TokenLog
from editsvc.tokenlog.connection import make_engine, parse_url
from editsvc.tokenlog.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeRecord = Callable[..., RequestRecord]

PAGE = 4096


@pytest.fixture
def waiting(sqlite_path: Path) -> Path:
    return sqlite_path.with_name("unlogged.jsonl")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a log with sixty records."""
    path = tmp_path_factory.mktemp("pages") / "log.db"
    with TokenLog(path) as log:
        for number in range(60):
            log.append(
                RequestRecord(
                    id=f"p{number}",
                    created_at=datetime(2026, 11, 1, 9, number, tzinfo=UTC),
                    source=Source.CLI,
                    status=Status.CHANGED,
                )
            )
    return path.read_bytes()


@pytest.fixture
def full_log(sqlite_path: Path, pages: bytes) -> Path:
    sqlite_path.parent.mkdir(mode=0o700)
    sqlite_path.write_bytes(pages)
    return sqlite_path


# --- damaged files ---------------------------------------------------------------------------------------------


def test_a_log_that_was_cut_off_keeps_its_bytes_and_the_record_waits(
    full_log: Path, waiting: Path, make_record: MakeRecord
) -> None:
    content = full_log.read_bytes()[: 6 * PAGE + 100]
    full_log.write_bytes(content)
    with TokenLog(full_log, spool=waiting) as log, pytest.raises(RecordWaits, match="is damaged"):
        log.append(make_record())
    assert full_log.read_bytes() == content
    assert Spool(waiting).count() == 1


def test_a_damaged_page_in_the_middle_is_said_where_it_is_read(full_log: Path) -> None:
    with closing(sqlite3.connect(full_log)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'editsvc_requests'"
        ).fetchone()
    content = bytearray(full_log.read_bytes())
    content[(root - 1) * PAGE : root * PAGE] = b"\xa5" * PAGE
    full_log.write_bytes(content)
    with TokenLog(full_log) as log, pytest.raises(LogUnavailable, match="is damaged"):
        list(log.records())


@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm"])
@pytest.mark.parametrize(
    "content", [b"", b"no journal, " * 1_000, b"\0" * PAGE], ids=["empty", "text", "zeros"]
)
def test_a_file_of_garbage_where_sqlite_keeps_its_own_loses_nothing(
    full_log: Path, make_record: MakeRecord, suffix: str, content: bytes
) -> None:
    full_log.with_name(full_log.name + suffix).write_bytes(content)
    with TokenLog(full_log) as log:
        log.append(make_record())
        assert len(list(log.records())) == 61


def test_a_write_ahead_log_of_garbage_loses_nothing(full_log: Path, make_record: MakeRecord) -> None:
    engine = make_engine(parse_url(full_log), timeout_s=1, sqlite_version=(3, 51, 3))
    engine.connect().close()
    engine.dispose()
    assert full_log.read_bytes()[18:20] == b"\2\2"  # the file says that it is in WAL mode
    full_log.with_name(full_log.name + "-wal").write_bytes(os.urandom(3 * PAGE))
    with TokenLog(full_log) as log:
        log.append(make_record())
        assert len(list(log.records())) == 61


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_damaged_a_sentence_says_so_and_nothing_else_escapes(
    full_log: Path, waiting: Path, make_record: MakeRecord, seed: int
) -> None:
    sound = full_log.read_bytes()
    rng = random.Random(seed)
    for _ in range(15):
        content = bytearray(sound)
        for _ in range(rng.choice([1, 5, 50])):
            at = rng.randrange(len(content))
            content[at : at + 1] = bytes([rng.randrange(256)]) * rng.choice([1, 1, 8, 100])
        full_log.write_bytes(bytes(content[: rng.choice([len(content), rng.randrange(len(content))])]))
        with TokenLog(full_log, spool=waiting, timeout_s=0.1) as log:
            for use in (
                lambda log=log: log.append(make_record()),
                lambda log=log: list(log.records()),
                lambda log=log: log.status(),
                lambda log=log: log.evidence(by=("model",), days=True),
                lambda log=log: log.set_what_if("p1", {"file": [1, 2]}),
                lambda log=log: log.purge(everything=True),
            ):
                with suppress(LogUnavailable):
                    use()


# --- disks -----------------------------------------------------------------------------------------------------

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from editsvc.errors import Status
from editsvc.errors import Status
from editsvc.tokenlog import LogUnavailable, RequestRecord, Source, TokenLog
with TokenLog(Path(sys.argv[1]), timeout_s=1, spool=Path(sys.argv[2])) as log:
    for number in range(int(sys.argv[3])):
        record = RequestRecord(
            id=f"w{number}", created_at=datetime.now(UTC), source=Source.BENCH, status=Status.CHANGED)
        try:
            log.append(record)
            print("logged", record.id)
        except LogUnavailable as exc:
            print(exc.warning("LOST"), record.id)
"""


def write(place: Path, waiting: Path, count: int, limit: Callable[[], None]) -> list[str]:
    """What a process says that writes `count` records under a limit; it ends well in any case."""
    ran = subprocess.run(
        [sys.executable, "-c", WRITER, str(place), str(waiting), str(count)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    return ran.stdout.strip().split("\n")


def obey_permissions() -> None:
    """Root may write everywhere; without two capabilities, which are lost with exec, it obeys like everybody."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability)  # PR_CAPBSET_DROP


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
def test_a_log_that_may_not_be_written_leaves_the_record_beside_it(full_log: Path, waiting: Path) -> None:
    full_log.chmod(0o400)
    (said,) = write(full_log, waiting, 1, obey_permissions)
    assert f"cannot be written; the record waits in {waiting}. Check the permissions" in said
    full_log.chmod(0o600)
    with TokenLog(full_log, spool=waiting) as log:
        assert len(list(log.records())) == 61
    assert not waiting.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
def test_a_folder_that_may_not_be_written_loses_the_record_and_says_so(full_log: Path, waiting: Path) -> None:
    """SQLite cannot make its journal, and there is no place beside the log either."""
    full_log.parent.chmod(0o500)
    try:
        (said,) = write(full_log, waiting, 1, obey_permissions)
    finally:
        full_log.parent.chmod(0o700)
    assert said.startswith("LOST The token log at ")
    assert f", and {waiting} cannot be written: Permission denied." in said
    with TokenLog(full_log) as log:
        assert len(list(log.records())) == 60


def test_a_disk_that_fills_up_keeps_what_it_has_and_says_what_is_lost(
    sqlite_path: Path, waiting: Path
) -> None:
    """No file may grow beyond 100 kB: first the log is full, then what is beside it."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    said = write(sqlite_path, waiting, 400, limit)
    logged = [line.split()[-1] for line in said if line.startswith("logged")]
    kept = [line.split()[-1] for line in said if "; the record waits in " in line]
    lost = [line.split()[-1] for line in said if line.startswith("LOST")]
    assert len(logged) + len(kept) + len(lost) == 400
    assert min(len(logged), len(kept), len(lost)) > 0
    with closing(sqlite3.connect(sqlite_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with TokenLog(sqlite_path, spool=waiting) as log:
        assert sorted(record.id for record in log.records()) == sorted([*logged, *kept])
