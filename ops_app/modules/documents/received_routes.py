"""Documents that other systems sent: one document, its files."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app.db import Db
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.modules.documents import queries
from ops_app.modules.documents.permissions import DocumentReader
from ops_app.modules.documents.titles import COMPLETIONS, RECEIVED_COLOURS, RECEIVED_STATES
from ops_app.modules.patients.card import card_page
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission

router = APIRouter()

SHOWN = ("application/pdf", "image/png", "image/jpeg")
"""Whatever a sender calls it, only these are shown inside the browser."""


@router.get("/documents/received/{document_id}", name="documents:received")
def received(request: Request, actor: DocumentReader, db: Db, document_id: int) -> Response:
    """A document with its texts and links to its files."""
    document = queries.received_or_404(db, document_id)
    access = open_patient(db, actor, document.patient_id, Permission.DOCUMENTS_RECORD_READ)
    return card_page(
        request,
        db,
        access,
        "documents/received.html",
        "documents",
        document=document,
        parts=queries.parts_of(db, document_id),
        following=queries.received_after(db, document_id),
        states=RECEIVED_STATES,
        colours=RECEIVED_COLOURS,
        completions=COMPLETIONS,
    )


@router.get("/documents/received/{document_id}/files/{position}", name="documents:received_file")
def received_file(actor: DocumentReader, db: Db, document_id: int, position: int) -> Response:
    """One file as it came."""
    document = queries.received_or_404(db, document_id)
    open_patient(db, actor, document.patient_id, Permission.DOCUMENTS_RECORD_READ)
    found = queries.part(db, document_id, position)
    if found is None:
        raise NotFound(_("There is no such file"))
    kind = found.content_type if found.content_type in SHOWN else None
    headers = {"content-disposition": "inline" if kind else "attachment", "x-content-type-options": "nosniff"}
    return Response(found.content, media_type=kind or "application/octet-stream", headers=headers)
