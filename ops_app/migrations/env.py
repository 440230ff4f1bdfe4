"""Alembic environment: one connection, a transaction for each revision, all schemas."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool, text

from ops_app.migrations.patience import LONGEST_WAIT
from ops_app.models import load_all

metadata = load_all().metadata
schemas = sorted({table.schema for table in metadata.tables.values() if table.schema})

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=lambda name, kind, parents: kind != "schema" or name in schemas,
        version_table_schema="public",
        transaction_per_migration=True,
    )
    connection.execute(text(f"set lock_timeout = '{LONGEST_WAIT}'"))
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()
