"""Units of measurement: the spelling that arrived, the UCUM unit it means, and its full name."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import polars as pl

UNITS_FILE = Path(__file__).with_name("units.csv")
THRESHOLDS_FILE = Path(__file__).with_name("thresholds.csv")


@cache
def spellings() -> dict[str, str]:
    """Spelling → UCUM; a unit is a spelling of itself."""
    known: dict[str, str] = {}
    for row in unit_titles():
        for spelling in (row["ucum"], *filter(None, row["spellings"].split("|"))):
            if known.setdefault(spelling, row["ucum"]) != row["ucum"]:
                raise ValueError(f"{UNITS_FILE.name}: {spelling} means {known[spelling]} and {row['ucum']}")
    return known


def unit_titles() -> list[dict[str, str]]:
    """The units with their full names in three languages."""
    with UNITS_FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def thresholds() -> pl.DataFrame:
    """Code, unit and the limits no living person's value leaves; stewards edit the file."""
    return pl.read_csv(THRESHOLDS_FILE, schema_overrides={"low": pl.Float64, "high": pl.Float64}).select(
        "code", "unit", "low", "high"
    )


def decode(observations: pl.DataFrame) -> pl.DataFrame:
    """Replace every unit whose spelling is known by its UCUM unit."""
    trimmed = pl.col("unit").str.strip_chars()
    return observations.with_columns(unit=trimmed.replace(spellings()))


def with_limits(observations: pl.DataFrame) -> pl.DataFrame:
    """Add what the declared thresholds say: `_unit_named`, `_unit_of_code`, `_plausible`; null where silent."""
    has_number = pl.col("value_number").is_not_null()
    limits = thresholds().rename({"low": "_low", "high": "_high"})
    coded = thresholds().select("code").unique().with_columns(_has_limits=pl.lit(True))
    joined = observations.join(limits, on=["code", "unit"], how="left", maintain_order="left").join(
        coded, on="code", how="left", maintain_order="left"
    )
    return joined.with_columns(
        _unit_named=pl.when(has_number & pl.col("unit").is_not_null()).then(
            pl.col("unit").is_in(list(set(spellings().values())))
        ),
        _unit_of_code=pl.when(has_number & pl.col("_has_limits")).then(pl.col("_low").is_not_null()),
        _plausible=pl.when(has_number & pl.col("_low").is_not_null()).then(
            pl.col("value_number").is_between(pl.col("_low"), pl.col("_high"))
        ),
    ).drop("_low", "_high", "_has_limits")
