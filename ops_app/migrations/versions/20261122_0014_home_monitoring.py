"""Patients watched at home: enrolment, devices, limits, values, alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("device_key", "binding", "value", "alert", "watched", "participant", "enrolment")


def upgrade() -> None:
    op.execute("create schema if not exists monitoring")
    op.create_table(
        "enrolment",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("reason_icd10", sa.Text(), nullable=True),
        sa.Column("every_hours", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("every_hours between 1 and 720", name=op.f("ck_enrolment_every_hours_sensible")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_enrolment_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_enrolment_patient_id")),
        sa.ForeignKeyConstraint(["site_id"], ["organizations.organization.id"], name=op.f("fk_enrolment_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        schema="monitoring",
    )
    op.create_index(
        "ix_enrolment_place",
        "enrolment",
        ["organization_id"],
        unique=False,
        schema="monitoring",
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index(
        "ix_enrolment_row_xid",
        "enrolment",
        ["row_xid"],
        unique=False,
        schema="monitoring",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_enrolment_open",
        "enrolment",
        ["patient_id", "organization_id"],
        unique=True,
        schema="monitoring",
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "alert",
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worst", sa.Double(), nullable=False),
        sa.Column("worst_code", sa.Text(), nullable=False),
        sa.Column("worst_number", sa.Double(), nullable=False),
        sa.Column("worst_limit", sa.Double(), nullable=True),
        sa.Column("values_count", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("back_in_a_row", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_because", sa.Text(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=True),
        sa.Column("measure_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("measure_note", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(closed_because = 'measure') = (measure is not null)", name=op.f("ck_alert_measure_closes")
        ),
        sa.CheckConstraint(
            "closed_because in ('measure', 'returned', 'ended')", name=op.f("ck_alert_closed_because_known")
        ),
        sa.CheckConstraint(
            "level <> 'critical' or closed_because is null or closed_because <> 'returned'",
            name=op.f("ck_alert_critical_never_closes_itself"),
        ),
        sa.CheckConstraint("level in ('limit', 'critical')", name=op.f("ck_alert_level_known")),
        sa.CheckConstraint(
            "measure in ('remote_consultation', 'in_person_consultation', 'referral', 'hospitalisation', 'ambulance', 'urgent_care')",
            name=op.f("ck_alert_measure_known"),
        ),
        sa.CheckConstraint("(closed_at is null) = (closed_because is null)", name=op.f("ck_alert_closed_for_a_reason")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["monitoring.enrolment.id"], name=op.f("fk_alert_enrolment_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_alert_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_alert_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        schema="monitoring",
    )
    op.create_index("ix_alert_enrolment", "alert", ["enrolment_id", "id"], unique=False, schema="monitoring")
    op.create_index("ix_alert_patient", "alert", ["patient_id"], unique=False, schema="monitoring")
    op.create_index(
        "ix_alert_row_xid",
        "alert",
        ["row_xid"],
        unique=False,
        schema="monitoring",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_alert_open",
        "alert",
        ["enrolment_id", "group_name"],
        unique=True,
        schema="monitoring",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "participant",
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("part in ('treating', 'observing', 'on_duty')", name=op.f("ck_participant_part_known")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["monitoring.enrolment.id"], name=op.f("fk_participant_enrolment_id")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_participant_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        schema="monitoring",
    )
    op.create_index(
        "ix_participant_practitioner",
        "participant",
        ["practitioner_id"],
        unique=False,
        schema="monitoring",
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_index(
        "ix_participant_row_xid",
        "participant",
        ["row_xid"],
        unique=False,
        schema="monitoring",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_participant",
        "participant",
        ["enrolment_id", "practitioner_id"],
        unique=True,
        schema="monitoring",
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_table(
        "watched",
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("has_own_limits", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("critical_low", sa.Double(), nullable=True),
        sa.Column("critical_high", sa.Double(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["monitoring.enrolment.id"], name=op.f("fk_watched_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watched")),
        schema="monitoring",
    )
    op.create_index(
        "ix_watched_row_xid",
        "watched",
        ["row_xid"],
        unique=False,
        schema="monitoring",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_watched",
        "watched",
        ["enrolment_id", "code"],
        unique=True,
        schema="monitoring",
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_table(
        "binding",
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bound_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("until_at >= from_at", name=op.f("ck_binding_ends_after_start")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_binding_device_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["monitoring.enrolment.id"], name=op.f("fk_binding_enrolment_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_binding_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding")),
        schema="monitoring",
    )
    op.create_index("ix_binding_enrolment", "binding", ["enrolment_id"], unique=False, schema="monitoring")
    op.create_index(
        "ix_binding_row_xid",
        "binding",
        ["row_xid"],
        unique=False,
        schema="monitoring",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index("ix_binding_when", "binding", ["device_id", "from_at"], unique=False, schema="monitoring")
    op.create_index(
        "uq_binding_device",
        "binding",
        ["device_id"],
        unique=True,
        schema="monitoring",
        postgresql_where=sa.text("until_at is null"),
    )
    op.create_table(
        "device_key",
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_device_key_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_key")),
        schema="monitoring",
    )
    op.create_index(
        "ix_device_key_row_xid",
        "device_key",
        ["row_xid"],
        unique=False,
        schema="monitoring",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_device_key_device",
        "device_key",
        ["device_id"],
        unique=True,
        schema="monitoring",
        postgresql_where=sa.text("revoked_at is null"),
    )
    op.create_index("uq_device_key_hash", "device_key", ["key_hash"], unique=True, schema="monitoring")
    op.create_table(
        "value",
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("number", sa.Double(), nullable=False),
        sa.Column("sent_number", sa.Double(), nullable=False),
        sa.Column("sent_unit", sa.Text(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("device_text", sa.Text(), nullable=True),
        sa.Column("counts", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("observation_id", sa.BigInteger(), nullable=True),
        sa.Column("alert_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("entry in ('device', 'staff', 'patient')", name=op.f("ck_value_entry_known")),
        sa.CheckConstraint("level in ('normal', 'limit', 'critical')", name=op.f("ck_value_level_known")),
        sa.ForeignKeyConstraint(["alert_id"], ["monitoring.alert.id"], name=op.f("fk_value_alert_id")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_value_device_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["monitoring.enrolment.id"], name=op.f("fk_value_enrolment_id")),
        sa.ForeignKeyConstraint(["observation_id"], ["visits.observation.id"], name=op.f("fk_value_observation_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_value_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_value_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value")),
        schema="monitoring",
    )
    op.create_index(
        "ix_value_alert",
        "value",
        ["alert_id"],
        unique=False,
        schema="monitoring",
        postgresql_where=sa.text("alert_id is not null"),
    )
    op.create_index("ix_value_patient", "value", ["patient_id"], unique=False, schema="monitoring")
    op.create_index(
        "ix_value_row_xid",
        "value",
        ["row_xid"],
        unique=False,
        schema="monitoring",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "ix_value_trend", "value", ["enrolment_id", "code", "measured_at"], unique=False, schema="monitoring"
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema="monitoring")
    op.execute("drop schema monitoring")
