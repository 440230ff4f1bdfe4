"""Maternal monitoring: registration of pregnancies and missed examinations, by place, with their cases."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboards import cases, data, download, frame
from dashboards.cases import kind_of
from dashboards.identity import Viewer
from dashboards.texts import Texts

SIGNALS = {"missed_antenatal_visits": "MAT-11", "pregnancies_registered": "MAT-10"}


def show(viewer: Viewer, texts: Texts) -> None:
    """The page."""
    frame.header(texts("maternal.question"), texts)
    left, right = st.columns([3, 1])
    with left:
        names = tuple(SIGNALS)
        code = frame.choose("indicator", texts("maternal.list"), names, lambda one: texts(f"maternal.{SIGNALS[one]}"))
    with right:
        period = frame.choose_period(viewer, texts, code)
    is_missed = SIGNALS[code] == "MAT-11"
    drill = frame.Drill("maternal", viewer, texts, code, period, {"indicator": code}, is_bad_high=is_missed)
    drill.breadcrumb()
    words = frame.titles(viewer, texts)[code]
    drill.headline(words["title"], words["numerator"], words["denominator"])
    drill.cases()
    if drill.listed is None:
        if drill.where.practitioner is None:
            _waiting(drill, SIGNALS[code])
        drill.units()
        left, right = st.columns(2, gap="large")
        with left:
            drill.trend()
        with right:
            drill.breakdown("dimension", texts("kind"), lambda one: kind_of(texts, one))
            drill.exclusions()
        download.offer(viewer, texts, code, period)
    frame.about(texts, words)


def _waiting(drill: frame.Drill, signal: str) -> None:
    """Open cases now, whatever the month: a rayon has cases, not rates."""
    texts, viewer = drill.texts, drill.viewer
    st.subheader(texts("maternal.waiting"), anchor=False)
    where = replace(drill.where, practitioner=None)
    rows = data.ask(viewer, "signal_counts", **where.nodes).iter_rows(named=True)
    total = sum(row["open"] for row in rows if row["signal_code"] == signal)
    cases.signals(viewer, texts, drill.tree, signal, "open", where, total)


if __name__ == "__main__":
    show(*frame.opened())
