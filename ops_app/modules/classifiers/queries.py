"""Finding a code by a few letters, in any of three languages and on the wrong keyboard layout."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Select, Text, and_, bindparam, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ops_app import i18n
from ops_app.kit import clock
from ops_app.kit.keyboard import as_code, readings
from ops_app.kit.spelling import fold
from ops_app.modules.classifiers import versions
from ops_app.modules.classifiers.loading import search_text
from ops_app.modules.classifiers.models import CodeSystem, Concept

SHORTEST = 2
LIMIT = 20

_WORDS = re.compile(r"[^\W\d_]+")
_LIKE_CODE = re.compile(r"^\s*[^\W\d_]{0,2}\d")
"""A letter or two and digits: somebody types a code, not a word."""


def search(
    session: Session,
    system: str,
    text: str,
    *,
    kinds: Sequence[str] = (),
    limit: int = LIMIT,
    day: dt.date | None = None,
) -> list[Concept]:
    """Codes selectable on a day that begin with the text or whose titles hold words beginning with its words."""
    text = text.strip()
    if len(text) < SHORTEST:
        return []
    # Editions come into force on the day they are loaded: nothing is later than today.
    former = versions.changed_after(session, system, day) if day is not None and day < clock.today() else {}
    past = _of_the_past(system, former, kinds)
    found: dict[str, Concept] = {}
    for reading in readings(text):
        if len(found) >= limit:
            break
        for concept in (*_named(past, reading), *_matching(session, system, reading, kinds, limit, former)):
            found.setdefault(concept.code, concept)
    return list(found.values())[:limit]


def _of_the_past(system: str, former: Mapping[str, Mapping[str, Any] | None], kinds: Sequence[str]) -> list[Concept]:
    """Codes as they were before later editions changed them; they are never stored."""
    return [
        Concept(system=system, code=code, search_text=search_text({"code": code, **state}), **state)  # type: ignore[typeddict-item]
        for code, state in former.items()
        if state is not None and state["is_selectable"] and (not kinds or state["kind"] in kinds)
    ]


def _named(rows: Sequence[Concept], text: str) -> list[Concept]:
    """Those of the past that the text names, by the rule of ``_matching``."""
    words = _words(text)
    return [
        row
        for row in rows
        if row.code.startswith(as_code(text)) or (words and all(" " + word in " " + row.search_text for word in words))
    ]


def _words(text: str) -> list[str]:
    words = [] if _LIKE_CODE.match(text) else [fold(word) for word in _WORDS.findall(text)]
    return [word for word in words if len(word) >= SHORTEST]


def _matching(
    session: Session, system: str, text: str, kinds: Sequence[str], limit: int, besides: Collection[str]
) -> Sequence[Concept]:
    statement = select(Concept).where(Concept.system == system, Concept.is_selectable)
    if kinds:
        statement = statement.where(Concept.kind.in_(list(kinds)))
    if besides:
        statement = statement.where(Concept.code.not_in(list(besides)))
    by_code = Concept.code.startswith(as_code(text), autoescape=True)
    # Titles are stored folded with a space between words, so " word" is the beginning of one.
    haystack = " " + Concept.search_text
    by_words = [haystack.contains(" " + word, autoescape=True) for word in _words(text)]
    statement = statement.where(by_code | and_(*by_words) if by_words else by_code)
    title = {"kk": Concept.title_kk, "ru": Concept.title_ru}.get(i18n.language(), Concept.title_en)
    # Codes with a title of their own in every language are the ones in daily use.
    is_rare = (Concept.title_ru == Concept.title_en) & (Concept.system != "atc")
    return session.scalars(
        statement.order_by(case((by_code, 0), else_=1), is_rare, func.length(title), Concept.code).limit(limit)
    ).all()


def concept(session: Session, system: str, code: str) -> Concept | None:
    """One code, selectable or not."""
    return session.scalar(select(Concept).where(Concept.system == system, Concept.code == code))


def coding_on(session: Session, system: str, text: str, day: dt.date) -> dict[str, Any] | None:
    """A code with its book, edition and titles as of a day; None for what the book does not offer then."""
    exact = [code for code in dict.fromkeys((text.strip(), as_code(text))) if code]
    states = versions.states_on(session, system, exact, day)
    code = next((code for code in exact if code in states and states[code]["is_selectable"]), None)
    if code is None:
        return None
    book = session.scalar(select(CodeSystem).where(CodeSystem.system == system))
    return {
        "system": system,
        "oid": book.oid if book is not None else None,
        "version": versions.edition_on(session, system, day),
        "code": code,
        "kind": states[code]["kind"],
        "title": {language: states[code][f"title_{language}"] for language in ("kk", "ru", "en")},
    }


def _titles(title: InstrumentedAttribute[str | None]) -> Select[str, str, str | None]:
    lists = (bindparam(name, type_=ARRAY(Text)) for name in ("systems", "codes"))
    asked = func.unnest(*lists).table_valued("system", "code").render_derived("asked")
    return select(Concept.system, Concept.code, title.label("title")).join(
        asked, and_(Concept.system == asked.c.system, Concept.code == asked.c.code)
    )


_TITLES = {"kk": _titles(Concept.title_kk), "ru": _titles(Concept.title_ru), "en": _titles(Concept.title_en)}
"""Composed once: every page that shows a code asks for titles."""


def titles(session: Session, wanted: Iterable[tuple[str, str | None]]) -> dict[tuple[str, str], str]:
    """Titles in the language of the request for pairs of system and code; unknown codes are left out."""
    pairs = sorted({(system, code) for system, code in wanted if code})
    if not pairs:
        return {}
    systems, codes = zip(*pairs, strict=True)
    statement = _TITLES.get(i18n.language(), _TITLES["en"])
    rows = session.execute(statement, {"systems": list(systems), "codes": list(codes)})
    return {(row.system, row.code): row.title for row in rows}


def name(state: Mapping[str, Any] | None) -> str:
    """The title of a code as an edition stored it, in the language of the request."""
    return str((state or {}).get(f"title_{i18n.language()}") or "")


def title(row: Concept | CodeSystem) -> str:
    """The title of a loaded code or book in the language of the request."""
    return {"kk": row.title_kk, "ru": row.title_ru}.get(i18n.language(), row.title_en)
