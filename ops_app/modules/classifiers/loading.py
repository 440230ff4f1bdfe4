"""Stores code lists: shipped ones at start, official ones by `saulyq reference load`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, text

from ops_app.kit.spelling import fold

BATCH = 2_000
_TITLES = ("title_kk", "title_ru", "title_en")


class ConceptRow(TypedDict):
    """One code with its titles; ``is_selectable`` is false for headings such as chapters."""

    code: str
    parent_code: str | None
    kind: str | None
    title_kk: str
    title_ru: str
    title_en: str
    unit: str | None
    is_selectable: bool


_STORE = text(
    """
    insert into classifiers.concept as c
      (system, code, parent_code, kind, title_kk, title_ru, title_en, unit, is_selectable, search_text)
    values (:system, :code, :parent_code, :kind, :title_kk, :title_ru, :title_en, :unit, :is_selectable, :search_text)
    on conflict (system, code) do update set
      parent_code = excluded.parent_code, kind = excluded.kind, title_kk = excluded.title_kk,
      title_ru = excluded.title_ru, title_en = excluded.title_en, unit = excluded.unit,
      is_selectable = excluded.is_selectable, search_text = excluded.search_text
    """
)
_STORED = text(
    "select code, parent_code, kind, title_kk, title_ru, title_en, unit, is_selectable "
    "from classifiers.concept where system = :system and code = any(:codes)"
)


def search_text(row: ConceptRow) -> str:
    """The folded words a picker matches: the code and the titles in all languages."""
    words = [word for title in (row["title_kk"], row["title_ru"], row["title_en"]) for word in (title or "").split()]
    return " ".join(dict.fromkeys([row["code"].lower(), *filter(None, map(fold, words))]))


def store_concepts(connection: Connection, system: str, rows: Iterable[ConceptRow]) -> tuple[int, int]:
    """Insert or renew codes of a system; return how many were written and how many were unchanged."""
    written = unchanged = 0
    batch: list[ConceptRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            changed = _store(connection, system, batch)
            written, unchanged = written + changed, unchanged + len(batch) - changed
            batch = []
    changed = _store(connection, system, batch) if batch else 0
    return written + changed, unchanged + len(batch) - changed


def _store(connection: Connection, system: str, batch: Sequence[ConceptRow]) -> int:
    codes = [row["code"] for row in batch]
    stored = {row.code: row._asdict() for row in connection.execute(_STORED, {"system": system, "codes": codes})}
    changed = []
    for row in batch:
        old = stored.get(row["code"], {})
        new = completed(row, old)
        if new != old:
            changed.append(new | {"system": system, "search_text": search_text(new)})
    if changed:
        connection.execute(_STORE, changed)
    return len(changed)


def completed(row: ConceptRow, old: Mapping[str, Any]) -> ConceptRow:
    """Fill what the list leaves empty: from what is stored, then from another language."""
    titles = {name: row[name] or old.get(name) for name in _TITLES}  # type: ignore[literal-required]
    any_title = titles["title_ru"] or titles["title_en"] or titles["title_kk"] or row["code"]
    return row | {
        "title_kk": titles["title_kk"] or any_title,
        "title_ru": titles["title_ru"] or any_title,
        "title_en": titles["title_en"] or any_title,
        "unit": row["unit"] or old.get("unit"),
    }
