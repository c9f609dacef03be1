"""TokenLog: the log's interface to the rest of the product.

Synchronous and safe to use from any thread; callers that live on an event loop use a worker thread. What a method
needs is imported there: a log is made before it is used.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from editsvc.tokenlog.errors import TRY_AGAIN, LogUnavailable, RecordNotTaken, RecordWaits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from editsvc.errors import Status
    from editsvc.tokenlog.database import Database
    from editsvc.tokenlog.evidence import Averages, Costs, Evidence
    from editsvc.tokenlog.record import LogStatus, RequestRecord
    from editsvc.tokenlog.spool import Entry, Spool
    from editsvc.tokenlog.values import Verdict

T = TypeVar("T")

_PAGE: Final = 500
_MOST_ROUTES: Final = 1_000
# After a failure that took long, the log is left alone for so long: records wait elsewhere meanwhile.
_REST_S: Final = 30.0


class TokenLog:
    """The log at `url`: an SQLAlchemy URL, or the Path of an SQLite file.

    Making one does nothing; the first call opens the database and loads what that needs. Every method raises
    LogUnavailable when the database cannot be used. The call after such a failure connects anew, so a log
    that comes back is used again. A lock, or a server, is waited for `timeout_s` seconds. `mountinfo` replaces
    what the system says about mounts (see `editsvc.system.volumes`). `salt_folder` holds the installation's salt,
    which `digest` needs. The log holds UTC; its times come out by the clock of `zone`, and its days are that zone's.

    With a file `spool`, what cannot be written waits there: then the methods that write raise RecordWaits, which
    is a LogUnavailable, and the record goes into the log as soon as that works again. A log that cannot be
    reached in time is left alone for half a minute, so that the next record, and one that is written at the same
    time, need not wait for it too.
    """

    def __init__(
        self,
        url: str | Path,
        *,
        timeout_s: float = 5.0,
        spool: Path | None = None,
        salt_folder: Path | None = None,
        zone: tzinfo = UTC,
        mountinfo: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._mountinfo = mountinfo
        self._clock = clock
        self._spool_file = spool
        self._salt_folder = salt_folder
        self.zone = zone
        self._salt: bytes | None = None
        self._writing = threading.Lock()
        self._rest_until = 0.0
        self._rest_after: LogUnavailable | None = None
        self._state = threading.Lock()
        self._database: Database | None = None
        self._closed = False

    @property
    def _spool(self) -> Spool | None:
        from editsvc.tokenlog.spool import Spool

        return Spool(self._spool_file) if self._spool_file is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect, and create or upgrade the database if needed; does nothing if that was done."""
        _load()
        with self._patience():
            self._use(lambda database: database.take_in_waiting())

    def append(self, record: RequestRecord) -> None:
        """Add `record`; its id must be new."""
        from editsvc.tokenlog.spool import WaitingRecord

        self._write(WaitingRecord(record), lambda database: database.append(record))

    def digest(self, path: str) -> str:
        """The keyed hash of `path`, as a record has it; opens no database. Raises ValueError without a salt folder."""
        if self._salt is None:
            from editsvc.tokenlog.privacy import load_salt

            if self._salt_folder is None:
                raise ValueError("a log without a salt folder cannot hash paths")
            self._salt = load_salt(self._salt_folder)
        from editsvc.tokenlog.privacy import salted_path

        return salted_path(path, self._salt)

    def set_verdict(
        self,
        record_id: str,
        verdict: Verdict | None,
        hunks_accepted: int | None = None,
        hunks_survived: int | None = None,
        *,
        hunks: int | None = None,
    ) -> bool:
        """Record the user's decision on an edit; False if the log has no such record.

        None is no verdict: an edit that merely survived was not accepted. `hunks` is how many hunks the user was
        shown, of which the others are parts: a front end may divide an edit in its own way, or add to it. None leaves
        the number of the record as it is.
        """
        from editsvc.tokenlog.spool import WaitingVerdict

        return self._write(
            WaitingVerdict(record_id, verdict, hunks_accepted, hunks_survived, hunks),
            lambda database: database.set_verdict(
                record_id, verdict, hunks_accepted, hunks_survived, hunks=hunks
            ),
        )

    def set_undone(self, record_id: str) -> bool:
        """Record that the user took an edit back, which rejects it; False if the log has no such record."""
        from editsvc.tokenlog.spool import WaitingUndo

        return self._write(WaitingUndo(record_id), lambda database: database.set_undone(record_id))

    def set_survived(self, record_id: str, hunks: int | None) -> bool:
        """Record that an applied edit still stands, unless something was said about it; False if nothing was recorded.

        It is no verdict. What cannot be recorded now can be found again later, so it does not wait.
        """
        return self._use(lambda database: database.set_survived(record_id, hunks))

    def set_outcome(self, record_id: str, status: Status, error: str | None) -> bool:
        """Amend how an edit ended, if a file could not be written after it had passed; False without such a record.

        `error` is the kind of an EditsvcError, which holds no word of the document.
        """
        from editsvc.tokenlog.spool import WaitingOutcome

        return self._write(
            WaitingOutcome(record_id, status, error),
            lambda database: database.set_outcome(record_id, status, error),
        )

    def set_what_if(self, record_id: str, what_if: dict[str, list[int]]) -> bool:
        """Record the score of each candidate prediction; False if the log has no such record."""
        from editsvc.tokenlog.spool import WaitingWhatIf

        return self._write(
            WaitingWhatIf(record_id, what_if), lambda database: database.set_what_if(record_id, what_if)
        )

    def records(self, since: datetime | None = None) -> Iterator[RequestRecord]:
        """The records from `since` on, oldest first, read in pages.

        What is appended while the iterator runs may or may not be among them. Raises ValueError for a `since`
        without a time zone.
        """
        _require_zone(since)
        self._take_in_waiting()
        after: tuple[datetime, str] | None = None
        while True:
            page = self._use(partial(_page, after=after, since=since))
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].created_at, page[-1].id

    def evidence(
        self,
        *,
        by: tuple[str, ...] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        model: str | None = None,
        days: bool = False,
        sample: int | None = None,
    ) -> Evidence:
        """The evidence for a report on the requests made at `since` or later, counted by the database.

        Only those before `until` and to `model` count, if given. `by` names dimensions (see
        `editsvc.tokenlog.dimensions`), `days` asks for the sums of each day; at most about `sample` requests are read
        one by one; None stands for the usual number. Raises ValueError for a time without a time zone.
        """
        _require_zone(since)
        _require_zone(until)
        self._take_in_waiting()
        from editsvc.tokenlog.evidence import SAMPLE, Window

        most = SAMPLE if sample is None else sample
        window = Window(since, until, model)
        return self._use(lambda database: database.evidence(by=by, window=window, days=days, sample=most))

    def costs(
        self, since: datetime | None = None, until: datetime | None = None, *, model: str | None = None
    ) -> Costs:
        """What the requests made at `since` or later and before `until` cost; raises ValueError without a time zone."""
        _require_zone(since)
        _require_zone(until)
        self._take_in_waiting()
        from editsvc.tokenlog.evidence import Window

        return self._use(lambda database: database.costs(Window(since, until, model)))

    def averages(self, model: str, since: datetime) -> Averages:
        """What the edits of a model took since a time, in sum; the offline engine's are left out."""
        _require_zone(since)
        return self._use(lambda database: database.averages(model, since))

    def export(self, since: datetime | None = None) -> Iterator[dict[str, Any]]:
        """The records from `since` on as objects for JSON; see `exported`."""
        from editsvc.tokenlog.export import exported

        return map(exported, self.records(since))

    def routes(self, since: datetime) -> list[list[dict[str, Any]]]:
        """The routes of the edits since a time that took more than one request, or failed; the latest 1,000."""
        _require_zone(since)
        return self._use(lambda database: database.routes(since, _MOST_ROUTES))

    def status(self) -> LogStatus:
        """The log's location, without secrets, and its contents; a LogUnavailable tells how many records wait."""
        self._take_in_waiting()
        try:
            return self._use(lambda database: database.status())
        except LogUnavailable as exc:
            waiting = self._spool.count() if self._spool is not None else 0
            if not waiting or self._spool is None:
                raise
            raise LogUnavailable(
                f"{exc.message.removesuffix('.')}; {_records(waiting)} in {self._spool.file}.", hint=exc.hint
            ) from exc

    def purge(self, *, before: datetime | None = None, everything: bool = False) -> int:
        """Delete the records made before a time, or everything; returns their number.

        What waits for the log is deleted as well; if the log cannot be used, and everything is to go, that alone.
        Raises ValueError unless exactly one of the two is asked for.
        """
        if (before is not None) == everything:
            raise ValueError("purge needs a time or everything=True, and not both")
        _require_zone(before)
        try:
            purged = self._use(lambda database: database.purge(before))
        except LogUnavailable as exc:
            if not everything or not (cleared := self._clear()):
                raise
            raise LogUnavailable(
                f"{exc.message.removesuffix('.')}; what waited for it ({cleared:,}) is deleted.",
                hint=exc.hint,
            ) from exc
        return purged + (self._clear() if everything else 0)

    def _clear(self) -> int:
        if self._spool is None:
            return 0
        try:
            return self._spool.clear()
        except OSError as exc:
            raise LogUnavailable(f"{self._spool.file} cannot be deleted: {exc.strerror or exc}.") from exc

    def close(self) -> None:
        """Close the connection for good; later calls raise LogUnavailable."""
        with self._state:
            self._closed = True
        self._disconnect()

    def _open(self) -> Database:
        with self._state:
            if self._closed:
                raise LogUnavailable("The token log is closed.")
            if self._database is not None and self._database.moved():
                # SQLite in WAL mode would go on to write into a file that nobody can find any more.
                self._database.close()
                self._database = None
            if self._database is None:
                self._database = _load()(
                    self._url,
                    timeout_s=self._timeout_s,
                    spool=self._spool,
                    zone=self.zone,
                    mountinfo=self._mountinfo,
                )
            return self._database

    def _take_in_waiting(self) -> None:
        """Before reading: take in waiting entries, if possible."""
        if self._spool is not None and self._spool.waits():
            with suppress(LogUnavailable):
                self.open()

    def _write(self, entry: Entry, call: Callable[[Database], T]) -> T:
        _load()
        try:
            with self._patience():
                return self._use(call)
        except RecordNotTaken:
            raise  # it would not be taken later either
        except LogUnavailable as exc:
            if self._spool is None:
                raise
            raise _kept(self._spool, entry, exc) from exc

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """Wait for the log no longer than `timeout_s` in all, whoever else waits for it in this process."""
        if self._spool is None:  # nowhere else to go: every record may wait
            yield
            return
        if not self._writing.acquire(timeout=self._timeout_s):
            raise LogUnavailable("The token log has not answered in time.", hint=TRY_AGAIN)
        try:
            started = self._clock()
            if self._rest_after is not None and started < self._rest_until:
                raise LogUnavailable(self._rest_after.message, hint=self._rest_after.hint)
            self._rest_after = None
            try:
                yield
            except LogUnavailable as exc:
                now = self._clock()
                if now - started > self._timeout_s / 2:
                    self._rest_until, self._rest_after = now + _REST_S, exc
                raise
        finally:
            self._writing.release()

    def _use(self, call: Callable[[Database], T]) -> T:
        try:
            return call(self._open())
        except LogUnavailable:
            # The server may have restarted, or the disk have been away: a new connection is the cure.
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        with self._state:
            database, self._database = self._database, None
        if database is not None:
            database.close()


