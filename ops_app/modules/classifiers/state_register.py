"""The state register of medicines and medical devices (Health Code, article 10, item 7) as two reference books.

A code is the number of a registration certificate; ``kind`` is the ATC code of a medicine or the risk class of a
device. An edition is the list on its day, so a number is in force on a day when the edition of that day names it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ops_app import i18n
from ops_app.kit.keyboard import readings
from ops_app.kit.spelling import fold
from ops_app.modules.classifiers import versions
from ops_app.modules.classifiers.models import CodeSystemVersion, Concept
from ops_app.modules.classifiers.queries import SHORTEST, concept

MEDICINES, DEVICES = "state_medicine", "state_device"
MOST = 50


def find(session: Session, system: str, text: str, *, only_in_force: bool = False, limit: int = MOST) -> list[Concept]:
    """Registrations whose number holds the text or whose names hold words beginning with its words."""
    text = text.strip()
    if len(text) < SHORTEST:
        return []
    fitting = [Concept.code.icontains(text, autoescape=True)]
    for reading in readings(text):
        words = [fold(word) for word in reading.split()]
        if all(words):
            fitting.append(and_(*((" " + Concept.search_text).contains(" " + word, autoescape=True) for word in words)))
    statement = select(Concept).where(Concept.system == system, or_(*fitting))
    if only_in_force:
        statement = statement.where(Concept.is_selectable)
    title = {"kk": Concept.title_kk, "ru": Concept.title_ru}.get(i18n.language(), Concept.title_en)
    order = (Concept.is_selectable.desc(), func.length(title), Concept.code)
    return list(session.scalars(statement.order_by(*order).limit(limit)))


def in_force(session: Session, system: str, number: str, day: dt.date) -> bool | None:
    """Whether a registration was in force on a day; None before the first edition, which nobody can know."""
    first = session.scalar(select(func.min(CodeSystemVersion.effective_from)).where(CodeSystemVersion.system == system))
    if first is None or day < first:
        return None
    said = versions.on(session, system, number, day)
    return said is not None and bool(said["is_selectable"])


def products(session: Session, text: str, limit: int = 10) -> list[tuple[Concept, Concept]]:
    """Registered medicines in force that fit, each with the substance (ATC) it is prescribed as."""
    found = []
    for product in find(session, MEDICINES, text, only_in_force=True, limit=limit):
        substance = concept(session, "atc", product.kind or "")
        if substance is not None and substance.is_selectable:
            found.append((product, substance))
    return found


def alike(session: Session, row: Concept) -> Sequence[Concept]:
    """Other registrations in force with the same ATC code or class."""
    if row.kind is None or row.system != MEDICINES:
        return []
    return session.scalars(
        select(Concept)
        .where(Concept.system == row.system, Concept.kind == row.kind, Concept.is_selectable, Concept.id != row.id)
        .order_by(Concept.title_ru, Concept.code)
        .limit(MOST)
    ).all()
