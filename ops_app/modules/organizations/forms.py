"""Shape and range of what is entered about facilities, their structure and staff."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from ops_app.kit.business_number import BusinessNumber
from ops_app.kit.dates import DateInput
from ops_app.kit.form_fields import listed
from ops_app.kit.numbers import DecimalInput
from ops_app.modules.organizations.care_profiles import care_profiles
from ops_app.modules.organizations.titles import POSITIONS, SITE_KINDS, TYPES

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]
Person = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Oid = Annotated[str, StringConstraints(pattern=r"^[0-2](\.(0|[1-9][0-9]{0,18})){1,30}$")]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
CareProfileCode = Annotated[str, listed(care_profiles())]


class NodeForm(BaseModel):
    """A node of the tree and, for a facility, what its papers need."""

    name_kk: Name
    name_ru: Name
    name_en: Name | None = None
    organization_type: Annotated[str, listed(TYPES)] | None = None
    site_kind: Annotated[str, listed(SITE_KINDS)] | None = None
    bin: BusinessNumber | None = None
    kato_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")] | None = None
    care_level: Annotated[int, Field(ge=1, le=4)] | None = None
    oid: Oid | None = None
    address_line: Short | None = None
    phone: Short | None = None
    licence_number: Short | None = None
    licence_date: DateInput | None = None
    care_profiles: list[CareProfileCode] = []


class NewNodeForm(NodeForm):
    """A node under another."""

    kind: Literal["organization", "department", "site"]


class LocationForm(BaseModel):
    """A room, ward or vehicle."""

    kind: Literal["room", "ward", "vehicle"]
    name_kk: Name
    name_ru: Name


class StaffForm(BaseModel):
    """A member of staff."""

    iin: Annotated[str, StringConstraints(strip_whitespace=True)] | None = None
    family_name: Person
    given_name: Person
    patronymic: Person | None = None
    sex: Literal["male", "female"] | None = None


class PositionForm(BaseModel):
    """A position of a member of staff."""

    organization_id: Id
    site_id: Id | None = None
    position: Annotated[str, listed(POSITIONS)]
    specialty: Short | None = None
    rate: Annotated[DecimalInput, Field(gt=0, le=2)] | None = None
    start_date: DateInput


class NewStaffForm(StaffForm, PositionForm):
    """A member of staff with the first position."""


class EndForm(BaseModel):
    """First day on which a position is no longer held."""

    end_date: DateInput
