"""Observations of home devices that a person sends through again after the reason of their refusal is gone.

The first time they are taken in by the operational app itself, before the device is answered.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from ingestion.outcome import Became, NotInterpreted, Outcome
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.monitoring import device_intake
from ops_app.modules.monitoring.observation import Unreadable


def interpret(session: Session, message: InboundMessage) -> Outcome:
    """Take one archived Observation in, tied to whoever had the device when it measured."""
    try:
        values = device_intake.take_archived(session, message)
    except Unreadable as refused:
        raise NotInterpreted(refused.text, segment=refused.element) from None
    records = tuple(Became("monitoring.value", value.id) for value in values)
    return Outcome(records, patient_id=values[0].patient_id, organization_id=values[0].organization_id)
