"""Shape and range of what is entered on register cards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from ops_app.i18n import N_
from ops_app.kit.dates import DateInput, TimeInput

RISK_LEVELS = (("low", N_("low")), ("moderate", N_("moderate")), ("high", N_("high")))
CARE_LEVELS = (
    ("1", N_("level 1: district")),
    ("2", N_("level 2: inter-district")),
    ("3", N_("level 3: perinatal centre")),
    ("4", N_("level 4: national")),
)
OUTCOMES = (
    ("live_birth", N_("live birth")),
    ("stillbirth", N_("stillbirth")),
    ("miscarriage", N_("miscarriage")),
    ("abortion", N_("termination")),
    ("ectopic", N_("ectopic pregnancy")),
)
CLOSE_REASONS = (
    ("recovered", N_("recovered or no longer needed")),
    ("moved", N_("moved away")),
    ("transferred", N_("handed over to another organisation")),
    ("refused", N_("refused observation")),
)

Icd10 = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2}([.][0-9]{1,2})?$")]


class PregnancyForm(BaseModel):
    """A pregnancy put on the register."""

    lmp_date: DateInput
    registered_date: DateInput
    risk_level: Literal["low", "moderate", "high"]
    required_care_level: Annotated[int, Field(ge=1, le=4)]
    note: Annotated[str, Field(max_length=1000)] | None = None


class OutcomeForm(BaseModel):
    """How and when a pregnancy ended."""

    outcome: Literal["live_birth", "stillbirth", "miscarriage", "abortion", "ectopic"]
    outcome_date: DateInput
    outcome_time: TimeInput | None = None
    known_date: DateInput | None = None
    version: int


class DispensaryForm(BaseModel):
    """A dispensary card opened."""

    icd10: Icd10
    registered_date: DateInput
    next_date: DateInput | None = None


class ExclusionForm(BaseModel):
    """Why somebody leaves a list."""

    reason: Literal["refused", "illness", "pregnancy", "away", "contraindicated", "done_elsewhere"]


class CloseForm(BaseModel):
    """A card closed without an outcome."""

    close_reason: Literal["recovered", "moved", "transferred", "refused"]
    end_date: DateInput
    version: int
