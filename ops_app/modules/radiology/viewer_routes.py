"""Images of a person, the viewer, frames, files and key images."""

from __future__ import annotations

import gzip
import json
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Forbidden, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import PostedForm
from ops_app.modules.imaging.filing import full_path
from ops_app.modules.imaging.frames import frame_of
from ops_app.modules.imaging.models import Instance, Study
from ops_app.modules.imaging.pixels import CannotShow, rendered
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.radiology import image_list, key_images, queries, study_view, viewer_words
from ops_app.modules.radiology.addresses import addresses
from ops_app.modules.radiology.permissions import (
    ImagesReader,
    ReportWriter,
    StudyReader,
    open_study,
    performing,
)
from ops_app.modules.radiology.report_pages import report_panel
from ops_app.modules.radiology.tickets import holds, ticket
from ops_app.patient_access import PatientAccess
from ops_app.permissions import Permission
from ops_app.ui.render import page

router = APIRouter(include_in_schema=False)


class NotDecodable(OpsError):
    """The stored object has no picture that this program can decode; the file is still there."""

    status = 422


@router.get("/patients/{patient_id}/images", name="radiology:of_patient")
def of_patient(request: Request, access: ImagesReader, db: Db) -> Response:
    """Studies, recordings and orders of a person, with the doses of a year."""
    who = person(db, access)
    return card_page(
        request,
        db,
        access,
        "radiology/of_patient.html",
        "images",
        who=who,
        **image_list.of_person(db, access.actor, who.records, addresses(request)),
    )


@router.get("/radiology/studies/{study_id}", name="radiology:study")
def study(request: Request, actor: StudyReader, db: Db, study_id: int) -> Response:
    """The viewer with the report beside it."""
    found, access = open_study(db, actor, study_id)
    if signal := study_view.only_signal(db, found):
        # an ECG has a page of its own, on millimetre paper
        return RedirectResponse(addresses(request)("radiology:instance_ecg", instance_id=signal.id), 303)
    context: dict[str, Any] = {
        "study": found,
        "title": study_view.study_title(found),
        "unowned": _is_unowned(found)
        and actor.may(Permission.RADIOLOGY_REPORT_WRITE)
        and not performing(actor, found.organization_id),
        "may_register": actor.scope(Permission.DEVICES_DEVICE_MANAGE).everywhere,
        "may_mark": actor.may(Permission.RADIOLOGY_REPORT_WRITE) and performing(actor, found.organization_id),
        "priors": _priors(db, found, access),
        "study_title": study_view.study_title,
        **viewer_words.words(),
        **report_panel(db, actor, study=found),
    }
    if access is None:
        return page(request, "radiology/study.html", patient=None, tabs=[], **context)
    return card_page(request, db, access, "radiology/study.html", "images", **context)


def _is_unowned(found: Study) -> bool:
    """Whether it came from a station that nobody registered and was made for no order: no department has it."""
    return bool(found.calling_ae) and found.device_id is None and found.service_request_id is None


def _priors(db: Session, found: Study, access: PatientAccess | None) -> list[Study]:
    if access is None:
        return []
    records = person(db, access).records
    return [each for each in queries.studies_of(db, records) if each.id != found.id]


@router.get("/radiology/studies/{study_id}/manifest", name="radiology:manifest")
def manifest(request: Request, actor: StudyReader, db: Db, study_id: int) -> Response:
    """Series, frames and key images, for the viewer."""
    found, _access = open_study(db, actor, study_id)
    given = ticket(actor, f"study:{study_id}")
    return JSONResponse(study_view.manifest(db, found, addresses(request), given))


def opened_instance(db: Session, actor: Actor, instance_id: int, given: str) -> Instance:
    """A stored object, by the ticket of the page that shows it or like a page of its own."""
    instance, series = queries.instance_or_404(db, instance_id)
    if not holds(actor, f"study:{series.study_id}", given):
        open_study(db, actor, series.study_id)
    return instance


@router.get("/radiology/instances/{instance_id}/frames/{frame}/pixels", name="radiology:pixels")
def pixels(actor: StudyReader, db: Db, instance_id: int, frame: int, ticket: str = "", most: int = 4096) -> Response:
    """The stored values of a frame, for windows in the browser."""
    instance = opened_instance(db, actor, instance_id, ticket)
    try:
        found = frame_of(full_path(instance.path), frame, most)
    except CannotShow:
        raise NotDecodable(
            _("This picture cannot be decoded here"),
            advice=_("Download the file and open it with the program of the device."),
        ) from None
    headers = {"X-Frame": json.dumps(found.about), "Content-Encoding": "gzip"}
    # The first level: a chest image shrinks by half in a tenth of a second.
    return Response(gzip.compress(found.content, 1), media_type=found.media_type, headers=headers)


@router.get("/radiology/instances/{instance_id}/frames/{frame}/picture", name="radiology:picture")
def picture(actor: StudyReader, db: Db, instance_id: int, frame: int, ticket: str = "", size: int = 128) -> Response:
    """A small picture of a frame, or of the first seconds of a waveform."""
    instance = opened_instance(db, actor, instance_id, ticket)
    size = max(32, min(size, 1024))
    path = full_path(instance.path)
    try:
        if instance.kind == "waveform":
            drawn = study_view.sketch(study_view.dicom_recording(path), size)
            return Response(drawn, media_type="image/svg+xml")
        return Response(rendered(path, frame, size=(size, size), media_type="image/jpeg"), media_type="image/jpeg")
    except (CannotShow, OSError):
        return Response(study_view.UNREADABLE, media_type="image/svg+xml")


@router.get("/radiology/instances/{instance_id}/file", name="radiology:file")
def file(actor: StudyReader, db: Db, instance_id: int) -> Response:
    """The object as it was stored."""
    instance = opened_instance(db, actor, instance_id, "")
    return FileResponse(
        full_path(instance.path),
        media_type="application/dicom",
        filename=f"{instance.sop_uid}.dcm",
    )


@router.post("/radiology/instances/{instance_id}/key", name="radiology:key")
def key(request: Request, actor: ReportWriter, db: Db, instance_id: int, posted: PostedForm) -> Response:
    """Mark a frame as a key image, or take the mark away."""
    _instance, series = queries.instance_or_404(db, instance_id)
    found, _access = open_study(db, actor, series.study_id)
    if not performing(actor, found.organization_id):
        raise Forbidden(_("This study was made in another organisation"))
    frame = posted.get("frame") or ""
    key_images.toggle(db, actor, found, _instance, int(frame) if frame.isdecimal() else 0)
    given = ticket(actor, f"study:{found.id}")
    return JSONResponse({"keys": study_view.keys(db, queries.key_images(db, found.id), addresses(request), given)})
