"""Freshness and quality: how old, how complete and how sure the served figures are."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards import data, frame, tables
from dashboards.figures import moment, number
from dashboards.identity import Viewer
from dashboards.tables import Mark
from dashboards.texts import Texts
from quality.results import WAITING

TONES = {"passed": "green", "warned": "amber", "failed": "red"}


def show(viewer: Viewer, texts: Texts) -> None:
    """The page."""
    frame.header(texts("freshness.question"), texts)
    fresh = data.freshness()
    tables.figures(
        [
            (texts("freshness.as_of"), moment(fresh["as_of"]), frame.lag(texts, fresh["lag_seconds"])),
            (texts("freshness.built"), moment(fresh["built_at"]), str(fresh["engine"])),
        ]
    )
    results = data.quality_results()
    _set_aside(texts, results)
    _checks(texts, results)
    st.subheader(texts("freshness.tables"), anchor=False)
    tables.table(
        [texts("freshness.table"), texts("freshness.rows"), texts("freshness.newest")],
        [
            [texts.term("table", row["name"]), number(row["row_count"]), moment(row["newest"])]
            for row in data.ask(viewer, "tables").iter_rows(named=True)
        ],
        numeric=(1, 2),
    )
    if viewer.is_technical:
        st.caption(texts("freshness.runs"))


def _set_aside(texts: Texts, results: pl.DataFrame) -> None:
    if results.is_empty():
        return
    st.subheader(texts("freshness.aside"), anchor=False)
    waiting = data.rows_set_aside(results)
    if waiting.is_empty():
        st.success(texts("freshness.none_aside"))
        return
    st.caption(texts("freshness.why_aside"))
    tables.table(
        [texts(key) for key in ("freshness.table", "freshness.reason", "freshness.rows", "freshness.run_at")],
        [
            [
                texts.term("table", row["dataset"]),
                row[f"title_{texts.language}"],
                number(row["failed"]),
                moment(row["run_at"]),
            ]
            for row in waiting.iter_rows(named=True)
        ],
        numeric=(2,),
    )


def _checks(texts: Texts, results: pl.DataFrame) -> None:
    st.subheader(texts("freshness.checks"), anchor=False)
    if results.is_empty():
        st.info(texts("freshness.none"))
        return
    rows = list(results.filter(pl.col("severity") != WAITING).iter_rows(named=True))
    failing = [row for row in rows if row["status"] != "passed"]
    st.caption(texts("freshness.summary", total=len(rows), failing=len(failing)))
    shown = rows if st.toggle(texts("freshness.show_all"), value=False) else failing
    if not shown:
        st.success(texts("freshness.all_passed"))
        return
    keys = ("freshness.status", "freshness.table", "freshness.check", "freshness.failed", "freshness.run_at")
    tables.table(
        [texts(key) for key in keys],
        [
            [
                Mark(texts.term("check", row["status"]), TONES.get(row["status"], "amber")),
                texts.term("table", row["dataset"]),
                row[f"title_{texts.language}"],
                f"{number(row['failed'])} / {number(row['total'])}",
                moment(row["run_at"]),
            ]
            for row in shown
        ],
        numeric=(3,),
    )


if __name__ == "__main__":
    show(*frame.opened())
