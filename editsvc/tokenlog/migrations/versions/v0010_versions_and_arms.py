"""Which editsvc and which prompt made an edit, in which named arm, and whose it was; reports group by these.

What is added is null in older records: nobody knows it of them. Where there was none, new records say so.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_versions_and_arms"
down_revision = "0009_verdict_by"

_TABLE = "editsvc_requests"
_SUMS = "editsvc_requests_sums"


def upgrade() -> None:
    for name in ("editsvc_version", "prompt_version", "named_arm", "repository_hmac", "user_hmac"):
        op.add_column(_TABLE, sa.Column(name, sa.Text()))
    op.add_column(_TABLE, sa.Column("named_arm_propensity", sa.Double()))
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
            "editsvc_version",
            "prompt_version",
            "named_arm",
            "repository_hmac",
            "user_hmac",
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
