"""What is known about one edit when it has ended, and about the log as a whole.

None always means "not reported" or "does not apply", never zero. Times are seconds, costs US dollars, lines
1-based and inclusive as in ``rewrite --json``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the types when it runs
from enum import StrEnum
from typing import Any, Final, TypedDict

from editsvc.errors import Status  # noqa: TC001 - same

_SALTED: Final = re.compile(r"[0-9a-f]{32}")


class Source(StrEnum):
    """Which front end asked for the edit."""

    CLI = "cli"
    LSP = "lsp"
    BENCH = "bench"


class Verdict(StrEnum):
    """What the user did with an edit."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One edit, cancelled and failed ones included; the fields are the columns of `editsvc.tokenlog.schema`.

    `what_if` maps ``candidate:preset`` to [accepted, rejected], as the local verifier counts them. Raises
    ValueError for a `created_at` without a time zone, and for a `path` that is not the output of
    `salted_path`: a plain path must not get as far as the log.
    """

    id: str
    created_at: datetime
    source: Source
    status: Status
    language: str | None = None
    provider: str | None = None
    model: str | None = None
    path: str | None = None
    error: str | None = None
    scope_kind: str | None = None
    scope_start_line: int | None = None
    scope_end_line: int | None = None
    document_lines: int | None = None
    document_bytes: int | None = None
    prediction_sent: bool = False
    prediction_kind: str | None = None
    prediction_reason: str | None = None
    propensity: float | None = None
    policy_version: str | None = None
    request_id: str | None = None
    finish_reason: str | None = None
    attempts: int = 0
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None
    max_completion_tokens: int | None = None
    ttft_s: float | None = None
    total_s: float | None = None
    tokens_per_s: float | None = None
    queue_time_s: float | None = None
    prompt_time_s: float | None = None
    completion_time_s: float | None = None
    cost_usd: float | None = None
    rejected_cost_usd: float | None = None
    rate_limit: dict[str, str] | None = None
    hunks: int | None = None
    hunks_accepted: int | None = None
    verdict: Verdict | None = None
    what_if: dict[str, list[int]] | None = None
    offline: bool = False
    instruction_class: str | None = None
    hunks_survived: int | None = None
    scope_reason: str | None = None
    parts_offered: int | None = None
    parts_rewritten: int | None = None
    edit_format: str | None = None
    restarts: list[str] | None = None
    route: list[dict[str, Any]] | None = None
    syntax_check: str | None = None

    def __post_init__(self) -> None:
        if self.created_at.utcoffset() is None:
            raise ValueError("created_at has no time zone")
        if self.path is not None and not _SALTED.fullmatch(self.path):
            raise ValueError("path is not the output of salted_path")


class LogStatus(TypedDict):
    """Where a log is and what it holds; times are ISO 8601 in UTC, `journal_mode` is SQLite's.

    `network_file_system` is the type of the network file system that an SQLite file is on, where it is on one;
    `waiting` counts what could not be taken in yet.
    """

    url: str
    size_bytes: int | None
    count: int
    first: str | None
    last: str | None
    schema_revision: str | None
    journal_mode: str | None
    network_file_system: str | None
    waiting: int
