"""Any indicator of the catalogue, drilled like every other."""

from __future__ import annotations

import streamlit as st

from dashboards import download, frame
from dashboards.cases import kind_of
from dashboards.identity import Viewer
from dashboards.texts import Texts

# Everybody counted is in the numerator too, so there is no share to show.
COUNTED = {"attached_population"}


def show(viewer: Viewer, texts: Texts) -> None:
    """The page."""
    frame.header(texts("indicators.question"), texts)
    catalog = frame.titles(viewer, texts)
    if not catalog:
        st.info(texts("no_data"))
        st.stop()
    left, right = st.columns([3, 1])
    with left:
        code = frame.choose("indicator", texts("indicator"), list(catalog), lambda one: catalog[one]["title"])
    with right:
        period = frame.choose_period(viewer, texts, code)
    words = catalog[code]
    drill = frame.Drill("indicators", viewer, texts, code, period, {"indicator": code}, has_share=code not in COUNTED)
    drill.breadcrumb()
    drill.headline(texts("share"), words["numerator"], words["denominator"])
    drill.cases()
    if drill.listed is None:
        drill.units()
        drill.trend()
        left, right = st.columns(2, gap="large")
        with left:
            drill.breakdown("age", texts("age"), texts.age)
            drill.exclusions()
        with right:
            drill.breakdown("dimension", texts("kind"), lambda one: kind_of(texts, one))
        download.offer(viewer, texts, code, period)
    frame.about(texts, words)


if __name__ == "__main__":
    show(*frame.opened())
