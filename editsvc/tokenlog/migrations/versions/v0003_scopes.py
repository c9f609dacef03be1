"""Why a scope was chosen, what became of its parts, how the reply was written, and why requests were repeated."""

import sqlalchemy as sa
from alembic import op

revision = "0003_scopes"
down_revision = "0002_survival"


def upgrade() -> None:
    op.add_column("editsvc_requests", sa.Column("scope_reason", sa.Text()))
    op.add_column("editsvc_requests", sa.Column("parts_offered", sa.BigInteger()))
    op.add_column("editsvc_requests", sa.Column("parts_rewritten", sa.BigInteger()))
    op.add_column("editsvc_requests", sa.Column("edit_format", sa.Text()))
    op.add_column("editsvc_requests", sa.Column("restarts", sa.JSON(none_as_null=True)))
