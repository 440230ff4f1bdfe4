"""Tables of tasks in the schema ``worklist``; none passes the gate."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, one_of, watermark_index
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

STATES = ("open", "done", "withdrawn", "put_back")
ACTIONS = ("opened", "seen", "taken", "handed_over", "answered", "escalated", "done", "withdrawn")


class Task(Row, Base):
    """Something one person, or whoever holds a role at an organisation, has to do until a moment."""

    __tablename__ = "task"

    kind: Mapped[str] = mapped_column(info=PLAIN)
    subject: Mapped[str] = mapped_column(info=PLAIN)
    """What it is about, as ``thing:id``; one open task of a kind for each."""
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    owner_practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    owner_role: Mapped[str] = mapped_column(info=PLAIN)
    """Who does it while no person is named."""
    also_practitioner_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"), info=PLAIN)
    """Others it is given to at the same time."""
    told_roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), info=PLAIN)
    """Roles that were told when nobody did it in time."""
    opened_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    due_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    severity: Mapped[str] = mapped_column(info=PLAIN)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"), info=SENSITIVE)
    state: Mapped[str] = mapped_column(server_default=text("'open'"), info=PLAIN)
    taken_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    level: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    """How many steps of the escalation were taken."""
    next_step_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    checked_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    """When the evidence was last looked for."""
    closed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    closed_by: Mapped[str | None] = mapped_column(info=DIRECT)
    evidence: Mapped[str | None] = mapped_column(info=PLAIN)
    """What closed it: ``table:id`` or a code."""

    __table_args__ = (
        one_of("state", STATES),
        one_of("severity", ("red", "amber")),
        Index("uq_task_open", "kind", "subject", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_task_place", "organization_id", "due_at", postgresql_where=text("state = 'open'")),
        Index("ix_task_owner", "owner_practitioner_id", postgresql_where=text("state = 'open'")),
        Index("ix_task_next_step", "next_step_at", postgresql_where=text("state = 'open'")),
        Index("ix_task_checked", "checked_at", postgresql_where=text("state = 'open'")),
        Index("ix_task_patient", "patient_id"),
        watermark_index("task"),
        {"schema": "worklist", "info": exported(Subject.WITHHELD)},
    )


class TaskEvent(Row, Base):
    """One step in the life of a task: who saw it, took it, answered, was told."""

    __tablename__ = "task_event"

    task_id: Mapped[int] = mapped_column(ForeignKey("worklist.task.id"), info=PLAIN)
    at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    action: Mapped[str] = mapped_column(info=PLAIN)
    by_login: Mapped[str] = mapped_column(info=DIRECT)
    by_name: Mapped[str | None] = mapped_column(info=DIRECT)
    to_practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    code: Mapped[str | None] = mapped_column(info=PLAIN)
    """The role told, the answer chosen, the evidence found."""
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("action", ACTIONS),
        Index("ix_task_event_task", "task_id", "id"),
        watermark_index("task_event"),
        {"schema": "worklist", "info": exported(Subject.WITHHELD)},
    )
