"""ECG and other signals: brought in, shown on millimetre paper, sent window by window."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Invalid, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Posted, PostedForm
from ops_app.mechanisms.waveform.recording import Recording as Signal
from ops_app.modules.imaging.filing import full_path
from ops_app.modules.imaging.pixels import CannotShow
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.patients.card import card_page
from ops_app.modules.radiology import queries, recordings, study_view
from ops_app.modules.radiology.addresses import addresses
from ops_app.modules.radiology.models import Recording
from ops_app.modules.radiology.permissions import (
    MADE_HERE,
    RecordBringer,
    StudyReader,
    StudyUploader,
    open_request,
    open_study,
    performing,
)
from ops_app.modules.radiology.report_pages import report_panel
from ops_app.modules.radiology.tickets import holds, ticket
from ops_app.modules.radiology.viewer_routes import NotDecodable, opened_instance
from ops_app.modules.radiology.viewer_words import as_json
from ops_app.modules.visits.referrals import performer_id, referral_or_404
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)


def _files(posted: Posted) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for upload in posted.data.getlist("files"):
        if isinstance(upload, UploadFile):
            # one byte more than is allowed is enough to refuse it
            found[upload.filename or ""] = upload.file.read(recordings.MOST_BYTES + 1)
    return found


@router.post("/patients/{patient_id}/recordings", name="radiology:bring_recording")
def bring(request: Request, access: RecordBringer, db: Db, posted: PostedForm) -> Response:
    """Bring a WFDB record of a person in."""
    back = str(request.app.url_path_for("radiology:of_patient", patient_id=access.patient_id))
    place = place_of(db, access.actor)
    return _brought(request, db, access.actor, access.patient_id, place.organization.id, posted, back)


@router.post("/radiology/orders/{request_id}/recordings", name="radiology:bring_to_order")
def bring_to_order(request: Request, actor: StudyUploader, db: Db, request_id: int, posted: PostedForm) -> Response:
    """Bring the WFDB record that an order asked for."""
    found = referral_or_404(db, request_id)
    open_request(db, actor, found)
    if not performing(actor, performer_id(found)):
        raise Invalid(_("This order is addressed to another organisation"))
    back = str(request.app.url_path_for("radiology:order", request_id=request_id))
    return _brought(request, db, actor, found.patient_id, performer_id(found), posted, back, found)


def _brought(
    request: Request,
    db: Session,
    actor: Actor,
    patient_id: int,
    organization_id: int,
    posted: Posted,
    back: str,
    order: Any = None,
) -> Response:
    try:
        with db.begin_nested():
            row = recordings.bring(db, actor, patient_id, organization_id, _files(posted), order)
    except OpsError as refused:
        return redirect(request, back, refused.message, "danger")
    return redirect(request, str(request.app.url_path_for("radiology:recording", recording_id=row.id)), _("Stored"))


def _opened(db: Session, actor: Actor, recording_id: int) -> tuple[Recording, PatientAccess]:
    row = queries.recording_or_404(db, recording_id)
    rule = MADE_HERE if performing(actor, row.organization_id) else None
    return row, open_patient(db, actor, row.patient_id, Permission.IMAGING_STUDY_READ, rule=rule)


def _about(signal: Signal, samples_url: str) -> Markup:
    about = {
        "leads": study_view.lead_facts(signal),
        "seconds": signal.seconds,
        "samples_url": samples_url,
        "broken": _("The signal could not be loaded"),
        "texts": {"second": _("s"), "ms": _("ms"), "beats": _("a minute")},
    }
    return as_json(about)


@router.get("/radiology/recordings/{recording_id}", name="radiology:recording")
def recording(request: Request, actor: StudyReader, db: Db, recording_id: int) -> Response:
    """A recording on millimetre paper with its conclusion."""
    row, access = _opened(db, actor, recording_id)
    signal = study_view.wfdb_recording(db, recording_id)
    url = addresses(request)
    samples = url("radiology:recording_samples", recording_id=recording_id)
    return card_page(
        request,
        db,
        access,
        "radiology/ecg.html",
        "images",
        title=_("Electrocardiogram"),
        at=row.recorded_on,
        about_json=_about(signal, samples),
        begin_url=url("radiology:begin_conclusion", recording_id=recording_id),
        files=sorted(queries.files_of(db, recording_id)),
        recording=row,
        **report_panel(db, actor, recording=row),
    )


@router.get("/radiology/recordings/{recording_id}/samples", name="radiology:recording_samples")
def recording_samples(actor: StudyReader, db: Db, recording_id: int, start: float = 0, seconds: float = 20) -> Response:
    """A window of a recording."""
    _opened(db, actor, recording_id)
    return _window(study_view.wfdb_recording(db, recording_id), start, seconds)


def _window(signal: Signal, start: float, seconds: float) -> Response:
    if not 0 <= start <= 1e7 or not 0 < seconds <= 60:
        raise Invalid(_("The value does not look right"), field="start")
    return Response(signal.window(start, seconds), media_type="application/octet-stream")


@router.get("/radiology/recordings/{recording_id}/picture", name="radiology:recording_picture")
def recording_picture(actor: StudyReader, db: Db, recording_id: int, ticket: str = "") -> Response:
    """The first seconds as a small picture."""
    if not holds(actor, f"recording:{recording_id}", ticket):
        _opened(db, actor, recording_id)
    return Response(study_view.sketch(study_view.wfdb_recording(db, recording_id), 96), media_type="image/svg+xml")


@router.get("/radiology/recordings/{recording_id}/files/{file_name}", name="radiology:recording_file")
def recording_file(actor: StudyReader, db: Db, recording_id: int, file_name: str) -> Response:
    """A file of a record as it was brought."""
    _opened(db, actor, recording_id)
    content = queries.files_of(db, recording_id).get(file_name)
    if content is None:
        raise Invalid(_("There is no such file"))
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": 'attachment; filename="' + file_name.replace('"', "") + '"'},
    )


def _signal_of(db: Session, actor: Actor, instance_id: int, given: str) -> Signal:
    instance = opened_instance(db, actor, instance_id, given)
    try:
        return study_view.dicom_recording(full_path(instance.path))
    except (CannotShow, OSError):
        raise NotDecodable(
            _("This signal cannot be read here"),
            advice=_("Download the file and open it with the program of the device."),
        ) from None


@router.get("/radiology/instances/{instance_id}/ecg", name="radiology:instance_ecg")
def instance_ecg(request: Request, actor: StudyReader, db: Db, instance_id: int) -> Response:
    """A DICOM waveform on millimetre paper with its conclusion."""
    _instance, series = queries.instance_or_404(db, instance_id)
    study, access = open_study(db, actor, series.study_id)
    given = ticket(actor, f"study:{study.id}")
    signal = _signal_of(db, actor, instance_id, given)
    url = addresses(request)
    context: dict[str, Any] = {
        "title": study_view.study_title(study),
        "at": study.started_at or study.received_at,
        "about_json": _about(signal, url("radiology:instance_samples", instance_id=instance_id)),
        "begin_url": url("radiology:begin_report", study_id=study.id),
        "files": [],
        "instance_id": instance_id,
        "recording": None,
        **report_panel(db, actor, study=study),
    }
    if access is None:
        return page(request, "radiology/ecg.html", patient=None, tabs=[], **context)
    return card_page(request, db, access, "radiology/ecg.html", "images", **context)


@router.get("/radiology/instances/{instance_id}/samples", name="radiology:instance_samples")
def instance_samples(
    actor: StudyReader, db: Db, instance_id: int, start: float = 0, seconds: float = 20, ticket: str = ""
) -> Response:
    """A window of a DICOM waveform."""
    return _window(_signal_of(db, actor, instance_id, ticket), start, seconds)
