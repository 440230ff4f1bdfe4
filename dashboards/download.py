"""Download of the figures on a page, through release control: small cells hidden, the release logged.

Cases are never downloaded: a list of them is personal data.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboards import data
from dashboards.identity import Viewer
from dashboards.texts import LANGUAGES, Texts
from warehouse.query import connect_current
from warehouse.release import Unsafe
from warehouse.release.ledger import Asked, open_ledger
from warehouse.release.places import Places, leaf_of, places_of
from warehouse.release.protect import Protected
from warehouse.release.run import publish
from warehouse.release.screening_coverage import read_coverage
from warehouse.release.table import SHARE, Table, categories
from warehouse.release.texts import ALL, AS_OF, HIDDEN_MARK, HIDDEN_MEANING, ORGANIZATION, PERIOD, REGION, SITE, Text
from warehouse.release.workbook import Value, Workbook
from warehouse.settings import warehouse_settings

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STEPS = ("eligible", "listed", "recorded", "confirmed")


@dataclass(frozen=True)
class Sheet:
    """Counts to be protected, and how the page names them."""

    name: str
    family: str
    period: str
    title: Text
    places: Places
    table: Table
    kinds: tuple[str, Callable[[Texts, str], str]]
    """The heading of the second dimension and the words of its categories."""
    measures: Sequence[tuple[str, str]]
    """Node of the last dimension and the key of its heading."""


def figures(viewer: Viewer, code: str, period: str, kind: Callable[[Texts, str], str]) -> Sheet | None:
    """The figures of an indicator by place and kind; None where there are none."""
    rows = data.ask(viewer, "release_counts", code=code, period=period)
    connection = connect_current()
    if rows.is_empty() or connection is None:
        return None
    counts: Counter[tuple[str, ...]] = Counter()
    keys = []
    for region, organization, site, category, numerator, rest in rows.iter_rows():
        key = (region, organization, site)
        keys.append(key)
        counts[leaf_of(key), category, "numerator"] += numerator
        counts[leaf_of(key), category, "rest"] += rest
    with connection:
        places = places_of(keys, connection)
    kinds = categories("kind", sorted(set(rows["category"].to_list())))
    return Sheet(
        name=code,
        family=f"{code}/{period}",
        period=period,
        title=_title(viewer, code),
        places=places,
        table=Table((places.dimension, kinds, SHARE), counts),
        kinds=("kind", kind),
        measures=(("numerator", "numerator"), ("denominator", "denominator")),
    )


def screening(viewer: Viewer, programme: str, period: str) -> Sheet | None:
    """The four steps of a programme by place and age, from the same table as the regulator's release."""
    connection = connect_current()
    if connection is None:
        return None
    only = None if viewer.figures.everywhere else viewer.figures.nodes
    with connection:
        coverage = read_coverage(connection, period, only)
    if coverage is None or programme not in coverage.tables:
        return None
    return Sheet(
        name=f"screening_{programme}",
        family=coverage.family(programme),
        period=period,
        title=Text(*(Texts(language).term("programme", programme) for language in LANGUAGES)),
        places=coverage.places,
        table=coverage.tables[programme],
        kinds=("age", lambda _texts, code: code),
        measures=tuple((step, f"step.{step}") for step in STEPS),
    )


def release(viewer: Viewer, sheet: Sheet) -> bytes:
    """Protect, write and log; `Unsafe` says why it may not be."""
    limits = warehouse_settings()
    with open_ledger() as ledger, tempfile.TemporaryDirectory() as folder:
        protected = ledger.protect(Asked(sheet.family, sheet.table), limits.small_cell_threshold)
        path = Path(folder) / f"{sheet.name}_{sheet.period}.xlsx"

        def write(draft: Path, number: int) -> None:
            _write(draft, sheet, protected, number)

        parameters: dict[str, object] = {
            "threshold": limits.small_cell_threshold,
            "as_of": str(data.freshness()["as_of"]),
            "through": "dashboards",
        }
        publish(ledger, sheet.name, sheet.period, viewer.login, parameters, {sheet.family: protected}, path, write)
        return path.read_bytes()


def offer(viewer: Viewer, texts: Texts, sheet: Callable[[], Sheet | None], name: str) -> None:
    """The button; the file is made only when it is asked for."""
    st.divider()
    st.caption(texts("download_why"))
    slot = f"file/{viewer.login}/{name}"
    if st.button(texts("prepare"), key=f"prepare/{name}"):
        with st.spinner(texts("preparing")):
            try:
                found = sheet()
                content = release(viewer, found) if found is not None else None
            except Unsafe as refused:
                st.error(texts("refused", reason=str(refused)))
                return
        if content is None:
            st.info(texts("no_data"))
            return
        st.session_state[slot] = content
    if slot in st.session_state:
        st.download_button(texts("download"), st.session_state[slot], f"{name}.xlsx", XLSX, type="primary")


def _write(draft: Path, sheet: Sheet, protected: Protected, number: int) -> None:
    words = [Texts(language) for language in LANGUAGES]
    threshold = protected.threshold
    as_of = data.freshness()["as_of"]
    moment = f"{as_of:%d.%m.%Y %H:%M} UTC" if as_of else "–"
    notes = [
        f"{PERIOD.kk}: {sheet.period} · {AS_OF.kk}: {moment} · № {number}",
        *(f"{HIDDEN_MARK} {meaning.format(below=threshold - 1)}" for meaning in HIDDEN_MEANING),
    ]
    headings = (
        *(REGION, ORGANIZATION, SITE, Text(*(word(sheet.kinds[0]) for word in words))),
        *(Text(*(word(key) for word in words)) for _, key in sheet.measures),
    )
    with Workbook(draft, sheet.name) as book:
        book.table("1", sheet.title, notes, headings, 4, _rows(sheet, protected))


def _rows(sheet: Sheet, protected: Protected) -> Iterator[Sequence[Value]]:
    """Places × kinds; other dimensions (the sex) are shown as their total."""
    cells = protected.cells()
    names = protected.table.names
    between = [dimension[0] for dimension in names[2:-1]]
    whole = sheet.measures[-1][0] if len(sheet.measures) == 2 else sheet.measures[0][0]
    texts = Texts("kk")
    for place, path in sheet.places.paths.items():
        titles = [sheet.places.titles[node].kk for node in path]
        for kind in names[1]:
            if cells[place, kind, *between, whole] == 0:
                continue
            label = ALL.kk if kind == "all" else sheet.kinds[1](texts, kind)
            values = [cells[place, kind, *between, measure] for measure, _ in sheet.measures]
            yield [*titles, *[ALL.kk] * (3 - len(titles)), label, *values]


def _title(viewer: Viewer, code: str) -> Text:
    rows = {row["code"]: row for row in data.ask(viewer, "catalog").iter_rows(named=True)}
    row = rows.get(code)
    return Text(*(str(row[f"title_{language}"]) for language in LANGUAGES)) if row else Text(code, code, code)
