"""What an interpretation gives back, or why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ops_app.modules.ingest.models import InboundMessage


@dataclass(frozen=True, slots=True)
class Became:
    """One record that a message made or changed."""

    kind: str
    """``schema.table`` in the singular, such as ``laboratory.report``."""
    id: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a message became."""

    records: tuple[Became, ...] = ()
    archived: bool = False
    """Kept and shown, but no records are made of its kind."""
    patient_id: int | None = None
    organization_id: int | None = None
    note: str | None = None
    """A code that says why nothing changed, such as ``already_known``."""


class NotInterpreted(Exception):
    """A message cannot become records; a person must look at it."""

    def __init__(
        self,
        text: str,
        *,
        segment: str | None = None,
        field: int | None = None,
        component: int | None = None,
        sequence: int | None = None,
        code: str = "207",
    ):
        super().__init__(text)
        self.text = text
        """English, and a msgid of the module ``ingest``, without any value of the message."""
        self.segment, self.sequence, self.field, self.component = segment, sequence, field, component
        self.code = code

    @property
    def as_json(self) -> dict[str, object]:
        """As the archive keeps it."""
        return {
            "segment": self.segment,
            "sequence": self.sequence,
            "field": self.field,
            "component": self.component,
            "code": self.code,
            "text": self.text,
        }


Interpret = Callable[[Session, InboundMessage], Outcome]
"""Makes records of one message, in the session's transaction."""

Place = Callable[[Session, InboundMessage], int | None]
"""The organisation a message belongs to, if its sender is known."""

TellRefused = Callable[[Session, InboundMessage], None]
"""Lets somebody know that a message was refused, in the session's transaction."""
