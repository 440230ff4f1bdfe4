"""Which function interprets the messages of a channel."""

from __future__ import annotations

from ingestion.outcome import Interpret

INTERPRETERS: dict[str, Interpret] = {}
