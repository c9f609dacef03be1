"""What a log that cannot be used is called."""

from __future__ import annotations

from editsvc.errors import EditsvcError, ExitCode


class LogUnavailable(EditsvcError):
    """The token log cannot be read or written; an edit goes on without it, and says so."""

    exit_code = ExitCode.SETTINGS
