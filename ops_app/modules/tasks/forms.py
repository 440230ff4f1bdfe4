"""Shape of what is done with a task, and of the filters of the list."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class HandOverForm(BaseModel):
    """To whom a task goes."""

    practitioner_id: int
    reason: Annotated[str, Field(max_length=500)] | None = None


class AnswerForm(BaseModel):
    """What was done, or why it cannot be."""

    code: Annotated[str, Field(max_length=60)]
    text: Annotated[str, Field(min_length=3, max_length=2_000)]


class ListFilter(BaseModel):
    """Filters of the list."""

    whose: Literal["own", "place"] = "own"
    state: Literal["open", "closed"] = "open"
    kind: str | None = None
    late: bool = False
