"""Overview: every indicator and the open cases of the viewer's own place, each leading to its page."""

from __future__ import annotations

import streamlit as st

from dashboards import data, frame, tables
from dashboards.figures import month, number
from dashboards.identity import Viewer
from dashboards.place import Place, Tree
from dashboards.texts import Texts

WITHOUT_SHARE = {"attached_population", "visit_structure", "morbidity"}
PAGES = {"visit_structure": "visits", "pregnancies_registered": "maternal", "missed_antenatal_visits": "maternal"}


def show(viewer: Viewer, texts: Texts) -> None:
    """The page."""
    frame.header(texts("overview.question"), texts)
    tree = Tree(viewer, texts)
    where = tree.start()
    named = where.site or where.organization or where.region
    st.subheader(tree.name(named) if named and tree.holds(named) else texts("own"), anchor=False)
    rows = {row["indicator_code"]: row for row in data.ask(viewer, "overview", **where.nodes).iter_rows(named=True)}
    counts = list(data.ask(viewer, "signal_counts", **where.nodes).iter_rows(named=True))
    attached, visits = rows.get("attached_population"), rows.get("visit_structure")
    if visits is not None:
        frame.silent(viewer, texts, tree, visits["period"])
    tables.figures(
        [
            (texts("overview.attached"), number(attached["denominator"] if attached else None), ""),
            (texts("overview.visits"), number(visits["denominator"] if visits else None), _month(visits)),
            (texts("overview.open"), number(sum(row["open"] for row in counts)), ""),
            (texts("overview.overdue"), number(sum(row["overdue"] for row in counts)), ""),
        ]
    )
    _signals(viewer, texts, where, counts)
    _indicators(viewer, texts, where, rows)


def _signals(viewer: Viewer, texts: Texts, where: Place, counts: list[dict[str, int]]) -> None:
    st.subheader(texts("page.signals"), anchor=False)
    words = frame.titles(viewer, texts, "signal_catalog")
    if not counts:
        st.caption(texts("signals.none"))
    for row in counts:
        code = str(row["signal_code"])
        figures = texts("overview.counts", open=row["open"], overdue=row["overdue"], closed=row["closed"])
        title = words[code]["title"] if code in words else code
        _line(f"{code} · {title}", "signals", where.address(signal=code), figures, bool(row["overdue"]))


def _indicators(viewer: Viewer, texts: Texts, where: Place, rows: dict[str, dict[str, int]]) -> None:
    st.subheader(texts("page.indicators"), anchor=False)
    words = frame.titles(viewer, texts)
    for code, row in rows.items():
        top, bottom = row["numerator"], row["denominator"]
        figures = number(bottom) if code in WITHOUT_SHARE else frame.figure(top, bottom)
        page, query = _page(code)
        title = words[code]["title"] if code in words else code
        address = where.address(period=str(row["period"]), **query)
        _line(title, page, address, f"{figures} · {_month(row)}", False)


def _page(code: str) -> tuple[str, dict[str, str]]:
    if code in PAGES:
        return PAGES[code], {"indicator": code} if PAGES[code] == "maternal" else {}
    if code.startswith("screening_"):
        programme, _, step = code.removeprefix("screening_").rpartition("_")
        return "screening", {"programme": programme, "step": step}
    return "indicators", {"indicator": code}


def _line(label: str, page: str, address: dict[str, str], figures: str, is_late: bool) -> None:
    with st.container(key=f"unit-{page}-{'-'.join(address.values())}", gap=None):
        columns = st.columns([3, 2], vertical_alignment="center")
        with columns[0]:
            st.page_link(f"views/{page}.py", label=frame.plain(label), query_params=address)
        tone = " sq-red" if is_late else ""
        columns[1].html(f"<div class='sq-figure{tone}'>{figures}</div>")


def _month(row: dict[str, int] | None) -> str:
    return month(str(row["period"])) if row else ""


if __name__ == "__main__":
    show(*frame.opened())
