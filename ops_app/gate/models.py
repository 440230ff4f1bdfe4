"""Tables of schema ``vault``: who stands behind a pseudonym."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base
from ops_app.kit.privacy import DIRECT, PLAIN, Subject, exported


class Pseudonym(Base):
    """The random name a patient bears in the warehouse.

    A random map and not a hash of the IIN: a 12-digit number can be searched through.
    """

    __tablename__ = "pseudonym"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), primary_key=True, info=DIRECT)
    patient_key: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), server_default=text("gen_random_uuid()"), nullable=False, info=PLAIN
    )

    __table_args__ = (
        Index("uq_pseudonym_patient_key", "patient_key", unique=True),
        {"schema": "vault", "info": exported(Subject.WITHHELD)},
    )


class PractitionerNumber(Base):
    """The running number behind a practitioner's code ``p-0042``."""

    __tablename__ = "practitioner_number"

    practitioner_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.practitioner.id"), primary_key=True, info=DIRECT
    )
    number: Mapped[int] = mapped_column(Identity(), nullable=False, info=PLAIN)

    __table_args__ = ({"schema": "vault", "info": exported(Subject.WITHHELD)},)
