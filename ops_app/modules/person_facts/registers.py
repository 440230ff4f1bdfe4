"""The facts of a person: each is a table, a form, fields with their titles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ops_app.i18n import N_
from ops_app.mechanisms.register.field import RegisterField
from ops_app.modules.person_facts import choices, forms, models


@dataclass(frozen=True, slots=True)
class PersonRegister:
    """Facts of one kind."""

    name: str
    title: str
    one: str
    """What "Add" adds."""
    table: type[Any]
    form: type[forms.FactForm]
    fields: tuple[RegisterField, ...]
    single: tuple[str, ...] | None = None
    """Of rows alike in these columns one counts at a time: a new one ends the one before it."""
    either: tuple[str, ...] = ()
    """Fields of which one must be filled in."""


_SINCE = RegisterField("start_date", N_("From"), "date")
_SINCE_ALWAYS = RegisterField("start_date", N_("From"), "date", required=True)
_UNTIL = RegisterField("end_date", N_("Until"), "date", listed=False)
_WAY = RegisterField("way", N_("Learnt from"), "select", titles=choices.WAYS, required=True, listed=False)

RELATIVES = PersonRegister(
    "relatives",
    N_("Family"),
    N_("Add a relative"),
    models.Relative,
    forms.RelativeForm,
    (
        RegisterField("relation", N_("Relation"), "select", titles=choices.RELATIONS, required=True),
        RegisterField("relative", N_("IIN or temporary identifier of a registered person"), listed=False),
        RegisterField("name", N_("Name, if not registered")),
        RegisterField("phone", N_("Phone")),
        RegisterField("lives_together", N_("Lives together"), "check"),
        RegisterField("is_emergency_contact", N_("Call in an emergency"), "check"),
        _SINCE,
        _UNTIL,
        _WAY,
    ),
    either=("relative", "name"),
)
CONTACTS = PersonRegister(
    "contacts",
    N_("Contacts"),
    N_("Add a contact"),
    models.Contact,
    forms.ContactForm,
    (
        RegisterField("kind", N_("Kind"), "select", titles=choices.CONTACTS, required=True),
        RegisterField("value", N_("Number or address"), required=True),
        RegisterField("is_preferred", N_("Preferred"), "check"),
        _SINCE,
        _UNTIL,
        _WAY,
    ),
)
ADDRESSES = PersonRegister(
    "addresses",
    N_("Addresses"),
    N_("Add an address"),
    models.Address,
    forms.AddressForm,
    (
        RegisterField("use", N_("Kind"), "select", titles=choices.ADDRESSES, required=True),
        RegisterField("kato_code", N_("Place (KATO)"), "code", system="kato", required=True),
        RegisterField("line", N_("Street, house, flat")),
        _SINCE,
        _UNTIL,
        _WAY,
    ),
    single=("use",),
)
DOCUMENTS = PersonRegister(
    "documents",
    N_("Identity documents"),
    N_("Add a document"),
    models.IdentityDocument,
    forms.DocumentForm,
    (
        RegisterField("type", N_("Document"), "select", titles=choices.DOCUMENTS, required=True),
        RegisterField("number", N_("Number"), required=True),
        RegisterField("issuer", N_("Issued by")),
        RegisterField("country", N_("Country, two letters"), required=True),
        RegisterField("start_date", N_("Issued"), "date"),
        RegisterField("end_date", N_("Valid until"), "date"),
        _WAY,
    ),
)
EMPLOYMENT = PersonRegister(
    "employment",
    N_("Place of work"),
    N_("Add a place of work"),
    models.Employment,
    forms.EmploymentForm,
    (
        RegisterField("enterprise_id", N_("Enterprise of the register"), "select", options=choices.enterprises),
        RegisterField("employer", N_("Employer, if not in the register")),
        RegisterField("position", N_("Position")),
        _SINCE,
        _UNTIL,
        _WAY,
    ),
    either=("enterprise_id", "employer"),
)
EDUCATION = PersonRegister(
    "education",
    N_("Place of study"),
    N_("Add a place of study"),
    models.Education,
    forms.EducationForm,
    (
        RegisterField("institution_id", N_("Institution of the register"), "select", options=choices.institutions),
        RegisterField("institution", N_("Institution, if not in the register")),
        RegisterField("group", N_("Class or group")),
        _SINCE,
        _UNTIL,
        _WAY,
    ),
    either=("institution_id", "institution"),
)
SOCIAL_STATUSES = PersonRegister(
    "social_statuses",
    N_("Social statuses"),
    N_("Add a social status"),
    models.SocialStatus,
    forms.SocialStatusForm,
    (
        RegisterField("status", N_("Social status"), "select", titles=choices.STATUSES, required=True),
        RegisterField("proof", N_("Document that proves it")),
        _SINCE_ALWAYS,
        _UNTIL,
        _WAY,
    ),
    single=("status",),
)
INSURANCE = PersonRegister(
    "insurance",
    N_("Health insurance"),
    N_("Add an insurance status"),
    models.Insurance,
    forms.InsuranceForm,
    (
        RegisterField("state", N_("State"), "select", titles=choices.INSURANCE_STATES, required=True),
        RegisterField("category", N_("Who pays"), "select", titles=choices.INSURANCE_CATEGORIES),
        RegisterField("source", N_("By which source"), "select", titles=choices.INSURANCE_SOURCES, required=True),
        _SINCE_ALWAYS,
        _UNTIL,
        _WAY,
    ),
    single=(),
)
LANGUAGES = PersonRegister(
    "languages",
    N_("Language"),
    N_("Add a language"),
    models.SpokenLanguage,
    forms.LanguageForm,
    (
        RegisterField("language", N_("Language"), "select", titles=choices.LANGUAGES, required=True),
        RegisterField("needs_interpreter", N_("Needs an interpreter"), "check"),
        _SINCE_ALWAYS,
        _UNTIL,
        _WAY,
    ),
    single=(),
)

REGISTERS = {
    each.name: each
    for each in (
        RELATIVES,
        CONTACTS,
        ADDRESSES,
        DOCUMENTS,
        EMPLOYMENT,
        EDUCATION,
        SOCIAL_STATUSES,
        INSURANCE,
        LANGUAGES,
    )
}
