"""People of the synthetic region: numbers, names, families."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from ingestion.bulk.region import days, names
from ingestion.bulk.region.identity import IinSeries, bin_number
from ops_app.kit.spelling import fold, sort_key
from ops_app.modules.patients import iin
from tests.ingestion.region.simulated import district


@pytest.fixture(scope="module")
def patients() -> pl.DataFrame:
    return district(1_500, 1)["patient"]


@pytest.mark.req("REG-01")
def test_numbers_agree_with_birth_date_and_sex_and_never_repeat(patients: pl.DataFrame) -> None:
    numbered = patients.filter(pl.col("iin").is_not_null())
    assert all(iin.agrees(row["iin"], row["birth_date"], row["sex"]) for row in numbered.iter_rows(named=True))
    assert numbered["iin"].n_unique() == numbered.height
    assert patients.filter(pl.col("iin").is_null(), pl.col("temporary_id").is_null()).is_empty()


def test_districts_never_issue_the_same_number() -> None:
    birth = np.full(200, days.day(dt.date(1987, 3, 14)))
    first, second = (IinSeries(district, 25).issue(birth, np.zeros(200, dtype=np.int64)) for district in (3, 4))
    assert first.n_unique() == second.n_unique() == 200
    assert not set(first) & set(second)


def test_business_number_has_its_control_digit() -> None:
    number = bin_number(2401, 17)
    assert len(number) == 12
    assert iin.control_digit(number[:11]) == int(number[11])


def test_names_are_folded_and_sortable(patients: pl.DataFrame) -> None:
    for row in patients.head(200).iter_rows(named=True):
        assert row["family_fold"] == fold(row["family_name"])
        assert row["sort_key"] == sort_key(f"{row['family_name']} {row['given_name']} {row['patronymic']}")


def test_surnames_and_patronymics_agree_with_sex(patients: pl.DataFrame) -> None:
    women = patients.filter(pl.col("sex") == "female")
    assert women["patronymic"].str.contains("(қызы|на)$").all()
    assert not women["family_name"].str.contains("(ов|ев|ин)$").any()
    assert patients.filter(pl.col("sex") == "male")["patronymic"].str.contains("(ұлы|ич)$").all()


@pytest.mark.parametrize(
    ("father", "son"),
    [
        ("Серік", "Серікович"),
        ("Абай", "Абаевич"),
        ("Василий", "Васильевич"),
        ("Дмитрий", "Дмитриевич"),
        ("Мұса", "Мұсович"),
    ],
)
def test_russian_patronymic(father: str, son: str) -> None:
    assert names.russian_patronymic(father, False) == son
    assert names.russian_patronymic(father, True) == son.removesuffix("ич") + "на"


def test_people_live_in_families_at_one_address(patients: pl.DataFrame) -> None:
    homes = patients.group_by("household").agg(pl.len(), pl.col("address_line").n_unique().alias("addresses"))
    assert 2.5 < homes["len"].mean() < 4.5  # type: ignore[operator]
    assert homes.filter(pl.col("len") > 1)["addresses"].max() == 1


def test_phones_belong_to_nobody(patients: pl.DataFrame) -> None:
    assert patients["phone"].str.starts_with("+7 000 ").all()


def test_a_day_has_only_so_many_numbers() -> None:
    with pytest.raises(ValueError, match="no number left"):
        IinSeries(0, 100).issue(np.full(150, 9000), np.zeros(150, dtype=np.int64))
