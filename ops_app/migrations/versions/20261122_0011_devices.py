"""The register of devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create schema devices")
    op.create_table(
        "device",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("manufacturer", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("serial_number", sa.Text(), nullable=True),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=True),
        sa.Column("is_certified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("certificate_number", sa.Text(), nullable=True),
        sa.Column("certificate_until", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_reason", sa.Text(), nullable=True),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('analyser', 'modality', 'wearable', 'monitor', 'information_system')",
            name=op.f("ck_device_kind_known"),
        ),
        sa.CheckConstraint(
            "protocol in ('hl7', 'astm', 'dicom', 'file', 'fhir')", name=op.f("ck_device_protocol_known")
        ),
        sa.CheckConstraint("is_active = (retired_at is null)", name=op.f("ck_device_retired_or_active")),
        sa.CheckConstraint(
            "not is_certified or certificate_number is not null", name=op.f("ck_device_certified_by_number")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_device_organization_id")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["organizations.location.id"], name=op.f("fk_device_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        schema="devices",
    )
    op.create_index(
        "uq_device_sender",
        "device",
        ["protocol", "sender"],
        unique=True,
        schema="devices",
        postgresql_where=sa.text("is_active"),
    )
    op.create_index("ix_device_organization", "device", ["organization_id"], unique=False, schema="devices")
    op.create_table(
        "code_mapping",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("their_code", sa.Text(), nullable=False),
        sa.Column("their_unit", sa.Text(), nullable=True),
        sa.Column("parameter_code", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("factor", sa.Float(), server_default=sa.text("1"), nullable=False),
        sa.Column("mapped_by", sa.Text(), nullable=False),
        sa.Column("mapped_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("factor > 0", name=op.f("ck_code_mapping_factor_positive")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_code_mapping_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_mapping")),
        schema="devices",
    )
    op.create_index(
        "uq_code_mapping",
        "code_mapping",
        ["device_id", "their_code", "their_unit"],
        unique=True,
        schema="devices",
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("removed_at is null"),
    )


def downgrade() -> None:
    op.drop_table("code_mapping", schema="devices")
    op.drop_table("device", schema="devices")
    op.execute("drop schema devices")
