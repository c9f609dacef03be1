"""What a verdict, or that an edit survived, was read from."""

import sqlalchemy as sa
from alembic import op

revision = "0009_verdict_by"
down_revision = "0008_drawn"


def upgrade() -> None:
    op.add_column("editsvc_requests", sa.Column("verdict_by", sa.Text()))
