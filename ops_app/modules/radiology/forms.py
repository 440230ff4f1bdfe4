"""Shape and range of what the pages of radiology send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ops_app.kit.dates import DateInput
from ops_app.kit.numbers import DecimalInput
from ops_app.modules.visits.forms import Code, Icd10, Line

Modality = Literal["DX", "RF", "MG", "CT", "MR", "US", "ECG", "XA", "NM", "PT", "ES", "OT"]
BodyPart = Literal[
    "CHEST",
    "HEAD",
    "BRAIN",
    "SINUS",
    "NECK",
    "CSPINE",
    "TSPINE",
    "LSPINE",
    "ABDOMEN",
    "KIDNEY",
    "PELVIS",
    "BREAST",
    "HEART",
    "THYROID",
    "SHOULDER",
    "ARM",
    "HAND",
    "HIP",
    "LEG",
    "KNEE",
    "FOOT",
    "WHOLEBODY",
]


class OrderForm(BaseModel):
    """An order for images or an ECG."""

    modality: Modality
    body_part: BodyPart | None = None
    laterality: Literal["R", "L", "B"] | None = None
    code: Code | None = None
    priority: Literal["routine", "urgent", "emergency"] = "routine"
    performer_organization_id: int | None = None
    reason_icd10: Icd10 | None = None
    payer: Literal["guaranteed_package", "insurance", "paid", "other"] | None = None
    note: Line | None = None
    pregnancy: Literal["no", "possible", "pregnant"] | None = None
    is_contrast: bool = False
    contrast_risks: Line | None = None
    no_contrast_risks: bool = False


class TakeForm(BaseModel):
    """What the department adds to a referral that does not say how to examine."""

    modality: Modality | None = None
    body_part: BodyPart | None = None
    pregnancy: Literal["no", "possible", "pregnant"] | None = None


class WorklistFilter(BaseModel):
    """Which orders the worklist shows."""

    q: Annotated[str, Field(max_length=120)] | None = None
    """A scanned number of an order, an IIN, or a part of a name."""
    modality: Modality | None = None
    step: Literal["open", "waits", "arrived", "performed", "reported", "cancelled", "all"] = "open"
    day: DateInput | None = None


class ReportForm(BaseModel):
    """What stands in every report besides the protocol."""

    template: Annotated[str, Field(max_length=40)]
    version: int | None = None
    language: Literal["kk", "ru"] = "kk"
    projection: Annotated[str, Field(max_length=120)] | None = None
    conclusion: Annotated[str, Field(max_length=4000)] | None = None
    recommendation: Annotated[str, Field(max_length=2000)] | None = None
    icd10: Icd10 | None = None
    is_critical: bool = False
    told_to: Annotated[str, Field(max_length=200)] | None = None
    effective_msv: Annotated[DecimalInput, Field(ge=0, le=1000)] | None = None
    dap_dgycm2: Annotated[DecimalInput, Field(ge=0, le=1_000_000)] | None = None
    ctdivol_mgy: Annotated[DecimalInput, Field(ge=0, le=10_000)] | None = None
    dose_unknown: bool = False


class CorrectionForm(BaseModel):
    """Why a report in force is corrected."""

    reason: Annotated[str, Field(min_length=5, max_length=500)]
