"""Re-create everything that is generated: triggers, ``anon`` views, grants."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import create_engine

from ops_app.gate import destruction, grants, triggers, views
from ops_app.models import load_all
from ops_app.modules.accounts import builtin_roles
from ops_app.modules.laboratory import loading as catalogue


def statements() -> Iterator[str]:
    """Yield the whole gate as SQL, idempotent."""
    load_all()
    yield "create schema if not exists vault"
    yield "create schema if not exists inbox"
    yield "drop schema if exists anon cascade"
    yield "create schema anon"
    yield from triggers.statements()
    for table in views.exported_tables():
        yield views.create_view(table)
    yield views.contents_view()
    yield from grants.statements()
    yield from destruction.statements()
    yield from builtin_roles.statements()


def apply(owner_url: str) -> None:
    """Apply the gate in one transaction as the owner role."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        # Two starts at once would drop each other's views.
        connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext('saulyq gate'))")
        for statement in statements():
            connection.exec_driver_sql(statement)
        catalogue.store(connection)
    engine.dispose()
