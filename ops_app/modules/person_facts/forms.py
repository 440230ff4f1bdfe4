"""Shape and range of what is entered about a person."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationInfo, field_validator

from ops_app.i18n import _
from ops_app.kit.dates import DateInput
from ops_app.kit.form_fields import listed
from ops_app.modules.patients.forms import Phone
from ops_app.modules.person_facts import models

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Kato = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
Country = Annotated[
    str,
    BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
    StringConstraints(pattern=r"^[A-Z]{2}$"),
]
MAIL_SHAPE = r"[^@\s]+@[^@\s]+\.[^@\s.]+"


class FactForm(BaseModel):
    """What every dated fact of a person says."""

    start_date: DateInput | None = None
    end_date: DateInput | None = None
    way: Annotated[str, listed(models.WAYS)] = "patient"


class RelativeForm(FactForm):
    """A member of the family."""

    relation: Annotated[str, listed(models.RELATIONS)]
    relative: Number | None = None
    """IIN or temporary identifier of a registered person."""
    name: Text | None = None
    phone: Phone | None = None
    lives_together: bool = False
    is_emergency_contact: bool = False


class ContactForm(FactForm):
    """A telephone or an address of electronic mail."""

    kind: Annotated[str, listed(models.CONTACT_KINDS)]
    value: Text
    is_preferred: bool = False

    @field_validator("value")
    @classmethod
    def _fits_its_kind(cls, value: str, info: ValidationInfo) -> str:
        return _mail(value) if info.data.get("kind") == "email" else _phone(value)


def _mail(value: str) -> str:
    if not re.fullmatch(MAIL_SHAPE, value):
        raise ValueError(_("An address of e-mail, for example aliya@mail.kz"))
    return value


def _phone(value: str) -> str:
    try:
        return str(TypeAdapter(Phone).validate_python(value))
    except ValueError:
        raise ValueError(_("A phone number, for example +7 701 123 45 67")) from None


class AddressForm(FactForm):
    """An address."""

    use: Annotated[str, listed(models.ADDRESS_USES)]
    kato_code: Kato
    line: Text | None = None


class DocumentForm(FactForm):
    """An identity document."""

    type: Annotated[str, listed(models.DOCUMENT_TYPES)]
    number: Number
    issuer: Text | None = None
    country: Country = "KZ"


class EmploymentForm(FactForm):
    """A place of work."""

    enterprise_id: Id | None = None
    employer: Text | None = None
    position: Text | None = None


class EducationForm(FactForm):
    """A place of study."""

    institution_id: Id | None = None
    institution: Text | None = None
    group: Text | None = None


class SocialStatusForm(FactForm):
    """A social status."""

    status: Annotated[str, listed(models.SOCIAL_STATUSES)]
    proof: Text | None = None
    start_date: DateInput


class InsuranceForm(FactForm):
    """Whether the person is insured."""

    state: Annotated[str, listed(models.INSURANCE_STATES)]
    category: Annotated[str, listed(models.INSURANCE_CATEGORIES)] | None = None
    source: Annotated[str, listed(models.INSURANCE_SOURCES)]
    start_date: DateInput


class LanguageForm(FactForm):
    """The language in which to speak with the person."""

    language: Annotated[str, listed(models.LANGUAGES)]
    needs_interpreter: bool = False
    start_date: DateInput


class CloseForm(BaseModel):
    """From which day a fact no longer counts."""

    end_date: DateInput
