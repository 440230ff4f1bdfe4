"""Shape and range of what is entered about a death."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from ops_app.i18n import N_
from ops_app.kit.dates import DateInput, TimeInput

PLACES = (
    ("home", N_("at home")),
    ("hospital", N_("in hospital")),
    ("ambulance", N_("in an ambulance")),
    ("other", N_("elsewhere")),
    ("unknown", N_("not known")),
)
PLACE_TITLES = dict(PLACES)


class DeathForm(BaseModel):
    """A death: when, where, of what, and when it became known here."""

    date: DateInput
    time: TimeInput | None = None
    place: Literal["home", "hospital", "ambulance", "other", "unknown"]
    cause_icd10: Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2}([.][0-9]{1,2})?$")] | None = None
    known_date: DateInput
    known_time: TimeInput | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None
    later_facts_seen: bool = False


class DeathErrorForm(BaseModel):
    """Why a registered death was a mistake."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=500)]


class ReviewForm(BaseModel):
    """The conclusion of the review of a death."""

    date: DateInput
    conclusion: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=5000)]
