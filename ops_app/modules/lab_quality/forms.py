"""Shape of what the pages of this module send."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, Field

from ops_app.kit.dates import DateInput, TimeInput
from ops_app.kit.numbers import DecimalInput

Short = Annotated[str, Field(max_length=120)]
Told = Annotated[str, Field(min_length=5, max_length=2000)]
Number = Annotated[DecimalInput, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class LotForm(BaseModel):
    """A new lot of a control material."""

    organization_id: Annotated[int, Field(ge=1)]
    material: Short
    manufacturer: Short | None = None
    level: Annotated[int, Field(ge=1, le=9)]
    lot_number: Short
    specimen_code: Annotated[str, Field(max_length=60)]
    expires_on: DateInput


class TargetForm(BaseModel):
    """What a lot is expected to give."""

    device_id: Annotated[int, Field(ge=1)]
    parameter_code: Annotated[str, Field(max_length=80)]
    mean: Number
    sd: Annotated[DecimalInput, Field(gt=0, le=1e12, allow_inf_nan=False)]


class RunForm(BaseModel):
    """A control measured by hand."""

    date: DateInput
    time: TimeInput | None = None
    value: Number

    @property
    def moment(self) -> tuple[dt.date, dt.time]:
        """Local day and time."""
        return self.date, self.time or dt.time(12)


class WithdrawForm(BaseModel):
    """Why a run does not count."""

    reason: Told


class CloseForm(BaseModel):
    """Why a control failed, and what was done."""

    cause: Told
    corrective_action: Told
