"""Visit structure: kinds of visits, confirmed or only typed, down to the practitioner and the rows."""

from __future__ import annotations

import streamlit as st

from dashboards import download, frame
from dashboards.cases import kind_of
from dashboards.identity import Viewer
from dashboards.texts import Texts

CODE = "visit_structure"


def show(viewer: Viewer, texts: Texts) -> None:
    """The page."""
    frame.header(texts("visits.question"), texts)
    with st.columns([1, 4])[0]:
        period = frame.choose_period(viewer, texts, CODE)
    drill = frame.Drill("visits", viewer, texts, CODE, period)
    frame.silent(viewer, texts, drill.tree, period)
    drill.breadcrumb()
    words = frame.titles(viewer, texts)[CODE]
    drill.headline(texts("visits.confirmed"), words["numerator"], words["denominator"])
    drill.cases()
    if drill.listed is None:
        drill.units()
        left, right = st.columns(2, gap="large")
        with left:
            drill.breakdown("dimension", texts("visits.kinds"), lambda code: kind_of(texts, code))
        with right:
            drill.trend()
            drill.exclusions()
        download.offer(viewer, texts, CODE, period, by="category")
    frame.about(texts, words)


if __name__ == "__main__":
    show(*frame.opened())
