"""The log's one table, and what each column means (``docs/log.md`` is generated from here).

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
    DateTime,
    Double,
    Index,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

# A team's database may hold other tables, and other users of alembic: every name says whose it is.
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


_JSON: Final = JSON(none_as_null=True)

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
    _column("language", Text(), "The document's language, where it is known."),
    _column("provider", Text(), "Who was asked last; null if the edit ended before a request."),
    _column("model", Text(), "The model that was asked."),
    _column("path", Text(), "HMAC of the document's path under the installation's salt; null for stdin."),
    _column(
        "error",
        Text(),
        "The kind of the error, such as `GuardRefused:elision`; never a message with content.",
    ),
    _column("scope_kind", Text(), "What was to be rewritten: the file, lines, or a symbol."),
    _column("scope_start_line", BigInteger(), "First line of the scope, 1-based."),
    _column("scope_end_line", BigInteger(), "Last line of the scope, 1-based, inclusive."),
    _column("document_lines", BigInteger(), "Lines of the whole document."),
    _column("document_bytes", BigInteger(), "Bytes of the whole document."),
    _column("prediction_sent", Boolean(), "Whether a prediction went along.", required=True),
    _column("prediction_kind", Text(), "Which candidate prediction was chosen."),
    _column("prediction_reason", Text(), "Why the policy sent it, or did not."),
    _column("propensity", Double(), "Probability with which the policy made this decision."),
    _column("policy_version", Text(), "Version of the policy that decided."),
    _column("request_id", Text(), "The server's id of the request."),
    _column("finish_reason", Text(), "How the server says that the reply ended; only `stop` is whole."),
    _column("attempts", BigInteger(), "Requests sent for this edit, retries included.", required=True),
    _column("prompt_tokens", BigInteger(), "Tokens of the prompt, as billed."),
    _column("cached_tokens", BigInteger(), "Of these, read from the server's prompt cache."),
    _column(
        "completion_tokens",
        BigInteger(),
        "Tokens billed as output, reasoning and rejected prediction included.",
    ),
    _column("reasoning_tokens", BigInteger(), "Of these, reasoning."),
    _column("accepted_prediction_tokens", BigInteger(), "Prediction tokens that the server accepted."),
    _column("rejected_prediction_tokens", BigInteger(), "Prediction tokens that the server rejected."),
    _column("max_completion_tokens", BigInteger(), "The limit that was sent."),
    _column("ttft_s", Double(), "Seconds from sending to the first token, seen from here."),
    _column("total_s", Double(), "Seconds from sending to the end of the reply, seen from here."),
    _column(
        "tokens_per_s", Double(), "Tokens received a second, waiting included; no rejected or reasoning ones."
    ),
    _column("queue_time_s", Double(), "Seconds in the server's queue, as it says."),
    _column("prompt_time_s", Double(), "Seconds for reading the prompt, as the server says."),
    _column("completion_time_s", Double(), "Seconds for writing the reply, as the server says."),
    _column("cost_usd", Double(), "Cost of the edit in US dollars, by the table of prices."),
    _column("rejected_cost_usd", Double(), "Of this, for rejected prediction tokens."),
    _column("rate_limit", _JSON, "The server's rate-limit headers, name to value."),
    _column("hunks", BigInteger(), "Hunks of the edit, as the user was shown them."),
    _column("hunks_accepted", BigInteger(), "Hunks that the user accepted."),
    _column("verdict", Text(), "What the user did: `accepted`, `rejected` or `partial`; null while open."),
    _column(
        "what_if",
        _JSON,
        "`candidate:preset` to [accepted, rejected] tokens, by the local verifier; the candidates are `file`, "
        "`scope`, `draft` and `none`.",
    ),
    _column(
        "offline", Boolean(), "Whether the offline engine answered: then usage is modelled.", required=True
    ),
    _column(
        "instruction_class", Text(), "The kind of instruction, for later use; the instruction is never kept."
    ),
    _column(
        "hunks_survived",
        BigInteger(),
        "Hunks that nobody decided on, still as written when the document was closed; null before that.",
    ),
    _column("scope_reason", Text(), "Why this scope was chosen, such as `asked`, `named` or `small`."),
    _column("parts_offered", BigInteger(), "Parts of the document that the model could rewrite."),
    _column("parts_rewritten", BigInteger(), "Of these, the parts that its reply held."),
    _column("edit_format", Text(), "How the reply was asked for: `rewrite` or `search-replace`."),
    _column(
        "restarts",
        _JSON,
        "Why the model was asked again, in order, such as `whole-file` or `syntax`; null if it was not.",
    ),
    _column(
        "route",
        _JSON,
        "The HTTP requests of the edit, in the order in which they ended: who was asked, why, and how that ended; null "
        "where one request was enough.",
    ),
    _column(
        "syntax_check",
        Text(),
        "How much of the new text was parsed to check its syntax: `whole`, `around-changes` or `unknown`; null where "
        "nothing changed, no grammar is known, or the check was waived.",
    ),
    Index("editsvc_requests_by_time", "created_at", "id"),
    # What `editsvc report` sums up and groups by, in the order in which it groups: it reads nothing else.
    Index(
        "editsvc_requests_sums",
        "model",
        "status",
        "prediction_sent",
        "verdict",
        "offline",
        "error",
        "created_at",
        "provider",
        "language",
        "source",
        "scope_kind",
        "prediction_kind",
        "instruction_class",
        "policy_version",
        "document_bytes",
        "attempts",
        "prompt_tokens",
        "cached_tokens",
        "completion_tokens",
        "reasoning_tokens",
        "accepted_prediction_tokens",
        "rejected_prediction_tokens",
        "cost_usd",
        "rejected_cost_usd",
        "hunks",
        "hunks_accepted",
    ),
    Index(
        "editsvc_requests_days",
        "created_at",
        "completion_tokens",
        "accepted_prediction_tokens",
        "rejected_prediction_tokens",
    ),
    # The few requests that went another way by chance, and those that were sent more than once.
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
