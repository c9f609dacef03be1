"""The statements on the database, each in a short transaction of its own.

Nothing holds a transaction open while the caller works: readers get pages, so that a slow reader never keeps
a writer waiting (with SQLite's rollback journal, commits wait for readers).
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from editsvc import zones
from editsvc.tokenlog import migrate, queries
from editsvc.tokenlog.connection import BEGIN, display_url, make_engine, on_network, parse_url, sqlite_file
from editsvc.tokenlog.errors import LogUnavailable
from editsvc.tokenlog.failures import as_unavailable
from editsvc.tokenlog.rows import from_row, storable, to_row
from editsvc.tokenlog.schema import RECORDED, REQUESTS
from editsvc.tokenlog.spool import (
    WaitingOutcome,
    WaitingRecord,
    WaitingUndo,
    WaitingVerdict,
    discard,
    entries,
)
from editsvc.tokenlog.values import Verdict, Witness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, tzinfo
    from pathlib import Path

    from sqlalchemy import ColumnElement, Connection, CursorResult, Row, Select

    from editsvc.errors import Status
    from editsvc.tokenlog.evidence import Averages, Costs, Evidence, Window
    from editsvc.tokenlog.record import LogStatus, RequestRecord
    from editsvc.tokenlog.spool import Spool

_REQUIRED: Final = tuple(column.name for column in RECORDED if not column.nullable)
_READ: Final = "BEGIN"
_WRITE: Final = "BEGIN IMMEDIATE"
_NONE: Final = ""
# Any number that is not used otherwise in the same database; this one is b"editspl1".
_SPOOL_LOCK: Final = int.from_bytes(b"editspl1", "big")


class Database:
    """One open log, at our revision; every method may be called from any thread and raises LogUnavailable.

    Every write also takes in the entries waiting in `spool`. Times come out by the clock of `zone`.
    """

    def __init__(
        self,
        url: str | Path,
        *,
        timeout_s: float,
        spool: Spool | None = None,
        zone: tzinfo = UTC,
        mountinfo: str | None = None,
        sqlite_version: tuple[int, ...] = sqlite3.sqlite_version_info,
    ) -> None:
        self._spool = spool
        self._zone = zone
        self._url = parse_url(url)
        self._where = display_url(self._url)
        self._sqlite = self._url.get_backend_name() == "sqlite"
        # All threads share the one SQLite connection, and a transaction belongs to the connection.
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if self._sqlite else contextlib.nullcontext()
        )
        with as_unavailable(self._where):
            self._engine = make_engine(
                self._url, timeout_s=timeout_s, sqlite_version=sqlite_version, mountinfo=mountinfo
            )
            self._network = on_network(self._url, mountinfo)
        self._file = sqlite_file(self._url)
        try:
            self._migrate()
            self._identity = self._identify()
        except LogUnavailable:
            self.close()
            raise

    def _migrate(self) -> None:
        with self._transaction(_READ) as connection:
            current = migrate.is_current(connection, self._where)
        if not current:
            with self._transaction(_WRITE) as connection:
                migrate.upgrade(connection, self._where)

    def moved(self) -> bool:
        """Whether the file that is open is no longer the one at its path."""
        return self._identify() != self._identity

    def _identify(self) -> tuple[int, int] | None:
        if self._file is None:
            return None
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        with as_unavailable(self._where), self._turn, self._engine.connect() as connection:
            connection.execution_options(**{BEGIN: begin})
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that writes, and takes in waiting entries."""
        taken: list[Path] = []
        with self._transaction(_WRITE) as connection:
            if self._spool is not None and self._spool.waits():
                with contextlib.suppress(OSError):  # then the entries go on waiting
                    taken = self._take_in(connection, self._spool)
            yield connection
        with contextlib.suppress(OSError):  # taking an entry in twice stores it once
            discard(taken)

    def _take_in(self, connection: Connection, spool: Spool) -> list[Path]:
        dialect: Any = sqlite if self._sqlite else postgresql
        if not self._sqlite:  # SQLite's transaction keeps others out by itself
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SPOOL_LOCK})
        files = spool.claim()
        waiting = list(entries(files))
        rows = [to_row(entry.record) for entry in waiting if isinstance(entry, WaitingRecord)]
        # A damaged line must not keep the others out.
        rows = [row for row in rows if all(row[name] is not None for name in _REQUIRED)]
        if rows:
            connection.execute(dialect.insert(REQUESTS).on_conflict_do_nothing(), rows)
        for entry in waiting:
            if isinstance(entry, WaitingVerdict):
                self._set_verdict(
                    connection,
                    entry.id,
                    entry.verdict,
                    entry.hunks_accepted,
                    entry.hunks_survived,
                    hunks=entry.hunks,
                )
            elif isinstance(entry, WaitingUndo):
                self._set_undone(connection, entry.id)
            elif isinstance(entry, WaitingOutcome):
                _update(connection, entry.id, status=entry.status.value, error=storable(entry.error))
            elif not isinstance(entry, WaitingRecord):
                _update(connection, entry.id, what_if=storable(entry.what_if))
        return files

    def take_in_waiting(self) -> None:
        """Take in waiting entries, if there are any."""
        if self._spool is not None and self._spool.waits():
            with self._writing():
                pass

    def append(self, record: RequestRecord) -> None:
        """Add `record`."""
        with self._transaction(_WRITE) as connection:
            connection.execute(insert(REQUESTS), to_row(record))
        # Not in one transaction: a waiting entry that cannot be taken in must not keep the record out.
        with contextlib.suppress(LogUnavailable):
            self.take_in_waiting()

    def set_verdict(
        self,
        record_id: str,
        verdict: Verdict | None,
        hunks_accepted: int | None,
        hunks_survived: int | None,
        *,
        hunks: int | None,
    ) -> bool:
        """Set the user's verdict; False if there is no such record."""
        with self._writing() as connection:
            return self._set_verdict(
                connection, record_id, verdict, hunks_accepted, hunks_survived, hunks=hunks
            )

    @staticmethod
    def _set_verdict(
        connection: Connection,
        record_id: str,
        verdict: Verdict | None,
        hunks_accepted: int | None,
        hunks_survived: int | None,
        *,
        hunks: int | None,
    ) -> bool:
        shown = {} if hunks is None else {"hunks": storable(hunks)}
        return _update(
            connection,
            record_id,
            **shown,
            verdict=verdict.value if verdict is not None else None,
            hunks_accepted=storable(hunks_accepted),
            hunks_survived=storable(hunks_survived),
        )

    def set_undone(self, record_id: str) -> bool:
        """The user took the edit back; False if there is no such record."""
        with self._writing() as connection:
            return self._set_undone(connection, record_id)

    @staticmethod
    def _set_undone(connection: Connection, record_id: str) -> bool:
        return _update(
            connection,
            record_id,
            verdict=Verdict.REJECTED.value,
            verdict_by=Witness.UNDO.value,
            hunks_accepted=0,
            hunks_survived=None,
        )

    def set_survived(self, record_id: str, hunks: int | None) -> bool:
        """Nobody touched the edit; False if there is no such record, or something was said about it before."""
        said = REQUESTS.c.verdict.is_(None) & REQUESTS.c.hunks_survived.is_(None)
        with self._writing() as connection:
            return _update(
                connection,
                record_id,
                said,
                verdict_by=Witness.SURVIVAL.value,
                hunks_survived=REQUESTS.c.hunks if hunks is None else hunks,
            )

    def set_outcome(self, record_id: str, status: Status, error: str | None) -> bool:
        """Correct the outcome of the edit; False if there is no such record."""
        with self._writing() as connection:
            return _update(connection, record_id, status=status.value, error=storable(error))

    def set_what_if(self, record_id: str, what_if: dict[str, list[int]]) -> bool:
        """Set the scores of candidates; False if there is no such record."""
        with self._writing() as connection:
            return _update(connection, record_id, what_if=storable(what_if))

    def page(
        self, after: tuple[datetime, str] | None, since: datetime | None, size: int
    ) -> Sequence[RequestRecord]:
        """At most `size` records by time and id, those after the key `after`, none before `since`."""
        key = (REQUESTS.c.created_at, REQUESTS.c.id)
        statement = select(*RECORDED).order_by(*key).limit(size)
        if since is not None:
            statement = statement.where(REQUESTS.c.created_at >= since)
        if after is not None:
            statement = statement.where(tuple_(*key) > tuple_(*after, types=[column.type for column in key]))
        with self._transaction(_READ) as connection:
            rows = connection.execute(statement).mappings().all()
        try:
            found = [from_row({str(name): value for name, value in row.items()}) for row in rows]
        except ValueError as exc:
            raise self._unreadable(exc) from exc
        return [replace(each, created_at=zones.local(each.created_at, self._zone)) for each in found]

    def evidence(self, *, by: tuple[str, ...], window: Window, days: bool, sample: int) -> Evidence:
        """The evidence for a report on the requests in `window`."""
        try:
            found = queries.gather(
                self._rows,
                sqlite=self._sqlite,
                by=by,
                window=window,
                days=days,
                sample=sample,
                zone=self._zone,
            )
        except ValueError as exc:
            raise self._unreadable(exc) from exc
        return found if found.since is None else replace(found, since=zones.local(found.since, self._zone))

    def costs(self, window: Window) -> Costs:
        """What the requests in `window` cost."""
        return queries.costs(self._rows, sqlite=self._sqlite, window=window)

    def averages(self, model: str, since: datetime) -> Averages:
        """What the edits of a model took since a time, in sum."""
        return queries.averages(self._rows, sqlite=self._sqlite, model=model, since=since)

    def routes(self, since: datetime, most: int) -> list[list[dict[str, Any]]]:
        """The routes recorded at `since` or later, the latest `most`."""
        created = REQUESTS.c.created_at
        statement = (
            select(REQUESTS.c.route)
            .where(created >= since, REQUESTS.c.route.is_not(None))
            .order_by(created.desc())
            .limit(most)
        )
        return [row[0] for row in self._rows(statement)]

    def _rows(self, *statements: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of all `statements`, in one transaction."""
        with self._transaction(_READ) as connection:
            return [row for statement in statements for row in connection.execute(statement)]

    def _unreadable(self, exc: ValueError) -> LogUnavailable:
        return LogUnavailable(
            f"The token log at {self._where} holds a record that this editsvc cannot read: {exc}."
        )

    def status(self) -> LogStatus:
        """The log's location and contents."""
        with self._transaction(_READ) as connection:
            count, first, last = connection.execute(
                select(func.count(), func.min(REQUESTS.c.created_at), func.max(REQUESTS.c.created_at))
            ).one()
            revision = migrate.revision(connection)
            journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar() if self._sqlite else None
            size = self._size(connection)
        return {
            "url": self._where,
            "size_bytes": size,
            "count": count,
            "first": first.isoformat() if first is not None else None,
            "last": last.isoformat() if last is not None else None,
            "schema_revision": revision,
            "journal_mode": journal,
            "network_file_system": self._network,
            "waiting": self._spool.count() if self._spool is not None else 0,
        }

    def _size(self, connection: Connection) -> int | None:
        if not self._sqlite:
            size: int | None = connection.scalar(
                text("SELECT pg_total_relation_size(CAST(:name AS regclass))"), {"name": REQUESTS.name}
            )
            return size
        if self._file is None:
            return None
        wal = self._file.with_name(self._file.name + "-wal")
        return sum(part.stat().st_size for part in (self._file, wal) if part.exists())

    def purge(self, before: datetime | None) -> int:
        """Delete the records before a time, or all, including waiting ones; returns their number.

        On SQLite the space is given back too, unless another process is reading at that moment. The deleted
        bytes are overwritten (``secure_delete``); with a write-ahead log, once nobody reads what was before.
        """
        statement = delete(REQUESTS)
        if before is not None:
            statement = statement.where(REQUESTS.c.created_at < before)
        with self._writing() as connection:
            result: CursorResult[Any] = connection.execute(statement)
            purged = result.rowcount
        if self._sqlite:
            with contextlib.suppress(LogUnavailable), self._transaction(_NONE) as connection:
                connection.exec_driver_sql("VACUUM")
                # Until it is emptied, the write-ahead log has the pages as they were before. Else this does nothing.
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
        return purged

    def close(self) -> None:
        """Close every connection."""
        with self._turn:
            self._engine.dispose()


def _update(
    connection: Connection, record_id: str, only: ColumnElement[bool] | None = None, **values: Any
) -> bool:
    statement = update(REQUESTS).where(REQUESTS.c.id == storable(record_id)).values(**values)
    if only is not None:
        statement = statement.where(only)
    result: CursorResult[Any] = connection.execute(statement)
    return result.rowcount > 0
