"""Migrations make exactly the tables the models describe, and can be taken back."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate.api import compare_metadata
from alembic.migration import MigrationContext

from ops_app.migrations import NewerSchema, configuration, upgrade
from ops_app.models import load_all
from tests.installation import Database


def test_migrations_and_models_agree(database: Database) -> None:
    metadata = load_all().metadata
    schemas = {table.schema for table in metadata.tables.values()}
    with database.engine("owner").connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _: kind != "schema" or name in schemas,
                "compare_type": True,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_migrations_can_be_taken_back_and_made_again(database: Database) -> None:
    with database.engine("owner").begin() as connection:
        connection.exec_driver_sql("drop schema anon cascade")
    config = configuration(database.url("owner"))
    command.downgrade(config, "base")
    command.upgrade(config, "head")


def test_tables_of_a_newer_release_are_left_alone(database: Database) -> None:
    with database.engine("owner").begin() as connection:
        connection.exec_driver_sql("update public.alembic_version set version_num = '9999'")
    with pytest.raises(NewerSchema):
        upgrade(database.url("owner"))
