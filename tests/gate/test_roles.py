"""Who may NOT: each database role tries what is not its work and is refused by the server."""

from __future__ import annotations

import psycopg
import pytest

from tests.installation import Database

FORBIDDEN = [
    ("pipeline", "select * from patients.patient"),
    ("pipeline", "select * from vault.pseudonym"),
    ("pipeline", "select * from inbox.signal"),
    ("pipeline", "create table anon.mine (x int)"),
    ("egress", "select * from anon.encounter"),
    ("egress", "select * from patients.patient"),
    ("egress", "update inbox.signal set state = 'closed'"),
    ("egress", "delete from inbox.signal"),
    ("dashboards", "select * from anon.encounter"),
    ("dashboards", "select * from inbox.signal"),
    ("dashboards", "select * from patients.patient"),
    ("app", "delete from visits.encounter"),
    ("app", "delete from patients.patient"),
    ("app", "update inbox.signal set state = 'closed'"),
    ("app", "select * from anon.encounter"),
    ("app", "drop table visits.encounter"),
    ("app", "insert into vault.pseudonym (patient_id) values (1)"),
]


@pytest.mark.req("DWH-02")
@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
def test_role_is_refused_what_is_not_its_work(module_database: Database, role: str, statement: str) -> None:
    with (
        psycopg.connect(module_database.libpq(role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_app_may_only_add_to_the_audit(module_database: Database) -> None:
    with psycopg.connect(module_database.libpq("owner")) as owner:
        tables = owner.execute(
            "select schemaname || '.' || tablename from pg_tables where schemaname = 'audit'"
        ).fetchall()
        assert tables
        for (table,) in tables:
            for right, allowed in (("insert", True), ("select", True), ("update", False), ("delete", False)):
                answer = owner.execute("select has_table_privilege('saulyq_app', %s, %s)", (table, right)).fetchone()
                assert answer == (allowed,), (table, right)
