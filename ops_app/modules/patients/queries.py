"""Every SELECT about people except the search."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence

from sqlalchemy import Row, any_, bindparam, func, or_, select, text
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.among import KEYS
from ops_app.modules.deaths.models import Death
from ops_app.modules.episodes.models import CarePlanActivity, EpisodeOfCare
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.access import within, within_parameters
from ops_app.modules.patients.models import Attachment, Patient, PatientLink, ServingSite


def patient_or_404(session: Session, patient_id: int) -> Patient:
    """The record of a person."""
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise NotFound(_("There is no such patient"))
    return patient


# Composed once: every page about a person asks for them.
_HIDDEN_BEHIND = select(PatientLink.other_patient_id).where(
    PatientLink.patient_id == bindparam("id"), PatientLink.unlinked_at.is_(None)
)
_STANDING_FOR = select(PatientLink.patient_id).where(
    PatientLink.other_patient_id == bindparam("id"), PatientLink.unlinked_at.is_(None)
)
_LIVE_BY_IIN = select(Patient).where(
    Patient.iin == bindparam("iin"), Patient.is_live, Patient.entered_in_error_at.is_(None)
)
_ATTACHMENT = (
    select(Attachment)
    .where(
        Attachment.patient_id == any_(KEYS),
        Attachment.entered_in_error_at.is_(None),
        Attachment.start_date <= bindparam("day"),
        or_(Attachment.end_date.is_(None), Attachment.end_date > bindparam("day")),
    )
    .order_by(Attachment.start_date.desc())
    .limit(1)
)
_SERVING_SITE = (
    select(ServingSite)
    .where(
        ServingSite.patient_id == any_(KEYS),
        ServingSite.entered_in_error_at.is_(None),
        ServingSite.start_date <= bindparam("day"),
        or_(ServingSite.end_date.is_(None), ServingSite.end_date > bindparam("day")),
    )
    .order_by(ServingSite.start_date.desc(), ServingSite.id.desc())
    .limit(1)
)
_DEATH = (
    select(Death)
    .where(Death.patient_id == any_(KEYS), Death.entered_in_error_at.is_(None))
    .order_by(Death.known_at)
    .limit(1)
)
BIRTHS = ("live_birth", "stillbirth")
"""Outcomes of a pregnancy that are shown at the desk; others are nobody's marker."""
_OPEN_OR_BORN = (
    select(EpisodeOfCare)
    .where(
        EpisodeOfCare.patient_id == any_(KEYS),
        (EpisodeOfCare.status == "active")
        | (EpisodeOfCare.outcome.in_(BIRTHS) & (EpisodeOfCare.outcome_at > bindparam("since"))),
        EpisodeOfCare.entered_in_error_at.is_(None),
    )
    .order_by(EpisodeOfCare.event_at.desc())
)
_PLANNED_STEPS = (
    select(CarePlanActivity)
    .where(
        CarePlanActivity.patient_id == any_(KEYS),
        CarePlanActivity.status == "planned",
        CarePlanActivity.entered_in_error_at.is_(None),
    )
    .order_by(CarePlanActivity.planned_date.asc().nulls_last(), CarePlanActivity.id)
)


def record_ids(session: Session, patient_id: int) -> list[int]:
    """This record and those a merge hid behind it."""
    return [patient_id, *session.scalars(_HIDDEN_BEHIND, {"id": patient_id})]


def standing_for(session: Session, patient_id: int) -> int:
    """The record that stands for this one: itself, unless a merge hid it."""
    return session.scalar(_STANDING_FOR, {"id": patient_id}) or patient_id


def live_by_iin(session: Session, iin: str) -> Patient | None:
    """The live record with this number."""
    return session.scalar(_LIVE_BY_IIN, {"iin": iin})


def live_by_identifier(session: Session, identifier: str) -> Patient | None:
    """The live record with this IIN or temporary identifier, as a person types it."""
    typed = re.sub(r"\s", "", identifier).upper()
    return session.scalar(
        select(Patient).where(
            or_(Patient.iin == typed, Patient.temporary_id == typed),
            Patient.is_live,
            Patient.entered_in_error_at.is_(None),
        )
    )


