"""Tables of schema ``deaths``."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Fact, fact_constraints, one_of
from ops_app.kit.privacy import FREE_TEXT, PLAIN, SENSITIVE, Subject, exported


class Death(Fact, Base):
    """A person's death. ``event_at`` is the time of death, ``organization_id`` who registered it."""

    __tablename__ = "death"

    place: Mapped[str] = mapped_column(info=PLAIN)
    cause_icd10: Mapped[str | None] = mapped_column(info=SENSITIVE)
    is_time_exact: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("place", ("home", "hospital", "ambulance", "other", "unknown")),
        CheckConstraint("cause_icd10 ~ '^[A-Z][0-9]{2}([.][0-9]{1,2})?$'", name="icd10_shape"),
        Index(
            "uq_death_one_live",
            "patient_id",
            unique=True,
            postgresql_where=text("entered_in_error_at is null"),
        ),
        *fact_constraints("death"),
        {"schema": "deaths", "info": exported(Subject.EVENT)},
    )
