"""Shape of what the security pages send."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ops_app.i18n import N_
from ops_app.kit.dates import DateInput
from ops_app.mechanisms.signature.verdict import REASONS
from ops_app.modules.signatures.titles import POWERS

ASKED_TITLES = {
    "user": N_("User"),
    "patient": N_("Patient"),
    "kind": N_("What"),
    "rule": N_("Rule"),
    "date_from": N_("From"),
    "date_to": N_("To"),
}
"""What rows of the journal were asked for, as the form that asks calls it."""

INCIDENT_TITLES = {
    "access": N_("Unauthorised access to a card"),
    "account": N_("Foreign use of an account"),
    "disclosure": N_("Disclosure of personal data"),
    "loss": N_("Loss of data or of a carrier"),
    "integrity": N_("Changed files of the program or rows of the journal"),
    "malware": N_("Malicious program"),
    "other": N_("Other violation"),
}
RESULT_TITLES = {
    "accounts:signed_in": N_("signed in"),
    "accounts:sign_in_failed": N_("denied"),
    "accounts:sign_in_locked": N_("denied, locked"),
    "signatures:entered": N_("signed in"),
    "signatures:enter_refused": N_("denied"),
}
METHOD_TITLES = {
    "password": N_("password"),
    "totp": N_("password and code"),
    "recovery_code": N_("password and recovery code"),
    "certificate": N_("EDS key"),
}
REASON_TITLES = {
    "password": N_("wrong password"),
    "unknown": N_("no such login"),
    "disabled": N_("the account is disabled"),
    "code": N_("wrong code"),
    **POWERS,
    **{reason: title for reason, (_state, title) in REASONS.items()},
}


class IncidentForm(BaseModel):
    """A new incident; organisation 0 is the whole installation."""

    kind: Literal["access", "account", "disclosure", "loss", "integrity", "malware", "other"]
    organization_id: Annotated[int, Field(ge=0)]
    description: Annotated[str, Field(min_length=10, max_length=4000)]
    affected: Annotated[str, Field(max_length=2000)] | None = None


class ClosingForm(BaseModel):
    """What came out of an incident."""

    outcome: Annotated[str, Field(min_length=10, max_length=4000)]


class VerdictForm(BaseModel):
    """A reviewer's verdict on a stated reason."""

    verdict: Literal["confirmed", "incident"]
    note: Annotated[str, Field(max_length=2000)] | None = None


class SignInFilter(BaseModel):
    """What the list of sign-ins is narrowed to."""

    login: str | None = None
    result: Literal["signed_in", "refused"] | None = None
    date_from: DateInput | None = None
    date_to: DateInput | None = None

    def as_details(self) -> dict[str, str | dt.date]:
        """What was asked, for the journal's own row."""
        return {name: value for name, value in self.model_dump().items() if value}