def children(session: Session, records: Sequence[int], born_on: dt.date | None = None) -> Sequence[Patient]:
    """Live records of the children of a mother, born on a day if one is given."""
    statement = select(Patient).where(
        Patient.mother_id.in_(records), Patient.is_live, Patient.entered_in_error_at.is_(None)
    )
    if born_on is not None:
        statement = statement.where(Patient.birth_date == born_on)
    return session.scalars(statement.order_by(Patient.birth_date, Patient.id)).all()


def attachments(session: Session, records: Sequence[int]) -> Sequence[Row[Attachment, Organization]]:
    """Attachments of a person, newest first, with the organisation."""
    return session.execute(
        select(Attachment, Organization)
        .join(Organization, Organization.id == Attachment.organization_id)
        .where(Attachment.patient_id.in_(records))
        .order_by(Attachment.start_date.desc(), Attachment.id.desc())
    ).all()


def current_attachment(session: Session, records: Sequence[int], on: dt.date | None = None) -> Attachment | None:
    """The attachment that holds on a day."""
    return session.scalar(_ATTACHMENT, {"keys": list(records), "day": on or clock.today()})


def current_serving_site(session: Session, records: Sequence[int], on: dt.date | None = None) -> ServingSite | None:
    """The site that serves a person on a day though he may be attached elsewhere."""
    return session.scalar(_SERVING_SITE, {"keys": list(records), "day": on or clock.today()})


def live_death(session: Session, records: Sequence[int]) -> Death | None:
    """The registered death, if the person died."""
    return session.scalar(_DEATH, {"keys": list(records)})


def open_or_born(session: Session, records: Sequence[int], since: dt.datetime) -> Sequence[EpisodeOfCare]:
    """Register cards that are open, and those of pregnancies that ended in a birth since a moment."""
    return session.scalars(_OPEN_OR_BORN, {"keys": list(records), "since": since}).all()


def planned_steps(session: Session, records: Sequence[int]) -> Sequence[CarePlanActivity]:
    """Steps of programmes that wait, the earliest first."""
    return session.scalars(_PLANNED_STEPS, {"keys": list(records)}).all()


def links_of(session: Session, patient_id: int) -> Sequence[Row[PatientLink, Patient]]:
    """Records hidden behind this one, with the link that hides them."""
    return session.execute(
        select(PatientLink, Patient)
        .join(Patient, Patient.id == PatientLink.other_patient_id)
        .where(PatientLink.patient_id == patient_id, PatientLink.unlinked_at.is_(None))
        .order_by(PatientLink.linked_at.desc())
    ).all()


def newest_links(session: Session, limit: int = 50) -> Sequence[PatientLink]:
    """Merges, newest first."""
    return session.scalars(select(PatientLink).order_by(PatientLink.id.desc()).limit(limit)).all()


def link_or_404(session: Session, link_id: int) -> PatientLink:
    """A link between two records."""
    link = session.get(PatientLink, link_id)
    if link is None:
        raise NotFound(_("There is no such link"))
    return link


def names_in_scope(session: Session, patient_ids: Iterable[int], scope: Scope) -> dict[int, Patient]:
    """Those of several records that lie within a scope."""
    statement = select(Patient).where(Patient.id.in_(list(patient_ids)))
    if not scope.everywhere:
        condition = text(within("patients.patient.id")).bindparams(**within_parameters(scope))
        statement = statement.where(condition)
    return {row.id: row for row in session.scalars(statement)}


def places_of(session: Session, patient_ids: Iterable[int]) -> dict[int, Organization]:
    """Where each of several people is attached today: the site, or the organisation where there is none."""
    today = clock.today()
    place = func.coalesce(Attachment.site_id, Attachment.organization_id)
    rows = session.execute(
        select(Attachment.patient_id, Organization)
        .join(Organization, Organization.id == place)
        .where(
            Attachment.patient_id.in_(list(patient_ids)),
            Attachment.entered_in_error_at.is_(None),
            Attachment.start_date <= today,
            or_(Attachment.end_date.is_(None), Attachment.end_date > today),
        )
    )
    return {row.patient_id: row.Organization for row in rows}


def dead_among(session: Session, patient_ids: Iterable[int]) -> set[int]:
    """Those of several people whose death is registered."""
    return set(
        session.scalars(
            select(Death.patient_id).where(Death.patient_id.in_(list(patient_ids)), Death.entered_in_error_at.is_(None))
        )
    )
