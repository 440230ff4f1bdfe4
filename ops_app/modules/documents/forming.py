"""Documents about something else than a visit: another module gathers what they say, they are formed here."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.mechanisms.document.declaration import declarations, number
from ops_app.mechanisms.document.rendering import render, sha256
from ops_app.modules.documents.models import Document
from ops_app.modules.documents.queries import locked_document
from ops_app.modules.documents.service import next_number, put_out_of_force
from ops_app.modules.signatures.queries import is_mandatory
from ops_app.permissions import Permission
from saulyq.settings import settings


def form_about(
    session: Session,
    actor: Actor,
    kind: str,
    *,
    organization_id: int,
    patient_id: int,
    language: str,
    data: Mapping[str, Any],
    check_path: str,
    replaces_id: int | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> Document:
    """Form a document from gathered data; with ``replaces_id`` it is the next version of that one.

    ``pictures`` are set into the document and kept in it alone; the data name them.
    """
    declared = declarations()[kind]
    if actor.practitioner_id is None or not actor.scope(Permission.DOCUMENTS_RECORD_WRITE).allows(organization_id):
        raise Forbidden(_("You may not form documents of this organisation"))
    before = locked_document(session, replaces_id) if replaces_id is not None else None
    if before is not None and before.status == "replaced":
        raise Conflict(_("A newer version replaced this document already"))
    now = clock.now()
    year = before.year if before else clock.local(now).year
    sequence = before.sequence if before else next_number(session, kind, organization_id, year)
    document = Document(
        kind=kind,
        declaration=declared.version,
        language=language,
        organization_id=organization_id,
        patient_id=patient_id,
        practitioner_id=actor.practitioner_id,
        year=year,
        sequence=sequence,
        version=before.version + 1 if before else 1,
        number=number(declared, year, sequence),
        check_code=secrets.token_urlsafe(16),
        signature_required=is_mandatory(
            session, f"document:{kind}", organization_id, declared.signature == "mandatory"
        ),
        status="formed",
        formed_at=now,
        formed_by=actor.login,
    )
    document.data = {**data, "number": document.number, "version": document.version, "date": show_date(now)}
    check_url = settings().page_url(settings().ops_port) + check_path.replace("CODE", document.check_code)
    document.pdf = render(declared, language, document.data, check_url, pictures)
    document.pdf_sha256 = sha256(document.pdf)
    session.add(document)
    session.flush()
    if before is not None and before.status != "annulled":
        before.status, before.replaced_by_id = "replaced", document.id
    audit.changed(
        session,
        actor,
        entity="documents.document",
        entity_id=document.id,
        patient_id=patient_id,
        after={"status": "formed", "kind": kind, "number": document.number, "version": document.version},
    )
    return document


def withdraw(session: Session, actor: Actor, document_id: int, reason: str) -> Document:
    """Take a document out of force because what it says was corrected; it stays readable, its check page says so."""
    document = locked_document(session, document_id)
    if document.status in ("annulled", "replaced"):
        return document
    if not actor.scope(Permission.DOCUMENTS_RECORD_WRITE).allows(document.organization_id):
        raise Forbidden(_("You may not form documents of this organisation"))
    return put_out_of_force(session, actor, document, reason)
