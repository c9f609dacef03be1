"""Connections: the supported URLs, and the set-up of SQLite and PostgreSQL.

SQLite: one connection per process, explicit transactions, a busy timeout, and the write-ahead log only where
it is sound. PostgreSQL: a small pool through psycopg 3, with timeouts, since a team's server may be away.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from editsvc.system.files import make_private_folder
from editsvc.system.volumes import mounts, network_file_system
from editsvc.tokenlog.errors import LogUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

# The execution option that names the statement with which a transaction on SQLite begins; "" for none.
BEGIN: Final = "editsvc_begin"
# Up to 3.51.2, two connections that write or checkpoint at once can corrupt a database in WAL mode
# (https://www.sqlite.org/wal.html, "The WAL-reset bug").
_SOUND_WAL: Final = (3, 51, 3)
# The first with columns that the database fills.
_OLDEST: Final = (3, 31)
_SECRETS: Final = frozenset({"password", "sslpassword"})


def parse_url(url: str | Path) -> URL:
    """`url` as SQLAlchemy has it; a Path means an SQLite file, ``postgresql://`` means psycopg 3.

    Raises LogUnavailable for anything but SQLite and PostgreSQL.
    """
    if isinstance(url, Path):
        return URL.create("sqlite", database=str(url))
    try:
        parsed = make_url(url)
    except ArgumentError:
        # The cause is left out: its message repeats the URL, password included.
        raise LogUnavailable(
            "The token log's URL cannot be read.",
            hint="Use sqlite:///PATH or postgresql://USER@HOST/DATABASE.",
        ) from None
    backend, _, driver = parsed.drivername.partition("+")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername=f"postgresql+{driver or 'psycopg'}")
    if backend != "sqlite":
        raise LogUnavailable(
            f"The token log is kept in SQLite or PostgreSQL, and its URL names {backend}.",
            hint="Use sqlite:///PATH or postgresql://USER@HOST/DATABASE.",
        )
    return parsed


def display_url(url: URL) -> str:
    """`url` for people and logs: secrets in the user part and in the query are masked."""
    masked = {key: "hidden" for key in url.query if key in _SECRETS}
    return url.update_query_dict(masked).render_as_string(hide_password=True)


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite URL; None for a database in memory, for a ``file:`` URI, and for PostgreSQL."""
    name = url.database or ":memory:"
    if url.get_backend_name() != "sqlite" or name == ":memory:" or name.startswith("file:"):
        return None
    return Path(name)


def journal_mode(sqlite_version: tuple[int, ...], *, network: bool = False) -> str:
    """The journal mode that is sound in this version of SQLite, and on this disk: ``wal`` or ``delete``."""
    return "wal" if sqlite_version >= _SOUND_WAL and not network else "delete"


def make_engine(
    url: URL,
    *,
    timeout_s: float,
    sqlite_version: tuple[int, ...] = sqlite3.sqlite_version_info,
    mountinfo: str | None = None,
) -> Engine:
    """An engine for `url`; waits at most `timeout_s` seconds for a lock or for the server.

    `mountinfo` tells which file systems come over a network (see `editsvc.system.volumes`); None asks the system.
    Creates the SQLite file (0600) and its folder (0700) if they are missing, and leaves the permissions of
    existing ones alone. Raises LogUnavailable if the driver is missing or SQLite too old, OSError if the file cannot
    be made.
    """
    try:
        if url.get_backend_name() == "sqlite":
            if sqlite_version < _OLDEST:
                raise LogUnavailable(
                    f"The token log needs SQLite {_dotted(_OLDEST)} or newer, and this Python has "
                    f"{_dotted(sqlite_version)}.",
                    hint="Run editsvc with another Python, or set EDITSVC_LOG_URL to a database in PostgreSQL.",
                )
            network = on_network(url, mountinfo) is not None
            return _sqlite_engine(url, timeout_s, journal_mode(sqlite_version, network=network))
        return _postgresql_engine(url, timeout_s)
    except (ModuleNotFoundError, NoSuchModuleError) as exc:
        raise LogUnavailable(
            f"The token log at {display_url(url)} needs a database driver that is not installed.",
            hint="Install the extra postgresql, and leave the driver out of the URL.",
        ) from exc


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def on_network(url: URL, mountinfo: str | None = None) -> str | None:
    """The type of the network file system that holds an SQLite file; None for a local file."""
    file = sqlite_file(url)
    return network_file_system(file, mounts() if mountinfo is None else mountinfo) if file else None


def _sqlite_engine(url: URL, timeout_s: float, journal: str) -> Engine:
    file = sqlite_file(url)
    if file is not None:
        _create(file)
    engine = create_engine(
        url,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": timeout_s},
        hide_parameters=True,
    )

    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        # The sqlite3 module must not begin transactions by itself: it would send a plain BEGIN, and that only
        # before some statements. From here on `begin` alone decides.
        connection.isolation_level = None
        connection.execute("PRAGMA secure_delete=ON")
        mode = _set_journal_mode(connection, journal)
        connection.execute(f"PRAGMA synchronous={'NORMAL' if mode == 'wal' else 'FULL'}")

    def begin(connection: Connection) -> None:
        # A deferred transaction that reads before it writes fails at once when another has written meanwhile;
        # an immediate one waits for its turn. So that is the default, and readers ask for less.
        statement = connection.get_execution_options().get(BEGIN, "BEGIN IMMEDIATE")
        if statement:
            connection.exec_driver_sql(statement)

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine


def _set_journal_mode(connection: sqlite3.Connection, wanted: str) -> str:
    found = _pragma(connection, "journal_mode")
    if found in {wanted, "memory"}:
        return found
    if wanted == "delete":
        # A newer SQLite chose WAL, or the file was on a local disk. If they are still connected
        # this fails as locked, rightly: with us writing too, the database could be corrupted.
        return _pragma(connection, "journal_mode=delete")
    with contextlib.suppress(sqlite3.OperationalError):
        return _pragma(connection, "journal_mode=wal")
    return found  # in use by others, or read-only: the rollback journal is slower, and as sound


def _pragma(connection: sqlite3.Connection, pragma: str) -> str:
    return str(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _create(file: Path) -> None:
    make_private_folder(file.parent)
    # Only a file that is new may be opened and closed here: closing a descriptor of a database drops the
    # locks that this process holds on it (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _postgresql_engine(url: URL, timeout_s: float) -> Engine:
    seconds = max(1, round(timeout_s))
    connect_args: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": seconds}
    engine = create_engine(
        url,
        connect_args=connect_args,
        pool_size=2,
        max_overflow=2,
        pool_timeout=timeout_s,
        pool_pre_ping=True,
        hide_parameters=True,
    )

    def set_up(connection: Any, _record: object) -> None:
        # As a statement, not as a start-up option: poolers such as pgbouncer refuse unknown options.
        connection.execute(f"SET lock_timeout = '{seconds}s'")
        connection.commit()

    event.listen(engine, "connect", set_up)
    return engine
