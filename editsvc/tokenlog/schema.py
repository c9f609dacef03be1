"""The log's only table, and the meaning of each column (``docs/log.md`` is generated from here).

The declaration says what a database looks like after every migration; it creates nothing by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Double,
    Index,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

from editsvc.tokenlog.reported import FIGURES, ODD, reported_in_sql, size_in_sql

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

# A team's database may hold other tables, and other users of alembic: every name carries our prefix.
VERSION_TABLE: Final = "editsvc_schema"
METADATA: Final = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, in UTC in the database and when read.

    SQLite has no time zones and gets the UTC wall time as text; PostgreSQL gets ``timestamptz``.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; raises ValueError for a datetime without a time zone."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a time for the log has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database's notation to UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def _column(
    name: str, kind: TypeEngine[Any], doc: str, *, required: bool = False, key: bool = False
) -> Column[Any]:
    return Column(name, kind, doc=doc, nullable=not (required or key), primary_key=key)


def _computed(name: str, kind: TypeEngine[Any], expression: str, doc: str) -> Column[Any]:
    """A column that the database fills; PostgreSQL's expression differs, see the revision that adds it."""
    return Column(name, kind, Computed(expression), doc=doc)


_JSON: Final = JSON(none_as_null=True)

# What requests are told apart by in every report; see `editsvc.tokenlog.evidence.Facet`.
_FACET: Final = (
    "model",
    "status",
    "prediction_sent",
    "prediction_drawn",
    "verdict",
    "offline",
    "source",
    "error",
)
# Whatever is grouped by these comes in the order of the index of sums.
_GROUPED: Final = (
    *_FACET,
    "reported",
    "document_size",
    "provider",
    "scope_kind",
    "prediction_kind",
    "language",
    "instruction_class",
    "policy_version",
    "editsvc_version",
    "prompt_version",
    "named_arm",
    "repository_hmac",
    "user_hmac",
)

