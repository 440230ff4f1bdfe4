"""Tables of schema ``audit``: the app may insert and select, nobody may change."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, Generalisation, Subject, exported, quasi

KINDS = ("read", "write", "security")

_TABLE = {"schema": "audit", "info": exported(Subject.WITHHELD)}


class Event(Base):
    """One read of patient data, one change, or one event of access control.

    No foreign keys: the journal outlives what it speaks of, and writing it locks nothing.
    """

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    at: Mapped[dt.datetime] = mapped_column(server_default=text("clock_timestamp()"), info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    action: Mapped[str] = mapped_column(info=PLAIN)
    """Name of the route, or of the command."""
    rule: Mapped[str | None] = mapped_column(info=PLAIN)
    """Why it was allowed."""
    account_id: Mapped[int | None] = mapped_column(info=PLAIN)
    login: Mapped[str] = mapped_column(info=DIRECT)
    patient_id: Mapped[int | None] = mapped_column(info=DIRECT)
    entity: Mapped[str | None] = mapped_column(info=PLAIN)
    entity_id: Mapped[str | None] = mapped_column(info=DIRECT)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), info=FREE_TEXT)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), info=FREE_TEXT)
    request_id: Mapped[str] = mapped_column(info=PLAIN)
    ip: Mapped[str | None] = mapped_column(info=quasi(Generalisation.DROP))

    __table_args__ = (
        one_of("kind", KINDS),
        Index("ix_event_patient", "patient_id", "id", postgresql_where=text("patient_id is not null")),
        Index("ix_event_account", "account_id", "id"),
        Index("ix_event_at", "at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
        _TABLE,
    )


class Unsealed(Base):
    """An event no block holds yet; the database itself queues every new row."""

    __tablename__ = "unsealed"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=PLAIN)

    # Not in schema audit, where the app may remove nothing.
    __table_args__ = ({"schema": "security", "info": exported(Subject.WITHHELD)},)


class Block(Base):
    """Events sealed together: the digest of each, chained to the block before with a key outside the database."""

    __tablename__ = "block"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=PLAIN)
    layout: Mapped[int] = mapped_column(SmallInteger, info=PLAIN)
    """Which columns of an event the digests cover."""
    key_name: Mapped[str] = mapped_column(info=PLAIN)
    event_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), info=PLAIN)
    digests: Mapped[bytes] = mapped_column(LargeBinary, info=PLAIN)
    """One digest of 32 bytes an event, in the order of ``event_ids``."""
    previous: Mapped[bytes] = mapped_column(LargeBinary, info=PLAIN)
    seal: Mapped[bytes] = mapped_column(LargeBinary, info=PLAIN)
    sealed_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)

    __table_args__ = (_TABLE,)
