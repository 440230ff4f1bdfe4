"""The register of devices; quality control of the laboratory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

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

    op.create_table(
        "order_download",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("specimen_barcode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'sent', 'nothing_ordered', 'refused')", name=op.f("ck_order_download_state_known")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_order_download_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_download")),
        schema="devices",
    )
    op.create_index(
        "ix_order_download_waiting",
        "order_download",
        ["id"],
        unique=False,
        schema="devices",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_order_download_device", "order_download", ["device_id"], unique=False, schema="devices")
    op.execute("create schema lab_quality")
    _lots()
    _runs()


def _lots() -> None:
    op.create_table(
        "control_lot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("material", sa.Text(), nullable=False),
        sa.Column("manufacturer", sa.Text(), nullable=True),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("lot_number", sa.Text(), nullable=False),
        sa.Column("specimen_code", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level between 1 and 9", name=op.f("ck_control_lot_level_known")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_control_lot_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_lot")),
        schema="lab_quality",
    )
    op.create_index(
        "uq_control_lot_specimen",
        "control_lot",
        ["organization_id", "specimen_code"],
        unique=True,
        schema="lab_quality",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "target",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("parameter_code", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("mean", sa.Float(), nullable=False),
        sa.Column("sd", sa.Float(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sd > 0", name=op.f("ck_target_sd_positive")),
        sa.ForeignKeyConstraint(["lot_id"], ["lab_quality.control_lot.id"], name=op.f("fk_target_lot_id")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_target_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        schema="lab_quality",
    )
    op.create_index(
        "uq_target",
        "target",
        ["lot_id", "device_id", "parameter_code"],
        unique=True,
        schema="lab_quality",
        postgresql_where=sa.text("replaced_at is null"),
    )
    op.create_index("ix_target_device", "target", ["device_id", "parameter_code"], unique=False, schema="lab_quality")


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("z", sa.Float(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("verdict in ('in_control', 'warning', 'rejected')", name=op.f("ck_run_verdict_known")),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_reason is null)", name=op.f("ck_run_withdrawn_for_a_reason")
        ),
        sa.ForeignKeyConstraint(["target_id"], ["lab_quality.target.id"], name=op.f("fk_run_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        schema="lab_quality",
    )
    op.create_index("ix_run_target_at", "run", ["target_id", "at"], unique=False, schema="lab_quality")
    op.create_index(
        "uq_run_source",
        "run",
        ["target_id", "source_key"],
        unique=True,
        schema="lab_quality",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("parameter_code", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("corrective_action", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "closed_at is null or (closed_by is not null and cause is not null and corrective_action is not null)",
            name=op.f("ck_hold_closed_with_a_cause"),
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_hold_device_id")),
        sa.ForeignKeyConstraint(["run_id"], ["lab_quality.run.id"], name=op.f("fk_hold_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        schema="lab_quality",
    )
    op.create_index(
        "uq_hold_open",
        "hold",
        ["device_id", "parameter_code"],
        unique=True,
        schema="lab_quality",
        postgresql_where=sa.text("closed_at is null"),
    )


def downgrade() -> None:
    for table in ("hold", "run", "target", "control_lot"):
        op.drop_table(table, schema="lab_quality")
    op.execute("drop schema lab_quality")
    op.drop_table("order_download", schema="devices")
    op.drop_table("code_mapping", schema="devices")
    op.drop_table("device", schema="devices")
    op.execute("drop schema devices")
