"""Alembic's entry: runs on the connection that `Database.migrate` gives it."""

from alembic import context

from tools.database import VERSION_TABLE, Tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Tables.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
