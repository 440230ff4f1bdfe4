"""Shape of what the pages of this module send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from ops_app.kit.dates import DateInput

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]


class StatementForm(BaseModel):
    """What is said of a check."""

    check_code: Annotated[str, Field(max_length=60)]
    is_met: Literal["yes", "no"]
    responsible: Words
    document: Words
    stated_on: DateInput


class PlaceForm(BaseModel):
    """Where a store or a system stands."""

    name: Annotated[str, Field(max_length=60)]
    country: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{2}$")]
    address: Words
    document: Words
    legal_basis: Literal["adequate", "consent", "treaty", "law", "rights"] | None = None


class AggregatorForm(BaseModel):
    """Who aggregates from a day on."""

    organization_id: int
    begins_on: DateInput
    document: Words
