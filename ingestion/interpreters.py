"""Which function interprets the messages of a channel."""

from __future__ import annotations

from ingestion import wearables
from ingestion.astm import interpretation as astm
from ingestion.files import interpretation as files
from ingestion.hl7 import interpret as hl7
from ingestion.hl7 import measurements
from ingestion.outcome import Interpret, Place, TellRefused

INTERPRETERS: dict[str, Interpret] = {
    "astm": astm.interpret,
    "fhir": wearables.interpret,
    "file": files.interpret,
    "hl7": hl7.interpret,
}

PLACES: dict[str, Place] = {
    "astm": astm.place,
    "file": files.place,
    "hl7": hl7.place,
}
"""Whose message it is, also where it cannot become records: so that somebody there sees it."""

TELL_REFUSED: dict[str, TellRefused] = {"hl7": measurements.tell_refused}
"""Who beside the journal learns that a message was refused; an Observation over HTTP says so where it is answered."""
