"""Screening coverage: eligible → listed → recorded → confirmed, and who has not come."""

from __future__ import annotations

import streamlit as st

from dashboards import charts, data, download, frame, tables
from dashboards.figures import number, percent
from dashboards.frame import Drill
from dashboards.identity import Viewer
from dashboards.texts import Texts

PROGRAMMES = ("breast", "cervix", "cvd_dm")
STEPS = ("confirmed", "recorded", "listed")


def show(viewer: Viewer, texts: Texts) -> None:
    """The page."""
    frame.header(texts("screening.question"), texts)
    left, middle, right = st.columns([2, 2, 1])
    with left:
        label = texts("screening.programme")
        programme = frame.choose("programme", label, PROGRAMMES, lambda code: texts.term("programme", code))
    with middle:
        step = frame.choose("step", texts("screening.step"), STEPS, lambda code: texts.term("step", code))
    code = f"screening_{programme}_{step}"
    with right:
        period = frame.choose_period(viewer, texts, code)
    drill = Drill("screening", viewer, texts, code, period, {"programme": programme, "step": step}, starts_anew=True)
    drill.breadcrumb()
    words = frame.titles(viewer, texts)[code]
    drill.headline(texts.term("step", step), words["numerator"], words["denominator"])
    drill.cases()
    if drill.listed is None:
        _steps(drill, programme)
        units = drill.units()
        left, right = st.columns(2, gap="large")
        with left:
            drill.trend()
            drill.exclusions()
        with right:
            if drill.where.next_unit == "organization":
                _map(drill, [(one.place.organization, one.numerator, one.denominator) for one in units])
            drill.breakdown("age", texts("age"), texts.age)
        download.offer(viewer, texts, code, period, by="age")
    frame.about(texts, words)


def _steps(drill: Drill, programme: str) -> None:
    """The narrowing from the eligible to the confirmed; a record is not yet a fact."""
    texts = drill.texts
    values = {}
    for step in STEPS:
        rows = data.ask(drill.viewer, "trend", code=f"screening_{programme}_{step}", **drill.where.filters)
        now = [row for row in rows.iter_rows(named=True) if row["period"] == drill.period]
        values[step] = now[0]["numerator"] if now else 0
        values["eligible"] = now[0]["denominator"] if now else 0
    first = values["eligible"]
    st.subheader(texts("screening.steps"), anchor=False)
    tables.bars(
        [
            (
                texts.term("step", step),
                values[step] / first if first else 0.0,
                f"{percent(values[step], first)} · {number(values[step])}",
            )
            for step in ("eligible", "listed", "recorded", "confirmed")
        ]
    )


def _map(drill: Drill, units: list[tuple[int | None, int, int]]) -> None:
    sums: dict[str, tuple[int, int]] = {}
    for organization, numerator, denominator in units:
        okrug = drill.tree.okrug(organization)
        if okrug is not None:
            top, bottom = sums.get(okrug, (0, 0))
            sums[okrug] = (top + numerator, bottom + denominator)
    figure = charts.district_map(drill.texts.language, sums, drill.texts("no_data"))
    if figure is not None:
        st.subheader(drill.texts("map"), anchor=False)
        charts.show(figure, "map")


if __name__ == "__main__":
    show(*frame.opened())
