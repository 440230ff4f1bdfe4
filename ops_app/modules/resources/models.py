"""Tables of schema ``resources``. Rows are closed, never deleted: old records name them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from ops_app.kit.model import Base, Row, one_of
from ops_app.kit.privacy import PLAIN, Subject, exported

INSTITUTION_KINDS = ("kindergarten", "school", "boarding_school", "college", "university", "other")
HARMFUL_FACTORS = ("chemical", "dust", "noise", "vibration", "radiation", "biological", "strain", "height", "other")
SERVICE_KINDS = ("service", "operation")
BED_STATES = ("working", "repair", "closed")
BED_PROFILES = (
    "therapeutic",
    "cardiological",
    "neurological",
    "stroke",
    "surgical",
    "trauma",
    "paediatric",
    "neonatal",
    "obstetric",
    "pregnancy_pathology",
    "gynaecological",
    "infectious",
    "oncological",
    "intensive_care",
    "rehabilitation",
    "palliative",
    "day_care",
)
STORE_KINDS = ("nurse_post", "pharmacy", "warehouse", "procedure_room", "blood_store")


class Kept(Row):
    """What every register holds of its rows: whose it is and from when to when it counts."""

    start_date: Mapped[dt.date] = mapped_column(info=PLAIN)
    end_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    """First day on which it no longer counts."""

    @declared_attr
    @classmethod
    def organization_id(cls) -> Mapped[int]:
        """The facility that keeps the row."""
        return mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)


def _kept(table: str) -> tuple[CheckConstraint | Index | dict[str, object], ...]:
    return (
        CheckConstraint("end_date is null or end_date >= start_date", name="ends_after_start"),
        Index(f"ix_{table}_organization", "organization_id"),
        {"schema": "resources", "info": exported(Subject.WITHHELD)},
    )


class EducationalInstitution(Kept, Base):
    """A kindergarten, school or college whose pupils the facility serves."""

    __tablename__ = "educational_institution"

    kind: Mapped[str] = mapped_column(info=PLAIN)
    name_kk: Mapped[str] = mapped_column(info=PLAIN)
    name_ru: Mapped[str] = mapped_column(info=PLAIN)
    bin: Mapped[str | None] = mapped_column(info=PLAIN)
    address_line: Mapped[str | None] = mapped_column(info=PLAIN)
    pupils: Mapped[int | None] = mapped_column(info=PLAIN)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)

    __table_args__ = (one_of("kind", INSTITUTION_KINDS), *_kept("educational_institution"))


class Enterprise(Kept, Base):
    """An employer whose workers the facility examines."""

    __tablename__ = "enterprise"

    name_kk: Mapped[str] = mapped_column(info=PLAIN)
    name_ru: Mapped[str] = mapped_column(info=PLAIN)
    bin: Mapped[str | None] = mapped_column(info=PLAIN)
    address_line: Mapped[str | None] = mapped_column(info=PLAIN)
    workers: Mapped[int | None] = mapped_column(info=PLAIN)
    harmful_factor: Mapped[str | None] = mapped_column(info=PLAIN)
    """The leading one."""
    site_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)

    __table_args__ = (one_of("harmful_factor", HARMFUL_FACTORS), *_kept("enterprise"))


class Insurer(Kept, Base):
    """An insurance company with which the facility has a contract; the term of the row is that of the contract."""

    __tablename__ = "insurer"

    name_kk: Mapped[str] = mapped_column(info=PLAIN)
    name_ru: Mapped[str] = mapped_column(info=PLAIN)
    bin: Mapped[str | None] = mapped_column(info=PLAIN)
    contract_number: Mapped[str] = mapped_column(info=PLAIN)

    __table_args__ = _kept("insurer")


class ServiceItem(Kept, Base):
    """A service or operation of the facility, its place in the state tariff list and its price, from a day on."""

    __tablename__ = "service_item"

    local_code: Mapped[str] = mapped_column(info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    name_kk: Mapped[str] = mapped_column(info=PLAIN)
    name_ru: Mapped[str] = mapped_column(info=PLAIN)
    tariff_code: Mapped[str | None] = mapped_column(info=PLAIN)
    """Code of the state tariff list; ICD-9-CM for an operation."""
    price_tenge: Mapped[int | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("kind", SERVICE_KINDS),
        CheckConstraint("price_tenge >= 0", name="price_not_negative"),
        Index(
            "uq_service_item_local_code",
            "organization_id",
            "local_code",
            unique=True,
            postgresql_where=text("end_date is null"),
        ),
        *_kept("service_item"),
    )


class Bed(Kept, Base):
    """A bed of the fund, in a department, perhaps in a ward."""

    __tablename__ = "bed"

    number: Mapped[str] = mapped_column(info=PLAIN)
    department_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    ward_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.location.id"), info=PLAIN)
    profile: Mapped[str] = mapped_column(info=PLAIN)
    state: Mapped[str] = mapped_column(server_default=text("'working'"), info=PLAIN)

    __table_args__ = (
        one_of("profile", BED_PROFILES),
        one_of("state", BED_STATES),
        Index("uq_bed_number", "department_id", "number", unique=True, postgresql_where=text("end_date is null")),
        *_kept("bed"),
    )


class Store(Kept, Base):
    """A nurse's post, pharmacy or warehouse that keeps medicines and devices."""

    __tablename__ = "store"

    kind: Mapped[str] = mapped_column(info=PLAIN)
    name_kk: Mapped[str] = mapped_column(info=PLAIN)
    name_ru: Mapped[str] = mapped_column(info=PLAIN)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    location_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.location.id"), info=PLAIN)
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)

    __table_args__ = (one_of("kind", STORE_KINDS), *_kept("store"))
