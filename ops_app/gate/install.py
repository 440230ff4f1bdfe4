"""Re-create everything that is generated: triggers, ``anon`` views, grants."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, create_engine

from ops_app.gate import destruction, grants, triggers, views
from ops_app.migrations.patience import LONGEST_WAIT, patiently
from ops_app.models import load_all
from ops_app.modules.accounts import builtin_roles
from ops_app.modules.laboratory import loading as catalogue

_TRIGGERS = """
select n.nspname || '.' || c.relname, t.tgname from pg_trigger t
join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal
"""


def statements() -> Iterator[str]:
    """Yield the views, rights and functions of the gate as SQL, idempotent; no writer waits for any of it."""
    yield "create schema if not exists inbox"
    yield "drop schema if exists anon cascade"
    yield "create schema anon"
    for table in views.exported_tables():
        yield views.create_view(table)
    yield views.contents_view()
    yield from grants.statements()
    yield from destruction.statements()
    yield from builtin_roles.statements()


def apply(owner_url: str) -> None:
    """Apply the gate as the owner role: each trigger by itself, everything else in one transaction."""
    load_all()
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("create schema if not exists vault")
    _apply_triggers(engine)
    with engine.begin() as connection:
        # Two starts at once would drop each other's views.
        connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext('saulyq gate'))")
        for statement in statements():
            connection.exec_driver_sql(statement)
        catalogue.store(connection)
    engine.dispose()


def _apply_triggers(engine: Engine) -> None:
    """A trigger locks its table against writers, so each has its own short transaction, and only if it is new."""
    with engine.begin() as connection:
        connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext('saulyq gate'))")
        for statement in triggers.functions():
            connection.exec_driver_sql(statement)
        there = {tuple(row) for row in connection.exec_driver_sql(_TRIGGERS)}
    for table, name, statement in triggers.triggers():
        if (table, name) in there and name == triggers.TOUCH:
            continue

        def create(statement: str = statement) -> None:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"set local lock_timeout = '{LONGEST_WAIT}'")
                connection.exec_driver_sql(statement)

        patiently(create)
