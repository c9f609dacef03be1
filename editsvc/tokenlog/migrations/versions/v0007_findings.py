"""What the gate found in the replies, and how many hunks the instruction does not explain."""

import sqlalchemy as sa
from alembic import op

revision = "0007_findings"
down_revision = "0006_syntax_check"


def upgrade() -> None:
    op.add_column("editsvc_requests", sa.Column("findings", sa.JSON(none_as_null=True)))
    op.add_column("editsvc_requests", sa.Column("hunks_harmless", sa.BigInteger()))
    op.add_column("editsvc_requests", sa.Column("hunks_unexplained", sa.BigInteger()))
