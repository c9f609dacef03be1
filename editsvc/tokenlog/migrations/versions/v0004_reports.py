"""Indexes for reports: all columns that are summed up, days, and the few requests that stand out."""

import sqlalchemy as sa
from alembic import op

revision = "0004_reports"
down_revision = "0003_scopes"


def upgrade() -> None:
    op.create_index(
        "editsvc_requests_sums",
        "editsvc_requests",
        [
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
        ],
    )
    op.create_index(
        "editsvc_requests_days",
        "editsvc_requests",
        ["created_at", "completion_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens"],
    )
    explored, again = sa.text("propensity > 0 AND propensity <= 0.5"), sa.text("attempts > 1")
    op.create_index(
        "editsvc_requests_explored",
        "editsvc_requests",
        ["propensity", "created_at"],
        sqlite_where=explored,
        postgresql_where=explored,
    )
    op.create_index(
        "editsvc_requests_again",
        "editsvc_requests",
        ["attempts", "created_at"],
        sqlite_where=again,
        postgresql_where=again,
    )
