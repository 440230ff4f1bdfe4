"""Shape and range of what is posted around a form; its answers are checked by the definition."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from ops_app.kit.dates import DateInput, TimeInput

Reason = Annotated[str, StringConstraints(min_length=5, max_length=500, strip_whitespace=True)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class StartForm(BaseModel):
    """Which form is begun."""

    key: Key
    encounter_id: Annotated[int, Field(ge=1, le=2**62)] | None = None
    template_id: Annotated[int, Field(ge=1, le=2**62)] | None = None


class DraftForm(BaseModel):
    """The state of the draft that the browser holds."""

    version: Annotated[int, Field(ge=0, le=2**62)]


class CompleteForm(DraftForm):
    """When the assessment was made; for a correction also why."""

    date: DateInput
    time: TimeInput
    reason: Annotated[str, StringConstraints(min_length=5, max_length=500)] | None = None


class ErrorForm(BaseModel):
    """Why a form is an error."""

    reason: Reason


class TemplateForm(BaseModel):
    """A template of a user."""

    title: Annotated[str, StringConstraints(min_length=2, max_length=120)]
    is_shared: bool = False
    is_system: bool = False
    specialty: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] | None = None


class DefinitionForm(BaseModel):
    """A definition as edited text."""

    content: Annotated[str, Field(max_length=200_000)]
