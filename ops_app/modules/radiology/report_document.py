"""The document of a finished report: what it says, gathered once in its language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import _, speaking
from ops_app.kit.dates import show_date, show_moment
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.documents.contents import about_organization, about_person, about_signer
from ops_app.modules.documents.forming import form_about
from ops_app.modules.documents.models import Document
from ops_app.modules.imaging.order_numbers import accession_number
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import practitioner_names
from ops_app.modules.patients.models import Patient
from ops_app.modules.radiology.models import Exposure, Report
from ops_app.modules.radiology.protocol import dose_text
from ops_app.modules.radiology.report_templates import templates
from ops_app.modules.radiology.titles import BODY_PART_TITLES, MODALITY_TITLES
from ops_app.modules.visits.models import ServiceRequest
from ops_app.ui.render import local_name

if TYPE_CHECKING:
    from ops_app.modules.radiology.reports import About

KIND = "imaging_report"


def form_report(
    session: Session,
    actor: Actor,
    report: Report,
    about: About,
    dose: Exposure | None,
    check_path: str,
    replaces_id: int | None,
) -> Document:
    """Form the document of a report; a corrected one is the next version under the same number."""
    with speaking(report.language):
        data = {
            "organization": about_organization(session.get_one(Organization, report.organization_id)),
            "patient": about_person(session.get_one(Patient, report.patient_id)),
            "doctor": about_signer(session, report.practitioner_id),
            "study": _study(session, report, about, dose),
            "protocol": report.shown,
            "conclusion": report.conclusion,
            "icd10": _icd10(session, report.icd10),
            "recommendation": report.recommendation,
        }
        return form_about(
            session,
            actor,
            KIND,
            organization_id=report.organization_id,
            patient_id=report.patient_id,
            language=report.language,
            data=data,
            check_path=check_path,
            replaces_id=replaces_id,
        )


def _study(session: Session, report: Report, about: About, dose: Exposure | None) -> dict[str, Any]:
    request = session.get(ServiceRequest, report.service_request_id) if report.service_request_id else None
    kinds = [_(MODALITY_TITLES.get(each, each)) for each in about.modalities]
    part = BODY_PART_TITLES.get((about.body_part or "").upper())
    requester = order = None
    if request is not None:
        names = practitioner_names(session, [request.practitioner_id])
        place = local_name(session.get(Organization, request.organization_id))
        requester = ", ".join(filter(None, (names.get(request.practitioner_id or 0), place)))
        order = f"{accession_number(request.id)} ({show_date(request.event_at)})"
    return {
        "title": ", ".join(
            filter(None, (str(templates()[report.template].definition.title), *kinds, _(part) if part else ""))
        ),
        "moment": show_moment(about.performed_at),
        "order": order,
        "requester": requester,
        "projection": report.projection,
        "dose": dose_text(dose.effective_msv, dose.dap_dgycm2, dose.ctdivol_mgy) if dose else None,
        "correction": report.correction_reason,
    }


def _icd10(session: Session, code: str | None) -> str | None:
    if code is None:
        return None
    return f"{code} {titles(session, [('icd10', code)]).get(('icd10', code), '')}".strip()
