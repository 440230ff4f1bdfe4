"""The regulator's file: exact where it speaks, and nothing hidden can be worked out from it."""

from pathlib import Path

import duckdb
import openpyxl
import pytest

from tests.release.attacker import intervals
from warehouse import release
from warehouse.query import connect_current
from warehouse.release.ledger import open_ledger
from warehouse.release.screening_coverage import read_coverage
from warehouse.release.table import STEPS

ALL = "Барлығы"


def rows_of(path: str) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(path)["Coverage"]
    rows = list(sheet.iter_rows(values_only=True))
    first = next(number for number, row in enumerate(rows) if row[0] and str(row[0]).startswith("Бағдарлама"))
    return rows[first:]


def served() -> duckdb.DuckDBPyConnection:
    connection = connect_current()
    assert connection is not None
    return connection


@pytest.mark.req("DWH-04", "DWH-11", "SCR-08")
def test_the_file_has_the_four_steps_by_site_age_and_sex(home: Path, tmp_path: Path) -> None:
    report = release.run("screening-coverage", "2026-11", tmp_path / "out", "tester")
    heading, *rows = rows_of(report["files"][0])
    for column, words in ((3, "Учаске\nУчасток\nSite"), (4, "Жасы"), (5, "Жынысы"), (6, "Eligible"), (9, "Confirmed")):
        assert words in str(heading[column])
    with served() as connection:
        [(eligible, recorded)] = connection.execute(
            "select count(*), count(*) filter (where in_numerator) from indicators.indicator_case "
            "where indicator_code = 'screening_breast_recorded' and period = '2026-11'"
        ).fetchall()
    total = next(row for row in rows if row[2] == ALL and row[4] == ALL)
    assert total[6] in (eligible, "*")
    assert total[8] in (recorded, "*")
    assert {row[3] for row in rows} >= {"№1 учаске", "№2 учаске", "Ақтай учаскесі", ALL}
    assert {row[4] for row in rows} == {"40-44", "45-49", "50-54", ALL}


@pytest.mark.req("DWH-08")
def test_an_attacker_with_the_file_in_hand_recovers_nothing(home: Path, tmp_path: Path) -> None:
    report = release.run("screening_coverage", "2026-11", tmp_path / "out", "tester")
    _, *rows = rows_of(report["files"][0])
    with served() as connection:
        coverage = read_coverage(connection, "2026-11")
    assert coverage is not None
    table = coverage.tables["breast"]
    place, ages, _, _ = table.dimensions
    names = {path: [coverage.places.titles[node].kk for node in nodes] for path, nodes in coverage.places.paths.items()}
    node_of = {tuple([*labels, ALL, ALL, ALL][:3]): node for node, labels in names.items()}
    cells = {}
    for row in rows:
        age = "all" if row[4] == ALL else str(row[4])
        for step, value in zip(("eligible", "listed", "recorded", "confirmed"), row[6:10], strict=True):
            cells[node_of[row[1:4]], age, step] = None if value == "*" else int(str(value))
    found = intervals(cells, [place.nodes, ages.nodes, STEPS.nodes], [place.leaves, ages.leaves, STEPS.leaves])
    assert found, "a district of 420 women has small cells"
    truth = {table.coordinates(at): int(value) for at, value in enumerate(table.values)}
    for (where, age, step), (low, high) in found.items():
        value = truth[where, age, "female", step]
        assert high - low >= (4 if 0 < value < 5 else 1), (where, age, step, value, low, high)


def test_definitions_and_parameters_stand_beside(home: Path, tmp_path: Path) -> None:
    report = release.run("screening_coverage", "2026", tmp_path / "out", "tester")
    assert report["period"] == "2026-11"
    sheet = openpyxl.load_workbook(report["files"][0])["Definitions"]
    words = "\n".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell)
    for expected in ("order 174/2020", "Жасыру шегі", "Подлежащие", "2026-11-22", "Release number"):
        assert expected in words


def test_the_next_month_may_follow(home: Path, tmp_path: Path) -> None:
    release.run("screening_coverage", "2026-10", tmp_path / "out", "tester")
    assert release.run("screening_coverage", "2026-11", tmp_path / "out", "tester")["number"] == 2


def test_a_dashboard_download_and_the_regulators_file_live_together(home: Path, tmp_path: Path) -> None:
    figures = release.run_figures("screening_breast_confirmed", "2026-11", tmp_path / "out", "doctor")
    assert release.run("screening_coverage", "2026-11", tmp_path / "out", "official")["number"] == 2
    sheet = openpyxl.load_workbook(figures["files"][0]).worksheets[0]
    assert sheet.title == "Breast  screening coverage"
    with open_ledger() as ledger:
        assert [entry["user"] for entry in ledger.entries] == ["doctor", "official"]


@pytest.mark.req("DWH-08")
def test_a_download_holds_only_the_organisations_of_its_reader(home: Path, tmp_path: Path) -> None:
    only = frozenset({3, 13})
    report = release.run_figures("visit_structure", "2026-11", tmp_path / "out", "chief", only=only, by="sex")
    words = {str(cell) for row in openpyxl.load_workbook(report["files"][0]).worksheets[0].values for cell in row}
    assert "Ақтай амбулаториясы" in words
    assert not words & {"Аудандық емхана", "№1 учаске", "№2 учаске"}


@pytest.mark.parametrize(
    ("name", "period"), [("no_such", "2026-11"), ("screening_coverage", "november"), ("screening_coverage", "2019-01")]
)
def test_what_cannot_be_released_leaves_nothing_behind(home: Path, tmp_path: Path, name: str, period: str) -> None:
    with pytest.raises(release.Unsafe):
        release.run(name, period, tmp_path / "out", "tester")
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_before_the_first_warehouse_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAULYQ_HOME", str(tmp_path))
    with pytest.raises(release.Unsafe, match="not built yet"):
        release.run("screening_coverage", "2026-11", tmp_path / "out")
