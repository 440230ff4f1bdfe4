"""What a database holds, as a count and a sum for each table: equal sums mean equal rows."""

from typing import Any

import psycopg
from psycopg import sql

Digests = dict[str, dict[str, str]]

# Views hold nothing of their own; the numbers of transactions belong to one server.
_TABLES = """
select n.nspname, c.relname, array_agg(a.attname order by a.attname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname <> 'row_xid'
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname !~ '^pg_'
group by 1, 2 order by 1, 2
"""


def digests(connection: psycopg.Connection[Any]) -> Digests:
    """Count and sum of every table as this transaction sees it; the order of rows does not matter."""
    found: Digests = {}
    for schema, table, columns in connection.execute(_TABLES).fetchall():
        row = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL(
            "select count(*)::text, coalesce(sum(hashtextextended(row({})::text, 0)::numeric), 0)::text from {}"
        ).format(row, sql.Identifier(schema, table))
        counted = connection.execute(statement).fetchone()
        assert counted is not None
        found[f"{schema}.{table}"] = {"rows": counted[0], "sum": counted[1]}
    return found


def differences(one: Digests, other: Digests) -> list[str]:
    """Tables that do not hold the same."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
