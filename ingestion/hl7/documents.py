"""MDM: documents of other systems, their additions, replacements and cancellations."""

from __future__ import annotations

from ingestion.hl7.observed import observed
from ingestion.hl7.people import found_or_refused
from ingestion.hl7.sender import Incoming
from ingestion.outcome import Became, NotInterpreted, Outcome
from ops_app.mechanisms.device_messages.hl7 import Segment
from ops_app.mechanisms.device_messages.hl7_structure import REQUIRED
from ops_app.mechanisms.device_messages.hl7_values import moment, name
from ops_app.modules.documents import receiving
from ops_app.modules.documents.models import ReceivedDocument
from ops_app.modules.documents.receiving import IncomingDocument

WITH_CONTENT = ("T02", "T04", "T06", "T08", "T10")
ADDITION, REPLACEMENT, CANCELLED = "T06", "T10", "T11"
WITHDRAWN = "CA"
"""TXA-19 of a document that its sender deleted, whatever the event."""


def interpret(incoming: Incoming) -> Outcome:
    """Keep or cancel one document; a notice without content only says that there is one elsewhere."""
    about = incoming.segment("TXA")
    event = incoming.message.event
    if event != CANCELLED and event not in WITH_CONTENT:
        return Outcome(archived=True)
    patient = found_or_refused(incoming, incoming.segment("PID"))
    number = _number(about, 12)
    if not number:
        raise NotInterpreted("The document has no number of its own", segment="TXA", field=12, code=REQUIRED)
    session, actor, note = incoming.session, incoming.actor, None
    try:
        if event == CANCELLED or about.text(19) == WITHDRAWN:
            row = receiving.cancel(session, actor, incoming.row.sender, number, patient.id)
        else:
            row, is_new = receiving.keep(session, actor, _document(incoming, about, number, patient.id))
            note = None if is_new else "already_known"
    except receiving.Unknown:
        field = 13 if event in (ADDITION, REPLACEMENT) else 12
        raise NotInterpreted("This person has no document of this number here", segment="TXA", field=field) from None
    return _outcome(row, note)


def _outcome(row: ReceivedDocument, note: str | None) -> Outcome:
    records = (Became("documents.received_document", row.id),)
    return Outcome(records, patient_id=row.patient_id, organization_id=row.organization_id, note=note)


def _number(about: Segment, field: int) -> str:
    """An entity identifier; some senders put it behind its authority."""
    return (about.text(field) or about.text(field, 3))[:200]


def _document(incoming: Incoming, about: Segment, number: str, patient_id: int) -> IncomingDocument:
    event, parent = incoming.message.event, _number(about, 13)
    author = name(about.value(9)) if not about.text(9, 2) else None
    written = " ".join(filter(None, (about.text(9, part) for part in (2, 3, 4)))) or (author.full if author else "")
    first = incoming.message.first("OBX")
    return IncomingDocument(
        sender=incoming.row.sender,
        number=number,
        patient_id=patient_id,
        organization_id=incoming.organization.id,
        parts=_parts(incoming),
        kind=(about.text(2, 2) or about.text(2))[:200] or None,
        title=(about.text(16) or (first.text(3, 2) if first is not None else ""))[:200] or None,
        author=written[:200] or None,
        written_at=moment(about.text(6)) or moment(about.text(4)) or moment(incoming.message.header.text(7)),
        completion=about.text(17)[:20] or None,
        replaces=parent if event == REPLACEMENT and parent else None,
        adds_to=parent if event == ADDITION and parent else None,
        message_id=incoming.row.id,
    )


def _parts(incoming: Incoming) -> tuple[tuple[str, bytes], ...]:
    """Lines of text in one piece, each file as it came."""
    parts: list[tuple[str, bytes]] = []
    lines: list[str] = []
    for number, observation in enumerate(incoming.message.all("OBX"), 1):
        seen = observed(observation, number)
        if seen.file is not None:
            parts.append((seen.file_type or "application/octet-stream", seen.file))
        else:
            shown = seen.text or seen.code or (observation.whole(5) if seen.number is not None else "")
            lines.append(shown)
    text = "\n".join(lines)
    if text.strip():
        parts.insert(0, ("text/plain", text.encode()))
    if not parts:
        raise NotInterpreted("The document is empty", segment="OBX", field=5, code=REQUIRED)
    return tuple(parts)
