"""What a document says: gathered from the visit once, in the document's language, and frozen."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ops_app.i18n import _
from ops_app.kit.dates import show_date, show_moment
from ops_app.modules.organizations.models import Organization, Practitioner
from ops_app.modules.organizations.queries import current_role
from ops_app.modules.organizations.titles import POSITIONS
from ops_app.modules.patients import fact_text
from ops_app.modules.patients.fact_text import Wording
from ops_app.modules.patients.forms import SEX_TITLES
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Encounter
from ops_app.modules.visits.queries import rows_of
from ops_app.ui.render import local_name


def about_visit(session: Session, encounter: Encounter, practitioner_id: int) -> dict[str, Any]:
    """The visit, the person, the organisation and the doctor as plain texts."""
    patient = session.get_one(Patient, encounter.patient_id)
    return {
        "organization": about_organization(session.get_one(Organization, encounter.organization_id)),
        "patient": about_person(patient),
        "visit": _visit(session, encounter),
        "doctor": about_signer(session, practitioner_id),
    }


def about_person(patient: Patient) -> dict[str, Any]:
    """Whom it is about."""
    return {
        "name": full_name(patient),
        "iin": patient.iin or patient.temporary_id,
        "birth_date": show_date(patient.birth_date),
        "sex": _(SEX_TITLES[patient.sex]),
    }


def about_organization(organization: Organization) -> dict[str, Any]:
    """Who issues it."""
    return {"name": local_name(organization), "bin": organization.bin}


def about_signer(session: Session, practitioner_id: int) -> dict[str, str]:
    """Who wrote and signs it."""
    who = session.get_one(Practitioner, practitioner_id)
    role = current_role(session, practitioner_id)
    name = " ".join(part for part in (who.family_name, who.given_name, who.patronymic) if part)
    return {"name": name, "position": _(POSITIONS[role.position if role else "other"])}


def _visit(session: Session, encounter: Encounter) -> dict[str, Any]:
    rows = {
        kind: [row for row in found if row.entered_in_error_at is None]
        for kind, found in rows_of(session, [encounter.id]).items()
    }
    words = Wording.of(
        session, [("encounter", encounter), *((kind, row) for kind, found in rows.items() for row in found)]
    )
    return {
        "moment": show_moment(encounter.event_at),
        "what": fact_text.encounter(encounter),
        "diagnoses": [fact_text.diagnosis(row, words) for row in rows["condition"]],
        "observations": [text for _row, text in fact_text.observations(rows["observation"], words)],
        "services": [fact_text.service(row, words) for row in rows["procedure"]],
        "referrals": [
            fact_text.referral(row, words, fact_text.performer(row, words)) for row in rows["service_request"]
        ],
        "prescriptions": [fact_text.prescription(row, words) for row in rows["medication_request"]],
        "note": encounter.note,
    }
