"""What people enter about orders, material and results: shape and range."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, field_validator

from ops_app.i18n import _
from ops_app.kit.dates import DateInput, TimeInput
from ops_app.kit.numbers import DecimalInput
from ops_app.modules.visits.forms import Icd10

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]

RejectReason = Literal[
    "haemolysed",
    "clotted",
    "too_little",
    "wrong_container",
    "unlabelled",
    "wrong_person",
    "late",
    "leaked",
    "lipaemic",
    "other",
]


class OrderForm(BaseModel):
    """An order of one or several services."""

    services: Annotated[list[str], Field(min_length=1, max_length=60)]
    laboratory_id: int
    priority: Literal["routine", "urgent", "emergency"] = "routine"
    reason_icd10: Icd10 | None = None
    payer: Literal["guaranteed_package", "insurance", "paid", "other"] | None = None
    note: Note | None = None
    requester_text: Line | None = None
    encounter_id: int | None = None


class CollectForm(BaseModel):
    """Material taken: which tubes, when."""

    specimens: Annotated[list[int], Field(min_length=1)]
    date: DateInput
    time: TimeInput


class SheetForm(BaseModel):
    """Tubes that go to a laboratory together."""

    specimens: Annotated[list[int], Field(min_length=1, max_length=500)]
    laboratory_id: int
    delivery_date: DateInput
    courier: Line | None = None


class RejectForm(BaseModel):
    """Material that cannot be used."""

    reason: RejectReason
    note: Line | None = None
    retake: bool = False


class ChangeForm(BaseModel):
    """A service put in the place of another, or added beside it."""

    kind: Literal["replaced", "added"]
    service: str
    reason: Reason


class ConfirmForm(BaseModel):
    """Results that a doctor answers for; held ones only with a word about why they stand."""

    conclusion: Note | None = None
    held_because: Reason | None = None
    seen: str | None = None
    """Of the values that stood on the page: others that came since are not confirmed unseen."""


class CorrectForm(BaseModel):
    """Another value instead of a confirmed one."""

    value: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    reason: Reason


class CallForm(BaseModel):
    """A critical value told by telephone."""

    told_to: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=120)]
    read_back: bool = False
    note: Line | None = None


class CancelForm(BaseModel):
    """Why an order is not carried out."""

    reason: Reason


_AGE_UNITS = {"d": "dкд", "m": "mам", "y": "yжлг"}
"""First letters of day, month and year in the three languages."""


def age_limit(written: str) -> str:
    """``28 күн``, ``6 мес.`` and ``12y`` as number and unit: 28d, 6m, 12y."""
    found = re.fullmatch(r"(\d{1,3})\s*(\w?)\w*\.?", written.strip().lower())
    units = [unit for unit, letters in _AGE_UNITS.items() if found and found[2] and found[2] in letters]
    return f"{found[1]}{units[0]}" if found and units else written


AgeLimit = Annotated[str, StringConstraints(pattern=r"^\d{1,3}[dmy]?$"), BeforeValidator(age_limit)]


class RangeForm(BaseModel):
    """A laboratory's own reference range."""

    sex: Literal["male", "female"] | None = None
    age_from: AgeLimit = "0"
    age_to: AgeLimit | None = None
    trimester: Annotated[int, Field(ge=0, le=3)] | None = None
    method: Line | None = None
    low: DecimalInput | None = None
    high: DecimalInput | None = None
    critical_low: DecimalInput | None = None
    critical_high: DecimalInput | None = None
    valid_from: DateInput
    citation: Reason


class WorkplaceForm(BaseModel):
    """A workplace and the services done there."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=80)]
    services: Annotated[list[int], Field(min_length=1)]
    analyser_id: int | None = None


class SchemeForm(BaseModel):
    """How the laboratory numbers its orders."""

    prefix: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)] = ""
    width: Annotated[int, Field(ge=1, le=9)]
    reset: Literal["never", "year", "month", "day"]

    @field_validator("prefix")
    @classmethod
    def _known_parts(cls, value: str) -> str:
        if re.search(r"[{}]", re.sub(r"\{(yy|mm|dd)\}", "", value)):
            raise ValueError(_("Only {yy}, {mm} and {dd} may stand in braces"))
        return value


class MatchForm(BaseModel):
    """The order an unmatched report belongs to."""

    order_number: Annotated[str, StringConstraints(pattern=r"^\d{10,12}$")]
    reason: Reason


class DismissForm(BaseModel):
    """Why a report belongs to nobody here."""

    reason: Reason


class ToldForm(BaseModel):
    """How the patient heard of the result."""

    how: Literal["telephone", "visit", "home_visit", "message"]
    note: Line | None = None


class BookedForm(BaseModel):
    """What follows, and when."""

    day: DateInput
    what: Reason


class DoneForm(BaseModel):
    """How it ended."""

    how: Literal["treated", "repeated_normal", "referred", "no_action_needed", "refused", "moved_away", "died"]
    note: Line | None = None