REQUESTS: Final = Table(
    "editsvc_requests",
    METADATA,
    _column("id", Text(), "The edit's id, made by editsvc.", key=True),
    _column("created_at", UtcDateTime(), "When the edit was asked for.", required=True),
    _column("source", Text(), "The front end: `cli`, `lsp` or `bench`.", required=True),
    _column(
        "status",
        Text(),
        "How it ended: `changed`, `unchanged`, `refused`, `failed` or `cancelled`.",
        required=True,
    ),
    _column("language", Text(), "The document's language, if known."),
    _column("provider", Text(), "The provider of the last request; null if the edit ended before a request."),
    _column("model", Text(), "The requested model."),
    _column("path", Text(), "HMAC of the document's path under the installation's salt; null for stdin."),
    _column(
        "error",
        Text(),
        "The kind of the error, such as `GuardRefused:elision`; never a message, which could hold content.",
    ),
    _column("scope_kind", Text(), "The kind of scope: the file, lines, or a symbol."),
    _column("scope_start_line", BigInteger(), "First line of the scope, 1-based."),
    _column("scope_end_line", BigInteger(), "Last line of the scope, 1-based, inclusive."),
    _column("document_lines", BigInteger(), "Number of lines of the whole document."),
    _column("document_bytes", BigInteger(), "Number of bytes of the whole document."),
    _column("prediction_sent", Boolean(), "Whether a prediction was sent.", required=True),
    _column("prediction_kind", Text(), "The chosen candidate prediction."),
    _column("prediction_reason", Text(), "The policy's reason for sending it or not."),
    _column("propensity", Double(), "Probability with which the policy made this decision."),
    _column("policy_version", Text(), "Version of the policy that made the decision."),
    _column("request_id", Text(), "The server's id for the request."),
    _column(
        "finish_reason", Text(), "The finish reason that the server gave; only `stop` means a complete reply."
    ),
    _column("attempts", BigInteger(), "Requests sent for this edit, retries included.", required=True),
    _column("prompt_tokens", BigInteger(), "Tokens of the prompt, as billed."),
    _column("cached_tokens", BigInteger(), "Tokens of the prompt that came from the server's prompt cache."),
    _column(
        "completion_tokens",
        BigInteger(),
        "Tokens billed as output, reasoning and rejected prediction included.",
    ),
    _column("reasoning_tokens", BigInteger(), "Reasoning tokens among them."),
    _column("accepted_prediction_tokens", BigInteger(), "Prediction tokens that the server accepted."),
    _column("rejected_prediction_tokens", BigInteger(), "Prediction tokens that the server rejected."),
    _column("max_completion_tokens", BigInteger(), "The limit sent with the request."),
    _column("ttft_s", Double(), "Seconds from sending to the first token, measured by the client."),
    _column("total_s", Double(), "Seconds from sending to the end of the reply, measured by the client."),
    _column(
        "tokens_per_s",
        Double(),
        "Tokens received per second, waiting included, without rejected and reasoning tokens.",
    ),
    _column("queue_time_s", Double(), "Seconds in the server's queue, as reported by the server."),
    _column("prompt_time_s", Double(), "Seconds for reading the prompt, as reported by the server."),
    _column("completion_time_s", Double(), "Seconds for writing the reply, as reported by the server."),
    _column("cost_usd", Double(), "Cost of the edit in US dollars, by the price table."),
    _column("rejected_cost_usd", Double(), "The part of the cost that rejected prediction tokens caused."),
    _column("rate_limit", _JSON, "The server's rate-limit headers, name to value."),
    _column("hunks", BigInteger(), "Number of hunks of the edit, as shown to the user."),
    _column("hunks_accepted", BigInteger(), "Number of hunks that the user accepted."),
    _column("verdict", Text(), "The user's decision: `accepted`, `rejected` or `partial`; null while open."),
    _column(
        "what_if",
        _JSON,
        "`candidate:preset` to [accepted, rejected] tokens, by the local verifier; the candidates are `file`, "
        "`scope`, `draft` and `none`.",
    ),
    _column(
        "offline", Boolean(), "Whether the offline engine answered; its usage is modelled.", required=True
    ),
    _column(
        "instruction_class",
        Text(),
        "The kind of instruction, for later use; the instruction itself is never stored.",
    ),
    _column(
        "hunks_survived",
        BigInteger(),
        "Number of undecided hunks that were still as written when the document was closed; null before that.",
    ),
    _column("scope_reason", Text(), "Why this scope was chosen, such as `asked`, `cursor` or `small`."),
    _column("parts_offered", BigInteger(), "Number of parts of the document that the model could rewrite."),
    _column("parts_rewritten", BigInteger(), "Number of those parts that its reply held."),
    _column("edit_format", Text(), "The requested form of the reply: `rewrite` or `search-replace`."),
    _column(
        "restarts",
        _JSON,
        "Reasons for asking the model again, in order, such as `whole-file` or `syntax`; null without repetition.",
    ),
    _column(
        "route",
        _JSON,
        "The HTTP requests of the edit, in the order in which they ended: who was asked, why, how that ended, and what "
        "the server told of its own drafts; null where one request was enough and told of none.",
    ),
    _column(
        "syntax_check",
        Text(),
        "How much of the new text was looked at to check its syntax: `whole`, `around-changes` or `unknown`; null "
        "where nothing changed, nothing is known of the language, or the check was waived.",
    ),
    _column(
        "findings",
        _JSON,
        "How often each check found something, and what was done about it, such as `loss:asked-again`; null where "
        "nothing was found.",
    ),
    _column(
        "hunks_harmless",
        BigInteger(),
        "Number of hunks that change only white space, quotes or comments, unasked.",
    ),
    _column(
        "hunks_unexplained",
        BigInteger(),
        "Number of hunks that the instruction does not explain; null where that cannot be said.",
    ),
    _column(
        "prediction_drawn",
        Boolean(),
        "Whether the policy drew to send a prediction, even if the request was then repeated without it; null where "
        "nothing was decided.",
    ),
    _column(
        "verdict_by",
        Text(),
        "What tells what became of the edit: null for the user's own word, `undo` where editsvc undo took it back "
        "(then it is rejected), `survival` where nobody touched it for a day (then there is no verdict).",
    ),
    _column(
        "editsvc_version",
        Text(),
        "Version of editsvc that carried out the edit; null in records of versions that did not say.",
    ),
    _column(
        "prompt_version",
        Text(),
        "Version of the prompt, which changes whenever any of its text does; `none` where no prompt was made, null in "
        "records of versions that did not say.",
    ),
    _column(
        "named_arm",
        Text(),
        "The arm that was drawn for the edit, whatever became of it: a name under `[arms]`, or `control`; `none` where "
        "nothing was drawn, null in records of versions that did not say.",
    ),
    _column(
        "named_arm_propensity", Double(), "Probability with which that arm was drawn; null where none was."
    ),
    _column(
        "repository_hmac",
        Text(),
        "HMAC of the document's repository under the log's key, where `log_repository` is on; `none` for a document "
        "outside of any.",
    ),
    _column("user_hmac", Text(), "HMAC of the user under the log's key, where `log_user` is on."),
    _computed(
        "reported",
        BigInteger(),
        reported_in_sql(sqlite=True),
        "Which figures the record has, bit by bit, made by the database; -1 where one of them cannot be.",
    ),
    _computed(
        "document_size",
        Text(),
        size_in_sql(sqlite=True),
        "The size of the document as reports group by it, made by the database.",
    ),
    # Also what an edit cost, so that the sums of days need no more than this.
    Index(
        "editsvc_requests_by_time", "created_at", "id", "model", "offline", "completion_tokens", "cost_usd"
    ),
    # The columns that `editsvc report` sums up and groups by, in grouping order: it does not read others, and sorts
    # nothing to group by those before the time.
    Index(
        "editsvc_requests_sums",
        *_GROUPED,
        "created_at",
        *FIGURES,
    ),
    # The same by days: of each kind of requests, those of a day stand together.
    Index("editsvc_requests_days", *_FACET, "reported", "created_at", *FIGURES),
    # Usually none: the requests whose numbers a report must look at one by one.
    Index(
        "editsvc_requests_odd",
        "created_at",
        sqlite_where=text(f"reported = {ODD}"),
        postgresql_where=text(f"reported = {ODD}"),
    ),
    # The few requests with the rarer random choice, and those that were sent more than once.
    Index(
        "editsvc_requests_explored",
        "propensity",
        "created_at",
        sqlite_where=text("propensity > 0 AND propensity <= 0.5"),
        postgresql_where=text("propensity > 0 AND propensity <= 0.5"),
    ),
    Index(
        "editsvc_requests_again",
        "attempts",
        "created_at",
        sqlite_where=text("attempts > 1"),
        postgresql_where=text("attempts > 1"),
    ),
)

RECORDED: Final = tuple(column for column in REQUESTS.columns if column.computed is None)
"""The columns that a record is written to, and read from."""
FACET: Final = tuple(REQUESTS.c[name] for name in _FACET)
"""What every report tells requests apart by."""
GROUPED: Final = tuple(REQUESTS.c[name] for name in _GROUPED)
"""What comes in order where it is grouped by, up to any of them, since an index begins with them."""
