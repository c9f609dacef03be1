"""The statements: what is asked of the database, each in a short transaction of its own.

Nothing holds a transaction open while the caller works: readers get pages, so that a slow reader never keeps
a writer waiting (SQLite's rollback journal lets nobody commit while somebody reads).
"""

from __future__ import annotations

import contextlib
import math
import threading
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, text, tuple_, update

from editsvc.errors import Status
from editsvc.tokenlog import migrate, queries
from editsvc.tokenlog.engine import BEGIN, display_url, make_engine, on_network, parse_url, sqlite_file
from editsvc.tokenlog.errors import LogUnavailable
from editsvc.tokenlog.failures import as_unavailable
from editsvc.tokenlog.record import RequestRecord, Source, Verdict
from editsvc.tokenlog.schema import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, CursorResult, Row, Select

    from editsvc.tokenlog.evidence import Evidence
    from editsvc.tokenlog.store import LogStatus

_READ: Final = "BEGIN"
_WRITE: Final = "BEGIN IMMEDIATE"
_NONE: Final = ""
_INT64: Final = 2**63
_FIELDS: Final = tuple(field.name for field in fields(RequestRecord))


def to_row(record: RequestRecord) -> dict[str, Any]:
    """`record` as values that both databases hold.

    Some fields come from a server: a number that is not finite or beyond 64 bits counts as not reported, and
    characters that PostgreSQL or UTF-8 cannot hold (NUL, lone surrogates) become U+FFFD.
    """
    return {name: _storable(getattr(record, name)) for name in _FIELDS}


def from_row(row: Mapping[str, Any]) -> RequestRecord:
    """The record of a row; raises ValueError for a status, source or verdict that we do not know."""
    values = dict(row)
    verdict = values["verdict"]
    values["source"] = Source(values["source"])
    values["status"] = Status(values["status"])
    values["verdict"] = Verdict(verdict) if verdict is not None else None
    return RequestRecord(**values)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return (
            value.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        )
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else None
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value


class Database:
    """One open log, at our revision; every method may be called from any thread and raises LogUnavailable."""

    def __init__(self, url: str | Path, *, timeout_s: float, mountinfo: str | None = None) -> None:
        self._url = parse_url(url)
        self._where = display_url(self._url)
        self._sqlite = self._url.get_backend_name() == "sqlite"
        # All threads share the one SQLite connection, and a transaction belongs to the connection.
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if self._sqlite else contextlib.nullcontext()
        )
        with as_unavailable(self._where):
            self._engine = make_engine(self._url, timeout_s=timeout_s, mountinfo=mountinfo)
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

    def append(self, record: RequestRecord) -> None:
        """Add `record`."""
        with self._transaction(_WRITE) as connection:
            connection.execute(insert(REQUESTS), to_row(record))

    def set_verdict(
        self,
        record_id: str,
        verdict: Verdict | None,
        hunks_accepted: int | None,
        hunks_survived: int | None,
    ) -> bool:
        """Set the user's verdict; False if there is no such record."""
        return self._update(
            record_id,
            verdict=verdict.value if verdict is not None else None,
            hunks_accepted=hunks_accepted,
            hunks_survived=hunks_survived,
        )

    def set_what_if(self, record_id: str, what_if: dict[str, list[int]]) -> bool:
        """Set what candidates would have got; False if there is no such record."""
        return self._update(record_id, what_if=_storable(what_if))

    def _update(self, record_id: str, **values: Any) -> bool:
        statement = update(REQUESTS).where(REQUESTS.c.id == _storable(record_id)).values(**values)
        with self._transaction(_WRITE) as connection:
            result: CursorResult[Any] = connection.execute(statement)
            return result.rowcount > 0

    def page(
        self, after: tuple[datetime, str] | None, since: datetime | None, size: int
    ) -> Sequence[RequestRecord]:
        """At most `size` records by time and id, those after the key `after`, none before `since`."""
        key = (REQUESTS.c.created_at, REQUESTS.c.id)
        statement = select(REQUESTS).order_by(*key).limit(size)
        if since is not None:
            statement = statement.where(REQUESTS.c.created_at >= since)
        if after is not None:
            statement = statement.where(tuple_(*key) > tuple_(*after, types=[column.type for column in key]))
        with self._transaction(_READ) as connection:
            rows = connection.execute(statement).mappings().all()
        try:
            return [from_row({str(name): value for name, value in row.items()}) for row in rows]
        except ValueError as exc:
            raise self._unreadable(exc) from exc

    def evidence(self, *, by: tuple[str, ...], since: datetime | None, days: bool, sample: int) -> Evidence:
        """What a report on the requests made at `since` or later is made from."""
        try:
            return queries.gather(
                self._rows, sqlite=self._sqlite, by=by, since=since, days=days, sample=sample
            )
        except ValueError as exc:
            raise self._unreadable(exc) from exc

    def routes(self, since: datetime, most: int) -> list[list[dict[str, Any]]]:
        """The routes that were noted at `since` or later, the latest `most`."""
        created = REQUESTS.c.created_at
        statement = (
            select(REQUESTS.c.route)
            .where(created >= since, REQUESTS.c.route.is_not(None))
            .order_by(created.desc())
            .limit(most)
        )
        return [row[0] for row in self._rows(statement)]

    def _rows(self, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        with self._transaction(_READ) as connection:
            return connection.execute(statement).all()

    def _unreadable(self, exc: ValueError) -> LogUnavailable:
        return LogUnavailable(
            f"The token log at {self._where} holds a record that this editsvc cannot read: {exc}."
        )

    def status(self) -> LogStatus:
        """Where the log is and what it holds."""
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
        """Delete the records before a time, or all; returns how many there were.

        On SQLite the space is given back too, unless another process is reading at that moment; the deleted
        bytes themselves are overwritten in any case (``secure_delete``).
        """
        statement = delete(REQUESTS)
        if before is not None:
            statement = statement.where(REQUESTS.c.created_at < before)
        with self._transaction(_WRITE) as connection:
            result: CursorResult[Any] = connection.execute(statement)
            purged = result.rowcount
        if self._sqlite:
            with contextlib.suppress(LogUnavailable), self._transaction(_NONE) as connection:
                connection.exec_driver_sql("VACUUM")
        return purged

    def close(self) -> None:
        """Close every connection."""
        with self._turn:
            self._engine.dispose()
