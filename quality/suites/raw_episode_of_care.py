"""Register cards: pregnancy dates agree with each other and with the woman's age."""

import datetime as dt

import polars as pl

from quality.expectations.rules import Holds, NotBefore
from quality.suites.suite import CLOCK_SLACK, Suite, fact_rules

LONGEST_PREGNANCY = dt.timedelta(days=310)
CHILDBEARING = (10, 60)


def with_pregnancy(episodes: pl.DataFrame) -> pl.DataFrame:
    """Add what is known of pregnancies only."""
    pregnancy = pl.col("kind") == "pregnancy"
    return episodes.with_columns(
        _childbearing=pl.when(pregnancy).then(pl.col("age_at_event").is_between(*CHILDBEARING)),
        _dated=pl.when(pregnancy).then(pl.col("lmp_date").is_not_null() | pl.col("due_date").is_not_null()),
    )


SUITE = Suite(
    dataset="episode_of_care",
    enrich=with_pregnancy,
    rules=(
        *fact_rules(),
        Holds("_childbearing", "age_at_event.childbearing", kind="plausible"),
        Holds("_dated", "lmp_date.or_due_date", kind="required", severity="flag", allowed=0.1),
        NotBefore("lmp_date", "event_date", LONGEST_PREGNANCY, severity="flag", allowed=0.01),
        NotBefore("event_date", "lmp_date"),
        NotBefore("end_known_at", "end_at", CLOCK_SLACK),
        NotBefore("outcome_known_at", "outcome_at", CLOCK_SLACK),
    ),
)
