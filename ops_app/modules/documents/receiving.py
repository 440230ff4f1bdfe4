"""Documents of other systems: kept as they came, replaced and cancelled by whoever sent them."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.modules.documents.models import ReceivedDocument, ReceivedPart


class Unknown(Exception):
    """The document that was named is not here, or is another person's."""


@dataclass(frozen=True, slots=True)
class IncomingDocument:
    """A document on its way in; its parts are content types with their bytes."""

    sender: str
    number: str
    patient_id: int
    organization_id: int
    parts: tuple[tuple[str, bytes], ...]
    kind: str | None = None
    title: str | None = None
    author: str | None = None
    written_at: dt.datetime | None = None
    completion: str | None = None
    replaces: str | None = None
    """The number of the document whose place it takes."""
    adds_to: str | None = None
    message_id: int | None = None


def keep(session: Session, actor: Actor, incoming: IncomingDocument) -> tuple[ReceivedDocument, bool]:
    """Keep a document and say whether it is new; the same number with other content replaces what it meant."""
    digest = _digest(incoming.parts)
    before = current(session, incoming.sender, incoming.number)
    if before is not None:
        _check(before, incoming.patient_id)
        if before.sha256 == digest and before.completion == incoming.completion:
            return before, False
    replaced = _named(session, incoming, incoming.replaces) if incoming.replaces else before
    adds_to = _named(session, incoming, incoming.adds_to) if incoming.adds_to else None
    for old in {replaced, before} - {None}:
        assert old is not None
        _end(session, actor, old, "replaced")
    row = ReceivedDocument(
        patient_id=incoming.patient_id,
        organization_id=incoming.organization_id,
        sender=incoming.sender,
        number=incoming.number,
        kind=incoming.kind,
        title=incoming.title,
        author=incoming.author,
        written_at=incoming.written_at,
        completion=incoming.completion,
        sha256=digest,
        replaces_id=replaced.id if replaced is not None else None,
        adds_to_id=adds_to.id if adds_to is not None else None,
        message_id=incoming.message_id,
    )
    session.add(row)
    session.flush()
    for position, (content_type, content) in enumerate(incoming.parts, 1):
        session.add(ReceivedPart(document_id=row.id, position=position, content_type=content_type, content=content))
    session.flush()
    audit.changed(
        session,
        actor,
        entity="documents.received_document",
        entity_id=row.id,
        patient_id=row.patient_id,
        after=audit.snapshot(row),
    )
    return row, True


def cancel(session: Session, actor: Actor, sender: str, number: str, patient_id: int) -> ReceivedDocument:
    """Mark a document as cancelled by its sender; it stays readable."""
    row = current(session, sender, number) or latest(session, sender, number)
    if row is None:
        raise Unknown
    _check(row, patient_id)
    if row.state == "current":
        _end(session, actor, row, "cancelled")
    return row


def current(session: Session, sender: str, number: str) -> ReceivedDocument | None:
    """The document that holds under this number."""
    return session.scalar(
        select(ReceivedDocument)
        .where(
            ReceivedDocument.sender == sender, ReceivedDocument.number == number, ReceivedDocument.state == "current"
        )
        .with_for_update()
    )


def latest(session: Session, sender: str, number: str) -> ReceivedDocument | None:
    """The newest document of this number, whether or not it still holds."""
    return session.scalar(
        select(ReceivedDocument)
        .where(ReceivedDocument.sender == sender, ReceivedDocument.number == number)
        .order_by(ReceivedDocument.id.desc())
        .limit(1)
    )


def _named(session: Session, incoming: IncomingDocument, number: str) -> ReceivedDocument:
    found = current(session, incoming.sender, number) or latest(session, incoming.sender, number)
    if found is None:
        raise Unknown
    _check(found, incoming.patient_id)
    return found


def _check(row: ReceivedDocument, patient_id: int) -> None:
    if row.patient_id != patient_id:
        raise Unknown


def _end(session: Session, actor: Actor, row: ReceivedDocument, state: str) -> None:
    if row.state != "current":
        return
    before = audit.snapshot(row)
    row.state, row.ended_at = state, clock.now()
    session.flush()
    audit.changed(
        session,
        actor,
        entity="documents.received_document",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )


def _digest(parts: tuple[tuple[str, bytes], ...]) -> str:
    digest = hashlib.sha256()
    for content_type, content in parts:
        digest.update(f"{content_type}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()
