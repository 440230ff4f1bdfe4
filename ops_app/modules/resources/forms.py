"""Shape and range of what is entered in each register."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from ops_app.i18n import _
from ops_app.kit.business_number import BusinessNumber
from ops_app.kit.dates import DateInput
from ops_app.kit.form_fields import listed
from ops_app.kit.shifts import ShiftsInput
from ops_app.modules.resources import models

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_CODE = re.compile(r"[0-9A-Za-zА-ЯЁа-яёӘәҒғҚқҢңӨөҰұҮүҺһІі.\-/]{1,40}")


def _code(value: str) -> str:
    if not _CODE.fullmatch(value):
        raise ValueError(_("At most 40 letters, digits, points, hyphens and strokes without spaces, for example 12-3"))
    return value


Code = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_code)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
SAME = "="
"""What stands for the hours of the day before."""


class KeptForm(BaseModel):
    """What every row of a register says."""

    organization_id: Id
    start_date: DateInput


class InstitutionForm(KeptForm):
    """A kindergarten, school or college."""

    kind: Annotated[str, listed(models.INSTITUTION_KINDS)]
    name_kk: Text
    name_ru: Text
    bin: BusinessNumber | None = None
    address_line: Text | None = None
    pupils: Count | None = None
    site_id: Id | None = None


class EnterpriseForm(KeptForm):
    """An employer."""

    name_kk: Text
    name_ru: Text
    bin: BusinessNumber | None = None
    address_line: Text | None = None
    workers: Count | None = None
    harmful_factor: Annotated[str, listed(models.HARMFUL_FACTORS)] | None = None
    site_id: Id | None = None


class InsurerForm(KeptForm):
    """A contract with an insurance company."""

    name_kk: Text
    name_ru: Text
    bin: BusinessNumber | None = None
    contract_number: Text


class ServiceForm(KeptForm):
    """A service or operation."""

    local_code: Code
    kind: Annotated[str, listed(models.SERVICE_KINDS)]
    name_kk: Text
    name_ru: Text
    tariff_code: Code | None = None
    price_tenge: Annotated[int, Field(ge=0, le=10**9)] | None = None


class BedForm(KeptForm):
    """A bed."""

    number: Code
    department_id: Id
    ward_id: Id | None = None
    profile: Annotated[str, listed(models.BED_PROFILES)]
    state: Annotated[str, listed(models.BED_STATES)]


class StoreForm(KeptForm):
    """A place that keeps medicines."""

    kind: Annotated[str, listed(models.STORE_KINDS)]
    name_kk: Text
    name_ru: Text
    department_id: Id | None = None
    location_id: Id | None = None
    responsible_id: Id | None = None


class StaffHoursForm(KeptForm):
    """The hours of a position in an ordinary week."""

    practitioner_role_id: Id
    room_id: Id | None = None
    monday: ShiftsInput | None = None
    tuesday: ShiftsInput | None = None
    wednesday: ShiftsInput | None = None
    thursday: ShiftsInput | None = None
    friday: ShiftsInput | None = None
    saturday: ShiftsInput | None = None
    sunday: ShiftsInput | None = None
    on_holidays: bool = False

    @model_validator(mode="before")
    @classmethod
    def _as_the_day_before(cls, data: Any) -> Any:
        """A day written as ``=`` has the hours of the day before it: nobody types the same hours five times."""
        if not isinstance(data, Mapping):
            return data
        told = dict(data)
        for before, day in pairwise(models.WEEKDAYS):
            if str(told.get(day) or "").strip() == SAME and told.get(before):
                told[day] = told[before]
        return told

    @model_validator(mode="after")
    def _has_a_day(self) -> Self:
        if not any(getattr(self, day) for day in models.WEEKDAYS):
            raise ValueError(_("Write the hours of at least one day"))
        return self


class StaffChangeForm(KeptForm):
    """Days of absence, or of other hours."""

    practitioner_role_id: Id
    kind: Annotated[str, listed(models.CHANGE_KINDS)]
    hours: ShiftsInput | None = None
    end_date: DateInput | None = None


class CloseForm(BaseModel):
    """From which day a row no longer counts."""

    end_date: DateInput
