"""The record of one edit, and the status of the log as a whole.

None always means "not reported" or "does not apply", never zero. Times are seconds, costs US dollars, lines
1-based and inclusive as in ``rewrite --json``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the types when it runs
from typing import TYPE_CHECKING, Any, Final, TypedDict

from editsvc.errors import Status  # noqa: TC001 - same
from editsvc.tokenlog.values import NONE, Source, Verdict
from editsvc.usage import ServerTimes, Timing, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

_SALTED: Final = re.compile(r"[0-9a-f]{32}")
_KEYED: Final = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedScope:
    """The rewritten or offered scope; lines are 1-based and inclusive."""

    kind: str | None = None
    start_line: int | None = None
    end_line: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedParts:
    """The number of parts that the model could rewrite, and of those in its reply."""

    offered: int | None = None
    rewritten: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDocument:
    """The size of the whole document."""

    lines: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedPrediction:
    """Whether a prediction was sent, which one, and why the policy decided so.

    `drawn` is what the policy drew; `sent` is false as well where the request was repeated without the prediction.
    """

    sent: bool = False
    drawn: bool | None = None
    kind: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One edit, cancelled and failed ones included.

    `editsvc.tokenlog.rows` makes columns of the fields, and of those of the structs among them (`GROUPS`); each
    column is described in `editsvc.tokenlog.schema`. `what_if` maps ``candidate:preset`` to [accepted, rejected], as
    the local verifier counts them. Raises ValueError for a `created_at` without a time zone, and for a `path` that is
    not the output of `salted_path`: a plain path must not get as far as the log. Likewise for repositories and users.
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
    scope: LoggedScope = LoggedScope()
    parts: LoggedParts = LoggedParts()
    document: LoggedDocument = LoggedDocument()
    prediction: LoggedPrediction = LoggedPrediction()
    propensity: float | None = None
    policy_version: str | None = None
    request_id: str | None = None
    finish_reason: str | None = None
    attempts: int = 0
    usage: Usage = Usage()
    max_completion_tokens: int | None = None
    timing: Timing = Timing()
    server: ServerTimes = ServerTimes()
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
    edit_format: str | None = None
    restarts: list[str] | None = None
    route: list[dict[str, Any]] | None = None
    syntax_check: str | None = None
    findings: dict[str, int] | None = None
    hunks_harmless: int | None = None
    hunks_unexplained: int | None = None
    verdict_by: str | None = None
    editsvc_version: str | None = None
    prompt_version: str | None = None
    named_arm: str | None = None
    named_arm_propensity: float | None = None
    repository_hmac: str | None = None
    user_hmac: str | None = None

    def __post_init__(self) -> None:
        if self.created_at.utcoffset() is None:
            raise ValueError("created_at has no time zone")
        if self.path is not None and not _SALTED.fullmatch(self.path):
            raise ValueError("path is not the output of salted_path")
        for name in (self.repository_hmac, self.user_hmac):
            if name not in {None, NONE} and not _KEYED.fullmatch(name or ""):
                raise ValueError("the name of a repository or a user is not the output of keyed_name")


GROUPS: Final[Mapping[str, tuple[type, str]]] = {
    "scope": (LoggedScope, "scope_"),
    "parts": (LoggedParts, "parts_"),
    "document": (LoggedDocument, "document_"),
    "prediction": (LoggedPrediction, "prediction_"),
    "usage": (Usage, ""),
    "timing": (Timing, ""),
    "server": (ServerTimes, ""),
}
"""The fields of a record that are structs, with what the names of their columns begin with."""


class LogStatus(TypedDict):
    """A log's location and contents; times are ISO 8601 in UTC, `journal_mode` is SQLite's.

    `network_file_system` is the type of the network file system that holds an SQLite file, if any;
    `waiting` counts the entries that could not be taken in yet.
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
