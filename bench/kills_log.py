"""Processes that write to one log, killed at random moments: ``python -m bench.kills_log --kills 1000``.

Each writer tells the id of a record when the log has acknowledged it, or the file beside it. After all
kills the database must be whole, and must hold every acknowledged record exactly once.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import random
import selectors
import sqlite3
import sys
import tempfile
import time
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import editsvc.tokenlog.database  # noqa: F401 - loaded before forking
from editsvc.errors import Status
from editsvc.tokenlog import LOG_FILE, SPOOL_FILE, RecordWaits, RequestRecord, Source, TokenLog
from editsvc.tokenlog.spool import Spool, WaitingRecord

WRITERS: Final = 8
_LONGEST_LIFE_S: Final = 0.25


@dataclass
class Outcome:
    """What was found after the kills."""

    kills: int = 0
    acknowledged: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    integrity: str = ""

    @property
    def lost(self) -> set[str]:
        """Records that were acknowledged and are not there."""
        return set(self.acknowledged) - set(self.found)

    @property
    def good(self) -> bool:
        """Whether nothing is lost, doubled or damaged."""
        return not self.lost and len(set(self.found)) == len(self.found) and self.integrity == "ok"


def kill_writers(folder: Path, *, kills: int, seed: int) -> Outcome:
    """Let eight processes write, and kill and replace them until `kills` have died while they wrote."""
    rng, outcome = random.Random(seed), Outcome()
    place, waiting = folder / LOG_FILE, folder / SPOOL_FILE
    writers = [_Writer(place, waiting, rng) for _ in range(WRITERS)]
    try:
        with selectors.DefaultSelector() as selector:
            for writer in writers:
                selector.register(writer.output, selectors.EVENT_READ, writer)
            while outcome.kills < kills:
                for key, _ in selector.select(0.01):
                    key.data.read()
                for writer in writers:
                    if outcome.kills < kills and writer.due():
                        selector.unregister(writer.output)
                        outcome.acknowledged += writer.kill()
                        outcome.kills += 1
                        writer.start()
                        selector.register(writer.output, selectors.EVENT_READ, writer)
    finally:
        for writer in writers:
            outcome.acknowledged += writer.kill()
    with TokenLog(place, timeout_s=30, spool=waiting) as log:
        outcome.found = [record.id for record in log.records()]
    with closing(sqlite3.connect(place)) as connection:
        outcome.integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return outcome


class _Writer:
    """A process that writes for a random while, from its first record on."""

    def __init__(self, place: Path, waiting: Path, rng: random.Random) -> None:
        self._place, self._waiting, self._rng = place, waiting, rng
        self.start()

    def start(self) -> None:
        """Begin, with a new process."""
        self.output, output = os.pipe()
        # Forked, since the libraries take longer to load than a writer lives.
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_write, args=(self._place, self._waiting, output))
        self._process.start()
        os.close(output)
        self._printed = b""
        self._dies_at: float | None = None

    def read(self) -> None:
        """Take what it has printed."""
        self._printed += os.read(self.output, 1 << 16)
        if self._dies_at is None and self._printed:
            self._dies_at = time.monotonic() + self._rng.random() * _LONGEST_LIFE_S

    def due(self) -> bool:
        """Whether its time has come."""
        return self._dies_at is not None and time.monotonic() >= self._dies_at

    def kill(self) -> list[str]:
        """Kill it; returns the ids that it had printed whole by then."""
        self._process.kill()
        self._process.join()
        while more := os.read(self.output, 1 << 16):
            self._printed += more
        os.close(self.output)
        return self._printed.decode().split("\n")[:-1]


def _write(place: Path, waiting: Path, output: int) -> None:
    log, spool = TokenLog(place, timeout_s=30, spool=waiting), Spool(waiting)
    for number in itertools.count():
        record = RequestRecord(
            id=uuid.uuid4().hex, created_at=datetime.now(UTC), source=Source.BENCH, status=Status.CHANGED
        )
        if number % 4 == 3:  # so that taking in what waits is interrupted too
            spool.add(WaitingRecord(record))
        else:
            with suppress(RecordWaits):
                log.append(record)
        os.write(output, f"{record.id}\n".encode())


def main() -> int:
    """Kill, and tell; 1 if anything was lost, doubled or damaged."""
    arguments = argparse.ArgumentParser(prog="python -m bench.kills_log")
    arguments.add_argument("--kills", type=int, default=1_000, help="how many processes (default: 1000)")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_writers(Path(folder), kills=options.kills, seed=options.seed)
    print(
        f"{outcome.kills:,} kills of {WRITERS} writers: {len(outcome.acknowledged):,} records acknowledged, "
        f"{len(outcome.lost):,} lost, {len(outcome.found) - len(set(outcome.found)):,} doubled; "
        f"integrity: {outcome.integrity}"
    )
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
