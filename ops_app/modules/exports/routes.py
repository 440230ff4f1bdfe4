"""The page on which the data of one person are given out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.exports import service
from ops_app.modules.exports.forms import LANGUAGES, REQUESTERS, ExportForm
from ops_app.modules.exports.permissions import PersonExporter
from ops_app.modules.exports.summary import TITLES
from ops_app.modules.fhir.types import CLINICAL
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.patients.card import card_page
from ops_app.modules.personal_data.declarations import exceptions
from ops_app.modules.signatures.acts import demand
from ops_app.patient_access import PatientAccess

router = APIRouter()


@router.get("/patients/{patient_id}/export", name="exports:form")
def form(request: Request, access: PersonExporter, db: Db) -> Response:
    """Ask who wants the data, on what basis, and which."""
    return _page(request, db, access, blank({"requester": "patient", "language": "kk"}))


@router.post("/patients/{patient_id}/export", name="exports:make")
def make(request: Request, access: PersonExporter, db: Db, posted: PostedForm) -> Response:
    """Give the files."""
    checked = posted.check(ExportForm)
    if checked.value is not None:
        place = place_of(db, access.actor).organization.id
        about = _("Data of the record № %(number)s", number=access.patient_id)
        signing = demand(request, db, access.actor, posted, "action:person_export", place, about)
        if signing is not None:
            return signing
        try:
            packed = service.make(db, access, checked.value)
        except OpsError as refused:
            checked.refuse(refused)
        else:
            name = f"person-{access.patient_id}-{clock.today():%Y-%m-%d}.zip"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(packed, media_type="application/zip", headers=headers)
    return _page(request, db, access, checked, 422)


def _page(request: Request, db: Session, access: PatientAccess, shown: Form[Any], status_code: int = 200) -> Response:
    kinds = [(name, TITLES[kind.model.__tablename__]) for name, kind in CLINICAL.items()]
    return card_page(
        request,
        db,
        access,
        "exports/form.html",
        "person",
        status_code=status_code,
        form=shown,
        kinds=kinds,
        requesters=REQUESTERS,
        exceptions=[(code, str(about.title)) for code, about in exceptions().items()],
        summary_languages=LANGUAGES,
    )
