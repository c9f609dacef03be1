"""Which servers an edit's requests went to, and how each ended."""

import sqlalchemy as sa
from alembic import op

revision = "0005_route"
down_revision = "0004_reports"


def upgrade() -> None:
    op.add_column("editsvc_requests", sa.Column("route", sa.JSON(none_as_null=True)))
