"""What fails at the gate is quarantined with its reasons and counted; what passes is in the lake."""

from __future__ import annotations

import polars as pl
import psycopg
import pytest

from pipelines.lib.extract import extract, has_news
from pipelines.lib.places import Places
from quality import run as quality_run
from quality.results import Result
from quality.run import Report, check
from quality.suites import suites
from quality.titles import KINDS
from tests.installation import Database
from tests.pipelines.conftest import places_of
from tests.pipelines.rows import write_district, write_encounter, write_observation
from warehouse.lake import Lake


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, database: Database) -> Places:
    """An installation without a record."""
    return places_of(tmp_path_factory.mktemp("home"), database)


@pytest.fixture
def patients(database: Database) -> list[int]:
    """The hand-made district."""
    return write_district(database.libpq("owner"))


def admitted(lake: Lake, table: str) -> pl.DataFrame:
    """Rows the warehouse may read."""
    return pl.read_parquet(lake.table(table) / "*.parquet")


def quarantined(lake: Lake, table: str) -> pl.DataFrame:
    """Rows set aside."""
    return pl.read_parquet(lake.quarantine(table) / "*.parquet")


def result(report: Report, dataset: str, name: str) -> Result:
    """One result of a run."""
    [found] = [r for r in report.results if (r.dataset, r.check_name) == (dataset, name)]
    return found


def limits(low: float) -> pl.DataFrame:
    """Thresholds of the upper blood pressure alone."""
    return pl.DataFrame({"code": ["8480-6"], "unit": ["mm[Hg]"], "low": [low], "high": [300.0]})


def record_bad_rows(database: Database, patient: int) -> dict[str, int]:
    """One row for each reason; returns their ids."""
    with psycopg.connect(database.libpq("owner")) as connection:
        return {
            "value_number.plausible": write_observation(connection, patient, "8480-6", 999, "mm[Hg]"),
            "unit.of_code": write_observation(connection, patient, "8480-6", 120, "furlong"),
            "code.identifier": write_observation(connection, patient, "810231300123", 1, "kg"),
            "future": write_encounter(connection, patient, "now() + interval '5 days'"),
        }


@pytest.mark.req("DWH-05")
@pytest.mark.parametrize("thorough", [False, True], ids=["scan", "great expectations"])
def test_failed_rows_are_set_aside_with_reasons(
    site: Places, database: Database, patients: list[int], thorough: bool
) -> None:
    bad = record_bad_rows(database, patients[0])
    extract(site)
    report = check(site.lake, thorough)
    assert report.engine == ("gx" if thorough else "scan")
    assert report.quarantined == {"observation": 3, "encounter": 1}
    reasons = dict(quarantined(site.lake, "observation").select("id", "reasons").rows())
    assert reasons == {bad[reason]: reason for reason in reasons.values()}
    assert set(reasons) & set(admitted(site.lake, "observation")["id"]) == set()
    [future] = quarantined(site.lake, "encounter")["reasons"].to_list()
    assert future.split() == ["event_at.after.extracted_at", "known_at.after.extracted_at"]
    assert result(report, "observation", "rows").failed == 3
    assert result(report, "observation", "rows").total == 2 * len(patients) + 3
    assert result(report, "observation", "value_number.plausible").status == "failed"
    # an extraction into an empty lake is complete, whatever was set aside
    assert admitted(site.lake, "observation").height == 2 * len(patients)


@pytest.mark.req("DWH-06")
def test_units_arrive_decoded(site: Places, patients: list[int]) -> None:
    extract(site)
    check(site.lake)
    assert set(admitted(site.lake, "observation")["unit"]) == {"mm[Hg]"}
    names = {row["ucum"]: row for row in admitted(site.lake, "unit").to_dicts()}
    assert names["mm[Hg]"]["title_kk"] == "сынап бағанасының миллиметрі"


@pytest.mark.req("DWH-02")
def test_an_identity_number_in_a_code_is_kept_nowhere(site: Places, database: Database, patients: list[int]) -> None:
    record_bad_rows(database, patients[0])
    extract(site)
    check(site.lake)
    rows = quarantined(site.lake, "observation").filter(pl.col("reasons") == "code.identifier")
    assert rows["code"].to_list() == [None]
    texts = [pl.read_parquet(path).select(pl.col(pl.String)).write_csv() for path in site.lake.root.rglob("*.parquet")]
    assert not any("810231300123" in text for text in texts)


def test_results_are_rows_of_the_lake(site: Places, patients: list[int]) -> None:
    extract(site)
    check(site.lake)
    rows = admitted(site.lake, "quality_result")
    assert set(rows["status"]) <= {"passed", "warned", "failed"}
    assert set(rows["kind"]) <= set(KINDS)
    assert rows["title_kk"].null_count() == 0
    assert rows.filter(dataset="patient", check_name="rows")["total"].to_list() == [len(patients)]
    # a table without a suite is counted all the same
    assert rows.filter(dataset="practitioner", check_name="rows")["total"].to_list() == [1]


