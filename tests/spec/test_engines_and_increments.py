"""Promises 2 and 3: an increment equals a full build, and the engines agree row for row."""

from __future__ import annotations

import random

import psycopg
import pytest

from tests.spec import changes, marts
from tests.spec.conftest import District

pytestmark = pytest.mark.timeout(1_200)


# on rows made by hand in every size: tests/dbt/test_engines.py
@pytest.mark.long
@pytest.mark.req("DWH-10")
def test_the_engines_agree_row_for_row(district: District) -> None:
    district.ask("pipeline", "run", "--engine", "postgres", "--full")
    address = district.installation.settings.libpq_url("pipeline", "saulyq_warehouse")
    on_duckdb = marts.from_duckdb(district.served)
    assert {"marts.dim_patient", "indicators.indicator_case", "signals.signal_case"} <= set(on_duckdb)
    assert all(on_duckdb[name] for name in ("marts.fct_encounter", "signals.signal_case"))
    assert marts.difference(on_duckdb, marts.from_postgres(address)) == {}


@pytest.mark.req("DWH-09")
def test_increments_equal_a_full_build(district: District, full_size: bool) -> None:
    """Inserts, updates, merges, unlinkings and corrections in batches, then everything anew."""
    dice = random.Random(20261122)
    address = district.installation.settings.libpq_url("app")
    for _ in range(3 if full_size else 1):
        with psycopg.connect(address) as connection:
            changes.apply(connection, dice)
        summary = district.ask("pipeline", "run")
        assert summary["full"] is False, summary["full_because"]
    incremental = marts.sums_of(district.served)
    assert district.ask("pipeline", "run", "--full")["full"] is True
    full = marts.sums_of(district.served)
    assert marts.difference(incremental, full) == {}
    again = district.ask("pipeline", "run")
    assert sum(again["tables"].values()) == 0
    assert again["signals"]["sent"] == 0
    assert marts.difference(full, marts.sums_of(district.served)) == {}
