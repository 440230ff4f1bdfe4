"""What a laboratory can measure: parameters, services, ranges, rules, workplaces, numbers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, one_of
from ops_app.kit.privacy import DIRECT, PLAIN, Subject, exported

PARAMETER_KINDS = ("numeric", "text", "enumerated", "titre", "image", "record")
RESETS = ("never", "year", "month", "day")

_TABLE = {"schema": "laboratory", "info": exported(Subject.WITHHELD)}


class Parameter(Row, Base):
    """One thing a test gives. ``code`` is the system's own, ``loinc`` what the rest of the world calls it."""

    __tablename__ = "parameter"

    code: Mapped[str] = mapped_column(unique=True, info=PLAIN)
    loinc: Mapped[str | None] = mapped_column(info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    unit: Mapped[str | None] = mapped_column(info=PLAIN)
    """UCUM."""
    decimals: Mapped[int | None] = mapped_column(info=PLAIN)
    title_kk: Mapped[str] = mapped_column(info=PLAIN)
    title_ru: Mapped[str] = mapped_column(info=PLAIN)
    title_en: Mapped[str] = mapped_column(info=PLAIN)
    choices: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB, info=PLAIN)
    """Of an enumerated parameter: code, titles, whether it is abnormal or critical."""
    normal_titre: Mapped[int | None] = mapped_column(info=PLAIN)
    """A titre above 1:n is abnormal."""
    questionnaire: Mapped[str | None] = mapped_column(info=PLAIN)
    """Of a medical record: the form it is written with."""
    formula: Mapped[str | None] = mapped_column(info=PLAIN)
    """Of a calculated parameter: an expression over the codes of others."""
    delta_percent: Mapped[float | None] = mapped_column(info=PLAIN)
    delta_days: Mapped[int | None] = mapped_column(info=PLAIN)
    """A change of more than so many per cent within so many days asks for a second look."""
    possible_low: Mapped[float | None] = mapped_column(info=PLAIN)
    possible_high: Mapped[float | None] = mapped_column(info=PLAIN)
    """What lies outside was mistyped or measured wrongly."""
    conversions: Mapped[dict[str, float]] = mapped_column(JSONB, server_default=text("'{}'"), info=PLAIN)
    """Other units it comes in: how many of ours is one of theirs."""
    source: Mapped[str | None] = mapped_column(info=PLAIN)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)

    __table_args__ = (
        one_of("kind", PARAMETER_KINDS),
        CheckConstraint("kind <> 'enumerated' or choices is not null", name="choices_given"),
        CheckConstraint("formula is null or kind = 'numeric'", name="formula_gives_number"),
        Index("ix_parameter_loinc", "loinc"),
        _TABLE,
    )


class Service(Row, Base):
    """What can be ordered; ``code`` is that of the classifier of services."""

    __tablename__ = "service"

    code: Mapped[str] = mapped_column(unique=True, info=PLAIN)
    title_kk: Mapped[str] = mapped_column(info=PLAIN)
    title_ru: Mapped[str] = mapped_column(info=PLAIN)
    title_en: Mapped[str] = mapped_column(info=PLAIN)
    specimen_type: Mapped[str] = mapped_column(info=PLAIN)
    container: Mapped[str] = mapped_column(info=PLAIN)
    interchange_group: Mapped[str | None] = mapped_column(info=PLAIN)
    """Services of one group may stand for each other."""
    turnaround_minutes: Mapped[int] = mapped_column(info=PLAIN)
    """In working time, from receipt to confirmation."""
    urgent_minutes: Mapped[int] = mapped_column(info=PLAIN)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)

    __table_args__ = (
        Index("ix_service_interchange_group", "interchange_group"),
        _TABLE,
    )


class ServiceParameter(Base):
    """A parameter of a service, in the order it is printed."""

    __tablename__ = "service_parameter"

    service_id: Mapped[int] = mapped_column(ForeignKey("laboratory.service.id"), primary_key=True, info=PLAIN)
    parameter_id: Mapped[int] = mapped_column(ForeignKey("laboratory.parameter.id"), primary_key=True, info=PLAIN)
    position: Mapped[int] = mapped_column(info=PLAIN)
    is_optional: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)

    __table_args__ = (Index("ix_service_parameter_parameter", "parameter_id"), _TABLE)