def test_a_rerun_judges_nothing_twice(site: Places, patients: list[int]) -> None:
    extract(site)
    check(site.lake)
    again = check(site.lake)
    assert again.admitted == {}
    assert again.results == []


@pytest.mark.req("DWH-05")
def test_changed_thresholds_reach_what_is_already_in(
    site: Places, database: Database, patients: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    extract(site)
    check(site.lake)
    generation = site.lake.generation()
    monkeypatch.setattr("quality.version.rules_version", lambda: "newrules")
    monkeypatch.setattr(
        "quality.units.thresholds",
        lambda: limits(125.0),
    )
    report = check(site.lake, thorough=True)
    low = [value for value in range(120, 120 + len(patients)) if value < 125]
    assert report.quarantined == {"observation": len(low)}
    assert admitted(site.lake, "observation").filter(code="8480-6")["value_number"].min() == 125
    # rows left the lake, so nothing may be continued from what was built on them
    assert site.lake.generation() != generation


@pytest.mark.req("DWH-05")
@pytest.mark.parametrize("thorough", [False, True], ids=["scan", "great expectations"])
def test_a_mended_rule_lets_in_what_it_refused(
    site: Places, database: Database, patients: list[int], monkeypatch: pytest.MonkeyPatch, thorough: bool
) -> None:
    bad = record_bad_rows(database, patients[0])
    low = [value for value in range(120, 120 + len(patients)) if value < 125]
    monkeypatch.setattr("quality.units.thresholds", lambda: limits(125.0))
    extract(site)
    assert check(site.lake, thorough).quarantined["observation"] == len(low) + 3
    assert not has_news(site)
    as_of = admitted(site.lake, "observation")["extracted_at"].max()

    monkeypatch.setattr("quality.units.thresholds", lambda: limits(50.0))
    monkeypatch.setattr("quality.version.rules_version", lambda: "mended")
    assert has_news(site)
    assert extract(site).rows == {"observation": len(low) + 3, "encounter": 1}
    report = check(site.lake, thorough)
    # what is wrong by the mended rules too is refused again, and says nothing of the news, of which there were none
    assert report.quarantined == {"observation": 3, "encounter": 1}
    assert [(each.dataset, each.check_name) for each in report.results if each.failed and not thorough] == []
    rows = admitted(site.lake, "observation").filter(code="8480-6")
    assert sorted(rows["value_number"]) == list(range(120, 120 + len(patients)))
    # they carry the moment they were let in, so an incremental build takes them
    back = rows.filter(pl.col("value_number") < 125)
    assert back["extracted_at"].min() > as_of
    waits = {each.check_name: each.failed for each in report.waiting if each.dataset == "observation"}
    assert waits == {"value_number.plausible": 1, "unit.of_code": 1, "code.identifier": 1}

    assert not has_news(site)
    assert extract(site).rows == {}
    # a version that was let in is not read once more when the rules change again; one that was corrected comes alone
    with psycopg.connect(database.libpq("owner")) as connection:
        connection.execute(
            "update visits.observation set value_number = 130 where id = %s", [bad["value_number.plausible"]]
        )
    monkeypatch.setattr("quality.version.rules_version", lambda: "again")
    assert extract(site).rows == {"observation": 3, "encounter": 1}
    check(site.lake, thorough)
    assert admitted(site.lake, "observation").filter(id=bad["value_number.plausible"])["value_number"].to_list() == [
        130
    ]


def test_a_large_load_is_judged_by_great_expectations(
    site: Places, patients: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality_run, "LOAD_ROWS", 50)
    extract(site)
    assert check(site.lake).engine == "gx"


def test_suites_speak_of_columns_that_arrive(site: Places) -> None:
    extract(site)
    for dataset, suite in suites().items():
        manifest = site.lake.manifest(dataset)
        assert manifest is not None, dataset
        empty = pl.DataFrame(manifest.schema.empty_table())
        enriched = suite.enrich(suite.decode(empty))
        assert {rule.subject for rule in suite.rules} <= set(enriched.columns), dataset


@pytest.mark.parametrize(
    ("failed", "total", "threshold", "status"),
    [
        (0, 10, 0.0, "passed"),
        (1, 10, 0.1, "warned"),
        (2, 10, 0.1, "failed"),
        (1, 10, 0.0, "failed"),
        (0, 0, 0, "passed"),
    ],
)
def test_status(failed: int, total: int, threshold: float, status: str) -> None:
    assert Result("d", "c", "range", "flag", failed, total, threshold).status == status


def test_every_rule_has_a_title() -> None:
    assert {rule.kind for suite in suites().values() for rule in suite.rules} <= set(KINDS)
