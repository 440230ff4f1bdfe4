"""Which family of HL7 messages becomes what."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from ingestion.hl7 import adt, documents, measurements, orders, results, vaccinations
from ingestion.hl7.sender import Incoming
from ingestion.outcome import NotInterpreted, Outcome
from ops_app.kit import request_context
from ops_app.mechanisms.device_messages import hl7
from ops_app.mechanisms.device_messages.hl7_structure import SEQUENCE, faults
from ops_app.modules.ingest.models import InboundMessage


def _observations(incoming: Incoming) -> Outcome:
    """Results of specimens go to the laboratory, those of a registered monitor or wearable to the card."""
    device = incoming.device
    if device is not None and device.kind in measurements.KINDS:
        return measurements.interpret(incoming, device)
    return results.interpret(incoming)


FAMILIES: dict[str, Callable[[Incoming], Outcome]] = {
    "ADT": adt.interpret,
    "MDM": documents.interpret,
    "OMG": orders.interpret,
    "OML": orders.interpret,
    "ORM": orders.interpret,
    "ORU": _observations,
    "OUL": results.interpret,
    "VXU": vaccinations.interpret,
}
"""Every other type is archived, acknowledged and shown."""


def interpret(session: Session, row: InboundMessage) -> Outcome:
    """Make records of one HL7 message."""
    request_context.current().action = "ingest:interpret"
    try:
        message = hl7.read(row.raw, row.charset)
    except hl7.NotHl7:
        raise NotInterpreted("This is not an HL7 message: no MSH segment", segment="MSH", code=SEQUENCE) from None
    incoming = Incoming(session, row, message)
    for fault in faults(message, incoming.profile.optional):
        raise NotInterpreted(
            fault.text,
            segment=fault.segment,
            sequence=fault.sequence,
            field=fault.field,
            component=fault.component,
            code=fault.code,
        )
    family = FAMILIES.get(message.kind)
    return family(incoming) if family else Outcome(archived=True)


def place(session: Session, row: InboundMessage) -> int | None:
    """The organisation of the sender, where it can be told."""
    try:
        return Incoming(session, row, hl7.read(row.raw, row.charset)).organization.id
    except (hl7.NotHl7, NotInterpreted):
        return None
