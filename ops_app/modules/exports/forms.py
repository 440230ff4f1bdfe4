"""Shape of a request for the data of one person."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints, field_validator

from ops_app.i18n import N_, _
from ops_app.kit.dates import DateInput
from ops_app.modules.fhir.types import CLINICAL
from ops_app.modules.personal_data.declarations import exceptions

REQUESTERS = (
    ("patient", N_("the person")),
    ("representative", N_("legal representative")),
    ("authority", N_("authorised body")),
)
LANGUAGES = (("kk", "Қазақша"), ("ru", "Русский"))
Basis = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)]


class ExportForm(BaseModel):
    """What is given, to whom and why."""

    requester: Literal["patient", "representative", "authority"]
    basis: Basis
    language: Literal["kk", "ru"] = "kk"
    since: DateInput | None = None
    until: DateInput | None = None
    kind: str | None = None
    """One kind of facts; all of them when left out."""
    exception: str | None = None
    """For an authorised body: the exception of the law that lets without consent."""

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str | None) -> str | None:
        if kind is not None and kind not in CLINICAL:
            raise ValueError(_("Choose one of the listed values"))
        return kind

    @field_validator("exception")
    @classmethod
    def _listed(cls, exception: str | None) -> str | None:
        if exception is not None and exception not in exceptions():
            raise ValueError(_("Choose one of the listed values"))
        return exception
