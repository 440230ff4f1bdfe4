"""The frame of every page about one person: header, tabs, and what the reader may do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.i18n import N_, _
from ops_app.mechanisms.closed_topics.veil import veil_of
from ops_app.modules.episodes.models import CarePlanActivity
from ops_app.modules.patients import queries
from ops_app.modules.patients.header import Header, header
from ops_app.patient_access import PatientAccess
from ops_app.permissions import Permission
from ops_app.ui.render import page

TABS = (
    ("timeline", N_("Timeline"), "patients:card", Permission.PATIENTS_CARD_READ),
    ("summary", N_("Summary"), "patients:summary", Permission.PATIENTS_CARD_READ),
    ("forms", N_("Forms"), "questionnaires:of_patient", Permission.PATIENTS_CARD_READ),
    ("laboratory", N_("Laboratory"), "laboratory:of_patient", Permission.PATIENTS_CARD_READ),
    ("registers", N_("Register cards"), "episodes:of_patient", Permission.PATIENTS_CARD_READ),
    ("programmes", N_("Programmes"), "episodes:programmes", Permission.PATIENTS_CARD_READ),
    ("monitoring", N_("Home monitoring"), "monitoring:of_patient", Permission.MONITORING_RECORD_READ),
    ("bookings", N_("Bookings"), "appointments:of_patient", Permission.APPOINTMENTS_SLOT_BOOK),
    ("images", N_("Images"), "radiology:of_patient", Permission.IMAGING_STUDY_READ),
    ("documents", N_("Documents"), "documents:of_patient", Permission.DOCUMENTS_RECORD_READ),
    ("person", N_("Person"), "patients:identity", Permission.PATIENTS_IDENTITY_READ),
    ("consents", N_("Consents"), "personal_data:of_patient", Permission.PATIENTS_IDENTITY_READ),
)


@dataclass(frozen=True)
class Person:
    """A person as a page shows him: the header and the records behind it."""

    header: Header
    records: list[int]
    standing: int
    """The live record, when this one was hidden by a merge."""
    waiting: Sequence[CarePlanActivity]
    """Steps of programmes that wait; none for readers without the card."""


def person(session: Session, access: PatientAccess) -> Person:
    """Load what every page about a person needs."""
    patient, records = access.patient, access.records
    clinical = access.actor.may(Permission.PATIENTS_CARD_READ)
    waiting = queries.planned_steps(session, records) if clinical else []
    standing = patient.id if patient.is_live else queries.standing_for(session, patient.id)
    return Person(header(session, patient, records, waiting, clinical=clinical), records, standing, waiting)


def card_page(
    request: Request,
    session: Session,
    access: PatientAccess,
    template: str,
    tab: str,
    *,
    who: Person | None = None,
    status_code: int = 200,
    **context: Any,
) -> Response:
    """A page under the patient header."""
    who = who or person(session, access)
    tabs = [
        (_(title), str(request.app.url_path_for(route, patient_id=access.patient_id)), name == tab)
        for name, title, route, permission in TABS
        if access.actor.may(permission)
    ]
    may = {
        "record": access.actor.may(Permission.VISITS_VITALS_WRITE),
        "book": access.actor.may(Permission.APPOINTMENTS_SLOT_BOOK),
        "register": access.actor.may(Permission.EPISODES_RECORD_WRITE),
        "edit": access.actor.may(Permission.PATIENTS_IDENTITY_WRITE),
        "bury": access.actor.may(Permission.DEATHS_RECORD_WRITE),
        "export": access.actor.may(Permission.EXPORTS_PERSON_MAKE),
        "merge": access.actor.may(Permission.PATIENTS_RECORD_MERGE),
    }
    return page(
        request,
        template,
        status_code=status_code,
        patient=who.header,
        patient_id=access.patient_id,
        standing=who.standing,
        tabs=tabs,
        access_rule=access.rule,
        closed_topics=_closed_topics(session, access),
        may=may,
        **context,
    )


def _closed_topics(session: Session, access: PatientAccess) -> str:
    """Whether the reader sees the card without closed topics, or opened them with a reason."""
    veil = veil_of(session)
    if veil is None or not veil.topics:
        return ""
    return "opened" if access.patient_id in veil.revealed else "closed"
