"""Every SELECT of the FHIR API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select, text
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.kit import clock
from ops_app.modules.audit.models import Event
from ops_app.modules.deaths.models import Death
from ops_app.modules.fhir.parameters import Condition
from ops_app.modules.fhir.people import noted_about
from ops_app.modules.fhir.registers import Around
from ops_app.modules.fhir.types import ClinicalType
from ops_app.modules.organizations.models import Organization, Practitioner, PractitionerRole
from ops_app.modules.patients.access import within, within_parameters
from ops_app.modules.patients.models import Attachment, Patient, PatientLink
from ops_app.modules.questionnaires.models import QuestionnaireVersion

Changed = tuple[Any, dt.datetime]
"""A row and when it last changed."""
Statement = Select[*tuple[Any, ...]]


def facts(kind: ClinicalType, records: Sequence[int], where: Sequence[Condition], since: list[Any]) -> Statement:
    """Facts of one kind about one person with the time each last changed, newest first.

    Rows keep no such time: it is when the row was made, or the newest change the audit knows.
    """
    model = kind.model
    changes = (
        select(Event.entity_id, func.max(Event.at).label("at"))
        .where(Event.patient_id.in_(records), Event.kind == "write", Event.entity == kind.entity)
        .group_by(Event.entity_id)
        .subquery()
    )
    changed = func.greatest(model.recorded_at, changes.c.at)
    return (
        select(model, changed.label("changed"))
        .outerjoin(changes, changes.c.entity_id == cast(model.id, Text))
        .where(model.patient_id.in_(records), *kind.only, *where, *(make(changed) for make in since))
        .order_by(kind.at.desc(), model.id.desc())
    )


def _patient_changed() -> ColumnElement[Any]:
    newest = (
        select(func.max(Event.at))
        .where(
            Event.patient_id == Patient.id,
            Event.kind == "write",
            Event.entity.in_(("patients.patient", "patients.attachment", "patients.patient_link")),
        )
        .correlate(Patient)
        .scalar_subquery()
    )
    return func.greatest(Patient.recorded_at, newest)


def people(where: Sequence[Condition], since: list[Any], scope: Scope | None) -> Statement:
    """People with the time each last changed, by number; ``scope`` keeps those the actor may see."""
    changed = _patient_changed()
    statement = select(Patient, changed.label("changed")).where(*where, *(make(changed) for make in since))
    if scope is not None:
        statement = statement.where(Patient.is_live, Patient.entered_in_error_at.is_(None))
        if not scope.everywhere:
            statement = statement.where(text(within("patients.patient.id")).bindparams(**within_parameters(scope)))
    return statement.order_by(Patient.id)


def staff(where: Sequence[Condition], scope: Scope) -> Statement:
    """Practitioners with a position in the scope."""
    holds = select(PractitionerRole.id).where(
        PractitionerRole.practitioner_id == Practitioner.id,
        or_(scope.condition(PractitionerRole.organization_id), scope.condition(PractitionerRole.site_id)),
    )
    return (
        select(Practitioner, Practitioner.recorded_at.label("changed"))
        .where(*where, holds.exists())
        .order_by(Practitioner.id)
    )


def positions(where: Sequence[Condition], scope: Scope) -> Statement:
    """Positions in the scope."""
    inside = or_(scope.condition(PractitionerRole.organization_id), scope.condition(PractitionerRole.site_id))
    return (
        select(PractitionerRole, PractitionerRole.recorded_at.label("changed"))
        .where(*where, inside)
        .order_by(PractitionerRole.id)
    )


def organizations(where: Sequence[Condition]) -> Statement:
    """Nodes of the tree; which organisations there are is no secret to staff."""
    return select(Organization, Organization.recorded_at.label("changed")).where(*where).order_by(Organization.id)


def definitions(where: Sequence[Condition]) -> Statement:
    """Versions of forms and scales that were used or entered; they say nothing of anybody."""
    return (
        select(QuestionnaireVersion, QuestionnaireVersion.recorded_at.label("changed"))
        .where(*where)
        .order_by(QuestionnaireVersion.id)
    )


def page_of(session: Session, statement: Statement, count: int, offset: int) -> list[Changed]:
    """One page and one row more, which says whether there is a next one."""
    return [(row[0], row[1]) for row in session.execute(statement.offset(offset).limit(count + 1))]


def total_of(session: Session, statement: Statement) -> int:
    """How many a search finds."""
    return session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0


def around(session: Session, patient_ids: Sequence[int]) -> Around:
    """Attachments, deaths and merges of several people."""
    today = clock.today()
    attached = session.scalars(
        select(Attachment).where(
            Attachment.patient_id.in_(patient_ids),
            Attachment.entered_in_error_at.is_(None),
            Attachment.start_date <= today,
            or_(Attachment.end_date.is_(None), Attachment.end_date > today),
        )
    )
    dead = session.scalars(select(Death).where(Death.patient_id.in_(patient_ids), Death.entered_in_error_at.is_(None)))
    links = session.scalars(
        select(PatientLink).where(
            and_(
                PatientLink.unlinked_at.is_(None),
                or_(PatientLink.patient_id.in_(patient_ids), PatientLink.other_patient_id.in_(patient_ids)),
            )
        )
    ).all()
    replaces: dict[int, list[int]] = {}
    for link in links:
        replaces.setdefault(link.patient_id, []).append(link.other_patient_id)
    return Around(
        {row.patient_id: row for row in attached},
        {row.patient_id: row for row in dead},
        replaces,
        {link.other_patient_id: link.patient_id for link in links},
        noted_about(session, patient_ids),
    )
