"""Tables of schema ``classifiers``."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, one_of, watermark_index
from ops_app.kit.privacy import PLAIN, Subject, exported


class Concept(Row, Base):
    """A code of a classifier with titles in three languages.

    ``system`` is ``icd10``, ``kato``, ``service``, ``observation`` or ``atc``; ``search_text`` is the
    folded text that pickers match.
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
        one_of("system", ("icd10", "kato", "service", "observation", "atc")),
        Index("uq_concept_system_code", "system", "code", unique=True),
        watermark_index("concept"),
        {"schema": "classifiers", "info": exported(Subject.STRUCTURE)},
    )
