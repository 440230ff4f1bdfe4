"""Shape of what the exchange pages send, and of what other systems send."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ops_app.i18n import _
from ops_app.kit.dates import DateInput

Reason = Annotated[str, Field(min_length=5, max_length=500)]


class JournalFilter(BaseModel):
    """What the journal is narrowed to."""

    system: str | None = None
    state: Literal["queued", "delivered", "dead", "withdrawn"] | None = None
    date_from: DateInput | None = None
    date_to: DateInput | None = None


class ReasonForm(BaseModel):
    """Why something is done to a message."""

    reason: Reason


class CorrectionForm(ReasonForm):
    """A corrected content."""

    body: Annotated[str, Field(max_length=2_000_000)]

    @field_validator("body")
    @classmethod
    def _is_object(cls, text: str) -> str:
        try:
            parsed = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(
                _("Line %(line)s, character %(column)s: this is not JSON", line=error.lineno, column=error.colno)
            ) from None
        if not isinstance(parsed, dict):
            raise ValueError(_("A message is a JSON object in braces: {…}"))
        return text

    @property
    def parsed(self) -> dict[str, Any]:
        """The content as values."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class ReceiptIn(BaseModel):
    """What another system says about a message of ours after reading it."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=200)]
    """The key of this message itself."""
    kind: Literal["receipt"]
    message_key: Annotated[str, Field(min_length=1, max_length=200)]
    outcome: Literal["accepted", "refused"]
    text: Annotated[str, Field(max_length=2000)] = ""
