"""Many processes, one log: nothing is lost, and a new database is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.tokenlog import TokenLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    RunTogether = Callable[[str, list[list[str]]], list[str]]

WRITER = """
import sys
from datetime import UTC, datetime
from editsvc.errors import Status
from editsvc.tokenlog import RequestRecord, Source, TokenLog
url, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
import editsvc.tokenlog.database
print("ready", flush=True)
sys.stdin.readline()
with TokenLog(url, timeout_s=30) as log:
    for number in range(count):
        log.append(RequestRecord(
            id=f"{name}-{number}", created_at=datetime.now(UTC), source=Source.BENCH, status=Status.CHANGED))
"""

SALTER = """
import sys
from pathlib import Path
from editsvc.tokenlog.privacy import load_salt
print("ready", flush=True)
sys.stdin.readline()
print(load_salt(Path(sys.argv[1])).hex())
"""


def test_eight_writers_that_begin_with_a_new_database_lose_nothing(
    log_url: str, run_together: RunTogether
) -> None:
    run_together(WRITER, [[log_url, f"p{process}", "25"] for process in range(8)])
    with TokenLog(log_url) as log:
        ids = [record.id for record in log.records()]
    assert sorted(ids) == sorted(f"p{process}-{number}" for process in range(8) for number in range(25))


def test_eight_processes_agree_on_one_salt(tmp_path: Path, run_together: RunTogether) -> None:
    folder = tmp_path / "data"
    outputs = run_together(SALTER, [[str(folder)]] * 8)
    assert len(set(outputs)) == 1
    assert [file.name for file in folder.iterdir()] == ["salt"]
