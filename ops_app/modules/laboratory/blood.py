"""Blood groups by two determinations that agree, transfusions checked against them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.choices import listed
from ops_app.kit.dates import DateInput, TimeInput
from ops_app.kit.numbers import DecimalInput
from ops_app.modules.laboratory.blood_models import ABO
from ops_app.modules.laboratory.blood_titles import COMPONENTS, CROSSMATCHES, RHESUS
from ops_app.modules.laboratory.forms import Line, Reason
from ops_app.modules.laboratory.models import BloodGroup, Transfusion, TransfusionReaction
from ops_app.modules.patients.queries import record_ids, standing_for
from ops_app.modules.visits.models import Procedure
from ops_app.permissions import Permission

Abo = Annotated[str, listed(ABO)]
Rhesus = Annotated[str, listed(RHESUS)]

SERVICES = {"red_cells": "99.04", "whole_blood": "99.03", "platelets": "99.05", "plasma": "99.07"}
"""Codes under which a transfusion stands among the services rendered."""


class GroupForm(BaseModel):
    """A determination."""

    abo: Abo
    rhesus: Rhesus
    antibodies: Line | None = None
    method: Line | None = None


class TransfusionForm(BaseModel):
    """A unit given."""

    component: Annotated[str, listed(COMPONENTS)]
    unit_number: Annotated[str, Field(min_length=3, max_length=40)]
    unit_abo: Abo
    unit_rhesus: Rhesus
    unit_expires_on: DateInput
    volume_ml: Annotated[DecimalInput, Field(gt=0, le=5000)]
    indication: Reason
    consent_signed: bool = False
    crossmatch: Annotated[str, listed(CROSSMATCHES)]
    biological_test: bool = False
    without_group_reason: Reason | None = None
    date: DateInput
    time: TimeInput


class WrongForm(BaseModel):
    """Why a determination does not hold."""

    reason: Reason


def group_text(abo: str, rhesus: str) -> str:
    """A (II) Rh+."""
    roman = {"O": "I", "A": "II", "B": "III", "AB": "IV"}[abo]
    return f"{abo} ({roman}) Rh{'+' if rhesus == 'positive' else '−'}"


def determinations(session: Session, records: Sequence[int], *, also_wrong: bool = False) -> Sequence[BloodGroup]:
    """Determinations that stand, or with the withdrawn ones, newest first."""
    chosen = select(BloodGroup).where(BloodGroup.patient_id.in_(records))
    if not also_wrong:
        chosen = chosen.where(BloodGroup.entered_in_error_at.is_(None))
    return session.scalars(chosen.order_by(BloodGroup.determined_at.desc(), BloodGroup.id.desc())).all()


def established(session: Session, records: Sequence[int]) -> BloodGroup | None:
    """The group when two determinations agree and none contradicts: by two people, or of two samples."""
    found = determinations(session, records)
    if len(found) < 2 or len({(row.abo, row.rhesus) for row in found}) > 1:
        return None
    people = {row.determined_by for row in found}
    tubes = {row.specimen_id for row in found if row.specimen_id is not None}
    return found[0] if len(people) > 1 or len(tubes) > 1 else None


def contradicts(session: Session, records: Sequence[int]) -> bool:
    """Whether determinations disagree; then no group holds until somebody finds out why."""
    return len({(row.abo, row.rhesus) for row in determinations(session, records)}) > 1


def determine(session: Session, actor: Actor, patient_id: int, data: GroupForm, organization_id: int) -> BloodGroup:
    """Enter one determination."""
    if not actor.scope(Permission.LABORATORY_BLOOD_DETERMINE).allows(organization_id):
        raise Forbidden(_("You may not determine blood groups here"))
    row = BloodGroup(
        patient_id=standing_for(session, patient_id),
        organization_id=organization_id,
        determined_at=clock.now(),
        determined_by=actor.login,
        **data.model_dump(),
    )
    session.add(row)
    session.flush()
    log_change(session, actor, "laboratory.blood_group", row, row.patient_id)
    return row


def mark_wrong(session: Session, actor: Actor, records: Sequence[int], group_id: int, reason: str) -> BloodGroup:
    """Take a determination of these records out of force; it stays readable."""
    row = session.get(BloodGroup, group_id, with_for_update=True)
    if row is None or row.patient_id not in records:
        raise NotFound(_("There is no such determination"))
    if not actor.scope(Permission.LABORATORY_BLOOD_DETERMINE).allows(row.organization_id):
        raise Forbidden(_("You may not determine blood groups here"))
    if row.entered_in_error_at is not None:
        raise Conflict(_("This determination is withdrawn already"))
    before = audit.snapshot(row)
    row.entered_in_error_at, row.entered_in_error_by = clock.now(), actor.login
    row.entered_in_error_reason = reason
    session.flush()
    log_change(session, actor, "laboratory.blood_group", row, row.patient_id, before)
    return row


def fits(component: str, donor: tuple[str, str], patient: tuple[str, str]) -> bool:
    """Whether a unit may be given: cells must carry nothing the patient has antibodies to, plasma the reverse."""
    antigens = {"O": set(), "A": {"A"}, "B": {"B"}, "AB": {"A", "B"}}
    given, own = antigens[donor[0]], antigens[patient[0]]
    if component == "whole_blood":
        return donor[0] == patient[0] and (donor[1] == "negative" or patient[1] == "positive")
    if component == "red_cells":
        return given <= own and (donor[1] == "negative" or patient[1] == "positive")
    if component in ("plasma", "cryoprecipitate"):
        return own <= given
    return True


def transfuse(
    session: Session, actor: Actor, patient_id: int, data: TransfusionForm, organization_id: int
) -> Transfusion:
    """Record a transfusion; refused where it would harm, or where somebody must first say why it cannot wait."""
    if not actor.scope(Permission.LABORATORY_TRANSFUSION_WRITE).allows(organization_id):
        raise Forbidden(_("You may not record transfusions here"))
    patient_id = standing_for(session, patient_id)
    at = clock.from_local(data.date, data.time)
    if at > clock.now() + dt.timedelta(minutes=10):
        raise Invalid(_("This moment lies in the future"), field="time")
    if data.unit_expires_on < data.date:
        raise Invalid(_("The unit had expired"), field="unit_expires_on")
    if not data.consent_signed and data.without_group_reason is None:
        raise Invalid(_("Without consent only with a reason why it cannot wait"), field="consent_signed")
    if data.crossmatch == "incompatible":
        raise Invalid(_("The crossmatch forbids this unit"), field="crossmatch")
    records = record_ids(session, patient_id)
    group = established(session, records)
    if group is None and data.without_group_reason is None:
        raise Invalid(
            _("The blood group is not established by two determinations; say why it cannot wait"),
            field="without_group_reason",
        )
    if group is not None and not fits(data.component, (data.unit_abo, data.unit_rhesus), (group.abo, group.rhesus)):
        raise Invalid(
            _("The unit does not fit the patient's group %(group)s", group=group_text(group.abo, group.rhesus)),
            field="unit_abo",
        )
    same = select(Transfusion.id).where(
        Transfusion.unit_number == data.unit_number, Transfusion.component == data.component
    )
    if session.scalar(same.limit(1)) is not None:
        raise Conflict(_("This unit was given already"), field="unit_number")
    procedure = _as_service(session, actor, patient_id, data, organization_id, at)
    row = Transfusion(
        patient_id=patient_id,
        organization_id=organization_id,
        practitioner_id=actor.practitioner_id,
        procedure_id=procedure.id if procedure is not None else None,
        started_at=at,
        recorded_by=actor.login,
        **data.model_dump(exclude={"date", "time"}),
    )
    session.add(row)
    session.flush()
    log_change(session, actor, "laboratory.transfusion", row, patient_id)
    return row


def _as_service(
    session: Session, actor: Actor, patient_id: int, data: TransfusionForm, organization_id: int, at: dt.datetime
) -> Procedure | None:
    """A transfusion is a service rendered too: so the warehouse and the maternal monitor learn of it."""
    code = SERVICES.get(data.component)
    if code is None:
        return None
    row = Procedure(
        patient_id=patient_id,
        organization_id=organization_id,
        practitioner_id=actor.practitioner_id,
        event_at=at,
        known_at=clock.now(),
        evidence="presence",
        code=code,
        recorded_by=actor.login,
    )
    session.add(row)
    session.flush()
    log_change(session, actor, "visits.procedure", row, patient_id)
    return row


def transfusion_or_404(session: Session, transfusion_id: int) -> Transfusion:
    """A transfusion."""
    row = session.get(Transfusion, transfusion_id)
    if row is None:
        raise NotFound(_("There is no such transfusion"))
    return row


def transfusions_of(session: Session, records: Sequence[int]) -> Sequence[Transfusion]:
    """Transfusions of a person, newest first."""
    return session.scalars(
        select(Transfusion).where(Transfusion.patient_id.in_(records)).order_by(Transfusion.started_at.desc())
    ).all()


def log_change(
    session: Session,
    actor: Actor,
    entity: str,
    row: BloodGroup | Transfusion | TransfusionReaction | Procedure,
    patient_id: int,
    before: dict[str, object] | None = None,
) -> None:
    """Leave a change in the journal, with the person it is about."""
    audit.changed(
        session, actor, entity=entity, entity_id=row.id, patient_id=patient_id, before=before, after=audit.snapshot(row)
    )
