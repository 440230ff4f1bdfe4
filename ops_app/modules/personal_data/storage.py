"""Terms of storage: what is due, what stays in the archive, and what may not be destroyed yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor, Scope
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.kit.working_days import working_day_after
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import organization_of
from ops_app.modules.patients.queries import record_ids
from ops_app.modules.personal_data.declarations import retentions
from ops_app.modules.personal_data.forms import ArchiveForm, CheckForm, DeliveryForm, TermForm
from ops_app.modules.personal_data.held import later_by_years
from ops_app.modules.personal_data.models import ArchiveMark, ExportDelivery, FacilityTerm
from ops_app.modules.visits.models import Encounter
from ops_app.permissions import Permission

CHECK_DAYS = 20
"""Working days in which a facility checks its export."""
KEPT_YEARS = 1
"""Calendar years for which the resources of a facility are kept after its contract has ended."""
DUE_SHOWN = 200

RECORD_TYPES = ("outpatient_record", "inpatient_record")
"""Types of record that visits and stays are made of."""


@dataclass(frozen=True)
class Due:
    """Records of a person whose term of storage has ended."""

    patient_id: int
    record_type: str
    last: dt.date
    ended_on: dt.date


def due(session: Session, scope: Scope) -> list[Due]:
    """People whose last record of a type is older than its term and is not marked for the archive; oldest first."""
    today, found = clock.today(), []
    for record_type in RECORD_TYPES:
        years = retentions()[record_type].years
        border = clock.from_local(later_by_years(today, -years))
        last = func.max(Encounter.event_at)
        marked = exists().where(
            ArchiveMark.patient_id == Encounter.patient_id,
            ArchiveMark.record_type == record_type,
            ArchiveMark.keep_until >= today,
        )
        rows = session.execute(
            select(Encounter.patient_id, last)
            .where(
                (Encounter.encounter_class == "inpatient") == (record_type == "inpatient_record"),
                Encounter.entered_in_error_at.is_(None),
                scope.condition(Encounter.organization_id),
                ~marked,
            )
            .group_by(Encounter.patient_id)
            .having(last < border)
            .order_by(last)
            .limit(DUE_SHOWN)
        )
        for patient_id, moment in rows:
            day = clock.local(moment).date()
            found.append(Due(patient_id, record_type, day, later_by_years(day, years)))
    return sorted(found, key=lambda each: each.ended_on)


def term_of(session: Session, patient_id: int) -> dt.date | None:
    """The day until which the records of a person are kept: the latest term of all he has."""
    last = session.execute(
        select(Encounter.encounter_class, func.max(Encounter.event_at))
        .where(Encounter.patient_id.in_(record_ids(session, patient_id)), Encounter.entered_in_error_at.is_(None))
        .group_by(Encounter.encounter_class)
    )
    ends = []
    for kind, moment in last:
        record_type = "inpatient_record" if kind == "inpatient" else "outpatient_record"
        ends.append(later_by_years(clock.local(moment).date(), retentions()[record_type].years))
    marks = session.scalars(
        select(ArchiveMark.keep_until).where(ArchiveMark.patient_id.in_(record_ids(session, patient_id)))
    )
    return max([*ends, *marks], default=None)


def refuse_before_term(session: Session, patient_id: int, organization_id: int) -> None:
    """Nothing is erased because of its age before its term, nor in the year after a facility's contract."""
    until = term_of(session, patient_id)
    if until is not None and until >= clock.today():
        raise Conflict(_("The term of storage ends on %(day)s only", day=show_date(until)))
    facility = organization_of(session, organization_id)
    term = session.get(FacilityTerm, facility.id) if facility else None
    if term is not None and term.keep_until >= clock.today():
        raise Conflict(_("The organisation's resources are kept until %(day)s", day=show_date(term.keep_until)))


def mark(session: Session, actor: Actor, patient_id: int, organization_id: int, form: ArchiveForm) -> ArchiveMark:
    """Keep records past their term in the archive until a later day, by an act."""
    if form.record_type not in retentions():
        raise Invalid(_("Choose one of the listed values"), field="record_type")
    if form.keep_until <= clock.today():
        raise Invalid(_("The end lies in the past"), field="keep_until")
    row = ArchiveMark(
        patient_id=patient_id,
        organization_id=organization_id,
        marked_at=clock.now(),
        marked_by=actor.login,
        **form.model_dump(),
    )
    session.add(row)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="personal_data.archive_mark",
        entity_id=row.id,
        patient_id=patient_id,
        after=audit.snapshot(row),
    )
    return row


def end_contract(session: Session, actor: Actor, form: TermForm) -> FacilityTerm:
    """Note the end of an organisation's contract; its resources stay for a calendar year after it."""
    organization = _own(session, actor, form.organization_id)
    row = session.get(FacilityTerm, organization.id)
    before = audit.snapshot(row) if row else None
    if row is None:
        row = FacilityTerm(organization_id=organization.id)
        session.add(row)
    row.ended_on, row.document = form.ended_on, form.document
    row.keep_until = later_by_years(form.ended_on, KEPT_YEARS)
    row.recorded_at, row.recorded_by = clock.now(), actor.login
    session.flush()
    _log(session, actor, "facility_term", organization.id, before, audit.snapshot(row))
    return row


def deliver(session: Session, actor: Actor, form: DeliveryForm) -> ExportDelivery:
    """Register an export that was handed over; the facility has twenty working days for its check."""
    _own(session, actor, form.organization_id)
    if form.delivered_on > clock.today():
        raise Invalid(_("This day has not come yet"), field="delivered_on")
    if form.replaces_id is not None:
        replaced = session.get(ExportDelivery, form.replaces_id)
        if (
            replaced is None
            or replaced.organization_id != form.organization_id
            or replaced.state != "rejected"
            or session.scalar(select(exists().where(ExportDelivery.replaces_id == replaced.id)))
        ):
            raise Invalid(_("Only a rejected delivery is delivered again, once"), field="replaces_id")
    row = ExportDelivery(
        due_on=working_day_after(form.delivered_on, CHECK_DAYS),
        state="under_check",
        recorded_at=clock.now(),
        recorded_by=actor.login,
        **form.model_dump(),
    )
    session.add(row)
    session.flush()
    _log(session, actor, "export_delivery", row.id, None, audit.snapshot(row))
    return row


def check(session: Session, actor: Actor, row: ExportDelivery, form: CheckForm) -> None:
    """Accept an export, or reject it until what was found is mended."""
    _own(session, actor, row.organization_id)
    session.refresh(row, with_for_update=True)
    if row.state != "under_check":
        raise Conflict(_("This delivery is decided already"))
    if form.state == "rejected" and not form.findings:
        raise Invalid(_("Say what does not fit"), field="findings")
    row.state, row.findings = form.state, form.findings
    row.decided_at, row.decided_by = clock.now(), actor.login
    session.flush()
    before = {"state": "under_check", "findings": None}
    _log(session, actor, "export_delivery", row.id, before, {"state": row.state, "findings": row.findings})


def _own(session: Session, actor: Actor, organization_id: int) -> Organization:
    row = session.get(Organization, organization_id)
    if row is None or not actor.scope(Permission.PERSONAL_DATA_REGISTER_READ).allows(organization_id):
        raise Forbidden(_("Choose an organisation of yours"), field="organization_id")
    return row


def _log(
    session: Session,
    actor: Actor,
    what: str,
    number: int,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
) -> None:
    entity = f"personal_data.{what}"
    audit.changed(session, actor, entity=entity, entity_id=number, before=before, after=after)
