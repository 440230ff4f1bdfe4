"""Tables of schema ``person_facts``; none of them passes the gate. Rows end or are marked as errors, never deleted."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from ops_app.kit.model import Base, Correctable, Row, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Generalisation, Subject, exported, quasi

WAYS = ("patient", "representative", "submitted", "medical_records", "technology")
RELATIONS = (
    "mother",
    "father",
    "child",
    "spouse",
    "sibling",
    "grandparent",
    "grandchild",
    "guardian",
    "ward",
    "other",
)
CONTACT_KINDS = ("mobile", "home", "work", "email")
ADDRESS_USES = ("registered", "living", "temporary", "former")
DOCUMENT_TYPES = (
    "identity_card",
    "passport",
    "residence_permit",
    "birth_certificate",
    "refugee_certificate",
    "military_card",
    "other",
)
SOCIAL_STATUSES = (
    "employed",
    "self_employed",
    "unemployed",
    "pensioner",
    "student",
    "preschool",
    "disabled_1",
    "disabled_2",
    "disabled_3",
    "disabled_child",
    "veteran",
    "many_children",
    "low_income",
    "orphan",
    "carer",
    "prisoner",
    "no_fixed_abode",
    "other",
)
INSURANCE_STATES = ("insured", "uninsured")
INSURANCE_CATEGORIES = ("employer", "self", "single_payment", "state")
INSURANCE_SOURCES = ("registry", "statement", "document")
LANGUAGES = ("kk", "ru", "en", "uz", "ug", "tr", "sign", "other")


class PersonFact(Row, Correctable):
    """What every dated fact of a person holds: from when to when it counts, who recorded it where, and from what."""

    start_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    end_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    """First day on which it no longer counts."""
    way: Mapped[str] = mapped_column(server_default=text("'patient'"), info=PLAIN)
    """How it was collected, as order ҚР ДСМ-30 lists the ways."""
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)

    @declared_attr
    @classmethod
    def patient_id(cls) -> Mapped[int]:
        """The person it is about."""
        return mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)

    @declared_attr
    @classmethod
    def organization_id(cls) -> Mapped[int]:
        """The organisation that recorded it and owns the row."""
        return mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)


def _fact(table: str) -> tuple[CheckConstraint | Index | dict[str, object], ...]:
    return (
        CheckConstraint("end_date is null or start_date is null or end_date >= start_date", name="ends_after_start"),
        one_of("way", WAYS),
        Index(f"ix_{table}_patient", "patient_id"),
        {"schema": "person_facts", "info": exported(Subject.WITHHELD)},
    )


class Relative(PersonFact, Base):
    """A member of the family: a registered person, or a name."""

    __tablename__ = "relative"

    relation: Mapped[str] = mapped_column(info=PLAIN)
    """What the relative is to the person."""
    relative_id: Mapped[int | None] = mapped_column(ForeignKey("patients.patient.id"), info=quasi(Generalisation.DROP))
    name: Mapped[str | None] = mapped_column(info=DIRECT)
    phone: Mapped[str | None] = mapped_column(info=DIRECT)
    lives_together: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    is_emergency_contact: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)

    __table_args__ = (
        one_of("relation", RELATIONS),
        CheckConstraint("relative_id is not null or name is not null", name="is_somebody"),
        CheckConstraint("relative_id is distinct from patient_id", name="is_another_person"),
        Index("ix_relative_relative", "relative_id", postgresql_where=text("relative_id is not null")),
        *_fact("relative"),
    )


class Contact(PersonFact, Base):
    """A telephone or an address of electronic mail."""

    __tablename__ = "contact"

    kind: Mapped[str] = mapped_column(info=PLAIN)
    value: Mapped[str] = mapped_column(info=DIRECT)
    is_preferred: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)

    __table_args__ = (one_of("kind", CONTACT_KINDS), *_fact("contact"))


class Address(PersonFact, Base):
    """An address with the place by the classifier of administrative objects (KATO)."""

    __tablename__ = "address"

    use: Mapped[str] = mapped_column(info=PLAIN)
    kato_code: Mapped[str] = mapped_column(info=quasi(Generalisation.DISTRICT))
    line: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("use", ADDRESS_USES),
        CheckConstraint("kato_code ~ '^[0-9]{9}$'", name="kato_shape"),
        *_fact("address"),
    )


class IdentityDocument(PersonFact, Base):
    """A document that proves who it is; its first day is that of issue."""

    __tablename__ = "identity_document"

    type: Mapped[str] = mapped_column(info=DIRECT)
    number: Mapped[str] = mapped_column(info=DIRECT)
    issuer: Mapped[str | None] = mapped_column(info=DIRECT)
    country: Mapped[str] = mapped_column(server_default=text("'KZ'"), info=quasi(Generalisation.DROP))

    __table_args__ = (
        one_of("type", DOCUMENT_TYPES),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_shape"),
        *_fact("identity_document"),
    )


class Employment(PersonFact, Base):
    """A place of work: an enterprise of the register, or its name."""

    __tablename__ = "employment"

    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("resources.enterprise.id"), info=PLAIN)
    employer: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    position: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        CheckConstraint("enterprise_id is not null or employer is not null", name="names_employer"),
        Index("ix_employment_enterprise", "enterprise_id"),
        *_fact("employment"),
    )


class Education(PersonFact, Base):
    """A place of study: an institution of the register, or its name."""

    __tablename__ = "education"

    institution_id: Mapped[int | None] = mapped_column(ForeignKey("resources.educational_institution.id"), info=PLAIN)
    institution: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    group: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    """Class, group or year."""

    __table_args__ = (
        CheckConstraint("institution_id is not null or institution is not null", name="names_institution"),
        Index("ix_education_institution", "institution_id"),
        *_fact("education"),
    )


class SocialStatus(PersonFact, Base):
    """A social status or benefit group."""

    __tablename__ = "social_status"

    status: Mapped[str] = mapped_column(info=SENSITIVE)
    proof: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (one_of("status", SOCIAL_STATUSES), *_fact("social_status"))


class Insurance(PersonFact, Base):
    """Whether the person is insured in the system of mandatory social medical insurance, by which source."""

    __tablename__ = "insurance"

    state: Mapped[str] = mapped_column(info=SENSITIVE)
    category: Mapped[str | None] = mapped_column(info=SENSITIVE)
    """Who pays the contributions."""
    source: Mapped[str] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("state", INSURANCE_STATES),
        one_of("category", INSURANCE_CATEGORIES),
        one_of("source", INSURANCE_SOURCES),
        *_fact("insurance"),
    )


class SpokenLanguage(PersonFact, Base):
    """The language in which to speak with the person."""

    __tablename__ = "spoken_language"

    language: Mapped[str] = mapped_column(info=quasi(Generalisation.DROP))
    needs_interpreter: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)

    __table_args__ = (one_of("language", LANGUAGES), *_fact("spoken_language"))
