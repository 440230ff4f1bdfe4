"""A small served warehouse made by hand: one district, two organisations, three sites, two months."""

import datetime as dt
import random
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

ORGANIZATIONS = [
    (1, None, "region", "Қаратөбе ауданы", "Каратобинский район", "Karatobe district"),
    (2, 1, "organization", "Аудандық емхана", "Районная поликлиника", "District polyclinic"),
    (3, 1, "organization", "Ақтай амбулаториясы", "Амбулатория Актай", "Aqtai ambulatory"),
    (11, 2, "site", "№1 учаске", "Участок №1", "Site 1"),
    (12, 2, "site", "№2 учаске", "Участок №2", "Site 2"),
    (13, 3, "site", "Ақтай учаскесі", "Участок Актай", "Aqtai site"),
]
CASES = """
create table indicators.indicator_case (
    indicator_code text, case_id text, period text, region_id bigint, organization_id bigint, site_id bigint,
    practitioner_code text, patient_key text, sex text, age_group text, dimension text, event_date date,
    in_denominator boolean, in_numerator boolean, excluded_because text, evidence text
)
"""
CATALOG = """
create table indicators.catalog as
select 'screening_breast_' || step as code, 'Сүт безі: скрининг' as title_kk, 'Молочная железа' as title_ru,
    'Breast: screening/coverage' as title_en, '2' as rule_version, 'order 174/2020' as source
from (values ('listed'), ('recorded'), ('confirmed')) as steps (step)
union all
select 'visit_structure', 'Қабылдаулар', 'Посещения', 'Visits', '1', 'spec'
"""
PERIODS = ("2026-10", "2026-11")
AGES = ("40-44", "45-49", "50-54")


@pytest.fixture(scope="session")
def made_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That warehouse as a file, made once."""
    path = tmp_path_factory.mktemp("made") / "saulyq-20261122T100000000000Z.duckdb"
    with duckdb.connect(str(path)) as connection:
        for schema in ("marts", "indicators", "signals"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            "create table marts.dim_organization (organization_id bigint, parent_id bigint, kind text, "
            "name_kk text, name_ru text, name_en text, sort_key text)"
        )
        connection.executemany("insert into marts.dim_organization values (?, ?, ?, ?, ?, ?, 'k')", ORGANIZATIONS)
        connection.execute(CASES)
        connection.execute(CATALOG)
        connection.execute("create table signals.signal_case (as_of timestamptz)")
        connection.execute("insert into signals.signal_case values ('2026-11-22 10:00:00+00')")
        columns = [column[0] for column in connection.execute("select * from indicators.indicator_case").description]
        cases = pl.DataFrame(list(_cases()), schema=columns, orient="row", infer_schema_length=None).to_arrow()
        connection.register("cases", cases)
        connection.execute("insert into indicators.indicator_case select * from cases")
    return path


@pytest.fixture
def home(made_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's data directory that serves that warehouse."""
    monkeypatch.setenv("SAULYQ_HOME", str(tmp_path))
    monkeypatch.delenv("SAULYQ_SMALL_CELL_THRESHOLD", raising=False)
    (tmp_path / "warehouse").mkdir()
    shutil.copy(made_warehouse, tmp_path / "warehouse")
    (tmp_path / "warehouse" / "current").write_text(made_warehouse.name)
    return tmp_path


def _cases():
    """Women of a screening programme: most listed, many recorded, fewer confirmed; and visits."""
    chance = random.Random(5)
    for number in range(420):
        organization, site = chance.choice([(2, 11), (2, 12), (2, 12), (3, 13)])
        age = chance.choice(AGES)
        listed, recorded, confirmed = (chance.random() for _ in range(3))
        flags = {"listed": listed < 0.8, "recorded": recorded < 0.6, "confirmed": recorded < 0.6 and confirmed < 0.85}
        for period in PERIODS:
            for step, reached in flags.items():
                came = reached and (period == "2026-11" or number % 10 > 0)
                yield _case(
                    f"screening_breast_{step}", number, period, organization, site, "female", age, "breast", came
                )
        sex = chance.choice(["female", "male"])
        yield _case(
            "visit_structure", number, "2026-11", organization, site, sex, age, "ambulatory:disease", recorded < 0.5
        )


def _case(code, number, period, organization, site, sex, age, dimension, came):
    day = dt.date(2026, 11, 1 + number % 20)
    return (
        *(code, f"case:{number}", period, 1, organization, site, None, f"key-{number}", sex, age, dimension),
        *(day, True, came, None, "{}"),
    )
