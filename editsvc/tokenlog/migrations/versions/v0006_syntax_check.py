"""How much of an edit's new text was parsed."""

import sqlalchemy as sa
from alembic import op

revision = "0006_syntax_check"
down_revision = "0005_route"


def upgrade() -> None:
    op.add_column("editsvc_requests", sa.Column("syntax_check", sa.Text()))
