"""The token log: one record per edit, in SQLite or PostgreSQL; metadata only, never code or instructions.

Importing this package loads no database library; `TokenLog.open`, or the first call that needs it, does.
"""

from typing import TYPE_CHECKING

from editsvc import late

if TYPE_CHECKING:
    from editsvc.tokenlog.errors import LogUnavailable, RecordWaits
    from editsvc.tokenlog.record import RequestRecord
    from editsvc.tokenlog.store import TokenLog
    from editsvc.tokenlog.values import LOG_FILE, SPOOL_FILE, Source, Verdict
else:
    __getattr__ = late.names(
        __name__,
        {
            "errors": ("LogUnavailable", "RecordWaits"),
            "record": ("RequestRecord",),
            "store": ("TokenLog",),
            "values": ("LOG_FILE", "SPOOL_FILE", "Source", "Verdict"),
        },
    )

__all__ = [
    "LOG_FILE",
    "SPOOL_FILE",
    "LogUnavailable",
    "RecordWaits",
    "RequestRecord",
    "Source",
    "TokenLog",
    "Verdict",
]
