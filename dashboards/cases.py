"""Lists of cases: pseudonymous, with reason and watermark, logged, and without an export."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from dashboards import data, evidence, reading, tables
from dashboards.figures import deadline, moment
from dashboards.identity import Viewer, operational_app
from dashboards.place import Place, Tree, practitioner_name, practitioners
from dashboards.tables import Cell, Link, Mark
from dashboards.texts import Texts

PAGE_ROWS = 50


def page_of(texts: Texts, total: int) -> int:
    """Which page of the list is shown, from 0; the number is kept in the address."""
    pages = max(1, -(-total // PAGE_ROWS))
    asked = st.query_params.get("page", "1")
    now = min(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1, pages) or 1
    if pages == 1:
        return 0

    def turn() -> None:
        st.query_params["page"] = str(st.session_state["page_number"])

    st.session_state["page_number"] = now
    label = texts("list.page", count=pages)
    st.number_input(label, 1, pages, key="page_number", on_change=turn, width=200)
    return now - 1


def listed(
    viewer: Viewer,
    texts: Texts,
    tree: Tree,
    code: str,
    period: str,
    where: Place,
    rows: str,
    total: int,
    about: dict[str, str],
) -> None:
    """The rows behind a figure, a page at a time; as many in all as the figure says."""
    if not viewer.cases:
        return
    page = page_of(texts, total)
    found = data.ask(
        viewer, "cases", code=code, period=period, rows=rows, size=PAGE_ROWS, start=page * PAGE_ROWS, **where.filters
    )
    reading.log(viewer, code, {**about, "page": str(page + 1)}, found.height)
    if found.is_empty():
        st.info(texts("list.out_of_scope" if total else "list.none"))
        return
    watermark(viewer, texts)
    labels = practitioners(viewer)
    headings = ("list.case", "list.date", "kind", "sex", "age", "practitioner", "excluded.reason", "list.evidence")
    body: list[list[Cell]] = [
        [
            evidence.event(texts, row["case_id"]),
            evidence.day(row["event_date"]),
            kind_of(texts, row["dimension"]),
            texts.term("sex", row["sex"]),
            texts.age(row["age_group"]),
            practitioner_name(texts, labels, row["practitioner_code"]) if row["practitioner_code"] else None,
            texts.term("reason", row["excluded_because"]),
            evidence.line(texts, tree, row["evidence"]),
        ]
        for row in found.iter_rows(named=True)
    ]
    # A column that says nothing in the whole page only takes room.
    kept = [at for at in range(len(headings)) if any(row[at] not in (None, "", "–") for row in body)]
    tables.table([texts(headings[at]) for at in kept], [[row[at] for at in kept] for row in body])


def kind_of(texts: Texts, code: str | None) -> str:
    """``ambulatory:disease`` in words; other dimensions by their own."""
    if code and ":" in code:
        first, purpose = code.split(":", 1)
        return f"{texts.term('class', first)}: {texts.term('purpose', purpose)}"
    return texts.term("kind", code)


def watermark(viewer: Viewer, texts: Texts) -> None:
    """In a village a case is a person: say to whom the list was shown, and when."""
    st.caption(texts("list.confidential", name=viewer.name, moment=moment(dt.datetime.now(dt.UTC))))


def signals(viewer: Viewer, texts: Texts, tree: Tree, signal: str | None, state: str, where: Place, total: int) -> None:
    """Cases of signals, the most urgent first, each with its decision page in the operational app."""
    if not viewer.cases:
        return
    page = page_of(texts, total)
    found = data.ask(
        viewer, "signal_cases", signal=signal, state=state, size=PAGE_ROWS, start=page * PAGE_ROWS, **where.nodes
    )
    reading.log(viewer, signal or "signals", {**where.address(state=state), "page": str(page + 1)}, found.height)
    if found.is_empty():
        st.info(texts("list.out_of_scope" if total else "signals.none"))
        return
    watermark(viewer, texts)
    headings = ["signals.case", "signals.due", "signals.state", "signals.step", "signals.where", "list.evidence"]
    body = []
    for row in found.iter_rows(named=True):
        name = f"{row['signal_code']} · {evidence.event(texts, row['case_id'])}"
        body.append(
            [
                Link(name, f"{operational_app()}/signals/cases/{row['case_id']}") if viewer.decides else name,
                _due(texts, row),
                _state(texts, row),
                texts.term("todo", row["next_step"]),
                " · ".join(tree.name(node) for node in (row["organization_id"], row["site_id"]) if node),
                evidence.line(texts, tree, row["evidence"]),
            ]
        )
    tables.table([texts(key) for key in headings], body)


def _due(texts: Texts, row: dict[str, object]) -> Cell:
    due = deadline(row["due_at"])  # type: ignore[arg-type]
    return Mark(texts("signals.late"), "red", before=due) if row["is_late"] else due


def _state(texts: Texts, row: dict[str, object]) -> Cell:
    days = texts("signals.days", count=row["days_open"]).replace(" ", "\u00a0")
    if row["state"] == "closed":
        return Mark(f"{texts('state.closed')}: {texts.term('met', str(row['closed_by'] or ''))}", "green")
    severity = str(row["severity"])
    if severity == "red":
        return Mark(f"{texts('severity.red')} · {days}", "red")
    # "By its deadline" would contradict the deadline that has passed.
    said = texts("state.open") if row["is_late"] else texts.term("severity", severity)
    return Mark(f"{said} · {days}", "amber")
