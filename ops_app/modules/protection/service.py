"""Every write of the module."""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.modules.organizations.models import Organization
from ops_app.modules.protection.declarations import checks
from ops_app.modules.protection.forms import AggregatorForm, PlaceForm, StatementForm
from ops_app.modules.protection.models import HOME_COUNTRY, Aggregator, BackupAct, Place, Statement
from ops_app.modules.protection.titles import STORES
from ops_app.permissions import Permission

DAYS_A_MONTH = 30

Added = TypeVar("Added", Statement, Place, BackupAct, Aggregator)


def state(session: Session, actor: Actor, form: StatementForm) -> Statement:
    """Confirm a check by a document, or say that it does not hold."""
    _refuse_part(actor)
    check = checks().get(form.check_code)
    if check is None or check.kind == "measured":
        raise Invalid(_("Choose one of the listed values"), field="check_code")
    if form.stated_on > clock.today():
        raise Invalid(_("This day has not come yet"), field="stated_on")
    row = Statement(
        check_code=check.code,
        is_met=form.is_met == "yes",
        responsible=form.responsible,
        document=form.document,
        stated_on=form.stated_on,
        expires_on=form.stated_on + dt.timedelta(days=DAYS_A_MONTH * check.months),
        recorded_by=actor.login,
    )
    return _added(session, actor, row)


def place(session: Session, actor: Actor, form: PlaceForm) -> Place:
    """Say where a store or a system stands; stores stand in Kazakhstan, a transfer abroad has a legal basis."""
    _refuse_part(actor)
    is_system = form.name.startswith("system:")
    if form.name not in STORES and form.name.removeprefix("system:") not in systems():
        raise Invalid(_("Choose one of the listed values"), field="name")
    if form.country != HOME_COUNTRY and not is_system:
        raise Invalid(_("Personal data are stored in the territory of Kazakhstan only"), field="country")
    if form.country != HOME_COUNTRY and form.legal_basis is None:
        raise Invalid(_("A transfer abroad needs its legal basis"), field="legal_basis")
    if form.country == HOME_COUNTRY and form.legal_basis is not None:
        raise Invalid(_("Only a transfer abroad has a legal basis"), field="legal_basis")
    return _added(session, actor, Place(**form.model_dump(), recorded_by=actor.login))


def designate(session: Session, actor: Actor, form: AggregatorForm) -> Aggregator:
    """Name the organisation that aggregates from a day on; what was released before stays as it was."""
    _refuse_part(actor)
    organization = session.get(Organization, form.organization_id)
    if organization is None or organization.kind != "organization" or not organization.is_active:
        raise Invalid(_("Choose one of the listed values"), field="organization_id")
    last = session.scalar(select(Aggregator.begins_on).order_by(Aggregator.begins_on.desc()).limit(1))
    if form.begins_on < clock.today() or (last is not None and form.begins_on <= last):
        raise Invalid(_("The day must not lie in the past, nor before the last designation"), field="begins_on")
    return _added(session, actor, Aggregator(**form.model_dump(), recorded_by=actor.login))


def note_backup(session: Session, kind: str, file: str, taken_at: dt.datetime, rows: int, documents: int) -> BackupAct:
    """Note that a backup was made or tried."""
    return _added(
        session, None, BackupAct(kind=kind, file=file[-300:], taken_at=taken_at, rows=rows, documents=documents)
    )


def _refuse_part(actor: Actor) -> None:
    if not actor.scope(Permission.PROTECTION_STATEMENT_WRITE).everywhere:
        raise Forbidden(_("Protection belongs to the whole installation"))


def _added(session: Session, actor: Actor | None, row: Added) -> Added:
    session.add(row)
    session.flush()
    audit.changed(session, actor, entity=f"protection.{row.__tablename__}", entity_id=row.id, after=audit.snapshot(row))
    return row
