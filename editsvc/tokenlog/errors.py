"""The errors of the token log."""

from __future__ import annotations

from typing import Final

from editsvc.errors import EditsvcError, ExitCode

TRY_AGAIN: Final = "Try again when that process has finished."


class LogUnavailable(EditsvcError):
    """The token log cannot be read or written; an edit goes on without it, and says so."""

    exit_code = ExitCode.SETTINGS

    def warning(self, loss: str) -> str:
        """The message to the user if something could not be written; `loss` is the sentence for its loss."""
        return f"{loss} {self.sentence()}"


class RecordNotTaken(LogUnavailable):
    """The token log works, but rejects this record."""


class RecordWaits(LogUnavailable):
    """The token log cannot be written; the record is spooled, and enters the log when that works again."""

    def warning(self, loss: str) -> str:  # noqa: ARG002 - nothing is lost
        """The message to the user: where the record is."""
        return self.sentence()
