"""Takes keys and indexes off empty tables before a big COPY and builds them again after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

_CONSTRAINTS = """
select n.nspname, c.relname, k.conname, k.contype::text as kind, pg_get_constraintdef(k.oid) as definition
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname || '.' || c.relname = any(:tables) and k.contype in ('f', 'x')
order by k.contype desc, n.nspname, c.relname, k.conname
"""
_INDEXES = """
select n.nspname, c.relname as name, pg_get_indexdef(i.indexrelid) as definition
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = t.relnamespace
where n.nspname || '.' || t.relname = any(:tables)
  and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
order by n.nspname, c.relname
"""


@dataclass(frozen=True)
class Removed:
    """Statements that bring back what was taken off, in the order they must run."""

    statements: tuple[str, ...]

    def restore(self, connection: Connection, progress: Callable[[int, int], None]) -> None:
        """Build everything again; the rows are checked as if written one by one."""
        connection.execute(text("set local maintenance_work_mem = '512MB'"))
        connection.execute(text("set local work_mem = '128MB'"))
        for done, statement in enumerate(self.statements, start=1):
            connection.exec_driver_sql(statement)
            progress(done, len(self.statements))


def remove(connection: Connection, tables: list[str]) -> Removed:
    """Drop foreign keys, exclusions and indexes of the tables; primary keys and checks stay.

    All happens in the caller's transaction: if the load fails, nothing was ever missing.
    """
    constraints = connection.execute(text(_CONSTRAINTS), {"tables": tables}).all()
    indexes = connection.execute(text(_INDEXES), {"tables": tables}).all()
    foreign: list[str] = []
    exclusions: list[str] = []
    for schema, table, name, kind, definition in constraints:
        connection.exec_driver_sql(f'alter table {schema}.{table} drop constraint "{name}"')
        back = f'alter table {schema}.{table} add constraint "{name}" {definition}'
        (foreign if kind == "f" else exclusions).append(back)
    for schema, name, _ in indexes:
        connection.exec_driver_sql(f'drop index {schema}."{name}"')
    return Removed((*(str(definition) for _, _, definition in indexes), *exclusions, *foreign))
