"""Official lists: rows are checked, renewed and never doubled."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from ingestion.bulk import reference
from ingestion.bulk.input_error import InputError
from ingestion.bulk.report import LoadReport
from tests.installation import Database
from tests.shared_data import shared

ICD10 = """code,parent,kind,name_ru,name_kk,name_en
IX,,chapter,Болезни системы кровообращения,Қан айналымы жүйесінің аурулары,Diseases of the circulatory system
I10,IX,category,Эссенциальная гипертензия,,Essential hypertension
I10,IX,category,Дважды,,Twice
,IX,category,Без кода,,No code
"""


def load(database: Database, kind: str, file: Path, tmp_path: Path) -> LoadReport:
    return reference.load(kind, file, database_url=database.url("app"), rejects_path=tmp_path / "r.jsonl")


def test_a_list_without_its_columns_is_refused(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column"):
        load(database, "icd10", file, tmp_path)


def test_a_list_loads_once_and_renews(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "icd10.csv"
    file.write_text(ICD10, encoding="utf-8")
    first = load(database, "icd10", file, tmp_path).entities["icd10"]
    assert (first.read, first.loaded, first.rejected, first.unchanged) == (4, 2, 2, 0)
    again = load(database, "icd10", file, tmp_path).entities["icd10"]
    assert (again.loaded, again.unchanged) == (0, 2)
    file.write_text(
        ICD10.replace("Эссенциальная гипертензия", "Эссенциальная (первичная) гипертензия"), encoding="utf-8"
    )
    assert load(database, "icd10", file, tmp_path).entities["icd10"].loaded == 1
    with psycopg.connect(database.libpq("app")) as connection:
        row = connection.execute(
            "select title_kk, title_ru, is_selectable from classifiers.concept where system = 'icd10' and code = 'I10'"
        ).fetchone()
    # No Kazakh title was ever given: the one stored first stands in until somebody gives one.
    assert row == ("Эссенциальная гипертензия", "Эссенциальная (первичная) гипертензия", True)


@pytest.mark.parametrize(
    ("kind", "name", "rows"), [("icd10", "icd10.csv", 14_960), ("organizations", "kz_medical_organisations.csv", 139)]
)
def test_shared_lists_load(database: Database, tmp_path: Path, kind: str, name: str, rows: int) -> None:
    count = load(database, kind, shared("reference") / name, tmp_path).entities[kind]
    assert count.read == rows
    assert count.loaded + count.rejected + count.unchanged == rows
    assert count.rejected <= rows // 20
