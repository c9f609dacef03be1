"""What a log that cannot be used is called."""

from __future__ import annotations

from typing import Final

from editsvc.errors import EditsvcError, ExitCode

TRY_AGAIN: Final = "Try again when that process is done."


class LogUnavailable(EditsvcError):
    """The token log cannot be read or written; an edit goes on without it, and says so."""

    exit_code = ExitCode.SETTINGS

    def warning(self, loss: str) -> str:
        """What the user is told when something could not be written; `loss` is the sentence for its loss."""
        return f"{loss} {self.sentence()}"


class RecordNotTaken(LogUnavailable):
    """The token log works, and does not take this record."""


class RecordWaits(LogUnavailable):
    """The token log cannot be written; the record was kept, and goes into the log when that works again."""

    def warning(self, loss: str) -> str:  # noqa: ARG002 - nothing is lost
        """What the user is told: where the record is."""
        return self.sentence()
