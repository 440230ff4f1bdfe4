"""The base of all tables and the column groups they share."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Select,
    Text,
    event,
    text,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    class_mapper,
    declared_attr,
    mapped_column,
)

from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

SOURCES = ("screen", "device", "registry", "import")
EVIDENCE_GRADES = ("measured", "presence", "typed")


class Base(DeclarativeBase):
    """Declarative base; one metadata for all modules."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        int: BigInteger,
        str: Text,
        dt.datetime: DateTime(timezone=True),
    }


@event.listens_for(Session, "do_orm_execute")
def _read_anew_what_is_locked(state: ORMExecuteState) -> None:
    """Whoever waited for a lock decides by the row as the other one left it, not as this session read it before."""
    # Without autoflush a change that is not written yet would be lost.
    if isinstance(state.statement, Select) and state.statement._for_update_arg is not None and state.session.autoflush:
        state.update_execution_options(populate_existing=True)


@functools.cache
def column_names(model: type[Any]) -> tuple[str, ...]:
    """The columns of a table by the names its class gives them, in their order."""
    return tuple(attribute.key for attribute in class_mapper(model).column_attrs)


def one_of(column: str, values: Collection[str], name: str | None = None) -> CheckConstraint:
    """A check that a text column holds one of the listed codes."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=name or f"{column}_known")


class Row:
    """Identity of a row and the transaction that wrote its newest version.

    ``row_xid`` is the extraction watermark: set by default on insert and by the trigger the gate
    installs on update. It is a bigint because ADBC returns xid8 as opaque bytes.
    """

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    row_xid: Mapped[int] = mapped_column(
        server_default=text("(pg_current_xact_id()::text::bigint)"), nullable=False, info=PLAIN
    )
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)


class Correctable:
    """Clinical rows are never deleted, only marked with who, when and why."""

    entered_in_error_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    entered_in_error_by: Mapped[str | None] = mapped_column(info=DIRECT)
    entered_in_error_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)


class Sourced:
    """Where a row came from; ``(source_system, source_key)`` makes loading idempotent."""

    source: Mapped[str] = mapped_column(server_default=text("'screen'"), info=PLAIN)
    source_system: Mapped[str | None] = mapped_column(info=PLAIN)
    source_key: Mapped[str | None] = mapped_column(info=DIRECT)
    recorded_by: Mapped[str | None] = mapped_column(info=DIRECT)


class Fact(Row, Correctable, Sourced):
    """A clinical fact about one patient.

    ``event_at`` is when it happened, ``known_at`` when this facility could know it (a discharge in
    another city arrives days later), ``evidence`` how sure the record is: ``measured`` (device,
    laboratory, image), ``presence`` (patient's presence confirmed) or ``typed``.
    """

    event_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    known_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    evidence: Mapped[str] = mapped_column(server_default=text("'typed'"), info=PLAIN)

    @declared_attr
    @classmethod
    def patient_id(cls) -> Mapped[int]:
        """The patient the fact is about."""
        return mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)

    @declared_attr
    @classmethod
    def organization_id(cls) -> Mapped[int]:
        """The organisation where it happened."""
        return mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)

    @declared_attr
    @classmethod
    def practitioner_id(cls) -> Mapped[int | None]:
        """Who did or recorded it, when known."""
        return mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)


def fact_constraints(table: str) -> tuple[CheckConstraint | Index, ...]:
    """Checks and indexes every fact table has."""
    return (
        one_of("source", SOURCES),
        one_of("evidence", EVIDENCE_GRADES),
        CheckConstraint("known_at >= event_at - interval '1 day'", name="known_after_event"),
        Index(f"ix_{table}_patient_event", "patient_id", "event_at"),
        watermark_index(table),
        *source_key_constraint(table),
    )


def source_key_constraint(table: str) -> tuple[Index, ...]:
    """One row for each record of an outside system."""
    return (
        Index(
            f"uq_{table}_source_key",
            "source_system",
            "source_key",
            unique=True,
            postgresql_where=text("source_key is not null"),
        ),
    )


def watermark_index(table: str) -> Index:
    """The index extraction walks."""
    return Index(f"ix_{table}_row_xid", "row_xid", postgresql_using="brin", postgresql_with={"autosummarize": "on"})
