"""Attachments: begun, and to a site for most."""

import datetime as dt

import polars as pl

from quality.expectations.rules import Holds, NoPerson, Required
from quality.suites.suite import Suite

LONGEST_NOTICE = dt.timedelta(days=366)


def with_notice(attachments: pl.DataFrame) -> pl.DataFrame:
    """Add whether the first day lies within the time an attachment may be announced ahead."""
    latest = pl.col("extracted_at").dt.date() + LONGEST_NOTICE
    return attachments.with_columns(_foreseeable=pl.col("start_date") <= latest)


SUITE = Suite(
    dataset="attachment",
    enrich=with_notice,
    rules=(
        Holds("_foreseeable", "start_date.foreseeable", kind="order"),
        Required("site_id", severity="flag", allowed=0.2),
        NoPerson("source_system"),
    ),
)
