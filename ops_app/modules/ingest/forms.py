"""Shape of what the pages of inbound messages send."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

Reason = Annotated[str, Field(min_length=5, max_length=500)]


class ReasonForm(BaseModel):
    """Why a message is read again."""

    reason: Reason


class CorrectionForm(ReasonForm):
    """A corrected copy."""

    body: Annotated[str, Field(min_length=4, max_length=5_000_000)]
