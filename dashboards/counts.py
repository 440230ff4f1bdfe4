"""Counts of a published file, made once for all viewers.

A trend over three years of a region counts tens of millions of cases; counted once by unit and month it adds up some
hundred rows. The published file never changes, so its counts cannot grow old; whoever comes before they are made is
answered from the cases themselves, with the same words.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from threading import Thread

import duckdb
import polars as pl
import streamlit as st

from warehouse.query import connect_current

log = logging.getLogger(__name__)

MAX_KEPT = 2
"""The served file and the one before it, which a page may still be reading."""

QUESTIONS = frozenset({"trend", "figures", "periods", "overview", "visits_by_organization"})
"""What asks for counts alone (`own_count`)."""

OF_ONE_CASE = """create temp view own_count as
select *, in_numerator::integer as numerator, in_denominator::integer as denominator,
    (excluded_because is not null)::integer as excluded
from own_figure"""
"""The same columns before anything is counted: each case counts itself."""

_UNIT = "indicator_code, period, region_id, organization_id, site_id, practitioner_code"
_COUNTED = f"""
select {_UNIT},
    count(*) filter (where in_numerator) as numerator,
    count(*) filter (where in_denominator) as denominator,
    count(*) filter (where excluded_because is not null) as excluded
from indicators.indicator_case
group by all
order by {_UNIT}
"""


def count(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Count a file into an engine without a file, as table `figure_count`."""
    found: pl.DataFrame = connection.sql(_COUNTED).pl()
    counted = duckdb.connect(config={"enable_external_access": "false"})
    counted.register("found", found)
    counted.execute("create table figure_count as from found")
    counted.unregister("found")
    return counted


@st.cache_resource(max_entries=MAX_KEPT, show_spinner=False)
def of_file(file: str) -> Future[duckdb.DuckDBPyConnection | None]:
    """The counts of the served file, which a thread is making; ``file`` names it for the cache."""
    made: Future[duckdb.DuckDBPyConnection | None] = Future()

    def make() -> None:
        try:
            connection = connect_current()
            if connection is None:
                made.set_result(None)
                return
            with connection:
                made.set_result(count(connection))
        except Exception as error:
            # pages go on without, only more slowly
            log.warning("%s could not be counted: %s", file, error)
            made.set_exception(error)

    Thread(target=make, name="figure counts", daemon=True).start()
    return made


def ready(file: str) -> duckdb.DuckDBPyConnection | None:
    """The counts of a file where they are made already."""
    made = of_file(file)
    return made.result() if made.done() and made.exception() is None else None
