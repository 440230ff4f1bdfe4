"""Every SELECT about documents and their signatures."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, undefer

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit.day_range import within_days
from ops_app.modules.documents.forms import JournalFilter
from ops_app.modules.documents.models import (
    Document,
    DocumentSignature,
    Evidence,
    ReceivedDocument,
    ReceivedPart,
    SignatureEvidence,
)
from ops_app.modules.patients.models import Patient


def document_or_404(session: Session, document_id: int) -> Document:
    """A document."""
    document = session.get(Document, document_id)
    if document is None:
        raise NotFound(_("There is no such document"))
    return document


def locked_document(session: Session, document_id: int) -> Document:
    """A document that nobody else may sign, annul or replace until the commit."""
    document = session.scalar(
        select(Document).where(Document.id == document_id).with_for_update().execution_options(populate_existing=True)
    )
    return document or document_or_404(session, document_id)


def document_by_code(session: Session, code: str) -> Document | None:
    """The document whose QR code says this."""
    return session.scalar(select(Document).where(Document.check_code == code))


def pdf_of(session: Session, document_id: int) -> bytes:
    """The stored PDF."""
    return session.execute(select(Document.pdf).where(Document.id == document_id)).scalar_one()


def pdf_is_intact(session: Session, document: Document) -> bool:
    """Whether the stored PDF is the one that was formed; the database computes the hash."""
    found = session.scalar(select(func.encode(func.sha256(Document.pdf), "hex")).where(Document.id == document.id))
    return found == document.pdf_sha256


def documents_of(session: Session, records: Sequence[int]) -> Sequence[Document]:
    """All documents of a person, newest first."""
    return session.scalars(
        select(Document).where(Document.patient_id.in_(records)).order_by(Document.formed_at.desc(), Document.id.desc())
    ).all()


def received_of(session: Session, records: Sequence[int]) -> Sequence[ReceivedDocument]:
    """Documents of a person that other systems sent, newest first."""
    return session.scalars(
        select(ReceivedDocument)
        .where(ReceivedDocument.patient_id.in_(records))
        .order_by(ReceivedDocument.received_at.desc(), ReceivedDocument.id.desc())
    ).all()


def received_or_404(session: Session, document_id: int) -> ReceivedDocument:
    """A document that another system sent."""
    document = session.get(ReceivedDocument, document_id)
    if document is None:
        raise NotFound(_("There is no such document"))
    return document


def received_after(session: Session, document_id: int) -> Sequence[ReceivedDocument]:
    """What replaces a received document or adds to it."""
    return session.scalars(
        select(ReceivedDocument)
        .where((ReceivedDocument.replaces_id == document_id) | (ReceivedDocument.adds_to_id == document_id))
        .order_by(ReceivedDocument.id)
    ).all()


def parts_of(session: Session, document_id: int) -> list[tuple[ReceivedPart, str | None]]:
    """The parts of a received document in order; of a text also what it says."""
    chosen = select(ReceivedPart).where(ReceivedPart.document_id == document_id)
    texts = session.scalars(
        chosen.where(ReceivedPart.content_type == "text/plain")
        .options(undefer(ReceivedPart.content))
        .execution_options(populate_existing=True)
    )
    said = {row.position: row.content.decode() for row in texts}
    return [(row, said.get(row.position)) for row in session.scalars(chosen.order_by(ReceivedPart.position))]


def part(session: Session, document_id: int, position: int) -> ReceivedPart | None:
    """One part with its bytes."""
    return session.scalar(
        select(ReceivedPart)
        .where(ReceivedPart.document_id == document_id, ReceivedPart.position == position)
        .options(undefer(ReceivedPart.content))
        .execution_options(populate_existing=True)
    )


def documents_of_visit(session: Session, encounter_id: int) -> Sequence[Document]:
    """All documents formed from a visit, newest first."""
    return session.scalars(
        select(Document).where(Document.encounter_id == encounter_id).order_by(Document.id.desc())
    ).all()


def latest(session: Session, kind: str, encounter_id: int) -> Document | None:
    """The newest version of a visit's document of a kind, locked."""
    return session.scalar(
        select(Document)
        .where(Document.kind == kind, Document.encounter_id == encounter_id)
        .order_by(Document.id.desc())
        .limit(1)
        .with_for_update()
    )


def _waiting(practitioner_id: int) -> tuple[ColumnElement[bool], ...]:
    return (Document.practitioner_id == practitioner_id, Document.status == "formed")


def to_sign(session: Session, practitioner_id: int, limit: int) -> Sequence[Row[Document, Patient]]:
    """Documents that wait for somebody's signature with their people, oldest first."""
    return session.execute(
        select(Document, Patient)
        .join(Patient, Patient.id == Document.patient_id)
        .where(*_waiting(practitioner_id))
        .order_by(Document.formed_at, Document.id)
        .limit(limit)
    ).all()


def count_to_sign(session: Session, practitioner_id: int | None) -> int:
    """How many documents wait for somebody's signature."""
    if practitioner_id is None:
        return 0
    return session.scalar(select(func.count()).select_from(Document).where(*_waiting(practitioner_id))) or 0


def signatures_of(session: Session, document_id: int) -> Sequence[DocumentSignature]:
    """Signatures of a document in the order they came."""
    return session.scalars(
        select(DocumentSignature).where(DocumentSignature.document_id == document_id).order_by(DocumentSignature.id)
    ).all()


def evidence_of(session: Session, signature_id: int) -> Sequence[Evidence]:
    """What a signature was accepted on."""
    return session.scalars(
        select(Evidence)
        .join(SignatureEvidence, SignatureEvidence.evidence_id == Evidence.id)
        .where(SignatureEvidence.signature_id == signature_id)
        .order_by(Evidence.id)
    ).all()


def journal(scope: Scope, asked: JournalFilter) -> Select[Document, Patient]:
    """Documents of the scope that fit the filter, with their people."""
    conditions: list[ColumnElement[bool]] = [scope.condition(Document.organization_id)]
    if asked.number:
        conditions.append(Document.number == asked.number.strip().upper())
    if asked.kind:
        conditions.append(Document.kind == asked.kind)
    if asked.status:
        conditions.append(Document.status == asked.status)
    conditions += within_days(Document.formed_at, asked.date_from, asked.date_to)
    return select(Document, Patient).join(Patient, Patient.id == Document.patient_id).where(*conditions)
