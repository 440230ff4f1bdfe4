"""Tables of schema ``resources``. Rows are closed, never deleted: old records name them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from ops_app.kit.model import Base, Row, one_of
from ops_app.kit.privacy import PLAIN, Subject, exported
from ops_app.kit.shifts import WRITTEN

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
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CHANGE_KINDS = ("leave", "parental_leave", "business_trip", "training", "other_absence", "other_hours")
"""Illness is none of them on purpose: the colleagues of a facility read this register."""
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


class StaffHours(Kept, Base):
    """The hours of a position in an ordinary week, written as ``08:00–12:00, 13:00–17:00``."""

    __tablename__ = "staff_hours"

    practitioner_role_id: Mapped[int] = mapped_column(ForeignKey("organizations.practitioner_role.id"), info=PLAIN)
    monday: Mapped[str | None] = mapped_column(info=PLAIN)
    tuesday: Mapped[str | None] = mapped_column(info=PLAIN)
    wednesday: Mapped[str | None] = mapped_column(info=PLAIN)
    thursday: Mapped[str | None] = mapped_column(info=PLAIN)
    friday: Mapped[str | None] = mapped_column(info=PLAIN)
    saturday: Mapped[str | None] = mapped_column(info=PLAIN)
    sunday: Mapped[str | None] = mapped_column(info=PLAIN)
    on_holidays: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """Works on the days off of the calendar too, as posts round the clock do."""
    room_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.location.id"), info=PLAIN)

    __table_args__ = (
        *(CheckConstraint(f"{day} ~ '{WRITTEN}'", name=f"{day}_written") for day in WEEKDAYS),
        CheckConstraint(f"num_nonnulls({', '.join(WEEKDAYS)}) > 0", name="some_day"),
        Index("ix_staff_hours_role", "practitioner_role_id"),
        Index("uq_staff_hours_role", "practitioner_role_id", unique=True, postgresql_where=text("end_date is null")),
        *_kept("staff_hours"),
    )


class StaffChange(Kept, Base):
    """Days on which a position is not filled as its week says: an absence, or other hours."""

    __tablename__ = "staff_change"

    practitioner_role_id: Mapped[int] = mapped_column(ForeignKey("organizations.practitioner_role.id"), info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    hours: Mapped[str | None] = mapped_column(info=PLAIN)
    """Of each of these days; only where the kind is other hours."""

    __table_args__ = (
        one_of("kind", CHANGE_KINDS),
        CheckConstraint(f"hours ~ '{WRITTEN}'", name="hours_written"),
        CheckConstraint("(kind = 'other_hours') = (hours is not null)", name="hours_of_other_hours"),
        Index("ix_staff_change_role", "practitioner_role_id", "start_date"),
        *_kept("staff_change"),
    )
