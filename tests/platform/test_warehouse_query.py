"""Reading the served warehouse: units, scope, codes, and what a query may not do."""

from pathlib import Path

import duckdb
import pytest

from warehouse import query

SERVED = "saulyq-20261122T010203Z.duckdb"
CONTENT = """
create schema marts; create schema indicators; create schema signals;
create table marts.dim_organization as select * from (values
    (1, null, 'region'), (2, 1, 'organization'), (3, 2, 'department'), (4, 3, 'site'), (5, 2, 'site'),
    (6, 1, 'organization')
) as node (organization_id, parent_id, kind);
create table indicators.catalog as select 'visits' as code;
create table signals.catalog as select 'SIG-02' as code;
-- case 5 belongs to no site; case 6 is owned by organisation 6 although its site lies in organisation 2
create table indicators.indicator_case as select * from (values
    ('visits', '1', '2026-10', 1, 2, 4, 'gp-1', true, true), ('visits', '2', '2026-11', 1, 2, 4, 'gp-1', true, true),
    ('visits', '3', '2026-11', 1, 2, 4, 'gp-2', true, false), ('visits', '4', '2026-11', 1, 2, 5, null, false, false),
    ('visits', '5', '2026-11', 1, 2, null, 'gp-1', true, true), ('visits', '6', '2026-11', 1, 6, 5, 'gp-9', true, true)
) as c (
    indicator_code, case_id, period, region_id, organization_id, site_id, practitioner_code,
    in_denominator, in_numerator
);
create table signals.signal_case as select *, '2026-11-22 01:00Z'::timestamptz as as_of from (values
    ('SIG-02', 'SIG-02:encounter:1', 1, 2, 4, 'open', '2026-11-21 10:00Z'::timestamptz),
    ('SIG-02', 'SIG-02:encounter:2', 1, 6, null, 'closed', '2026-11-20 10:00Z'::timestamptz)
) as c (signal_code, case_id, region_id, organization_id, site_id, state, known_at);
"""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse by hand, published."""
    monkeypatch.setenv("SAULYQ_HOME", str(tmp_path))
    folder = tmp_path / "warehouse"
    folder.mkdir()
    with duckdb.connect(str(folder / SERVED)) as connection:
        connection.execute(CONTENT)
    (folder / "current").write_text(SERVED)
    return folder


def counted(cases: list[query.Row]) -> tuple[int, int]:
    return sum(bool(case["in_numerator"]) for case in cases), sum(bool(case["in_denominator"]) for case in cases)


@pytest.mark.req("DASH-01")
@pytest.mark.parametrize("unit", ["organization", "site", "practitioner"])
def test_each_figure_is_the_count_of_its_cases(served: Path, unit: query.Unit) -> None:
    rows = query.indicator_figures("visits", unit)
    assert rows
    for row in rows:
        cases = query.indicator_cases(
            "visits",
            int(str(row["organization_id"])),
            str(row["period"]),
            row.get("practitioner_code"),  # type: ignore[arg-type]
        )
        assert (row["numerator"], row["denominator"]) == counted(cases)


def test_a_unit_whose_cases_are_all_excluded_has_zeros_not_nulls(served: Path) -> None:
    rows = query.indicator_figures("visits", "site", "2026-11")
    assert [(row["organization_id"], row["numerator"], row["denominator"]) for row in rows] == [(4, 1, 2), (5, 1, 1)]


@pytest.mark.req("DWH-08")
@pytest.mark.parametrize(
    ("organization", "cases"),
    [(1, {"2", "3", "4", "5", "6"}), (2, {"2", "3", "4", "5"}), (3, {"2", "3"}), (4, {"2", "3"})],
)
def test_an_organisation_means_it_and_what_lies_below(served: Path, organization: int, cases: set[str]) -> None:
    found = query.indicator_cases("visits", organization, "2026-11")
    assert {case["case_id"] for case in found} == cases


def test_signal_lists_show_open_and_closed_cases_oldest_first(served: Path) -> None:
    assert [case["state"] for case in query.signal_cases("SIG-02")] == ["closed", "open"]
    assert [case["state"] for case in query.signal_cases("SIG-02", state="open")] == ["open"]
    assert query.signal_cases("SIG-02", organization=4, state="closed") == []


def test_an_unknown_code_is_refused_with_the_known_ones(served: Path) -> None:
    with pytest.raises(query.UnknownCode, match="visits"):
        query.indicator_figures("nothing", "site")


def test_an_organisation_that_does_not_exist_is_refused_not_empty(served: Path) -> None:
    for ask in (lambda: query.signal_cases("SIG-02", 999), lambda: query.indicator_cases("visits", 999)):
        with pytest.raises(query.UnknownCode, match="999"):
            ask()


@pytest.mark.parametrize("sql", ["", " ;", "-- a remark"])
def test_a_question_without_a_statement_is_refused(served: Path, sql: str) -> None:
    with pytest.raises(query.QueryError):
        query.run_sql(sql)


def test_build_is_told_from_the_file_where_nothing_stands_beside_it(served: Path) -> None:
    built = query.build_info()
    assert str(built["built_at"]) == "2026-11-22 01:02:03+00:00"
    assert str(built["as_of"]).startswith("2026-11-22 01:00:00")
    assert isinstance(built["lag_seconds"], int)


@pytest.mark.parametrize(
    "sql",
    [
        "create table mine (x int)",
        "delete from signals.signal_case",
        "select * from read_csv('/etc/passwd')",
        "copy (select 1) to 'out.csv'",
        "attach 'other.db'",
        "set enable_external_access = true",
        "install httpfs",
        "select 1; select 2",
        "create temp table mine as select 1",
    ],
)
def test_a_query_changes_nothing_and_reads_nothing_else(served: Path, sql: str) -> None:
    with pytest.raises(query.QueryError):
        query.run_sql(sql)


def test_a_new_publication_is_read_at_once(served: Path) -> None:
    assert query.run_sql("select 1 as one") == [{"one": 1}]
    newer = "saulyq-20261122T020203Z.duckdb"
    with duckdb.connect(str(served / newer)) as connection:
        connection.execute("create table only_here as select 7 as x")
    (served / "current").write_text(newer)
    (served / SERVED).unlink()
    assert query.run_sql("from only_here") == [{"x": 7}]
