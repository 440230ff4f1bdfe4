"""Signing in the browser: documents that wait, their bytes, and the signatures that come back."""

from __future__ import annotations

import base64
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app import audit
from ops_app.db import Db
from ops_app.errors import Forbidden, OpsError
from ops_app.i18n import _
from ops_app.modules.documents import queries, service
from ops_app.modules.documents.forms import MOST_AT_ONCE, ChosenDocuments, Signatures
from ops_app.modules.documents.permissions import DocumentSigner
from ops_app.modules.documents.titles import kind_text
from ops_app.modules.patients.header import full_name
from ops_app.modules.signatures.titles import STORES, reason_text
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import page
from saulyq.settings import settings

router = APIRouter()

OWN_DOCUMENT = "own_document"
"""The rule that lets somebody sign what he wrote about a person whose card is kept elsewhere."""


@router.get("/to-sign", name="documents:to_sign")
def to_sign(request: Request, actor: DocumentSigner, db: Db) -> Response:
    """Documents that wait for the actor's signature."""
    waiting = queries.to_sign(db, actor.practitioner_id, MOST_AT_ONCE) if actor.practitioner_id else []
    audit.read_many(db, actor, {row.Patient.id for row in waiting}, rule="document_journal")
    return page(
        request,
        "documents/to_sign.html",
        waiting=waiting,
        full_name=full_name,
        kind_text=kind_text,
        stores=STORES,
        ncalayer_url=settings().ncalayer_url,
    )


@router.post("/to-sign/content", name="documents:content")
def content(actor: DocumentSigner, db: Db, chosen: ChosenDocuments) -> dict[str, Any]:
    """The bytes that are about to be signed."""
    documents = []
    for document_id in dict.fromkeys(chosen.ids):
        document = queries.document_or_404(db, document_id)
        if document.practitioner_id != actor.practitioner_id:
            raise Forbidden(_("This document is formed and signed by the doctor of the visit"))
        open_patient(db, actor, document.patient_id, Permission.DOCUMENTS_RECORD_SIGN, rule=OWN_DOCUMENT)
        pdf = queries.pdf_of(db, document_id)
        documents.append({"id": document_id, "content": base64.b64encode(pdf).decode()})
    return {"documents": documents}


@router.post("/to-sign/signatures", name="documents:sign")
def sign(actor: DocumentSigner, db: Db, sent: Signatures) -> dict[str, Any]:
    """Take signatures; each document is judged by itself."""
    results = []
    for one in sent.signatures:
        document = queries.document_or_404(db, one.id)
        own = OWN_DOCUMENT if document.practitioner_id == actor.practitioner_id else None
        open_patient(db, actor, document.patient_id, Permission.DOCUMENTS_RECORD_SIGN, rule=own)
        try:
            with db.begin_nested():
                reason = service.sign_document(db, actor, one.id, base64.b64decode(one.cms))
            text = reason_text(reason)
        except OpsError as refused:
            reason, text = "refused", refused.message
        results.append({"id": one.id, "result": reason, "text": text})
    return {"results": results}
