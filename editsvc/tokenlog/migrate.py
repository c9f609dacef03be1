"""Finds the revision of a database, and upgrades it to ours.

Alembic is imported only when there is something to upgrade: a database that is up to date costs one look at
its version table.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from sqlalchemy import column, inspect, select, table, text

from editsvc.tokenlog.errors import LogUnavailable
from editsvc.tokenlog.schema import VERSION_TABLE

if TYPE_CHECKING:
    from sqlalchemy import Connection

# In order; the last is the one that this version of editsvc reads and writes.
REVISIONS: Final = (
    "0001_requests",
    "0002_survival",
    "0003_scopes",
    "0004_reports",
    "0005_route",
    "0006_syntax_check",
    "0007_findings",
    "0008_drawn",
    "0009_verdict_by",
    "0010_versions_and_arms",
    "0011_reported",
)
HEAD: Final = REVISIONS[-1]

# Any number that nobody else uses in the same database; this one is b"editlog1".
ADVISORY_LOCK: Final = int.from_bytes(b"editlog1", "big")
# Others may be in the middle of a migration: wait for it longer than for a row.
_MIGRATION_WAIT: Final = "60s"

# Alembic keeps the running migration in module globals.
_ONE_MIGRATION_PER_PROCESS: Final = threading.Lock()


def revision(connection: Connection) -> str | None:
    """The database's revision, or None for a database without a log."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    return found


def is_current(connection: Connection, where: str) -> bool:
    """True if the database has our revision, False if it can be upgraded to it.

    Raises LogUnavailable for a revision that we do not know: a newer editsvc has been here. `where` names the
    database for people.
    """
    found = revision(connection)
    if found is not None and found not in REVISIONS:
        raise LogUnavailable(
            f"The token log at {where} has the revision {found}, but this editsvc knows only revisions up to {HEAD}.",
            hint="Update editsvc, or set EDITSVC_LOG_URL to another log.",
        )
    return found == HEAD


def upgrade(connection: Connection, where: str) -> None:
    """Bring the database to our revision, in the transaction that `connection` is in.

    The transaction must exclude other writers: ``BEGIN IMMEDIATE`` does on SQLite; on PostgreSQL an advisory
    lock is taken here. A process that comes second finds the work done.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{_MIGRATION_WAIT}'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    if is_current(connection, where):
        return
    with _ONE_MIGRATION_PER_PROCESS:
        # 60 ms, and needed once in the life of a log.
        from alembic import command  # noqa: PLC0415  (late, see above)
        from alembic.config import Config  # noqa: PLC0415  (late, see above)

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "editsvc.tokenlog:migrations")
        config.set_main_option("path_separator", "os")
        command.upgrade(config, HEAD)
