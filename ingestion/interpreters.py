"""Which function interprets the messages of a channel."""

from __future__ import annotations

from ingestion.hl7 import interpret as hl7
from ingestion.outcome import Interpret

INTERPRETERS: dict[str, Interpret] = {
    "hl7": hl7.interpret,
}
