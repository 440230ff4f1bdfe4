"""Shape and range of what is entered about a person."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from ops_app.i18n import N_
from ops_app.kit.dates import DateInput

KINDS = (
    ("confirmed", N_("Has an IIN")),
    ("undocumented", N_("Has no documents")),
    ("foreign", N_("Foreign citizen without an IIN")),
    ("newborn", N_("Newborn without an IIN")),
)
SEXES = (("female", N_("female")), ("male", N_("male")), ("unknown", N_("unknown")))
SEX_TITLES = dict(SEXES) | {"other": N_("other")}
RELATIONS = (("attached", N_("Attached here")), ("served", N_("Served here without attachment")))
DOCUMENT_TYPES = (
    ("identity_card", N_("identity card")),
    ("passport", N_("passport")),
    ("residence_permit", N_("residence permit")),
    ("birth_certificate", N_("birth certificate")),
    ("refugee_certificate", N_("refugee certificate")),
    ("other", N_("other document")),
)
END_REASONS = (("moved", N_("moved")), ("chosen", N_("chose another organisation")), ("other", N_("other")))
END_TITLES = dict(END_REASONS) | {"died": N_("died"), "merged": N_("records linked")}


def _only_digits(value: object) -> object:
    return re.sub(r"[\s-]", "", value) if isinstance(value, str) else value


def _phone(value: object) -> object:
    """Bring 8 701 123 45 67 and +7 (701) 123-45-67 to one form."""
    if not isinstance(value, str):
        return value
    digits = re.sub(r"\D", "", value)
    if len(digits) == 11 and digits[0] in "78":
        return f"+7{digits[1:]}"
    return f"+{digits}" if value.strip().startswith("+") else digits


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=80, pattern=r"^[^\W\d_]+(?:[ '’`.\-][^\W\d_]+)*\.?$")
]
Iin = Annotated[str, BeforeValidator(_only_digits), StringConstraints(max_length=20)]
Phone = Annotated[str, BeforeValidator(_phone), StringConstraints(pattern=r"^\+?[0-9]{5,15}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=500)]


class PersonForm(BaseModel):
    """The passport part of a person."""

    kind: Literal["confirmed", "undocumented", "foreign", "newborn"] = "confirmed"
    iin: Iin | None = None
    family_name: Name | None = None
    given_name: Name | None = None
    patronymic: Name | None = None
    birth_date: DateInput | None = None
    sex: Literal["female", "male", "unknown"] | None = None
    citizenship: Annotated[str, BeforeValidator(_upper), StringConstraints(pattern=r"^[A-Z]{2}$")] = "KZ"
    document_type: str | None = None
    document_number: Annotated[str, Field(max_length=40)] | None = None
    mother: Annotated[str, Field(max_length=40)] | None = None
    """IIN or temporary identifier of the mother of a newborn."""
    phone: Phone | None = None
    address_line: Annotated[str, Field(max_length=300)] | None = None
    kato_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")] | None = None


class RegistrationForm(PersonForm):
    """A new person and where he will be looked after."""

    relation: Literal["attached", "served"] = "attached"
    organization_id: int | None = None
    site_id: int | None = None
    is_another_person: bool = False
    """The registrar has looked at the people listed as similar."""


class NewbornForm(BaseModel):
    """A child just born; whatever else is known of it is known of the mother."""

    birth_date: DateInput
    sex: Literal["female", "male", "unknown"]
    given_name: Name | None = None
    is_another_child: bool = False
    """One more child of the same birth."""


class EditForm(PersonForm):
    """A correction; ``version`` is the state the editor saw."""

    version: int


class AttachmentForm(BaseModel):
    """A new attachment or serving site."""

    relation: Literal["attached", "served"] = "attached"
    organization_id: int
    site_id: int | None = None
    start_date: DateInput
    end_reason: Literal["moved", "chosen", "other"] = "chosen"


class ReasonForm(BaseModel):
    """Why something unusual is done."""

    reason: Reason
    next: str | None = None


class FindByIinForm(BaseModel):
    """Finding a person outside one's own organisations: the whole number or nothing."""

    iin: Iin


class MergeForm(BaseModel):
    """Two records of one person: the one that stays and the one it stands for."""

    kept: Annotated[str, Field(max_length=40)]
    hidden: Annotated[str, Field(max_length=40)]
    verdict: Literal["one", "two"] = "one"
    reason: Annotated[str, StringConstraints(min_length=5, max_length=500, strip_whitespace=True)]
    is_sure: bool = False
