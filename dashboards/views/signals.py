"""Signal lists: which cases wait for action, whose, since when, and the next step."""

from __future__ import annotations

import streamlit as st

from dashboards import cases, data, frame, place, tables
from dashboards.figures import number
from dashboards.identity import Viewer
from dashboards.place import Place, Tree
from dashboards.texts import Texts

ALL = "all"
STATES = ("open", "overdue", "closed", ALL)


def show(viewer: Viewer, texts: Texts) -> None:
    """The page."""
    frame.header(texts("signals.question"), texts)
    tree = Tree(viewer, texts)
    words = frame.titles(viewer, texts, "signal_catalog")
    where = place.from_address(tree)
    frame.refuse_unknown(texts, tree, where, "signals")
    left, middle, right = st.columns([2, 1, 2])
    with left:
        options = [ALL, *words]
        signal = frame.choose(
            "signal", texts("signals.signal"), options,
            lambda code: texts("all") if code == ALL else f"{code} · {words[code]['title']}",
        )  # fmt: skip
    with middle:
        state = frame.choose("state", texts("signals.state"), STATES, lambda code: texts(f"state.{code}"))
    with right:
        where = _choose_facility(texts, tree, where)
    counts = _counts(viewer, where, None if signal == ALL else signal)
    labels = [("open", "overview.open"), ("overdue", "overview.overdue"), ("closed", "overview.closed")]
    tables.figures([(texts(key), number(counts[name]), "") for name, key in labels])
    cases.signals(viewer, texts, tree, None if signal == ALL else signal, state, where, counts[state])
    if signal != ALL:
        st.caption(f"{texts('signals.closing')}: {words[signal]['closing']}.")
        frame.about(texts, words[signal])


def _choose_facility(texts: Texts, tree: Tree, where: Place) -> Place:
    """One organisation, or all of the viewer's own."""
    facilities = [str(node) for node in tree.facilities()]
    if tree.start().organization is not None or not facilities:
        return where
    whole = Place(where.region)
    chosen = frame.choose(
        "organization", texts("organization"), [ALL, *facilities],
        lambda node: texts("all") if node == ALL else tree.name(int(node)),
    )  # fmt: skip
    return whole if chosen == ALL else whole.below("organization", int(chosen))


def _counts(viewer: Viewer, where: Place, signal: str | None) -> dict[str, int]:
    rows = [
        row
        for row in data.ask(viewer, "signal_counts", **where.nodes).iter_rows(named=True)
        if signal is None or row["signal_code"] == signal
    ]
    counts = {name: sum(row[name] for row in rows) for name in ("open", "overdue", "closed")}
    return {**counts, ALL: counts["open"] + counts["closed"]}


if __name__ == "__main__":
    show(*frame.opened())
