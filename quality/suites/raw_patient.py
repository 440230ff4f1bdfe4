"""Persons: born before they were recorded, with a district to count them in."""

import polars as pl

from quality.expectations.rules import Holds, NoPerson, Required
from quality.suites.suite import Suite


def with_birth(patients: pl.DataFrame) -> pl.DataFrame:
    """Add whether the birth month had begun when the row was extracted."""
    return patients.with_columns(_born=pl.col("birth_month") <= pl.col("extracted_at").dt.date())


SUITE = Suite(
    dataset="patient",
    enrich=with_birth,
    rules=(
        Holds("_born", "birth_month.past", kind="order"),
        Required("kato_district", severity="flag", allowed=0.5),
        NoPerson("source_system"),
    ),
)