def _load() -> type[Database]:
    """SQLAlchemy, which takes 150 ms to import, and what else a record needs: a process that logs nothing never pays.

    Before anybody's patience is counted: while it is imported, nobody waits for a log.
    """
    from editsvc.tokenlog import privacy, spool  # noqa: F401 - loads them
    from editsvc.tokenlog.database import Database

    return Database


def _page(
    database: Database, *, after: tuple[datetime, str] | None, since: datetime | None
) -> Sequence[RequestRecord]:
    return database.page(after, since, _PAGE)


def _require_zone(time: datetime | None) -> None:
    if time is not None and time.utcoffset() is None:
        raise ValueError("a time for the log has no time zone")


def _kept(spool: Spool, entry: Entry, exc: LogUnavailable) -> LogUnavailable:
    """Spool `entry`; returns the error that says where it is now, or that it is lost."""
    problem = exc.message.removesuffix(".")
    try:
        spool.add(entry)
    except OSError as failed:
        reason = failed.strerror or failed
        return LogUnavailable(f"{problem}, and {spool.file} cannot be written: {reason}.", hint=exc.hint)
    hint = exc.hint if exc.hint != TRY_AGAIN else ""
    return RecordWaits(f"{problem}; the record waits in {spool.file}.", hint=hint)


def _records(count: int) -> str:
    return f"{count:,} records wait" if count != 1 else "1 record waits"
