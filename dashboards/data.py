"""The only door to the warehouse: read-only, one published file, and only the viewer's organisations.

Figures and cases in ``queries/`` come from temporary views that are already cut to the viewer's scope,
never from the tables behind them.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import streamlit as st

from dashboards import counts
from dashboards.identity import Scope, Viewer
from quality.results import WAITING
from warehouse.query import INSTANCE_FAILED, build_info, connect_current, current_file
from warehouse.settings import warehouse_settings

QUERIES = Path(__file__).parent / "queries"
MAX_OPEN_FILES = 24

_INSIDE = "({table}.organization_id in (from {scope}) or {table}.site_id in (from {scope}))"
_OWN_COUNT = "create temp view own_count as select * from figure_count c where " + _INSIDE.format(
    table="c", scope="figure_node"
)
_SCOPED_VIEWS = (
    "create temp view own_figure as select * from indicators.indicator_case c where "
    + _INSIDE.format(table="c", scope="figure_node"),
    "create temp view own_case as select * from indicators.indicator_case c where "
    + _INSIDE.format(table="c", scope="case_node"),
    "create temp view own_signal as select * from signals.signal_case c where "
    + _INSIDE.format(table="c", scope="figure_node"),
    "create temp view own_signal_case as select * from signals.signal_case c where "
    + _INSIDE.format(table="c", scope="case_node"),
    "create temp view own_organization as select * from marts.dim_organization where organization_id in "
    "(select unnest([organization_id, facility_id, region_id]) from marts.dim_organization "
    "where organization_id in (from figure_node))",
    counts.OF_ONE_CASE,
)


class Warehouse:
    """One published file opened for one scope."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, figures: Scope, cases: Scope) -> None:
        self._connection = connection
        self._counted: duckdb.DuckDBPyConnection | None = None
        # A DuckDB connection serves one question at a time; temporary views live in this one only.
        self._lock = threading.Lock()
        for name, scope in (("figure_node", figures), ("case_node", cases)):
            connection.execute(
                f"create temp table {name} as select organization_id from marts.dim_organization "
                "where $everywhere or list_contains($nodes::bigint[], organization_id)",
                {"everywhere": scope.everywhere, "nodes": sorted(scope.nodes)},
            )
        for statement in _SCOPED_VIEWS:
            connection.execute(statement)

    def ask(self, query: str, parameters: dict[str, Any]) -> pl.DataFrame:
        """Answer a query of ``queries/``, from the counts where they suffice and are made."""
        with self._lock:
            asked = self._counted if query in counts.QUESTIONS and self._counted is not None else self._connection
            # The Arrow reader of this DuckDB lives on relations, which cannot bind parameters by name.
            cursor = asked.execute(_sql(query), parameters)
            names = [column[0] for column in cursor.description or []]
            rows = cursor.fetchall()
        return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)

    def use(self, counted: duckdb.DuckDBPyConnection) -> None:
        """Take the counts of the same file, cut to the same scope."""
        with self._lock:
            if self._counted is not None:
                return
            own = counted.cursor()
            nodes = self._connection.execute("select organization_id from figure_node").fetchall()
            own.execute(
                "create temp table figure_node as select unnest($nodes::bigint[]) as organization_id",
                {"nodes": [node for (node,) in nodes]},
            )
            own.execute(_OWN_COUNT)
            self._counted = own


@st.cache_resource(max_entries=MAX_OPEN_FILES, show_spinner=False)
def _open(file: str, figures: Scope, cases: Scope) -> Warehouse | None:
    connection = connect_current()
    return Warehouse(connection, figures, cases) if connection is not None else None


@st.cache_resource(max_entries=1, show_spinner=False)
def _let_go_of_others(file: str) -> None:
    """Close what is older than this file, once: the next build continues a file that nobody reads."""
    _open.clear()


@cache
def _sql(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def is_built() -> bool:
    """Whether a warehouse has ever been published here."""
    return current_file() is not None


def ask(viewer: Viewer, query: str, **parameters: Any) -> pl.DataFrame:
    """Answer a query of ``queries/`` within the viewer's scope."""
    file = current_file()
    if file is not None:
        _let_go_of_others(str(file))
    # Whoever has the same scope shares the open file; the answers themselves are never kept.
    warehouse = _open(str(file), viewer.figures, viewer.cases) if file is not None else None
    if warehouse is None:
        return pl.DataFrame()
    counted = counts.ready(str(file)) if query in counts.QUESTIONS else None
    if counted is not None:
        warehouse.use(counted)
    try:
        return warehouse.ask(query, parameters)
    except INSTANCE_FAILED:
        _open.clear()
        raise


def freshness() -> dict[str, Any]:
    """Engine, build time, ``as_of`` and lag of what is served."""
    return dict(build_info())


def quality_results() -> pl.DataFrame:
    """The newest result of every raw-data check, or an empty frame before the first."""
    files = sorted((warehouse_settings().lake / "quality_result").glob("*.parquet"))
    if not files:
        return pl.DataFrame()
    results = pl.concat([pl.read_parquet(file) for file in files], how="diagonal_relaxed")
    # A frequent run judges what is new only: the newest result of each check stands beside its time.
    keys = ["dataset", "check_name", "severity"]
    return results.sort("run_at").unique(keys, keep="last").sort(keys)


def rows_set_aside(results: pl.DataFrame) -> pl.DataFrame:
    """Of the newest results, those of rows that wait in quarantine; a thorough run repeats all that still wait."""
    thorough = results.filter(engine="gx")["run_at"].max()
    waiting = results.filter(pl.col("severity") == WAITING, pl.col("failed") > 0)
    return waiting if thorough is None else waiting.filter(pl.col("run_at") >= thorough)
