"""Tables of schema ``patients``."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import (
    Base,
    Correctable,
    Row,
    Sourced,
    one_of,
    source_key_constraint,
    watermark_index,
)
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Generalisation, Subject, exported, quasi

SEXES = ("male", "female", "other", "unknown")
IDENTITY_STATUSES = ("confirmed", "undocumented", "newborn", "foreign", "imported")


class Patient(Row, Correctable, Sourced, Base):
    """A person who receives or may receive care.

    ``iin`` obeys the two-pass checksum and agrees with birth date and sex (database function
    ``patients.iin_agrees``); whoever has none carries a ``temporary_id``. ``*_fold`` columns hold
    the script-neutral spelling that search compares (see ``kit.spelling``).
    """

    __tablename__ = "patient"

    iin: Mapped[str | None] = mapped_column(info=DIRECT)
    temporary_id: Mapped[str | None] = mapped_column(info=DIRECT)
    identity_status: Mapped[str] = mapped_column(server_default=text("'confirmed'"), info=PLAIN)
    family_name: Mapped[str] = mapped_column(info=DIRECT)
    given_name: Mapped[str] = mapped_column(info=DIRECT)
    patronymic: Mapped[str | None] = mapped_column(info=DIRECT)
    family_fold: Mapped[str] = mapped_column(info=DIRECT)
    given_fold: Mapped[str] = mapped_column(info=DIRECT)
    patronymic_fold: Mapped[str | None] = mapped_column(info=DIRECT)
    sort_key: Mapped[str] = mapped_column(info=DIRECT)
    sex: Mapped[str] = mapped_column(info=SENSITIVE)
    birth_date: Mapped[dt.date] = mapped_column(info=quasi(Generalisation.MONTH))
    phone: Mapped[str | None] = mapped_column(info=DIRECT)
    address_line: Mapped[str | None] = mapped_column(info=DIRECT)
    kato_code: Mapped[str | None] = mapped_column(info=quasi(Generalisation.DISTRICT))
    citizenship: Mapped[str] = mapped_column(server_default=text("'KZ'"), info=quasi(Generalisation.DROP))
    document_type: Mapped[str | None] = mapped_column(info=DIRECT)
    document_number: Mapped[str | None] = mapped_column(info=DIRECT)
    mother_id: Mapped[int | None] = mapped_column(ForeignKey("patients.patient.id"), info=quasi(Generalisation.DROP))
    household: Mapped[int | None] = mapped_column(info=quasi(Generalisation.DROP))
    is_live: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    """False for the record that a merge hid; the link row says which record stands for it."""
    research_consent: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """Kept by the module of consents: whether the data may go into a research release."""

    __table_args__ = (
        one_of("sex", SEXES),
        one_of("identity_status", IDENTITY_STATUSES),
        CheckConstraint("iin is not null or temporary_id is not null", name="has_identifier"),
        CheckConstraint("iin is null or patients.iin_agrees(iin, birth_date, sex)", name="iin_agrees"),
        CheckConstraint("birth_date >= date '1880-01-01'", name="birth_date_plausible"),
        Index(
            "uq_patient_live_iin",
            "iin",
            unique=True,
            postgresql_where=text("is_live and entered_in_error_at is null"),
        ),
        Index("uq_patient_temporary_id", "temporary_id", unique=True),
        Index("ix_patient_birth_date", "birth_date"),
        Index(
            "ix_patient_family_fold",
            "family_fold",
            "given_fold",
            postgresql_ops={"family_fold": "text_pattern_ops", "given_fold": "text_pattern_ops"},
        ),
        # Names are typed in any order, so each pair of parts has an index that starts with one of them.
        Index(
            "ix_patient_given_fold",
            "given_fold",
            "patronymic_fold",
            postgresql_ops={"given_fold": "text_pattern_ops", "patronymic_fold": "text_pattern_ops"},
        ),
        Index(
            "ix_patient_patronymic_fold",
            "patronymic_fold",
            "family_fold",
            postgresql_ops={"patronymic_fold": "text_pattern_ops", "family_fold": "text_pattern_ops"},
        ),
        # Whoever has no number may have another record; these few are compared with the rest.
        Index("ix_patient_without_iin", "birth_date", postgresql_where=text("iin is null and is_live")),
        Index("ix_patient_mother", "mother_id", postgresql_where=text("mother_id is not null")),
        watermark_index("patient"),
        *source_key_constraint("patient"),
        {"schema": "patients", "info": exported(Subject.PATIENT)},
    )


class PatientLink(Row, Base):
    """Two records of one person: ``other_patient_id`` is replaced by ``patient_id`` until unlinked."""

    __tablename__ = "patient_link"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    other_patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    linked_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    linked_by: Mapped[str] = mapped_column(info=DIRECT)
    reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    """Why they are one person; links made by messages of other systems have none."""
    unlinked_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    unlinked_by: Mapped[str | None] = mapped_column(info=DIRECT)
    ended_attachment_id: Mapped[int | None] = mapped_column(
        ForeignKey("patients.attachment.id"), info=quasi(Generalisation.DROP)
    )
    """The attachment of the hidden record that this link ended; undoing puts back what it said before."""
    attachment_end_date: Mapped[dt.date | None] = mapped_column(info=quasi(Generalisation.DROP))
    attachment_end_reason: Mapped[str | None] = mapped_column(info=quasi(Generalisation.DROP))

    __table_args__ = (
        CheckConstraint("patient_id <> other_patient_id", name="two_records"),
        Index(
            "uq_patient_link_open_other",
            "other_patient_id",
            unique=True,
            postgresql_where=text("unlinked_at is null"),
        ),
        Index("ix_patient_link_patient", "patient_id"),
        watermark_index("patient_link"),
        {"schema": "patients", "info": exported(Subject.STRUCTURE)},
    )


class TwoPeople(Row, Base):
    """Two records that look alike and were judged to be two people; the smaller id stands first."""

    __tablename__ = "two_people"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    other_patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=quasi(Generalisation.DROP))
    reason: Mapped[str] = mapped_column(info=FREE_TEXT)
    judged_by: Mapped[str] = mapped_column(info=DIRECT)
    taken_back_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    taken_back_by: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        CheckConstraint("patient_id < other_patient_id", name="in_order"),
        Index(
            "uq_two_people",
            "other_patient_id",
            "patient_id",
            unique=True,
            postgresql_where=text("taken_back_at is null"),
        ),
        {"schema": "patients", "info": exported(Subject.WITHHELD)},
    )


class Attachment(Row, Correctable, Sourced, Base):
    """Attachment of a person to an organisation and site; periods never overlap."""

    __tablename__ = "attachment"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    start_date: Mapped[dt.date] = mapped_column(info=PLAIN)
    end_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    """First day no longer attached."""
    end_reason: Mapped[str | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        CheckConstraint("end_date is null or end_date > start_date", name="ends_after_start"),
        one_of("end_reason", ("moved", "chosen", "died", "merged", "other")),
        ExcludeConstraint(
            (text("int8range(patient_id, patient_id, '[]')"), "&&"),
            (text("daterange(start_date, end_date)"), "&&"),
            name="ex_attachment_no_overlap",
            using="gist",
            where=text("entered_in_error_at is null"),
        ),
        Index("ix_attachment_patient", "patient_id"),
        Index("ix_attachment_organization", "organization_id", "site_id"),
        watermark_index("attachment"),
        *source_key_constraint("attachment"),
        {"schema": "patients", "info": exported(Subject.STRUCTURE)},
    )


class ServingSite(Row, Correctable, Base):
    """The site that serves a person where she lives, after it accepted her; attachment may differ."""

    __tablename__ = "serving_site"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    start_date: Mapped[dt.date] = mapped_column(info=PLAIN)
    end_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    accepted_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        CheckConstraint("end_date is null or end_date > start_date", name="ends_after_start"),
        Index("ix_serving_site_patient", "patient_id"),
        watermark_index("serving_site"),
        {"schema": "patients", "info": exported(Subject.STRUCTURE)},
    )


class AccessGrant(Row, Base):
    """A member of staff opened a card outside the usual rules and said why; it lapses by itself."""

    __tablename__ = "access_grant"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    granted_to: Mapped[str] = mapped_column(info=DIRECT)
    reason: Mapped[str] = mapped_column(info=FREE_TEXT)
    granted_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    expires_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    opens_closed: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """Also records of closed topics, which the reader's position does not treat."""

    __table_args__ = (
        CheckConstraint("length(trim(reason)) >= 5", name="reason_given"),
        Index("ix_access_grant_patient", "patient_id", "granted_to"),
        {"schema": "patients", "info": exported(Subject.WITHHELD)},
    )


class NameToken(Base):
    """A distinct folded part of a name."""

    __tablename__ = "name_token"

    token: Mapped[str] = mapped_column(primary_key=True, info=DIRECT)

    __table_args__ = ({"schema": "patients", "info": exported(Subject.WITHHELD)},)


class NameDeletion(Base):
    """A name token, by letter and by sound, with one place left out (none at position 0).

    Two spellings one typo apart share such a form.
    """

    __tablename__ = "name_deletion"

    deletion: Mapped[str] = mapped_column(primary_key=True, info=DIRECT)
    token: Mapped[str] = mapped_column(ForeignKey("patients.name_token.token"), primary_key=True, info=DIRECT)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, info=PLAIN)

    __table_args__ = (
        Index("ix_name_deletion_token", "token"),
        {"schema": "patients", "info": exported(Subject.WITHHELD)},
    )


class Tombstone(Row, Base):
    """A person's data were destroyed; only the pseudonym that must be forgotten remains."""

    __tablename__ = "tombstone"

    patient_key: Mapped[str] = mapped_column(info=PLAIN)
    destroyed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        watermark_index("tombstone"),
        {"schema": "patients", "info": exported(Subject.STRUCTURE)},
    )
