"""Tables of schema ``devices``; none of them passes the gate."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, Subject, exported

KINDS = ("analyser", "modality", "wearable", "monitor", "information_system")
PROTOCOLS = ("hl7", "astm", "dicom", "file", "fhir")

DOWNLOAD_STATES = ("waiting", "sent", "nothing_ordered", "refused")

_TABLE = {"schema": "devices", "info": exported(Subject.WITHHELD)}


class Device(Base):
    """A device or outside system that sends to this installation, or is sent to."""

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    name: Mapped[str] = mapped_column(info=PLAIN)
    manufacturer: Mapped[str | None] = mapped_column(info=PLAIN)
    model: Mapped[str | None] = mapped_column(info=PLAIN)
    serial_number: Mapped[str | None] = mapped_column(info=PLAIN)
    protocol: Mapped[str] = mapped_column(info=PLAIN)
    sender: Mapped[str] = mapped_column(info=PLAIN)
    """How it names itself: MSH-3, H-5, AE title or the name of its folder."""
    address: Mapped[str | None] = mapped_column(info=PLAIN)
    """Where it listens, ``host`` or ``host:port``, if anything is sent to it."""
    uses_tls: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """Whether what is sent to that address is encrypted."""
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    location_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.location.id"), info=PLAIN)
    profile: Mapped[str | None] = mapped_column(info=PLAIN)
    """The declaration that says where its messages hold what."""
    registration_number: Mapped[str | None] = mapped_column(info=PLAIN)
    """Of the state register of medical devices."""
    is_certified: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    certificate_number: Mapped[str | None] = mapped_column(info=PLAIN)
    certificate_until: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    retired_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    retired_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    registered_by: Mapped[str] = mapped_column(info=DIRECT)
    registered_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        one_of("kind", KINDS),
        one_of("protocol", PROTOCOLS),
        CheckConstraint("is_active = (retired_at is null)", name="retired_or_active"),
        CheckConstraint("not is_certified or certificate_number is not null", name="certified_by_number"),
        Index("uq_device_sender", "protocol", "sender", unique=True, postgresql_where=text("is_active")),
        Index("ix_device_organization", "organization_id"),
        _TABLE,
    )


class OrderDownload(Base):
    """Orders of a tube on their way to an analyser, asked for by a person."""

    __tablename__ = "order_download"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.device.id"), info=PLAIN)
    specimen_barcode: Mapped[str] = mapped_column(info=DIRECT)
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"), info=PLAIN)
    attempts: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    asked_by: Mapped[str] = mapped_column(info=DIRECT)
    asked_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    settled_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("state", DOWNLOAD_STATES),
        Index("ix_order_download_waiting", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_order_download_device", "device_id"),
        _TABLE,
    )


class CodeMapping(Base):
    """What one code of a device means here; without a parameter the code is deliberately left out."""

    __tablename__ = "code_mapping"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.device.id"), info=PLAIN)
    their_code: Mapped[str] = mapped_column(info=PLAIN)
    their_unit: Mapped[str | None] = mapped_column(info=PLAIN)
    """None fits a result sent without a unit."""
    parameter_code: Mapped[str | None] = mapped_column(info=PLAIN)
    unit: Mapped[str | None] = mapped_column(info=PLAIN)
    """The unit here, after multiplying by the factor."""
    factor: Mapped[float] = mapped_column(server_default=text("1"), info=PLAIN)
    mapped_by: Mapped[str] = mapped_column(info=DIRECT)
    mapped_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    removed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        CheckConstraint("factor > 0", name="factor_positive"),
        Index(
            "uq_code_mapping",
            "device_id",
            "their_code",
            "their_unit",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("removed_at is null"),
        ),
        _TABLE,
    )
