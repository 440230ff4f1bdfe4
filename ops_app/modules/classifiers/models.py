"""Tables of schema ``classifiers``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, one_of, watermark_index
from ops_app.kit.privacy import DIRECT, PLAIN, Subject, exported

CHANGES = ("added", "changed", "withdrawn")


class Concept(Row, Base):
    """A code of a classifier with titles in three languages.

    ``system`` is ``icd10``, ``kato``, ``service``, ``observation``, ``atc``, ``state_medicine``,
    ``state_device`` or a reference book that the organisation entered; ``search_text`` is the folded
    text that pickers match. A row says what is in force; ``ConceptChange`` says what was.
    """

    __tablename__ = "concept"

    system: Mapped[str] = mapped_column(info=PLAIN)
    code: Mapped[str] = mapped_column(info=PLAIN)
    parent_code: Mapped[str | None] = mapped_column(info=PLAIN)
    kind: Mapped[str | None] = mapped_column(info=PLAIN)
    title_kk: Mapped[str] = mapped_column(info=PLAIN)
    title_ru: Mapped[str] = mapped_column(info=PLAIN)
    title_en: Mapped[str] = mapped_column(info=PLAIN)
    unit: Mapped[str | None] = mapped_column(info=PLAIN)
    search_text: Mapped[str] = mapped_column(info=PLAIN)
    is_selectable: Mapped[bool] = mapped_column(info=PLAIN)

    __table_args__ = (
        CheckConstraint("system ~ '^[a-z][a-z0-9_]{1,39}$'", name="system_known"),
        Index("uq_concept_system_code", "system", "code", unique=True),
        watermark_index("concept"),
        {"schema": "classifiers", "info": exported(Subject.STRUCTURE)},
    )


class CodeSystem(Row, Base):
    """A reference book: its object identifier, its names, the order or owner it comes from."""

    __tablename__ = "code_system"

    system: Mapped[str] = mapped_column(unique=True, info=PLAIN)
    oid: Mapped[str | None] = mapped_column(info=PLAIN)
    title_kk: Mapped[str] = mapped_column(info=PLAIN)
    title_ru: Mapped[str] = mapped_column(info=PLAIN)
    title_en: Mapped[str] = mapped_column(info=PLAIN)
    source: Mapped[str | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        CheckConstraint("system ~ '^[a-z][a-z0-9_]{1,39}$'", name="system_shape"),
        CheckConstraint("oid ~ '^[0-2]([.](0|[1-9][0-9]*))+$'", name="oid_shape"),
        {"schema": "classifiers", "info": exported(Subject.WITHHELD)},
    )


class CodeSystemVersion(Row, Base):
    """An edition of a reference book that was loaded, and the day it came into force."""

    __tablename__ = "code_system_version"

    system: Mapped[str] = mapped_column(ForeignKey("classifiers.code_system.system"), info=PLAIN)
    version: Mapped[str] = mapped_column(info=PLAIN)
    effective_from: Mapped[dt.date] = mapped_column(info=PLAIN)
    is_complete: Mapped[bool] = mapped_column(info=PLAIN)
    """A complete list withdraws the codes it does not name."""
    file_hash: Mapped[str] = mapped_column(info=PLAIN)
    loaded_by: Mapped[str] = mapped_column(info=DIRECT)
    added: Mapped[int] = mapped_column(info=PLAIN)
    changed: Mapped[int] = mapped_column(info=PLAIN)
    withdrawn: Mapped[int] = mapped_column(info=PLAIN)

    __table_args__ = (
        Index("uq_code_system_version", "system", "version", unique=True),
        {"schema": "classifiers", "info": exported(Subject.WITHHELD)},
    )


class ConceptChange(Row, Base):
    """What an edition did to a code."""

    __tablename__ = "concept_change"

    version_id: Mapped[int] = mapped_column(ForeignKey("classifiers.code_system_version.id"), info=PLAIN)
    system: Mapped[str] = mapped_column(info=PLAIN)
    code: Mapped[str] = mapped_column(info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB, info=PLAIN)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB, info=PLAIN)

    __table_args__ = (
        one_of("kind", CHANGES),
        Index("uq_concept_change", "version_id", "code", unique=True),
        Index("ix_concept_change_code", "system", "code"),
        {"schema": "classifiers", "info": exported(Subject.WITHHELD)},
    )
