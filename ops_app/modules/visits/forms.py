"""Shape and range of what is entered at a visit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from ops_app.i18n import N_
from ops_app.kit.dates import DateInput, TimeInput
from ops_app.kit.keyboard import as_code
from ops_app.kit.numbers import DecimalInput

CLASSES = (
    ("ambulatory", N_("at the clinic")),
    ("home", N_("at home")),
    ("virtual", N_("by phone or video")),
    ("emergency", N_("emergency")),
)
CLASS_TITLES = dict(CLASSES) | {"inpatient": N_("hospital stay")}
PURPOSES = (
    ("disease", N_("disease")),
    ("pregnancy", N_("pregnancy")),
    ("dispensary", N_("dispensary observation")),
    ("screening", N_("screening")),
    ("prevention", N_("preventive examination")),
    ("patronage", N_("patronage")),
    ("active", N_("active visit")),
    ("home_call", N_("home call")),
    ("other", N_("other purpose")),
)
PURPOSE_TITLES = dict(PURPOSES) | {
    "hospitalisation": N_("hospitalisation"),
    "ambulance_call": N_("ambulance call"),
}
DISPOSITIONS = (
    ("home", N_("stays at home")),
    ("transferred", N_("sent to hospital")),
    ("nobody_home", N_("nobody at home")),
    ("refused", N_("refused the examination")),
)
DISPOSITION_TITLES = dict(DISPOSITIONS) | {
    "died": N_("died"),
    "refused": N_("refusal"),
    "not_indicated": N_("admission not indicated"),
    "non_profile": N_("not the profile of the hospital"),
    "no_bed": N_("no bed"),
    "walked_out": N_("left by himself"),
}
PAYERS = (
    ("guaranteed_package", N_("guaranteed package")),
    ("insurance", N_("health insurance")),
    ("paid", N_("paid by the patient")),
    ("other", N_("other payer")),
)
DIAGNOSIS_KINDS = (("final", N_("final")), ("preliminary", N_("preliminary")))
DIAGNOSIS_KIND_TITLES = dict(DIAGNOSIS_KINDS) | {"referral": N_("of the referral"), "admission": N_("at admission")}
DIAGNOSIS_TYPES = (
    ("main", N_("main")),
    ("complication", N_("complication")),
    ("concomitant", N_("concomitant")),
    ("background", N_("background")),
)
DIAGNOSIS_CHARACTERS = (
    ("acute", N_("acute")),
    ("chronic_new", N_("chronic, first found")),
    ("chronic_known", N_("chronic, known")),
)
REFERRAL_CATEGORIES = (
    ("consultation", N_("consultation")),
    ("laboratory", N_("laboratory test")),
    ("imaging", N_("imaging")),
    ("procedure", N_("procedure")),
    ("hospitalisation", N_("planned admission")),
    ("rehabilitation", N_("rehabilitation")),
    ("other", N_("other referral")),
)
PRIORITIES = (("routine", N_("routine")), ("urgent", N_("urgent")), ("emergency", N_("immediately")))
REFERRAL_STATES = {
    "draft": N_("draft"),
    "active": N_("waits"),
    "scheduled": N_("scheduled"),
    "in_progress": N_("in progress"),
    "completed": N_("carried out"),
    "cancelled": N_("cancelled"),
}
REFERRAL_MOVES = {
    "active": N_("Send"),
    "scheduled": N_("Set the time"),
    "in_progress": N_("Begin"),
    "completed": N_("Complete with the result"),
    "cancelled": N_("Cancel the referral"),
}
REFERRAL_CANCELS = {
    "refused": N_("the patient refuses"),
    "no_show": N_("did not come"),
    "not_indicated": N_("not indicated"),
    "duplicate": N_("asked for twice"),
    "other": N_("another reason"),
}
NO_MEDICINE_REASONS = (
    ("contraindicated", N_("contraindicated")),
    ("refused", N_("the patient refuses")),
    ("already_taken", N_("already taken, supply at hand")),
    ("not_indicated", N_("not indicated")),
)


def _code(value: object) -> object:
    return as_code(value) if isinstance(value, str) else value


Icd10 = Annotated[str, BeforeValidator(_code), StringConstraints(pattern=r"^[A-Z][0-9]{2}([.][0-9]{1,2})?$")]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=20)]
Line = Annotated[str, Field(max_length=500)]
Note = Annotated[str, Field(max_length=10_000)]


class DiagnosisInput(BaseModel):
    """One diagnosis."""

    icd10: Icd10
    kind: Literal["final", "preliminary"] = "final"
    type: Literal["main", "complication", "concomitant", "background"] = "main"
    character: Literal["acute", "chronic_new", "chronic_known"] | None = None


class ServiceInput(BaseModel):
    """A service rendered at the visit."""

    code: Code
    result_code: Annotated[str, Field(max_length=20)] | None = None


class ReferralInput(BaseModel):
    """A referral written at the visit."""

    category: Literal[
        "consultation", "laboratory", "imaging", "procedure", "hospitalisation", "rehabilitation", "other"
    ]
    code: Code | None = None
    performer_organization_id: int | None = None
    priority: Literal["routine", "urgent", "emergency"] = "routine"
    occurrence_date: DateInput | None = None
    payer: Literal["guaranteed_package", "insurance", "paid", "other"] | None = None
    note: Line | None = None


class PrescriptionInput(BaseModel):
    """A medicine prescribed at the visit."""

    code: Code
    dosage: Line | None = None
    end_date: DateInput | None = None
    is_free: bool = False


class VisitRows(BaseModel):
    """What a visit holds besides itself; a later addition to it holds the same."""

    systolic: DecimalInput | None = None
    diastolic: DecimalInput | None = None
    pulse: DecimalInput | None = None
    temperature: DecimalInput | None = None
    respiratory_rate: DecimalInput | None = None
    saturation: DecimalInput | None = None
    weight: DecimalInput | None = None
    height: DecimalInput | None = None
    waist: DecimalInput | None = None
    glucose: DecimalInput | None = None
    rankin: Annotated[DecimalInput, Field(ge=0, le=6)] | None = None
    diagnoses: list[DiagnosisInput] = []
    services: list[ServiceInput] = []
    referrals: list[ReferralInput] = []
    prescriptions: list[PrescriptionInput] = []
    no_medicine_reason: Literal["contraindicated", "refused", "already_taken", "not_indicated"] | None = None
    note: Note | None = None


class VisitInput(VisitRows):
    """A visit on one screen."""

    encounter_class: Literal["ambulatory", "home", "virtual", "emergency"] = "ambulatory"
    purpose: Literal[
        "disease", "pregnancy", "dispensary", "screening", "prevention", "patronage", "active", "home_call", "other"
    ] = "disease"
    date: DateInput
    time: TimeInput
    disposition: Literal["home", "transferred", "nobody_home", "refused"] | None = None
    payer: Literal["guaranteed_package", "insurance", "paid", "other"] | None = None
    presence_confirmed: bool = False
    next_date: DateInput | None = None
    next_time: TimeInput | None = None


class AmendInput(VisitRows):
    """An addition to a recorded visit; ``version`` is the state the writer saw."""

    version: int


class ReferralMove(BaseModel):
    """A move of a referral; ``version`` is the state the mover saw."""

    to: Literal["active", "scheduled", "in_progress", "completed", "cancelled"]
    version: int
    date: DateInput | None = None
    time: TimeInput | None = None
    cancel_code: Literal["refused", "no_show", "not_indicated", "duplicate", "other"] | None = None
    reason: Line | None = None
    result: Note | None = None


class ErrorMark(BaseModel):
    """Marks a row as entered in error."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=500)]
