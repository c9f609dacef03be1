"""What nobody decided on, and was still there when the document was closed."""

import sqlalchemy as sa
from alembic import op

revision = "0002_survival"
down_revision = "0001_requests"


def upgrade() -> None:
    op.add_column("editsvc_requests", sa.Column("hunks_survived", sa.BigInteger()))
