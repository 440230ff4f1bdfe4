"""Orders as a modality's work list shows them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.classifiers.models import Concept
from ops_app.modules.imaging.order_numbers import accession_number
from ops_app.modules.organizations.models import Practitioner
from ops_app.modules.patients.models import Patient
from ops_app.modules.radiology.models import ImagingOrder
from ops_app.modules.visits.models import ServiceRequest, ServiceRequestEvent

WAITING = ("active", "scheduled", "in_progress")
MAMMOGRAPHY = ("C03.082.005", "C03.084.005")
METHODS = {"003": "US", "004": "US", "005": "DX", "006": "CT", "007": "MR"}
"""The last part of a code of the services' classifier is the method."""
LONGEST_LIST = 500
OLDEST_DAYS = 180


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One line of the list."""

    request: ServiceRequest
    patient: Patient
    title: str
    modality: str
    at: dt.datetime | None
    day: dt.date
    referring: str

    @property
    def accession_number(self) -> str:
        """The number that comes back with the images."""
        return accession_number(self.request.id)

    @property
    def study_uid(self) -> str:
        """The UID the device shall give the study; always the same for the same order."""
        seed = f"saulyq:order:{self.request.id}:{self.request.recorded_at.isoformat()}"
        return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, seed).int}"


def modality_of(code: str | None) -> str:
    """The kind of device that performs a service, where the order itself does not say it."""
    if code in MAMMOGRAPHY:
        return "MG"
    return METHODS.get((code or "").rpartition(".")[2], "OT") if (code or "").startswith("C03.") else "OT"


def scheduled(
    session: Session, *, organization_ids: Collection[int] | None = None, request_id: int | None = None
) -> list[Scheduled]:
    """Imaging orders that wait for a device, oldest day first."""
    at = (
        select(ServiceRequestEvent.scheduled_at)
        # the newest of them counts: another time may be an earlier one, and a time may have been taken back
        .where(
            ServiceRequestEvent.service_request_id == ServiceRequest.id,
            ServiceRequestEvent.after.in_(("active", "scheduled")),
        )
        .order_by(ServiceRequestEvent.id.desc())
        .limit(1)
        .correlate(ServiceRequest)
        .scalar_subquery()
    )
    statement = (
        select(ServiceRequest, Patient, Practitioner, Concept.title_ru, ImagingOrder.modality, at)
        .join(Patient, Patient.id == ServiceRequest.patient_id)
        .outerjoin(Practitioner, Practitioner.id == ServiceRequest.practitioner_id)
        .outerjoin(ImagingOrder, ImagingOrder.service_request_id == ServiceRequest.id)
        .outerjoin(Concept, (Concept.system == "service") & (Concept.code == ServiceRequest.code))
        .where(
            ServiceRequest.category == "imaging",
            ServiceRequest.status.in_(WAITING),
            ServiceRequest.entered_in_error_at.is_(None),
            ServiceRequest.event_at > clock.now() - dt.timedelta(days=OLDEST_DAYS),
            Patient.is_live,
        )
        .order_by(func.coalesce(ServiceRequest.occurrence_date, func.current_date()), ServiceRequest.id)
        .limit(LONGEST_LIST)
    )
    if request_id is not None:
        statement = statement.where(ServiceRequest.id == request_id)
    if organization_ids is not None:
        statement = statement.where(
            or_(
                ServiceRequest.performer_organization_id.in_(organization_ids),
                ServiceRequest.performer_organization_id.is_(None)
                & ServiceRequest.organization_id.in_(organization_ids),
            )
        )
    return [
        Scheduled(
            request=request,
            patient=patient,
            title=title or request.code or "",
            modality=modality or modality_of(request.code),
            at=moment,
            day=request.occurrence_date or clock.today(),
            referring=f"{doctor.family_name}^{doctor.given_name}" if doctor is not None else "",
        )
        for request, patient, doctor, title, modality, moment in session.execute(statement)
    ]
