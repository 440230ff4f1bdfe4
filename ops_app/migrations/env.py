"""Alembic environment: one connection, one transaction, all schemas."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

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
    )
    with context.begin_transaction():
        context.run_migrations()
