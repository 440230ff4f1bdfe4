"""Tables of schema ``organizations``."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, Sourced, one_of, source_key_constraint, watermark_index
from ops_app.kit.privacy import DIRECT, PLAIN, Generalisation, Subject, exported, quasi

ORGANIZATION_KINDS = ("region", "organization", "department", "site")
ORGANIZATION_TYPES = (
    "hospital",
    "polyclinic",
    "ambulatory",
    "feldsher_point",
    "perinatal_centre",
    "cardiology_centre",
    "ambulance",
    "health_department",
)
SITE_KINDS = ("therapeutic", "general_practice", "paediatric", "gynaecological")
POSITIONS = (
    "general_practitioner",
    "therapist",
    "paediatrician",
    "obstetrician",
    "neurologist",
    "cardiologist",
    "surgeon",
    "radiologist",
    "oncologist",
    "midwife",
    "nurse",
    "feldsher",
    "registrar",
    "department_head",
    "chief_physician",
    "statistician",
    "infectionist",
    "psychiatrist",
    "narcologist",
    "laboratory_doctor",
    "laboratory_technician",
    "other",
)


class Organization(Row, Sourced, Base):
    """A node of the tree region → organisation → department → site."""

    __tablename__ = "organization"

    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    organization_type: Mapped[str | None] = mapped_column(info=PLAIN)
    site_kind: Mapped[str | None] = mapped_column(info=PLAIN)
    name_kk: Mapped[str] = mapped_column(info=PLAIN)
    name_ru: Mapped[str] = mapped_column(info=PLAIN)
    name_en: Mapped[str] = mapped_column(info=PLAIN)
    sort_key: Mapped[str] = mapped_column(info=PLAIN)
    bin: Mapped[str | None] = mapped_column(info=PLAIN)
    kato_code: Mapped[str | None] = mapped_column(info=PLAIN)
    care_level: Mapped[int | None] = mapped_column(info=PLAIN)
    """Level of perinatal care 1–4, where it has one."""
    is_external: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """A facility that does not use this installation; its events arrive through registries."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    latitude: Mapped[float | None] = mapped_column(info=PLAIN)
    longitude: Mapped[float | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("kind", ORGANIZATION_KINDS),
        one_of("organization_type", ORGANIZATION_TYPES),
        one_of("site_kind", SITE_KINDS),
        CheckConstraint("(kind = 'region') = (parent_id is null)", name="only_regions_are_roots"),
        CheckConstraint("bin ~ '^[0-9]{12}$'", name="bin_digits"),
        Index("ix_organization_parent", "parent_id"),
        watermark_index("organization"),
        *source_key_constraint("organization"),
        {"schema": "organizations", "info": exported(Subject.STRUCTURE)},
    )


class OrganizationProfile(Row, Base):
    """What a facility's papers need beside its place in the tree; nothing of it is needed behind the gate."""

    __tablename__ = "organization_profile"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), unique=True, info=PLAIN)
    oid: Mapped[str | None] = mapped_column(info=PLAIN)
    """Object identifier of the Kazakhstan segment, 1.2.398.…"""
    address_line: Mapped[str | None] = mapped_column(info=PLAIN)
    phone: Mapped[str | None] = mapped_column(info=PLAIN)
    licence_number: Mapped[str | None] = mapped_column(info=PLAIN)
    licence_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    care_profiles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), info=PLAIN)
    """Kinds of care it gives; they decide which forms it is offered. None: all."""

    __table_args__ = (
        CheckConstraint("oid ~ '^[0-2]([.](0|[1-9][0-9]*))+$'", name="oid_shape"),
        {"schema": "organizations", "info": exported(Subject.WITHHELD)},
    )


class Location(Row, Base):
    """A room, ward or vehicle of an organisation."""

    __tablename__ = "location"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    name_kk: Mapped[str] = mapped_column(info=PLAIN)
    name_ru: Mapped[str] = mapped_column(info=PLAIN)
    name_en: Mapped[str] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("kind", ("room", "ward", "vehicle")),
        watermark_index("location"),
        {"schema": "organizations", "info": exported(Subject.STRUCTURE)},
    )


class Practitioner(Row, Sourced, Base):
    """A member of staff."""

    __tablename__ = "practitioner"

    iin: Mapped[str | None] = mapped_column(info=DIRECT)
    family_name: Mapped[str] = mapped_column(info=DIRECT)
    given_name: Mapped[str] = mapped_column(info=DIRECT)
    patronymic: Mapped[str | None] = mapped_column(info=DIRECT)
    sort_key: Mapped[str] = mapped_column(info=DIRECT)
    sex: Mapped[str | None] = mapped_column(info=quasi(Generalisation.DROP))

    __table_args__ = (
        watermark_index("practitioner"),
        *source_key_constraint("practitioner"),
        {"schema": "organizations", "info": exported(Subject.PRACTITIONER)},
    )


class PractitionerRole(Row, Base):
    """A position a practitioner holds in an organisation, and the site it serves."""

    __tablename__ = "practitioner_role"

    practitioner_id: Mapped[int] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    position: Mapped[str] = mapped_column(info=PLAIN)
    # With the position these two tell one member of a small staff from another.
    specialty: Mapped[str | None] = mapped_column(info=quasi(Generalisation.DROP))
    rate: Mapped[float | None] = mapped_column(info=quasi(Generalisation.DROP))
    """Share of a full post, 0.25 to 2."""
    start_date: Mapped[dt.date] = mapped_column(info=PLAIN)
    end_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("position", POSITIONS),
        CheckConstraint("end_date is null or end_date >= start_date", name="ends_after_start"),
        CheckConstraint("rate > 0 and rate <= 2", name="rate_of_a_post"),
        Index("ix_practitioner_role_practitioner", "practitioner_id"),
        Index("ix_practitioner_role_site", "site_id"),
        watermark_index("practitioner_role"),
        {"schema": "organizations", "info": exported(Subject.STRUCTURE)},
    )