class ReferenceRange(Row, Base):
    """What is usual for whom, by which method, from when. Empty limits say nothing."""

    __tablename__ = "reference_range"

    parameter_id: Mapped[int] = mapped_column(ForeignKey("laboratory.parameter.id"), info=PLAIN)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """The laboratory whose own range it is; empty: everybody's."""
    sex: Mapped[str | None] = mapped_column(info=PLAIN)
    age_from_days: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    age_to_days: Mapped[int | None] = mapped_column(info=PLAIN)
    """First day of age it no longer holds for."""
    trimester: Mapped[int | None] = mapped_column(info=PLAIN)
    """1–3 for pregnant women; 0 for any pregnant woman."""
    method: Mapped[str | None] = mapped_column(info=PLAIN)
    low: Mapped[float | None] = mapped_column(info=PLAIN)
    high: Mapped[float | None] = mapped_column(info=PLAIN)
    critical_low: Mapped[float | None] = mapped_column(info=PLAIN)
    critical_high: Mapped[float | None] = mapped_column(info=PLAIN)
    valid_from: Mapped[dt.date] = mapped_column(info=PLAIN)
    valid_to: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    """First day it no longer holds."""
    citation: Mapped[str] = mapped_column(info=PLAIN)
    is_shipped: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    recorded_by: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("sex", ("male", "female")),
        CheckConstraint("trimester between 0 and 3", name="trimester_known"),
        CheckConstraint(
            "age_from_days >= 0 and (age_to_days is null or age_to_days > age_from_days)", name="age_order"
        ),
        CheckConstraint("low is null or high is null or low <= high", name="limits_order"),
        CheckConstraint("valid_to is null or valid_to > valid_from", name="validity_order"),
        Index("ix_reference_range_parameter", "parameter_id"),
        _TABLE,
    )


class RangeApproval(Row, Base):
    """That a laboratory looked at the shipped ranges of a parameter and answers for them as its own."""

    __tablename__ = "range_approval"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    parameter_id: Mapped[int] = mapped_column(ForeignKey("laboratory.parameter.id"), info=PLAIN)
    digest: Mapped[str] = mapped_column(info=PLAIN)
    """Of the ranges it looked at: others are to be looked at again."""
    approved_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    approved_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (Index("uq_range_approval", "organization_id", "parameter_id", unique=True), _TABLE)


class ReflexRule(Row, Base):
    """A test that another test's result asks for: an expression over parameter codes, and the service it adds."""

    __tablename__ = "reflex_rule"

    code: Mapped[str] = mapped_column(unique=True, info=PLAIN)
    condition: Mapped[str] = mapped_column(info=PLAIN)
    service_id: Mapped[int] = mapped_column(ForeignKey("laboratory.service.id"), info=PLAIN)
    title_kk: Mapped[str] = mapped_column(info=PLAIN)
    title_ru: Mapped[str] = mapped_column(info=PLAIN)
    title_en: Mapped[str] = mapped_column(info=PLAIN)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)

    __table_args__ = (_TABLE,)


class Workplace(Row, Base):
    """A bench or an analyser of a laboratory that does certain services."""

    __tablename__ = "workplace"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    name: Mapped[str] = mapped_column(info=PLAIN)
    analyser_id: Mapped[int | None] = mapped_column(info=PLAIN)
    """``devices.device`` that stands there."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)

    __table_args__ = (Index("uq_workplace_name", "organization_id", "name", unique=True), _TABLE)


class WorkplaceService(Base):
    """A service that is done at a workplace; an order goes to the first that does it."""

    __tablename__ = "workplace_service"

    workplace_id: Mapped[int] = mapped_column(ForeignKey("laboratory.workplace.id"), primary_key=True, info=PLAIN)
    service_id: Mapped[int] = mapped_column(ForeignKey("laboratory.service.id"), primary_key=True, info=PLAIN)

    __table_args__ = (Index("ix_workplace_service_service", "service_id"), _TABLE)


class NumberScheme(Row, Base):
    """How a laboratory numbers its orders: ``prefix`` may hold ``{yy}``, ``{mm}`` and ``{dd}``."""

    __tablename__ = "number_scheme"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), unique=True, info=PLAIN)
    prefix: Mapped[str] = mapped_column(info=PLAIN)
    width: Mapped[int] = mapped_column(info=PLAIN)
    reset: Mapped[str] = mapped_column(info=PLAIN)
    period: Mapped[str] = mapped_column(server_default=text("''"), info=PLAIN)
    """Of the last number given."""
    last: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    changed_by: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("reset", RESETS),
        CheckConstraint("width between 1 and 9", name="width_sane"),
        _TABLE,
    )
