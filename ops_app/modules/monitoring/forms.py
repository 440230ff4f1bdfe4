"""Shape of an enrolment, of limits, of values typed by hand and of what was done about an alert."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ops_app.kit.dates import DateInput, TimeInput
from ops_app.kit.numbers import DecimalInput

MeasureCode = Literal[
    "remote_consultation", "in_person_consultation", "referral", "hospitalisation", "ambulance", "urgent_care"
]


class EnrolmentForm(BaseModel):
    """Who is watched for what, and who watches."""

    indicators: Annotated[list[str], Field(min_length=1)]
    treating_id: int
    observing_id: int | None = None
    on_duty_ids: list[int] = []
    reason_icd10: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}([.][0-9]{1,2})?$")] | None = None
    every_hours: Annotated[int, Field(ge=1, le=720)] = 24


class LimitsForm(BaseModel):
    """Limits of one indicator for one patient; an empty end is no limit."""

    low: DecimalInput | None = None
    high: DecimalInput | None = None
    critical_low: DecimalInput | None = None
    critical_high: DecimalInput | None = None


class EndForm(BaseModel):
    """Why a patient is not watched any more."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]


class ValuesForm(BaseModel):
    """Values of one moment typed by hand; names are those of the indicators."""

    entry: Literal["staff", "patient"]
    date: DateInput
    time: TimeInput
    device_text: Annotated[str, Field(max_length=200)] | None = None
    systolic: DecimalInput | None = None
    diastolic: DecimalInput | None = None
    pulse: DecimalInput | None = None
    respiratory_rate: DecimalInput | None = None
    saturation: DecimalInput | None = None
    temperature: DecimalInput | None = None
    glucose: DecimalInput | None = None
    weight: DecimalInput | None = None


class MeasureForm(BaseModel):
    """What was done to stabilise the patient."""

    measure: MeasureCode
    date: DateInput
    time: TimeInput
    note: Annotated[str, Field(min_length=3, max_length=2_000)]


class ApplyForm(BaseModel):
    """Which values become part of which visit."""

    encounter_id: int
    value_ids: Annotated[list[int], Field(min_length=1)]
