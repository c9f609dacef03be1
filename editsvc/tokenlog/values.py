"""What others need to know of the log: names of its files, and values of its records."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

LOG_FILE: Final = "log.db"
SPOOL_FILE: Final = "unlogged.jsonl"


NONE: Final = "none"
"""Where something can be told by name, and there was none; what is not known of a record is null."""

CONTROL: Final = "control"
"""The arm of what is done with the settings as they are."""


class Source(StrEnum):
    """The front end that requested the edit."""

    CLI = "cli"
    LSP = "lsp"
    BENCH = "bench"


class Witness(StrEnum):
    """What tells what became of an edit, where the user did not say it."""

    UNDO = "undo"
    SURVIVAL = "survival"


class Verdict(StrEnum):
    """The user's decision on an edit."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PARTIAL = "partial"
