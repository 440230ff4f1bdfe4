"""Shape of what the pages of images post."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Reason = Annotated[str, Field(max_length=300)]


class PersonSearch(BaseModel):
    """Whom to look for."""

    q: Annotated[str, Field(max_length=120)] | None = None


class AssignForm(BaseModel):
    """Whose study it is."""

    patient_id: int
    reason: Reason | None = None


class ReasonForm(BaseModel):
    """Why."""

    reason: Reason | None = None


class SplitForm(BaseModel):
    """Which series belong to somebody else."""

    series: list[int] = []
    reason: Reason | None = None


class CopyForm(BaseModel):
    """Which of two copies counts."""

    take: Literal["first", "other"]
