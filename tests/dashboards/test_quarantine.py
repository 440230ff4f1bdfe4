"""A row that cannot be right: set aside at the gate, in sight until corrected where it was recorded, then taken."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import psycopg
import pytest

from ops_app.app import create_app
from pipelines.lib.extract import extract
from pipelines.lib.places import Places
from quality.run import Report, check
from tests.dashboards import served
from tests.dashboards.conftest import ENGINEER, Opener, words
from tests.installation import Database
from tests.ops_app.clinic import Clinic, open_clinic
from tests.pipelines.conftest import places_of
from tests.pipelines.rows import write_observation

WAITING = "мәні тірі адамда болмайды"
NOTHING_WAITS = "Карантинде жол жоқ"


@pytest.fixture
def clinic(database: Database) -> Clinic:
    """A clinic on the database of this test."""
    return open_clinic(create_app(database.engine("app")))


@pytest.fixture
def site(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An installation with a served warehouse and an empty lake."""
    monkeypatch.setenv("SAULYQ_HOME", str(tmp_path / "home"))
    served.publish(tmp_path / "home")
    return places_of(tmp_path / "home", database)


def record(database: Database, patient: int, systolic: float) -> int:
    """A pressure as a device sent it: nobody looked at it on a screen."""
    with psycopg.connect(database.libpq("owner")) as connection:
        return write_observation(connection, patient, "8480-6", systolic, "mm[Hg]")


def take(site: Places, thorough: bool = False) -> Report:
    """The first two hops of a run."""
    extract(site)
    return check(site.lake, thorough)


def counted(report: Report) -> dict[str, int]:
    """Rows that stand in quarantine after a run, by reason."""
    return {result.check_name: result.failed for result in report.waiting}


@pytest.mark.req("DWH-05")
def test_a_refused_row_stays_in_sight_until_it_is_corrected(
    site: Places, database: Database, clinic: Clinic, as_viewer: Opener
) -> None:
    patient = clinic.register()
    wrong, other = record(database, patient.id, 999), record(database, patient.id, 998)
    report = take(site)
    assert report.quarantined == {"observation": 2}
    assert counted(report) == {"value_number.plausible": 2}
    page = as_viewer(ENGINEER, "freshness")
    assert WAITING in words(page)
    assert not page.success

    # runs after it judge other rows, and say nothing against those; what waits is said all the same
    record(database, patient.id, 120)
    assert counted(take(site)) == {"value_number.plausible": 2}
    assert take(site).waiting == []
    assert counted(take(site, thorough=True)) == {"value_number.plausible": 2}
    assert WAITING in words(as_viewer(ENGINEER, "freshness"))

    # corrected in the operational app: who may not, then who may
    address, reason = f"/visit-rows/observation/{wrong}/error", {"reason": "the cuff had slipped"}
    assert clinic.browser("registrar").post(address, reason).status_code == 403
    assert clinic.browser("doctor").post(address, reason).status_code == 303
    right = record(database, patient.id, 131)
    assert counted(take(site)) == {"value_number.plausible": 1}
    let_in = pl.read_parquet(site.lake.table("observation") / "*.parquet")
    assert let_in.filter(id=right)["value_number"].to_list() == [131]
    assert let_in.filter(id=wrong)["entered_in_error_at"].null_count() == 0

    # a value put right in its own row counts as well
    with psycopg.connect(database.libpq("owner")) as connection:
        connection.execute("update visits.observation set value_number = 128 where id = %s", [other])
    report = take(site)
    assert counted(report) == {"value_number.plausible": 0}
    let_in = pl.read_parquet(site.lake.table("observation") / "*.parquet")
    assert let_in.filter(id=other)["value_number"].to_list() == [128]
    assert NOTHING_WAITS in as_viewer(ENGINEER, "freshness").success[0].value
