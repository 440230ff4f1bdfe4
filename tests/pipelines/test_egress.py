"""Signals flow back as versions: what is new is sent, what vanished is withdrawn, a rerun sends nothing."""

from __future__ import annotations

import datetime as dt

import duckdb
import psycopg
import pytest

from pipelines.lib.egress import send_signals
from pipelines.lib.places import Places
from tests.installation import Database

MOMENT = dt.datetime(2026, 11, 20, 5, tzinfo=dt.UTC)
COLUMNS = {
    "case_id": "text",
    "signal_code": "text",
    "rule_version": "text",
    "patient_key": "text",
    "region_id": "bigint",
    "organization_id": "bigint",
    "site_id": "bigint",
    "event_key": "text",
    "event_at": "timestamptz",
    "known_at": "timestamptz",
    "detected_at": "timestamptz",
    "next_step": "text",
    "due_at": "timestamptz",
    "overdue": "boolean",
    "severity": "text",
    "state": "text",
    "closed_at": "timestamptz",
    "closed_by": "text",
    "evidence": "text",
    "as_of": "timestamptz",
}


def case(number: int, **changes: object) -> dict[str, object]:
    """One open case."""
    return {
        "case_id": f"SIG-02:encounter:{number}",
        "signal_code": "SIG-02",
        "rule_version": "1",
        "patient_key": f"00000000-0000-0000-0000-{number:012d}",
        "region_id": 1,
        "organization_id": 2,
        "site_id": None,
        "event_key": f"encounter:{number}",
        "event_at": MOMENT,
        "known_at": MOMENT,
        "detected_at": MOMENT,
        "next_step": "call",
        "due_at": MOMENT + dt.timedelta(days=1),
        "overdue": False,
        "severity": "red",
        "state": "open",
        "closed_at": None,
        "closed_by": None,
        "evidence": '{"codes": ["I21.0"]}',
        "as_of": MOMENT,
    } | changes


def serve(site: Places, *cases: dict[str, object]) -> None:
    """Publish a warehouse that has these cases and nothing else."""
    site.warehouse.mkdir(parents=True, exist_ok=True)
    path = site.warehouse / f"saulyq-{len(list(site.warehouse.iterdir())):04d}.duckdb"
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute("create schema signals")
        definitions = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        warehouse.execute(f"create table signals.signal_case ({definitions})")
        for row in cases:
            marks = ", ".join("?" * len(COLUMNS))
            warehouse.execute(f"insert into signals.signal_case values ({marks})", [row[name] for name in COLUMNS])
    (site.warehouse / "current").write_text(path.name)


def versions(database: Database, number: int) -> list[str]:
    """States of a case, oldest first."""
    with psycopg.connect(database.libpq("owner")) as connection:
        rows = connection.execute(
            "select state from inbox.signal where case_id = %s order by id", [f"SIG-02:encounter:{number}"]
        ).fetchall()
    return [str(state) for (state,) in rows]


class TestWhoMayWrite:
    def test_egress_role_reads_and_adds_signals_and_nothing_else(self, database: Database) -> None:
        with psycopg.connect(database.libpq("owner")) as connection:
            rights = connection.execute(
                "select n.nspname || '.' || c.relname, "
                "  has_table_privilege('saulyq_egress', c.oid, 'select'), "
                "  has_table_privilege('saulyq_egress', c.oid, 'insert'), "
                "  has_table_privilege('saulyq_egress', c.oid, 'update, delete, truncate') "
                "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "where c.relkind in ('r', 'v', 'p', 'm') and n.nspname !~ '^(pg_|information_schema)'"
            ).fetchall()
        assert [right for right in rights if any(right[1:])] == [("inbox.signal", True, True, False)]


@pytest.mark.req("DWH-12")
class TestVersions:
    def test_nothing_is_sent_before_the_first_publication(self, site: Places) -> None:
        assert send_signals(site).sent == 0

    def test_a_case_is_sent_once(self, site: Places, database: Database) -> None:
        serve(site, case(1), case(2))
        assert send_signals(site).sent == 2
        assert send_signals(site).sent == 0
        serve(site, case(1, as_of=MOMENT + dt.timedelta(hours=1), overdue=True, detected_at=MOMENT), case(2))
        assert send_signals(site).sent == 0
        assert versions(database, 1) == ["open"]

    def test_what_changed_is_a_new_version(self, site: Places, database: Database) -> None:
        serve(site, case(1), case(2))
        send_signals(site)
        serve(site, case(1, state="closed", closed_at=MOMENT, closed_by="visit"), case(2, next_step="visit"))
        assert send_signals(site).sent == 2
        assert versions(database, 1) == ["open", "closed"]
        assert versions(database, 2) == ["open", "open"]

    def test_a_vanished_open_case_is_withdrawn_and_may_return(self, site: Places, database: Database) -> None:
        serve(site, case(1), case(2, state="closed", closed_at=MOMENT, closed_by="visit"))
        send_signals(site)
        serve(site, case(3))
        first = send_signals(site)
        assert (first.sent, first.withdrawn) == (1, 1)
        assert send_signals(site).withdrawn == 0
        assert versions(database, 1) == ["open", "withdrawn"]
        # a closed case that has left its rule's window stays closed
        assert versions(database, 2) == ["closed"]
        serve(site, case(1), case(3))
        assert send_signals(site).sent == 1
        assert versions(database, 1) == ["open", "withdrawn", "open"]

    def test_a_withdrawn_version_repeats_what_was_said(self, site: Places, database: Database) -> None:
        serve(site, case(1))
        send_signals(site)
        serve(site)
        send_signals(site)
        with psycopg.connect(database.libpq("owner")) as connection:
            said = connection.execute(
                "select count(distinct (patient_key, event_key, event_at, evidence, due_at)) from inbox.signal"
            ).fetchone()
        assert said == (1,)
