"""Shape of a decision, an answer, a reason and the filters of the list."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ops_app.kit.dates import DateInput

DecisionCode = Literal[
    "accepted", "explain", "visit_ordered", "expert_review", "false_alarm", "fix_at_source", "handled"
]
ReasonCode = Literal["list_review", "overdue", "complaint", "expert_review", "other"]


class DecisionForm(BaseModel):
    """What an official decides; ``seen`` is the newest decision that stood on his page."""

    decision: DecisionCode
    due_date: DateInput | None = None
    comment: Annotated[str, Field(max_length=2_000)] | None = None
    seen: int = 0


class AnswerForm(BaseModel):
    """What the treating team answers."""

    kind: Literal["explanation", "contact", "plan"]
    text: Annotated[str, Field(min_length=3, max_length=2_000)]


class OpeningForm(BaseModel):
    """Why a case is opened."""

    reason: ReasonCode
    note: Annotated[str, Field(max_length=500)] | None = None


class ListFilter(BaseModel):
    """Filters of the official's list."""

    code: str | None = None
    state: Literal["open", "closed"] | None = None
    late: bool = False
    organization_id: int | None = None
