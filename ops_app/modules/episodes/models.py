"""Tables of schema ``episodes``."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Fact, fact_constraints, one_of
from ops_app.kit.privacy import FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

EPISODE_KINDS = ("pregnancy", "dispensary")
PREGNANCY_OUTCOMES = ("live_birth", "stillbirth", "miscarriage", "abortion", "ectopic")
CLOSE_REASONS = ("outcome", "moved", "transferred", "recovered", "died", "refused", "mistake")


class EpisodeOfCare(Fact, Base):
    """A register card: pregnancy or dispensary observation. ``event_at`` is the registration."""

    __tablename__ = "episode_of_care"

    kind: Mapped[str] = mapped_column(info=SENSITIVE)
    status: Mapped[str] = mapped_column(server_default=text("'active'"), info=PLAIN)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    icd10: Mapped[str | None] = mapped_column(info=SENSITIVE)
    end_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    end_known_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    close_reason: Mapped[str | None] = mapped_column(info=PLAIN)
    lmp_date: Mapped[dt.date | None] = mapped_column(info=SENSITIVE)
    """First day of the last menstrual period; week of pregnancy is counted from it."""
    due_date: Mapped[dt.date | None] = mapped_column(info=SENSITIVE)
    risk_level: Mapped[str | None] = mapped_column(info=SENSITIVE)
    required_care_level: Mapped[int | None] = mapped_column(info=PLAIN)
    outcome: Mapped[str | None] = mapped_column(info=SENSITIVE)
    outcome_at: Mapped[dt.datetime | None] = mapped_column(info=SENSITIVE)
    outcome_known_at: Mapped[dt.datetime | None] = mapped_column(info=SENSITIVE)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("kind", EPISODE_KINDS),
        one_of("status", ("active", "finished", "cancelled")),
        one_of("risk_level", ("low", "moderate", "high")),
        one_of("outcome", PREGNANCY_OUTCOMES),
        one_of("close_reason", CLOSE_REASONS),
        CheckConstraint("end_at is null or end_at >= event_at", name="ends_after_start"),
        Index(
            "uq_episode_of_care_one_open_pregnancy",
            "patient_id",
            unique=True,
            postgresql_where=text("kind = 'pregnancy' and status = 'active' and entered_in_error_at is null"),
        ),
        *fact_constraints("episode_of_care"),
        {"schema": "episodes", "info": exported(Subject.EVENT)},
    )


class CarePlanActivity(Fact, Base):
    """A planned step of a programme: an antenatal visit, a place on a screening list.

    ``programme`` is ``pregnancy``, ``dispensary``, ``breast``, ``cervix``, ``cvd_dm`` or ``fluorography``;
    a screening step ``listed`` with ``plan_year`` means the person stands on that year's list. ``event_at`` is
    when the step was planned.
    """

    __tablename__ = "care_plan_activity"

    episode_id: Mapped[int | None] = mapped_column(ForeignKey("episodes.episode_of_care.id"), info=PLAIN)
    programme: Mapped[str] = mapped_column(info=SENSITIVE)
    step: Mapped[str] = mapped_column(info=PLAIN)
    plan_year: Mapped[int | None] = mapped_column(info=PLAIN)
    planned_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'planned'"), info=PLAIN)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    cancel_reason: Mapped[str | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("status", ("planned", "done", "cancelled")),
        one_of("programme", ("pregnancy", "dispensary", "breast", "cervix", "cvd_dm", "fluorography")),
        Index("ix_care_plan_activity_episode", "episode_id"),
        *fact_constraints("care_plan_activity"),
        {"schema": "episodes", "info": exported(Subject.EVENT)},
    )


class PlanReview(Base):
    """That the programmes of a person were worked out, and when to look again though nothing changed."""

    __tablename__ = "plan_review"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), primary_key=True, info=PLAIN)
    next_on: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    declared: Mapped[str] = mapped_column(info=PLAIN)
    """Hash of the declarations it was worked out by."""
    seen_xid: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    """On the last row of a run: transactions before this one were all seen."""

    __table_args__ = (
        Index("ix_plan_review_next_on", "next_on"),
        {"schema": "episodes", "info": exported(Subject.WITHHELD)},
    )
