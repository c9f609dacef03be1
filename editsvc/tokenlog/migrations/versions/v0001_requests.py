"""The table of requests."""

import sqlalchemy as sa
from alembic import op

revision = "0001_requests"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "editsvc_requests",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("provider", sa.Text()),
        sa.Column("model", sa.Text()),
        sa.Column("path", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("scope_kind", sa.Text()),
        sa.Column("scope_start_line", sa.BigInteger()),
        sa.Column("scope_end_line", sa.BigInteger()),
        sa.Column("document_lines", sa.BigInteger()),
        sa.Column("document_bytes", sa.BigInteger()),
        sa.Column("prediction_sent", sa.Boolean(), nullable=False),
        sa.Column("prediction_kind", sa.Text()),
        sa.Column("prediction_reason", sa.Text()),
        sa.Column("propensity", sa.Double()),
        sa.Column("policy_version", sa.Text()),
        sa.Column("request_id", sa.Text()),
        sa.Column("finish_reason", sa.Text()),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger()),
        sa.Column("cached_tokens", sa.BigInteger()),
        sa.Column("completion_tokens", sa.BigInteger()),
        sa.Column("reasoning_tokens", sa.BigInteger()),
        sa.Column("accepted_prediction_tokens", sa.BigInteger()),
        sa.Column("rejected_prediction_tokens", sa.BigInteger()),
        sa.Column("max_completion_tokens", sa.BigInteger()),
        sa.Column("ttft_s", sa.Double()),
        sa.Column("total_s", sa.Double()),
        sa.Column("tokens_per_s", sa.Double()),
        sa.Column("queue_time_s", sa.Double()),
        sa.Column("prompt_time_s", sa.Double()),
        sa.Column("completion_time_s", sa.Double()),
        sa.Column("cost_usd", sa.Double()),
        sa.Column("rejected_cost_usd", sa.Double()),
        sa.Column("rate_limit", sa.JSON()),
        sa.Column("hunks", sa.BigInteger()),
        sa.Column("hunks_accepted", sa.BigInteger()),
        sa.Column("verdict", sa.Text()),
        sa.Column("what_if", sa.JSON()),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("instruction_class", sa.Text()),
    )
    op.create_index("editsvc_requests_by_time", "editsvc_requests", ["created_at", "id"])
