"""Shape of what the pages of documents send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ops_app.kit.dates import DateInput
from ops_app.modules.signatures.forms import Base64

MOST_AT_ONCE = 50
"""One password signs this many documents."""


class FormingForm(BaseModel):
    """Which document is formed from a visit, in which language."""

    kind: Annotated[str, Field(max_length=40)]
    language: Literal["kk", "ru"]


class AnnulForm(BaseModel):
    """Why a document is annulled."""

    reason: Annotated[str, Field(min_length=5, max_length=500)]


class JournalFilter(BaseModel):
    """Which documents the journal shows."""

    number: Annotated[str, Field(max_length=40)] | None = None
    kind: Annotated[str, Field(max_length=40)] | None = None
    status: Literal["formed", "signed", "annulled", "replaced"] | None = None
    date_from: DateInput | None = None
    date_to: DateInput | None = None


class ChosenDocuments(BaseModel):
    """Documents about to be signed."""

    ids: Annotated[list[int], Field(min_length=1, max_length=MOST_AT_ONCE)]


class OneSignature(BaseModel):
    """A detached signature of one document."""

    id: int
    cms: Base64


class Signatures(BaseModel):
    """What NCALayer made with one password."""

    signatures: Annotated[list[OneSignature], Field(min_length=1, max_length=MOST_AT_ONCE)]
