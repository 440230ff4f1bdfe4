"""Making a region in an empty installation and continuing it."""

import datetime as dt
import json
import stat
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ingestion.bulk import region
from ingestion.bulk.region import laboratory
from ingestion.bulk.region.making import TABLES
from ingestion.bulk.region.rows import full_name
from saulyq.errors import UsageError
from saulyq.settings import Mode, Settings
from tests.installation import Database, Installation

PEOPLE = 2_000
UNTIL = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=25)
KEYS = """
select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated from pg_constraint
where connamespace::regnamespace::text <> 'pg_catalog' order by 1, 2
"""
INDEXES = "select schemaname, indexname, indexdef from pg_indexes where schemaname <> 'pg_catalog' order by 1, 2"


def noon(days_after: int) -> dt.datetime:
    return dt.datetime.combine(UNTIL + dt.timedelta(days=days_after), dt.time(7), dt.UTC)


def contents(engine: Engine) -> dict[str, tuple[int, str]]:
    """Rows and a hash of each table, without what only the writing decides."""
    found = {}
    with engine.connect() as connection:
        for table in TABLES:
            found[table] = tuple(
                connection.execute(
                    text(
                        "select count(*), "
                        "md5(string_agg((to_jsonb(t) - 'row_xid' - 'recorded_at')::text, '' order by id)) "
                        f"from {full_name(table)} t"
                    )
                ).one()
            )
    return found


