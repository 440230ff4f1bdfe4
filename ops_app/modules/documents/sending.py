"""Signed documents on their way to the authorised body: queued with the signature, sent when its system is ready."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.mechanisms.document.declaration import declarations
from ops_app.mechanisms.outbox import outbox
from ops_app.modules.documents import queries
from ops_app.modules.documents.models import Document, DocumentSignature
from ops_app.modules.fhir.systems import BIN, IIN, TEMPORARY_ID
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.models import Patient
from ops_app.modules.personal_data import disclosures
from ops_app.modules.personal_data.forms import DisclosureForm

SYSTEM = "authorised_body"
KIND = "signed_document"


def queue(session: Session, actor: Actor, document: Document, signature: DocumentSignature) -> None:
    """Write the message in the transaction of the signature, and the disclosure the law demands."""
    if declarations()[document.kind].about == "request":
        # what a person asks about his data is no medical record; results of a laboratory and images are
        return
    number = outbox.put(
        session,
        SYSTEM,
        KIND,
        f"document:{document.id}:{document.version}",
        _reference(session, document, signature),
        patient_id=document.patient_id,
        organization_id=document.organization_id,
    )
    form = DisclosureForm(
        recipient=SYSTEM,
        purpose=KIND,
        what=f"{document.kind} {document.number}",
        basis="law",
        document=f"exchange № {number}",
        given_on=clock.today(),
    )
    disclosures.transferred(session, actor, document.patient_id, document.organization_id, form, document.pdf_sha256)


def _reference(session: Session, document: Document, signature: DocumentSignature) -> dict[str, Any]:
    """The document and its detached signature as a FHIR DocumentReference."""
    patient = session.get_one(Patient, document.patient_id)
    organization = session.get_one(Organization, document.organization_id)
    title = declarations()[document.kind].title.of(document.language)
    pdf = queries.pdf_of(session, document.id)
    system = IIN if patient.iin else TEMPORARY_ID
    identifier = {"system": system, "value": patient.iin or patient.temporary_id}
    reference: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "identifier": [{"value": f"{document.number}/{document.version}"}],
        "status": "current",
        "type": {"text": title},
        "subject": {"identifier": identifier},
        "date": (document.signed_at or clock.now()).isoformat(),
        "content": [
            {"attachment": _attachment("application/pdf", pdf, f"{document.number}.pdf", document.language)},
            {"attachment": _attachment("application/pkcs7-signature", signature.cms, f"{document.number}.p7s", None)},
        ],
    }
    if document.version > 1:
        earlier = {"value": f"{document.number}/{document.version - 1}"}
        reference["relatesTo"] = [{"code": "replaces", "target": {"identifier": earlier}}]
    if organization.bin:
        reference["custodian"] = {"identifier": {"system": BIN, "value": organization.bin}}
    return reference


def _attachment(kind: str, content: bytes, title: str, language: str | None) -> dict[str, Any]:
    # FHIR R4 names SHA-1 for the sum of an attachment; the signature is what protects the document
    sum_of = hashlib.sha1(content, usedforsecurity=False).digest()
    known: dict[str, Any] = {
        "contentType": kind,
        "title": title,
        "size": len(content),
        "hash": base64.b64encode(sum_of).decode(),
        "data": base64.b64encode(content).decode(),
    }
    return known | ({"language": language} if language else {})
