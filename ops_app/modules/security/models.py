"""Tables of schema ``security``; none of them passes the gate."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, Subject, exported

INCIDENT_KINDS = ("access", "account", "disclosure", "loss", "integrity", "malware", "other")
VERDICTS = ("confirmed", "incident")

_TABLE = {"schema": "security", "info": exported(Subject.WITHHELD)}


class Incident(Base):
    """A violation of information security, or the suspicion of one, from its report to its outcome."""

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """None means the whole installation."""
    kind: Mapped[str] = mapped_column(info=PLAIN)
    description: Mapped[str] = mapped_column(info=FREE_TEXT)
    affected: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    reported_by: Mapped[str] = mapped_column(info=DIRECT)
    reported_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    closed_by: Mapped[str | None] = mapped_column(info=DIRECT)
    closed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    outcome: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("kind", INCIDENT_KINDS),
        CheckConstraint("(closed_at is null) = (outcome is null)", name="closed_with_outcome"),
        Index("ix_incident_organization", "organization_id"),
        _TABLE,
    )


class IncidentEvidence(Base):
    """Rows of the audit journal collected for an incident, with the question that found them."""

    __tablename__ = "incident_evidence"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    incident_id: Mapped[int] = mapped_column(ForeignKey("security.incident.id"), info=PLAIN)
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB, info=FREE_TEXT)
    event_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), info=PLAIN)
    collected_by: Mapped[str] = mapped_column(info=DIRECT)
    collected_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (Index("ix_incident_evidence_incident", "incident_id"), _TABLE)


class AccessReview(Base):
    """What a reviewer decided about a card opened with a stated reason; one verdict a grant."""

    __tablename__ = "access_review"

    grant_id: Mapped[int] = mapped_column(
        ForeignKey("patients.access_grant.id"), primary_key=True, autoincrement=False, info=PLAIN
    )
    verdict: Mapped[str] = mapped_column(info=PLAIN)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("security.incident.id"), info=PLAIN)
    reviewed_by: Mapped[str] = mapped_column(info=DIRECT)
    reviewed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        one_of("verdict", VERDICTS),
        CheckConstraint("(verdict = 'incident') = (incident_id is not null)", name="incident_named"),
        _TABLE,
    )
