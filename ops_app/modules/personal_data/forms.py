"""Shape of what the pages of this module send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from ops_app.i18n import _
from ops_app.kit.dates import DateInput
from ops_app.modules.patients.iin import IinProblem, read

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=2000)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]


class RepresentativeForm(BaseModel):
    """Who speaks for a person."""

    name: Line
    iin: str | None = None
    relation: Literal["parent", "guardian", "trustee", "attorney", "spouse", "other"]
    basis: Sentence
    valid_from: DateInput
    valid_until: DateInput | None = None

    @field_validator("iin")
    @classmethod
    def _is_a_number(cls, iin: str | None) -> str | None:
        if iin is not None and isinstance(read(iin), IinProblem):
            raise ValueError(_("This is no IIN: check the digits"))
        return iin

    @model_validator(mode="after")
    def _ends_after_start(self) -> RepresentativeForm:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError(_("The end lies before the beginning"))
        return self


class ConsentForm(BaseModel):
    """A consent on paper or as an electronic document; representative 0 is the person himself."""

    purpose: Literal[
        "processing",
        "treatment",
        "record_view",
        "screening",
        "vaccination",
        "anaesthesia",
        "transfusion",
        "photo",
        "research",
        "teaching",
    ]
    is_given: Literal["yes", "no"] = "yes"
    scope: Sentence
    recipient_id: int | None = None
    encounter_id: int | None = None
    form: Literal["paper", "electronic"]
    representative_id: Annotated[int, Field(ge=0)] = 0
    given_on: DateInput
    valid_until: DateInput | None = None


class WithdrawalForm(BaseModel):
    """What the withdrawal rests on."""

    basis: Sentence


class ReceivedConsent(BaseModel):
    """A result of the state's service of access to personal data."""

    key: Annotated[str, Field(min_length=1, max_length=200)]
    reference: Annotated[str, Field(min_length=1, max_length=200)]
    iin: Annotated[str, Field(pattern=r"^\d{12}$")]
    organization_bin: Annotated[str, Field(pattern=r"^\d{12}$")]
    purpose: Literal["processing", "record_view", "research", "teaching"] = "processing"
    recipient_bin: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    scope: Sentence
    result: Literal["given", "refused", "withdrawn"]
    given_on: DateInput
    valid_until: DateInput | None = None


class CollectionForm(BaseModel):
    """From whom the data of a visit came."""

    encounter_id: int
    way: Literal["patient", "representative", "submitted", "medical_records", "technology"]
    document: Annotated[str, Field(max_length=300)] | None = None


class RequestForm(BaseModel):
    """An application of a person or his representative."""

    person: Line
    organization_id: int
    kind: Literal["information", "correction", "blocking", "unblocking", "destruction"]
    channel: Literal["office", "post", "email", "electronic"]
    representative_id: Annotated[int, Field(ge=0)] = 0
    received_on: DateInput
    wish: Sentence
    proof: Annotated[str, Field(max_length=2000)] | None = None


class AnswerForm(BaseModel):
    """How a request was met."""

    language: Literal["kk", "ru"]
    outcome: Sentence


class RefusalForm(BaseModel):
    """Why a request is not met."""

    language: Literal["kk", "ru"]
    refusal: Line
    outcome: Sentence


class BlockForm(BaseModel):
    """A block, or its lifting."""

    reason: Sentence
    until: DateInput | None = None


class ActForm(BaseModel):
    """An act of destruction about to be drawn up; its text names nobody."""

    ground: Literal["violation", "term_ended"]
    finding: Sentence


class DisclosureForm(BaseModel):
    """Data given to somebody outside."""

    recipient: Line
    purpose: Sentence
    what: Sentence
    basis: Literal["subject", "consent", "care", "law", "exception"]
    exception: str | None = None
    consent_id: int | None = None
    document: Annotated[str, Field(max_length=300)] | None = None
    given_on: DateInput


class ArchiveForm(BaseModel):
    """Records past their term stay in the archive for a while."""

    record_type: Line
    act: Sentence
    keep_until: DateInput


class TermForm(BaseModel):
    """The end of an organisation's contract."""

    organization_id: int
    ended_on: DateInput
    document: Line


class DeliveryForm(BaseModel):
    """An export handed over for its check."""

    organization_id: int
    delivered_on: DateInput
    manifest_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    about: Sentence
    replaces_id: int | None = None


class CheckForm(BaseModel):
    """What the check of an export found."""

    state: Literal["accepted", "rejected"]
    findings: Annotated[str, Field(max_length=4000)] | None = None
