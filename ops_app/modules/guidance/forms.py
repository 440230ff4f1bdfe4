"""Shape of what is entered about protocols and conditions of services."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from ops_app.i18n import _
from ops_app.kit.dates import DateInput

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]

_ICD10 = re.compile(r"[A-Z]\d\d(\.\d{1,2})?")


def _prefixes(text: str) -> str:
    wrong = [each for each in split_codes(text) if not _ICD10.fullmatch(each)]
    if wrong:
        raise ValueError(_("Write ICD-10 codes with commas, for example I10, I11.9; not %(code)s", code=wrong[0]))
    return text


def split_codes(text: str | None) -> list[str]:
    """The codes of a field."""
    return list(dict.fromkeys(each.upper() for each in re.split(r"[\s,;]+", text or "") if each))


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"]{3,500}", text):
        raise ValueError(_("Write an address that begins with https://"))
    return text


Codes = Annotated[str, Field(max_length=1000), AfterValidator(_prefixes)]


class ProtocolForm(BaseModel):
    """A protocol; its file comes beside the form."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    version: Short
    title_kk: Words
    title_ru: Words
    icd10: Codes
    approved_on: DateInput
    source: Words
    url: Annotated[str, AfterValidator(_web_address)] | None = None


class RuleForm(BaseModel):
    """A condition of a service."""

    service_code: Short
    hint_kk: Words
    hint_ru: Words
    source: Words
    needs_referral: bool = False
    interval_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    icd10: Codes = ""
    effective_from: DateInput


class CloseForm(BaseModel):
    """The first day a condition counts no more."""

    effective_to: DateInput
