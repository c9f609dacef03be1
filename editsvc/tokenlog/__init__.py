"""The token log: one record per edit, in SQLite or PostgreSQL; metadata only, never code or instructions.

Importing this package loads no database library; `TokenLog.open`, or the first call that needs it, does.
"""

from typing import TYPE_CHECKING

from editsvc import late

if TYPE_CHECKING:
    from editsvc.tokenlog.errors import LogUnavailable, RecordWaits
    from editsvc.tokenlog.record import RequestRecord, Source, Verdict
    from editsvc.tokenlog.spool import SPOOL_FILE
    from editsvc.tokenlog.store import LOG_FILE, TokenLog
else:
    __getattr__ = late.names(
        __name__,
        {
            "errors": ("LogUnavailable", "RecordWaits"),
            "record": ("RequestRecord", "Source", "Verdict"),
            "spool": ("SPOOL_FILE",),
            "store": ("LOG_FILE", "TokenLog"),
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
