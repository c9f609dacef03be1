"""What alembic runs around the revisions: they share the connection and the transaction of the caller."""

from alembic import context

from editsvc.tokenlog.schema import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
