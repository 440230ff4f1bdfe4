"""Units are identified by any known spelling, decoded to UCUM, and have full names in three languages."""

from __future__ import annotations

import polars as pl
import pytest

from quality.units import decode, spellings, thresholds, unit_titles, with_limits


def observation(code: str, value: float | None, unit: str | None) -> pl.DataFrame:
    """One raw measurement."""
    schema = {"code": pl.String, "value_number": pl.Float64, "unit": pl.String}
    return pl.DataFrame({"code": [code], "value_number": [value], "unit": [unit]}, schema=schema)


@pytest.mark.req("DWH-06")
@pytest.mark.parametrize(
    ("spelling", "ucum"),
    [
        ("mm[Hg]", "mm[Hg]"),
        ("мм рт. ст.", "mm[Hg]"),
        (" mmHg ", "mm[Hg]"),
        ("ммоль/л", "mmol/L"),
        ("уд/мин", "/min"),
        ("10^9/л", "10*9/L"),
        ("°C", "Cel"),
        ("furlong", "furlong"),
        (None, None),
    ],
)
def test_decoded(spelling: str | None, ucum: str | None) -> None:
    assert decode(observation("8480-6", 120, spelling))["unit"].to_list() == [ucum]


@pytest.mark.req("DWH-06")
@pytest.mark.parametrize(
    ("code", "value", "unit", "named", "of_code", "plausible"),
    [
        ("8480-6", 120.0, "mm[Hg]", True, True, True),
        ("8480-6", 1200.0, "mm[Hg]", True, True, False),
        ("8480-6", 120.0, "kg", True, False, None),
        ("8480-6", 120.0, None, None, False, None),
        ("8480-6", None, None, None, None, None),
        ("no-threshold", 5.0, "kg", True, None, None),
        ("no-threshold", 5.0, "furlong", False, None, None),
    ],
)
def test_limits_of_a_code(
    code: str, value: float | None, unit: str | None, named: bool, of_code: bool, plausible: bool
) -> None:
    row = with_limits(observation(code, value, unit)).to_dicts()[0]
    assert (row["_unit_named"], row["_unit_of_code"], row["_plausible"]) == (named, of_code, plausible)


def test_limits_do_not_multiply_or_move_rows() -> None:
    rows = pl.concat([observation("8480-6", value, unit) for value in (1.0, 2.0) for unit in ("mm[Hg]", "x")])
    assert with_limits(rows).select(rows.columns).equals(rows)


def test_every_threshold_has_a_known_unit_and_a_span() -> None:
    table = thresholds()
    assert set(table["unit"]) <= set(spellings().values())
    assert table.filter(pl.col("low") >= pl.col("high")).is_empty()
    assert not table.select("code", "unit").is_duplicated().any()


def test_every_unit_has_its_names() -> None:
    assert all(row[f"title_{language}"] for row in unit_titles() for language in ("kk", "ru", "en"))
