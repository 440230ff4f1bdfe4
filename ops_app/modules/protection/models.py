"""Tables of schema ``protection``; rows are only added, the newest counts. None passes the gate."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, PLAIN, Subject, exported

HOME_COUNTRY = "KZ"
LEGAL_BASES = ("adequate", "consent", "treaty", "law", "rights")
BACKUP_ACTS = ("made", "rehearsed")

_TABLE = {"schema": "protection", "info": exported(Subject.WITHHELD)}


class Statement(Base):
    """What a responsible employee says of a check by a document: it holds until a day, or it does not hold."""

    __tablename__ = "statement"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    check_code: Mapped[str] = mapped_column(info=PLAIN)
    is_met: Mapped[bool] = mapped_column(info=PLAIN)
    responsible: Mapped[str] = mapped_column(info=DIRECT)
    document: Mapped[str] = mapped_column(info=PLAIN)
    stated_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    expires_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        CheckConstraint("expires_on > stated_on", name="expires_later"),
        Index("ix_statement_check", "check_code", "id"),
        _TABLE,
    )


class Place(Base):
    """Where a store of data or a system that data go to stands; abroad only as a cross-border transfer with a basis."""

    __tablename__ = "place"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    name: Mapped[str] = mapped_column(info=PLAIN)
    """A store, or ``system:`` and the name of a system."""
    country: Mapped[str] = mapped_column(info=PLAIN)
    """ISO 3166-1 alpha-2."""
    address: Mapped[str] = mapped_column(info=PLAIN)
    document: Mapped[str] = mapped_column(info=PLAIN)
    legal_basis: Mapped[str | None] = mapped_column(info=PLAIN)
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_code"),
        one_of("legal_basis", LEGAL_BASES),
        CheckConstraint(f"(country = '{HOME_COUNTRY}') = (legal_basis is null)", name="abroad_with_basis"),
        CheckConstraint(f"country = '{HOME_COUNTRY}' or name like 'system:%'", name="stores_at_home"),
        Index("ix_place_name", "name", "id"),
        _TABLE,
    )


class BackupAct(Base):
    """A backup that was made, or one from which a restore was tried and compared."""

    __tablename__ = "backup_act"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    file: Mapped[str] = mapped_column(info=PLAIN)
    taken_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    rows: Mapped[int] = mapped_column(info=PLAIN)
    documents: Mapped[int] = mapped_column(info=PLAIN)
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (one_of("kind", BACKUP_ACTS), Index("ix_backup_act_kind", "kind", "id"), _TABLE)


class Aggregator(Base):
    """The organisation that the authorised body designated to aggregate personal medical data, from a day on."""

    __tablename__ = "aggregator"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    begins_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    document: Mapped[str] = mapped_column(info=PLAIN)
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (Index("uq_aggregator_begins", "begins_on", unique=True), _TABLE)
