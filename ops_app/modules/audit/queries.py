"""Every SELECT of the journal."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.kit.day_range import within_days
from ops_app.modules.accounts.models import Account
from ops_app.modules.accounts.queries import works_in
from ops_app.modules.audit.forms import JournalFilter
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient


def events(session: Session, scope: Scope, asked: JournalFilter) -> Select[Event, str]:
    """Journal rows of the scope that fit the filter, with the name of the account."""
    return (
        select(Event, Account.display_name)
        .outerjoin(Account, Account.id == Event.account_id)
        .where(_of_scope(scope), *_asked(session, asked))
    )


def _of_scope(scope: Scope) -> ColumnElement[bool]:
    # What staff of the scope did; sign-ins under unknown logins belong to the whole installation.
    if scope.everywhere:
        return Event.id.is_not(None)
    return works_in(scope, Event.account_id)


def _asked(session: Session, asked: JournalFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.user:
        text = asked.user.strip().lower()
        named = select(Account.id).where(Account.display_name.ilike(f"%{_literal(text)}%"))
        conditions.append(or_(Event.login == text, Event.account_id.in_(named)))
    if asked.patient:
        ids = records_named(session, asked.patient)
        conditions.append(Event.patient_id.in_(ids) if ids else false())
    if asked.kind:
        conditions.append(Event.kind == asked.kind)
    if asked.rule:
        conditions.append(Event.rule == asked.rule)
    conditions += within_days(Event.at, asked.date_from, asked.date_to)
    return conditions


def records_named(session: Session, text: str) -> list[int]:
    """Patient records with this IIN, temporary number or record number."""
    written = text.strip().lstrip("№#").strip()
    identified = [Patient.iin == written, Patient.temporary_id == written]
    if written.isdigit() and len(written) < 12:
        identified.append(Patient.id == int(written))
    return list(session.scalars(select(Patient.id).where(or_(*identified))))


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def sortable() -> dict[str, Any]:
    """Columns the journal may be sorted by."""
    return {"at": Event.id, "user": Event.login, "kind": Event.kind}
