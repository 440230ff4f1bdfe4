"""Rules a visit must keep that need the database, the person or several fields at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import Forbidden, Invalid
from ops_app.i18n import _
from ops_app.modules.classifiers.versions import offered_of_each
from ops_app.modules.episodes.plans import screening_of
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.forms import DiagnosisInput, VisitInput, VisitRows
from ops_app.modules.visits.models import Condition
from ops_app.modules.visits.vitals import VITALS, out_of_limits
from ops_app.permissions import Permission

# Contacts that are worth recording though nobody was examined.
_WITHOUT_DIAGNOSIS = ("patronage", "active", "screening", "prevention", "other")


def check_rows(session: Session, actor: Actor, patient: Patient, data: VisitRows, day: dt.date) -> None:
    """Every row by itself: known codes, plausible values, a writer who may write it."""
    medical = data.diagnoses or data.referrals or data.prescriptions or data.no_medicine_reason
    if medical and not actor.may(Permission.VISITS_RECORD_WRITE):
        raise Forbidden(_("Diagnoses, referrals and prescriptions are written by a doctor"))
    _check_vitals(data)
    referred = [row.code for row in data.referrals if row.code]
    known = offered_of_each(
        session,
        {
            "icd10": [row.icd10 for row in data.diagnoses],
            "service": [*(row.code for row in data.services), *referred],
            "atc": [row.code for row in data.prescriptions],
        },
        day,
    )
    _check_diagnoses(patient, data.diagnoses, known["icd10"])
    _check_services(data, day, known["service"])
    for number, referral in enumerate(data.referrals):
        if referral.code and referral.code not in known["service"]:
            raise Invalid(_("There is no such service"), field=f"referrals-{number}-code")
        if referral.performer_organization_id is not None:
            performer = session.get(Organization, referral.performer_organization_id)
            if performer is None or performer.kind != "organization":
                raise Invalid(_("Choose an organisation"), field=f"referrals-{number}-performer_organization_id")
    for number, prescription in enumerate(data.prescriptions):
        if prescription.code not in known["atc"]:
            raise Invalid(_("Choose a medicine from the list"), field=f"prescriptions-{number}-code")
        if prescription.end_date is not None and prescription.end_date < day:
            raise Invalid(_("The end lies before the visit"), field=f"prescriptions-{number}-end_date")


def _check_vitals(data: VisitRows) -> None:
    for vital in VITALS:
        value = getattr(data, vital.name)
        if value is None:
            continue
        problem = out_of_limits(vital, value)
        if problem:
            raise Invalid(problem, field=vital.name)
    if (data.systolic is None) != (data.diastolic is None):
        missing = "systolic" if data.systolic is None else "diastolic"
        raise Invalid(_("Enter both values of the blood pressure"), field=missing)
    if data.systolic is not None and data.diastolic is not None and data.systolic <= data.diastolic:
        raise Invalid(_("The systolic pressure is higher than the diastolic"), field="diastolic")


def _check_diagnoses(patient: Patient, diagnoses: Sequence[DiagnosisInput], known: Collection[str]) -> None:
    for number, diagnosis in enumerate(diagnoses):
        field = f"diagnoses-{number}-icd10"
        if diagnosis.icd10 not in known:
            raise Invalid(_("There is no such code in ICD-10"), field=field)
        if patient.sex == "male" and diagnosis.icd10[0] == "O":
            raise Invalid(_("This diagnosis belongs to pregnancy; the patient is a man"), field=field)


def check_diagnoses_together(diagnoses: Sequence[DiagnosisInput | Condition]) -> None:
    """One main diagnosis of a kind, none twice."""
    kinds = [row.kind for row in diagnoses if row.type == "main"]
    if len(kinds) != len(set(kinds)):
        raise Invalid(_("A visit has one main diagnosis; mark the others as concomitant"), field="diagnoses-0-icd10")
    codes = [(row.icd10, row.kind) for row in diagnoses if row.icd10]
    if len(codes) != len(set(codes)):
        raise Invalid(_("The same diagnosis stands there twice"), field="diagnoses-0-icd10")
    if diagnoses and not kinds:
        raise Invalid(_("Mark one diagnosis as the main one"), field="diagnoses-0-icd10")


def _check_services(data: VisitRows, day: dt.date, known: Collection[str]) -> None:
    for number, service in enumerate(data.services):
        if service.code not in known:
            raise Invalid(_("There is no such service"), field=f"services-{number}-code")
        screening = screening_of(service.code, day)
        if service.result_code and screening and service.result_code not in screening[1].results:
            raise Invalid(
                _("The result is one of: %(codes)s", codes=", ".join(screening[1].results)),
                field=f"services-{number}-result_code",
            )


def check_whole(actor: Actor, data: VisitInput) -> None:
    """The visit as a whole: a disease needs a diagnosis, nobody at home needs a home."""
    check_diagnoses_together(data.diagnoses)
    if data.disposition == "nobody_home":
        if data.encounter_class != "home":
            raise Invalid(_("“Nobody at home” belongs to a home visit"), field="disposition")
        measured = any(getattr(data, vital.name) is not None for vital in VITALS)
        if measured or data.diagnoses or data.services or data.prescriptions:
            raise Invalid(_("Nobody was at home, so nothing could be examined"), field="disposition")
        if data.presence_confirmed:
            raise Invalid(_("Nobody was at home, so nobody's presence is confirmed"), field="disposition")
        return
    if data.presence_confirmed and data.encounter_class == "virtual":
        raise Invalid(_("Presence is confirmed face to face"), field="presence_confirmed")
    needs_diagnosis = (
        actor.may(Permission.VISITS_RECORD_WRITE)
        and data.encounter_class != "virtual"
        and data.purpose not in _WITHOUT_DIAGNOSIS
        and data.disposition != "refused"
    )
    if needs_diagnosis and not data.diagnoses:
        raise Invalid(_("Enter the diagnosis"), field="diagnoses-0-icd10")