def schema(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        rows = [*connection.execute(text(KEYS)), *connection.execute(text(INDEXES))]
    return [tuple(row) for row in rows if not str(row[0]).startswith("synthetic")]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("region") / "planted.jsonl"


@pytest.fixture(scope="module")
def loaded(module_database: Database, planted: Path) -> Database:
    module_database.before = schema(module_database.engine("owner"))  # type: ignore[attr-defined]
    region.load(PEOPLE, 1, 7, until=UNTIL, planted=planted, database_url=module_database.url())
    return module_database


def test_a_region_that_is_not_finished_leaves_nothing(installation: Installation) -> None:
    """Killed before the last moment, it leaves neither people nor their accounts, and the next start makes both."""
    empty = installation.new_database()

    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        region.load(100, 1, 7, until=UNTIL, database_url=empty.url(), mark=killed)
    for table in ("patients.patient", "organizations.organization", "accounts.account", "vault.pseudonym"):
        assert scalar(empty, f"select count(*) from {table}") == 0
    assert scalar(empty, "select to_regclass('synthetic.region')") is None
    empty.close()


def scalar(database: Database, statement: str) -> object:
    with database.engine("owner").connect() as connection:
        return connection.scalar(text(statement))


def test_no_key_or_index_is_missing_afterwards(loaded: Database) -> None:
    assert schema(loaded.engine("owner")) == loaded.before  # type: ignore[attr-defined]


def test_the_same_seed_makes_the_same_region_and_any_pace_of_days_ends_the_same(
    loaded: Database, installation: Installation
) -> None:
    other = installation.new_database()
    try:
        region.load(PEOPLE, 1, 7, until=UNTIL, database_url=other.url())
        assert contents(other.engine("owner")) == contents(loaded.engine("owner"))
        region.continue_to_now(database_url=other.url(), now=noon(9))
        region.continue_to_now(database_url=other.url(), now=noon(18))
        region.continue_to_now(database_url=loaded.url(), now=noon(18))
        assert contents(other.engine("owner")) == contents(loaded.engine("owner"))
    finally:
        other.close()


def test_continuing_twice_to_the_same_moment_adds_nothing(loaded: Database) -> None:
    region.continue_to_now(database_url=loaded.url(), now=noon(20))
    before = contents(loaded.engine("owner"))
    report = region.continue_to_now(database_url=loaded.url(), now=noon(20))
    assert report is not None
    assert report.rows.total() == 0
    assert contents(loaded.engine("owner")) == before


def test_people_touched_on_a_screen_are_left_to_the_screen(loaded: Database) -> None:
    with loaded.engine("owner").begin() as connection:
        connection.execute(
            text(
                "insert into deaths.death (patient_id, organization_id, event_at, known_at, place) "
                "select a.patient_id, a.organization_id, now() - interval '9 days', now() - interval '9 days', 'home' "
                "from patients.attachment a where a.end_date is null and not exists "
                "(select from deaths.death d where d.patient_id = a.patient_id) order by a.id limit 300"
            )
        )
    count = (
        "select count(*) from visits.encounter e join deaths.death d using (patient_id) where d.source_system is null"
    )
    before, everybody = scalar(loaded, count), scalar(loaded, "select count(*) from visits.encounter")
    region.continue_to_now(database_url=loaded.url(), now=noon(24))
    assert scalar(loaded, count) == before
    assert scalar(loaded, "select count(*) from visits.encounter") > everybody  # type: ignore[operator]


def test_nothing_is_known_before_its_time(loaded: Database) -> None:
    for table in ("visits.encounter", "visits.condition", "deaths.death", "episodes.care_plan_activity"):
        assert scalar(loaded, f"select count(*) from {table} where known_at > timestamptz '{noon(24)}'") == 0


def test_a_second_region_is_refused(loaded: Database) -> None:
    with pytest.raises(UsageError, match="empty"):
        region.load(500, 1, 1, until=UNTIL, database_url=loaded.url())


def test_more_people_than_one_district_holds(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ingestion.bulk.region.making._PEOPLE_PER_DISTRICT", 500)
    file = tmp_path / "planted.jsonl"
    region.load(1_000, 1, 3, until=UNTIL, planted=file, database_url=database.url())
    regions = "select count(*) from organizations.organization where kind = 'region' and not is_external"
    assert scalar(database, regions) == 2
    assert scalar(database, "select count(distinct iin) = count(iin) from patients.patient") is True
    cases = [json.loads(line) for line in file.read_text().splitlines()]
    assert len({case["case_id"] for case in cases}) == len(cases)
    assert len({case["organization_id"] for case in cases if case["signal"] == "MAT-11"}) > 10
    continued = region.continue_to_now(database_url=database.url(), now=noon(3))
    assert continued is not None
    assert continued.rows["encounter"] > 0


def test_production_holds_no_synthetic_people(
    database: Database, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = Settings(home=installation.home, port_base=installation.port_base, mode=Mode.production)
    monkeypatch.setattr("ingestion.bulk.region.making.settings", lambda: production)
    with pytest.raises(UsageError, match="production"):
        region.load(500, 1, 1, until=UNTIL, database_url=database.url())


def test_an_empty_installation_has_nothing_to_continue(database: Database) -> None:
    assert region.continue_to_now(database_url=database.url()) is None


def test_planted_file_names_every_signal_with_cases_and_traps(loaded: Database, planted: Path) -> None:
    cases = [json.loads(line) for line in planted.read_text().splitlines()]
    assert all(set(case) == {"signal", "case_id", "organization_id", "expected"} for case in cases)
    assert len({case["case_id"] for case in cases}) == len(cases)
    for signal in ("SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-10", "MAT-11"):
        expected = Counter(case["expected"] for case in cases if case["signal"] == signal)
        assert set(expected) == {"open", "closed", "absent"}, signal


def test_planted_rows_exist_and_belong_to_an_organisation_of_the_district(loaded: Database, planted: Path) -> None:
    owners = (
        "select count(*) from organizations.organization where kind = 'organization' and not is_external and id = {}"
    )
    for line in planted.read_text().splitlines():
        case = json.loads(line)
        signal, table, row = case["case_id"].split(":")
        assert signal == case["signal"]
        assert scalar(loaded, f"select count(*) from {full_name(table)} where id = {row}") == 1
        assert scalar(loaded, owners.format(case["organization_id"])) == 1


def test_screens_number_their_rows_after_the_districts(loaded: Database) -> None:
    highest = scalar(loaded, "select max(id) from visits.encounter")
    assert scalar(loaded, "select nextval(pg_get_serial_sequence('visits.encounter', 'id'))") > highest  # type: ignore[operator]


def test_names_are_findable_and_people_have_pseudonyms(loaded: Database) -> None:
    missing = (
        "select count(*) from patients.patient p where not exists "
        "(select from patients.name_token n where n.token = p.family_fold)"
    )
    assert scalar(loaded, missing) == 0
    assert scalar(loaded, "select count(*) from patients.patient") == scalar(
        loaded, "select count(*) from vault.pseudonym"
    )


def test_demo_accounts_are_written_for_their_owner_only(loaded: Database, installation: Installation) -> None:
    file = installation.home / "secrets" / "demo_accounts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    accounts = json.loads(file.read_text())
    assert {"registrar", "nurse", "doctor", "chief", "official", "obstetrician", "engineer"} <= set(accounts)
    assert len({account["password"] for account in accounts.values()}) == len(accounts)


def test_the_laboratory_of_the_demo_has_an_order_in_each_state(loaded: Database, installation: Installation) -> None:
    secrets = installation.home / "secrets"
    made = laboratory.show(loaded.url("app"), secrets)
    assert made > 8 and made == scalar(loaded, "select count(*) from laboratory.lab_order")
    assert {"technician", "labdoctor", "doctor"} <= set(json.loads((secrets / "demo_accounts.json").read_text()))
    with loaded.engine("owner").connect() as connection:

        def states(column: str) -> set[str]:
            table = column.rpartition(".")[0]
            return set(connection.scalars(text(f"select distinct {column} from laboratory.{table} order by 1")))

        assert states("specimen.status") == {"planned", "collected", "sent", "received", "rejected"}
        assert states("result.status") == {"entered", "confirmed", "corrected"}
        assert states("report.state") == {"matched", "unmatched", "external"}
        assert {"ordered", "in_progress", "partial", "entered", "confirmed"} <= states("order_service.status")
    assert scalar(loaded, "select count(*) from laboratory.result where held_reason = 'quality_control'") == 1
    assert scalar(loaded, "select count(*) from laboratory.critical_call") == 1
    assert laboratory.show(loaded.url("app"), secrets) == 0
