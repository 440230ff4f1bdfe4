"""Tables of schema ``questionnaires``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Fact, Row, fact_constraints, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

STATUSES = ("in_progress", "completed", "amended", "discarded")


class QuestionnaireVersion(Row, Base):
    """A text of a definition that was entered by an administrator or used by a response.

    Shipped definitions live in files; one is stored here when it is first filled in, so that a
    response keeps the words it was filled in with.
    """

    __tablename__ = "questionnaire_version"

    key: Mapped[str] = mapped_column(info=PLAIN)
    version: Mapped[int] = mapped_column(info=PLAIN)
    effective_from: Mapped[dt.date] = mapped_column(info=PLAIN)
    content: Mapped[str] = mapped_column(info=PLAIN)
    content_hash: Mapped[str] = mapped_column(info=PLAIN)
    is_shipped: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    created_by: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        Index("uq_questionnaire_version_content", "key", "content_hash", unique=True),
        Index(
            "uq_questionnaire_version_number",
            "key",
            "version",
            unique=True,
            postgresql_where=text("not is_shipped"),
        ),
        {"schema": "questionnaires", "info": exported(Subject.WITHHELD)},
    )


class QuestionnaireSwitch(Row, Base):
    """A definition that the organisation does not use."""

    __tablename__ = "questionnaire_switch"

    key: Mapped[str] = mapped_column(unique=True, info=PLAIN)
    is_on: Mapped[bool] = mapped_column(info=PLAIN)
    changed_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = ({"schema": "questionnaires", "info": exported(Subject.WITHHELD)},)


class QuestionnaireResponse(Fact, Base):
    """A form filled in for a patient. ``event_at`` is the day and time of the assessment."""

    __tablename__ = "questionnaire_response"

    key: Mapped[str] = mapped_column(info=SENSITIVE)
    version_id: Mapped[int] = mapped_column(ForeignKey("questionnaires.questionnaire_version.id"), info=PLAIN)
    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    template_id: Mapped[int | None] = mapped_column(ForeignKey("questionnaires.answer_template.id"), info=PLAIN)
    """The version of the template it began with."""
    status: Mapped[str] = mapped_column(server_default=text("'in_progress'"), info=PLAIN)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, info=FREE_TEXT)
    observations: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"), info=SENSITIVE)
    """By item: the observation a value was taken from, or was written as."""
    score: Mapped[float | None] = mapped_column(info=SENSITIVE)
    completed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    revision: Mapped[int] = mapped_column(server_default=text("1"), info=PLAIN)

    __table_args__ = (
        one_of("status", STATUSES),
        CheckConstraint("status in ('in_progress', 'discarded') or completed_at is not null", name="completed_when"),
        Index("ix_questionnaire_response_encounter", "encounter_id"),
        Index("ix_questionnaire_response_key", "patient_id", "key", "event_at"),
        *fact_constraints("questionnaire_response"),
        {"schema": "questionnaires", "info": exported(Subject.WITHHELD)},
    )


class ResponseRevision(Row, Base):
    """What a completed response said before it was corrected."""

    __tablename__ = "response_revision"

    response_id: Mapped[int] = mapped_column(ForeignKey("questionnaires.questionnaire_response.id"), info=PLAIN)
    revision: Mapped[int] = mapped_column(info=PLAIN)
    event_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, info=FREE_TEXT)
    score: Mapped[float | None] = mapped_column(info=SENSITIVE)
    completed_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    written_by: Mapped[str] = mapped_column(info=DIRECT)
    reason: Mapped[str] = mapped_column(info=FREE_TEXT)
    """Why the next revision was made."""

    __table_args__ = (
        Index("uq_response_revision", "response_id", "revision", unique=True),
        {"schema": "questionnaires", "info": exported(Subject.WITHHELD)},
    )


class Attachment(Row, Base):
    """A file of a response, stored unchanged."""

    __tablename__ = "attachment"

    response_id: Mapped[int] = mapped_column(ForeignKey("questionnaires.questionnaire_response.id"), info=PLAIN)
    item: Mapped[str] = mapped_column(info=PLAIN)
    file_name: Mapped[str] = mapped_column(info=FREE_TEXT)
    content_type: Mapped[str] = mapped_column(info=PLAIN)
    size: Mapped[int] = mapped_column(info=PLAIN)
    sha256: Mapped[str] = mapped_column(info=DIRECT)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, info=FREE_TEXT)
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    removed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        Index("ix_attachment_response", "response_id"),
        {"schema": "questionnaires", "info": exported(Subject.WITHHELD)},
    )


class AnswerTemplate(Row, Base):
    """Answers a user keeps to begin a form with, for himself, his department, or as an administrator for all."""

    __tablename__ = "answer_template"

    key: Mapped[str] = mapped_column(info=PLAIN)
    title: Mapped[str] = mapped_column(info=FREE_TEXT)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, info=FREE_TEXT)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """The place whose staff sees it too; empty: its owner only."""
    is_system: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """Kept by an administrator for everybody; a change makes a new version."""
    specialty: Mapped[str | None] = mapped_column(info=PLAIN)
    version: Mapped[int] = mapped_column(server_default=text("1"), info=PLAIN)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("questionnaires.answer_template.id"), info=PLAIN)
    removed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        Index("ix_answer_template_key", "key", "account_id"),
        {"schema": "questionnaires", "info": exported(Subject.WITHHELD)},
    )
