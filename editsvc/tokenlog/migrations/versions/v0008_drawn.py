"""What the policy drew, beside what was sent in the end; reports sum up by both, and by the front end."""

import sqlalchemy as sa
from alembic import op

from editsvc.tokenlog.odd import ODD_IN_POSTGRESQL, ODD_IN_SQLITE

revision = "0008_drawn"
down_revision = "0007_findings"

_TABLE = "editsvc_requests"
_SUMS = "editsvc_requests_sums"
_DAYS = "editsvc_requests_days"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("prediction_drawn", sa.Boolean()))
    # A prediction that was dropped on the way was drawn. A server that had refused one before was not asked again, so
    # there the reason alone says nothing, but a second request does.
    op.execute(
        "UPDATE editsvc_requests SET prediction_drawn = CASE"
        " WHEN prediction_reason = 'too-many-rejected' THEN true"
        " WHEN prediction_reason = 'server-refused' AND attempts > 1 THEN true"
        " ELSE prediction_sent END WHERE prediction_reason IS NOT NULL"
    )
    op.drop_index(_SUMS, _TABLE)
    op.create_index(
        _SUMS,
        _TABLE,
        [
            "model",
            "status",
            "prediction_sent",
            "prediction_drawn",
            "verdict",
            "offline",
            "source",
            "error",
            "provider",
            "scope_kind",
            "prediction_kind",
            "language",
            "instruction_class",
            "policy_version",
            "created_at",
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
    op.drop_index(_DAYS, _TABLE)
    op.create_index(
        _DAYS,
        _TABLE,
        [
            "created_at",
            "completion_tokens",
            "accepted_prediction_tokens",
            "rejected_prediction_tokens",
            "offline",
            "source",
        ],
    )
    op.create_index(
        "editsvc_requests_odd",
        _TABLE,
        ["created_at"],
        sqlite_where=sa.text(ODD_IN_SQLITE),
        postgresql_where=sa.text(ODD_IN_POSTGRESQL),
    )
