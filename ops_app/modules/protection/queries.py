"""Every SELECT of the module."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.mechanisms.outbox.models import SystemState
from ops_app.modules.accounts.models import StoredRole
from ops_app.modules.audit.models import Event, Unsealed
from ops_app.modules.organizations.models import Organization
from ops_app.modules.protection.models import Aggregator, BackupAct, Place, Statement
from ops_app.modules.security.models import Incident


def statements(session: Session) -> dict[str, Statement]:
    """The newest statement about each check."""
    newest = select(func.max(Statement.id)).group_by(Statement.check_code)
    return {row.check_code: row for row in session.scalars(select(Statement).where(Statement.id.in_(newest)))}


def places(session: Session) -> dict[str, Place]:
    """Where each store and system stands now."""
    newest = select(func.max(Place.id)).group_by(Place.name)
    return {row.name: row for row in session.scalars(select(Place).where(Place.id.in_(newest)))}


def place_of_system(session: Session, system: str) -> Place | None:
    """Where a system stands, if somebody said it."""
    return session.scalar(select(Place).where(Place.name == f"system:{system}").order_by(Place.id.desc()).limit(1))


def systems_switched_on(session: Session) -> list[str]:
    """Declared systems that messages go to."""
    on = session.scalars(select(SystemState.name).where(SystemState.is_on).order_by(SystemState.name))
    return [name for name in on if name in systems()]


def newest_backup(session: Session, kind: str) -> BackupAct | None:
    """The newest backup that was made, or from which a restore was tried."""
    return session.scalar(select(BackupAct).where(BackupAct.kind == kind).order_by(BackupAct.id.desc()).limit(1))


def has_integrity_incident(session: Session) -> bool:
    """Whether an incident about changed files of the program is open."""
    return bool(session.scalar(select(exists().where(Incident.kind == "integrity", Incident.closed_at.is_(None)))))


def is_sealing_late(session: Session, border: dt.datetime) -> bool:
    """Whether a row of the journal older than this waits for its seal."""
    return bool(session.scalar(select(exists().where(Unsealed.event_id == Event.id, Event.at < border))))


def administrators_show_second_factor(session: Session) -> bool:
    """Whether the administrator's role asks for a second factor."""
    return bool(session.scalar(select(StoredRole.needs_second_factor).where(StoredRole.code == "administrator")))


def aggregator(session: Session, on: dt.date | None = None) -> tuple[Aggregator, Organization] | None:
    """Who aggregates on a day, today unless said otherwise."""
    row = session.execute(
        select(Aggregator, Organization)
        .join(Organization, Organization.id == Aggregator.organization_id)
        .where(Aggregator.begins_on <= (on or clock.today()))
        .order_by(Aggregator.begins_on.desc())
        .limit(1)
    ).one_or_none()
    return (row.Aggregator, row.Organization) if row else None


def aggregators(session: Session) -> Sequence[tuple[Aggregator, Organization]]:
    """Everybody who was or will be the aggregator, newest first."""
    rows = session.execute(
        select(Aggregator, Organization)
        .join(Organization, Organization.id == Aggregator.organization_id)
        .order_by(Aggregator.begins_on.desc())
    )
    return [(row.Aggregator, row.Organization) for row in rows]
