"""Maps foreign errors to LogUnavailable, with a sentence for people."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from editsvc.tokenlog.errors import TRY_AGAIN, LogUnavailable, RecordNotTaken

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAMAGED: Final = (
    "is damaged, or is not an SQLite database",
    "Move it away; the next edit begins a new one.",
)
_BUSY: Final = ("is locked by another process", TRY_AGAIN)
# Result codes by prefix (https://www.sqlite.org/rescode.html): the problem, and the remedy.
_SQLITE: Final[tuple[tuple[str, tuple[str, str]], ...]] = (
    ("SQLITE_BUSY", _BUSY),
    ("SQLITE_LOCKED", _BUSY),
    ("SQLITE_READONLY", ("cannot be written", "Check the permissions of the file and its folder.")),
    ("SQLITE_FULL", ("cannot grow: the disk is full", "Make room; old records of the log can be deleted.")),
    ("SQLITE_NOTADB", _DAMAGED),
    ("SQLITE_CORRUPT", _DAMAGED),
    ("SQLITE_CANTOPEN", ("cannot be opened", "Check the path and the permissions of its folder.")),
    ("SQLITE_IOERR", ("cannot be read or written: the disk reports an error", "")),
)


@contextlib.contextmanager
def as_unavailable(where: str) -> Iterator[None]:
    """Raise LogUnavailable for any error that a database or a file system raises inside; `where` names the log."""
    try:
        yield
    except IntegrityError as exc:
        raise RecordNotTaken(
            f"The token log at {where} rejected the record: {_first_line(exc.orig)}."
        ) from exc
    except DBAPIError as exc:
        problem, hint = _explain(exc.orig)
        raise LogUnavailable(f"The token log at {where} {problem}.", hint=hint) from exc
    except SQLAlchemyError as exc:
        raise LogUnavailable(f"The token log at {where} cannot be used: {_first_line(exc)}.") from exc
    except (ValueError, TypeError) as exc:
        # A damaged page need not hold valid text, JSON or times.
        raise LogUnavailable(
            f"The token log at {where} {_DAMAGED[0]}: {_first_line(exc)}.", hint=_DAMAGED[1]
        ) from exc
    except OSError as exc:
        raise LogUnavailable(f"The token log at {where} cannot be opened: {exc.strerror or exc}.") from exc


def _explain(cause: BaseException | None) -> tuple[str, str]:
    if isinstance(cause, sqlite3.Error):
        # The module's own errors (ProgrammingError for misuse) carry no result code.
        code = getattr(cause, "sqlite_errorname", "")
        for prefix, explanation in _SQLITE:
            if code.startswith(prefix):
                return explanation
    return f"cannot be used: {_first_line(cause)}", ""


def _first_line(cause: BaseException | None) -> str:
    # Not str(exc) of SQLAlchemy's own DBAPI errors: that is several lines, with the statement among them.
    return str(cause).partition("\n")[0].strip().rstrip(".")
