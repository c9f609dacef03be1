"""Which figures a record has, and its document's size, made by the database; reports sum up by both, and by days."""

import sqlalchemy as sa
from alembic import op

from editsvc.tokenlog.odd import ODD_IN_POSTGRESQL, ODD_IN_SQLITE

revision = "0011_reported"
down_revision = "0010_versions_and_arms"

_TABLE = "editsvc_requests"
_SUMS = "editsvc_requests_sums"
_DAYS = "editsvc_requests_days"
_ODD = "editsvc_requests_odd"
_TIME = "editsvc_requests_by_time"
_FACET = [
    "model",
    "status",
    "prediction_sent",
    "prediction_drawn",
    "verdict",
    "offline",
    "source",
    "error",
]
_FIGURES = [
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
]
_CONDITIONS = [
    *(f"{figure} IS NOT NULL" for figure in _FIGURES),
    "completion_tokens > 0",
    "accepted_prediction_tokens + rejected_prediction_tokens > 0",
    "hunks > 0",
    "attempts > 1",
]
_BITS = " + ".join(
    f"CASE WHEN {condition} THEN {1 << bit} ELSE 0 END" for bit, condition in enumerate(_CONDITIONS)
)
_SIZES = (
    "CASE WHEN document_bytes < 1000 THEN 'under 1 kB' WHEN document_bytes < 4000 THEN '1 to 4 kB'"
    " WHEN document_bytes < 16000 THEN '4 to 16 kB' WHEN document_bytes < 64000 THEN '16 to 64 kB'"
    " ELSE '64 kB and more' END"
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    odd = ODD_IN_SQLITE if sqlite else ODD_IN_POSTGRESQL
    possible = "document_bytes BETWEEN 0 AND 1000000000"
    if sqlite:
        possible += " AND typeof(document_bytes) = 'integer'"
    # SQLite holds them in its indexes only.
    reported = sa.Computed(f"CASE WHEN {odd} THEN -1 ELSE {_BITS} END", persisted=not sqlite)
    size = sa.Computed(f"CASE WHEN {possible} THEN {_SIZES} END", persisted=not sqlite)
    op.add_column(_TABLE, sa.Column("reported", sa.BigInteger(), reported))
    op.add_column(_TABLE, sa.Column("document_size", sa.Text(), size))
    for name in (_SUMS, _DAYS, _ODD, _TIME):
        op.drop_index(name, _TABLE)
    op.create_index(_TIME, _TABLE, ["created_at", "id", "model", "offline", "completion_tokens", "cost_usd"])
    op.create_index(
        _SUMS,
        _TABLE,
        [
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
            "created_at",
            *_FIGURES,
        ],
    )
    op.create_index(_DAYS, _TABLE, [*_FACET, "reported", "created_at", *_FIGURES])
    rule = sa.text("reported = -1")
    op.create_index(_ODD, _TABLE, ["created_at"], sqlite_where=rule, postgresql_where=rule)
