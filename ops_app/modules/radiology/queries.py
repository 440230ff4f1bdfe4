"""Every SELECT of radiology: the worklist, studies of a person, reports, doses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.documents.models import Document
from ops_app.modules.imaging.models import Instance, Series, Study
from ops_app.modules.imaging.order_numbers import request_id_of
from ops_app.modules.patients.models import Patient
from ops_app.modules.radiology.forms import WorklistFilter
from ops_app.modules.radiology.models import Exposure, ImagingOrder, KeyImage, Recording, RecordingFile, Report
from ops_app.modules.visits.models import ServiceRequest

DOSE_DAYS = 365
PERFORMER = func.coalesce(ServiceRequest.performer_organization_id, ServiceRequest.organization_id)
URGENCY = case((ServiceRequest.priority == "emergency", 0), (ServiceRequest.priority == "urgent", 1), else_=2)


def step_of(request: ServiceRequest, order: ImagingOrder | None) -> str:
    """Where an order stands in the department."""
    if request.status in ("completed", "cancelled"):
        return "reported" if request.status == "completed" else "cancelled"
    if request.status == "in_progress" or (order is not None and order.performed_at is not None):
        return "performed"
    return "arrived" if order is not None and order.arrived_at is not None else "waits"


def _step(wanted: str) -> ColumnElement[bool]:
    waiting = ServiceRequest.status.in_(("active", "scheduled"))
    conditions: dict[str, ColumnElement[bool]] = {
        "open": ServiceRequest.status.in_(("active", "scheduled", "in_progress")),
        "waits": waiting & ImagingOrder.arrived_at.is_(None),
        "arrived": waiting & ImagingOrder.arrived_at.is_not(None),
        "performed": ServiceRequest.status == "in_progress",
        "reported": ServiceRequest.status == "completed",
        "cancelled": ServiceRequest.status == "cancelled",
        "all": ServiceRequest.status != "draft",
    }
    return conditions[wanted]


def worklist(scope: Scope, asked: WorklistFilter) -> Select[ServiceRequest, ImagingOrder, Patient]:
    """Orders addressed to the scope with their people, the urgent and the oldest first."""
    statement = (
        select(ServiceRequest, ImagingOrder, Patient)
        .join(Patient, Patient.id == ServiceRequest.patient_id)
        .outerjoin(ImagingOrder, ImagingOrder.service_request_id == ServiceRequest.id)
        .where(
            ServiceRequest.category == "imaging",
            ServiceRequest.entered_in_error_at.is_(None),
            scope.condition(PERFORMER),
            _step(asked.step),
        )
    )
    if asked.q is not None:
        statement = statement.where(
            or_(
                Patient.iin == asked.q,
                func.concat_ws(" ", Patient.family_name, Patient.given_name).icontains(asked.q, autoescape=True),
            )
        )
    if asked.modality is not None:
        statement = statement.where(ImagingOrder.modality == asked.modality)
    if asked.day is not None:
        local = func.date(func.timezone("Asia/Almaty", ServiceRequest.event_at))
        statement = statement.where(func.coalesce(ServiceRequest.occurrence_date, local) == asked.day)
    return statement


def order_by_number(session: Session, scope: Scope, number: str) -> int | None:
    """The order addressed to the scope that bears a scanned number, at whatever step it stands."""
    request_id = request_id_of(number)
    if request_id is None:
        return None
    addressed = worklist(scope, WorklistFilter(step="all")).where(ServiceRequest.id == request_id)
    return session.scalar(addressed.with_only_columns(ServiceRequest.id))


def count_waiting(session: Session, scope: Scope, *, to_read: bool) -> int:
    """Examinations that were made and wait to be read; for who does not read, those that wait to be made."""
    waiting = _step("performed") if to_read else or_(_step("waits"), _step("arrived"))
    found = worklist(scope, WorklistFilter(step="open")).where(waiting).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def studies_of_requests(session: Session, request_ids: Iterable[int]) -> dict[int, list[Study]]:
    """Received studies by the order they belong to."""
    found: dict[int, list[Study]] = {}
    for study in session.scalars(
        select(Study).where(Study.service_request_id.in_(list(request_ids)), Study.state == "available")
    ):
        found.setdefault(study.service_request_id or 0, []).append(study)
    return found


def recordings_of_requests(session: Session, request_ids: Iterable[int]) -> dict[int, list[Recording]]:
    """WFDB records by the order they belong to."""
    found: dict[int, list[Recording]] = {}
    for row in session.scalars(select(Recording).where(Recording.service_request_id.in_(list(request_ids)))):
        found.setdefault(row.service_request_id or 0, []).append(row)
    return found


def studies_of(session: Session, records: Sequence[int]) -> Sequence[Study]:
    """Studies of a person, newest first."""
    return session.scalars(
        select(Study)
        .where(Study.patient_id.in_(records), Study.state == "available")
        .order_by(func.coalesce(Study.started_at, Study.received_at).desc(), Study.id.desc())
    ).all()


def recordings_of(session: Session, records: Sequence[int]) -> Sequence[Recording]:
    """WFDB records of a person, newest first."""
    return session.scalars(
        select(Recording).where(Recording.patient_id.in_(records)).order_by(Recording.recorded_on.desc(), Recording.id)
    ).all()


def requests_of(session: Session, records: Sequence[int]) -> Sequence[Row[ServiceRequest, ImagingOrder]]:
    """Orders of a person that are not finished, newest first."""
    return session.execute(
        select(ServiceRequest, ImagingOrder)
        .outerjoin(ImagingOrder, ImagingOrder.service_request_id == ServiceRequest.id)
        .where(
            ServiceRequest.patient_id.in_(records),
            ServiceRequest.category == "imaging",
            ServiceRequest.entered_in_error_at.is_(None),
            ServiceRequest.status.in_(("active", "scheduled", "in_progress")),
        )
        .order_by(ServiceRequest.event_at.desc())
    ).all()


@dataclass(frozen=True, slots=True)
class Contents:
    """A series with its objects."""

    series: Series
    instances: list[Instance]


def contents_of(session: Session, study_id: int) -> list[Contents]:
    """Series of a study with their objects in the order they are looked at."""
    found: dict[int, Contents] = {}
    rows = session.execute(
        select(Series, Instance)
        .join(Instance, Instance.series_id == Series.id)
        .where(Series.study_id == study_id)
        .order_by(Series.number.nulls_last(), Series.id, Instance.number.nulls_last(), Instance.id)
    )
    for series, instance in rows:
        found.setdefault(series.id, Contents(series, [])).instances.append(instance)
    return list(found.values())


def first_pictures(session: Session, study_ids: Sequence[int]) -> dict[int, Instance]:
    """One object with a picture for each study, else one with a waveform: for its thumbnail."""
    rows = session.execute(
        select(Series.study_id, Instance)
        .join(Instance, Instance.series_id == Series.id)
        .where(Series.study_id.in_(study_ids), Instance.kind.in_(("image", "waveform")))
        .distinct(Series.study_id)
        .order_by(Series.study_id, Instance.kind, Series.number.nulls_last(), Instance.number.nulls_last(), Instance.id)
    )
    return {row[0]: row[1] for row in rows}


def instance_or_404(session: Session, instance_id: int) -> tuple[Instance, Series]:
    """A stored object with its series."""
    found = session.execute(
        select(Instance, Series).join(Series, Series.id == Instance.series_id).where(Instance.id == instance_id)
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such picture"))
    return found[0], found[1]


def key_images(session: Session, study_id: int) -> Sequence[KeyImage]:
    """Frames of a study that are marked, in the order they were."""
    return session.scalars(
        select(KeyImage).where(KeyImage.study_id == study_id, KeyImage.unmarked_at.is_(None)).order_by(KeyImage.id)
    ).all()


def recording_or_404(session: Session, recording_id: int) -> Recording:
    """A WFDB record."""
    found = session.get(Recording, recording_id)
    if found is None:
        raise NotFound(_("There is no such recording"))
    return found


def files_of(session: Session, recording_id: int) -> dict[str, bytes]:
    """The files of a record by name."""
    rows = session.execute(
        select(RecordingFile.name, RecordingFile.content).where(RecordingFile.recording_id == recording_id)
    )
    return {row.name: row.content for row in rows}


def report_or_404(session: Session, report_id: int) -> Report:
    """A report."""
    found = session.get(Report, report_id)
    if found is None:
        raise NotFound(_("There is no such report"))
    return found


def reports_about(
    session: Session, *, study_id: int | None = None, recording_id: int | None = None
) -> Sequence[Report]:
    """Reports of a study or a recording, newest first."""
    about = Report.study_id == study_id if study_id is not None else Report.recording_id == recording_id
    return session.scalars(select(Report).where(about).order_by(Report.id.desc())).all()


def final_reports(session: Session, records: Sequence[int]) -> Sequence[Report]:
    """Finished reports of a person that are in force."""
    return session.scalars(select(Report).where(Report.patient_id.in_(records), Report.status == "final")).all()


def documents_of(session: Session, reports: Iterable[Report]) -> dict[int, Document]:
    """The documents of reports by report."""
    by_document = {report.document_id: report.id for report in reports if report.document_id}
    found = session.scalars(select(Document).where(Document.id.in_(list(by_document))))
    return {by_document[document.id]: document for document in found}


def exposures(session: Session, records: Sequence[int], days: int = DOSE_DAYS) -> Sequence[Exposure]:
    """Doses of a person in the last year, newest first."""
    since = clock.now() - dt.timedelta(days=days)
    return session.scalars(
        select(Exposure)
        .where(Exposure.patient_id.in_(records), Exposure.withdrawn_at.is_(None), Exposure.performed_at >= since)
        .order_by(Exposure.performed_at.desc(), Exposure.id.desc())
    ).all()


def exposure_of(session: Session, report_id: int) -> Exposure | None:
    """The dose that a report recorded."""
    return session.scalar(select(Exposure).where(Exposure.report_id == report_id))
