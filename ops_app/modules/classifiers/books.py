"""Reference books: entered, renamed, searched."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.modules.classifiers import queries, versions
from ops_app.modules.classifiers.forms import BookForm, NewBookForm
from ops_app.modules.classifiers.models import CodeSystem, CodeSystemVersion, Concept


def newest(session: Session) -> dict[str, CodeSystemVersion]:
    """The edition in force, by reference book."""
    rows = session.scalars(
        select(CodeSystemVersion)
        .distinct(CodeSystemVersion.system)
        .order_by(CodeSystemVersion.system, CodeSystemVersion.effective_from.desc(), CodeSystemVersion.id.desc())
    )
    return {row.system: row for row in rows}


def found(session: Session, system: str, text: str) -> Sequence[Concept]:
    """Codes that fit the letters; the first ones when nothing is asked."""
    if text.strip():
        exact = queries.concept(session, system, text.strip())
        listed = queries.search(session, system, text, limit=50)
        return [exact, *(row for row in listed if row.id != exact.id)] if exact is not None else listed
    return session.scalars(select(Concept).where(Concept.system == system).order_by(Concept.code).limit(50)).all()


def add(session: Session, actor: Actor, form: NewBookForm) -> CodeSystem:
    """Enter a reference book."""
    if session.scalar(select(CodeSystem.id).where(CodeSystem.system == form.system)) is not None:
        raise Invalid(_("There is a reference book with this short name"), field="system")
    row = CodeSystem(**form.model_dump() | {"title_en": form.title_en or form.title_ru})
    session.add(row)
    session.flush()
    audit.changed(session, actor, entity="classifiers.code_system", entity_id=row.id, after=audit.snapshot(row))
    return row


def change(session: Session, actor: Actor, system: str, form: BookForm) -> CodeSystem:
    """Correct names, object identifier and source."""
    row = versions.system_or_404(session, system)
    before = audit.snapshot(row)
    for name, value in form.model_dump().items():
        setattr(row, name, value)
    row.title_en = form.title_en or form.title_ru
    session.flush()
    after = audit.snapshot(row)
    audit.changed(session, actor, entity="classifiers.code_system", entity_id=row.id, before=before, after=after)
    return row
