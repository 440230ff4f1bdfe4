"""The laboratory: catalogue, orders, specimens, results, blood groups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SCHEMA = "laboratory"


def upgrade() -> None:
    op.execute(f"create schema {SCHEMA}")
    _catalogue()
    _order()
    _result()
    _blood()


def _catalogue() -> None:
    op.create_table(
        "parameter",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("loinc", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("decimals", sa.BigInteger(), nullable=True),
        sa.Column("title_kk", sa.Text(), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("choices", postgresql.JSONB(), nullable=True),
        sa.Column("normal_titre", sa.BigInteger(), nullable=True),
        sa.Column("questionnaire", sa.Text(), nullable=True),
        sa.Column("formula", sa.Text(), nullable=True),
        sa.Column("delta_percent", sa.Double(), nullable=True),
        sa.Column("delta_days", sa.BigInteger(), nullable=True),
        sa.Column("possible_low", sa.Double(), nullable=True),
        sa.Column("possible_high", sa.Double(), nullable=True),
        sa.Column("conversions", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("formula is null or kind = 'numeric'", name=op.f("ck_parameter_formula_gives_number")),
        sa.CheckConstraint("kind <> 'enumerated' or choices is not null", name=op.f("ck_parameter_choices_given")),
        sa.CheckConstraint(
            "kind in ('numeric', 'text', 'enumerated', 'titre', 'image', 'record')",
            name=op.f("ck_parameter_kind_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter")),
        sa.UniqueConstraint("code", name=op.f("uq_parameter_code")),
        schema=SCHEMA,
    )
    op.create_index("ix_parameter_loinc", "parameter", ["loinc"], unique=False, schema=SCHEMA)
    op.create_table(
        "service",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title_kk", sa.Text(), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("specimen_type", sa.Text(), nullable=False),
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("interchange_group", sa.Text(), nullable=True),
        sa.Column("turnaround_minutes", sa.BigInteger(), nullable=False),
        sa.Column("urgent_minutes", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint("code", name=op.f("uq_service_code")),
        schema=SCHEMA,
    )
    op.create_index("ix_service_interchange_group", "service", ["interchange_group"], unique=False, schema=SCHEMA)
    op.create_table(
        "number_scheme",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("reset", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("last", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("reset in ('never', 'year', 'month', 'day')", name=op.f("ck_number_scheme_reset_known")),
        sa.CheckConstraint("width between 1 and 9", name=op.f("ck_number_scheme_width_sane")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_number_scheme_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_scheme")),
        sa.UniqueConstraint("organization_id", name=op.f("uq_number_scheme_organization_id")),
        schema=SCHEMA,
    )
    op.create_table(
        "reference_range",
        sa.Column("parameter_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("age_from_days", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("age_to_days", sa.BigInteger(), nullable=True),
        sa.Column("trimester", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("critical_low", sa.Double(), nullable=True),
        sa.Column("critical_high", sa.Double(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("is_shipped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("sex in ('male', 'female')", name=op.f("ck_reference_range_sex_known")),
        sa.CheckConstraint(
            "age_from_days >= 0 and (age_to_days is null or age_to_days > age_from_days)",
            name=op.f("ck_reference_range_age_order"),
        ),
        sa.CheckConstraint("low is null or high is null or low <= high", name=op.f("ck_reference_range_limits_order")),
        sa.CheckConstraint("trimester between 0 and 3", name=op.f("ck_reference_range_trimester_known")),
        sa.CheckConstraint("valid_to is null or valid_to > valid_from", name=op.f("ck_reference_range_validity_order")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_reference_range_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["parameter_id"], ["laboratory.parameter.id"], name=op.f("fk_reference_range_parameter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_range")),
        schema=SCHEMA,
    )
    op.create_index("ix_reference_range_parameter", "reference_range", ["parameter_id"], unique=False, schema=SCHEMA)
    op.create_table(
        "reflex_rule",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("title_kk", sa.Text(), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["laboratory.service.id"], name=op.f("fk_reflex_rule_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reflex_rule")),
        sa.UniqueConstraint("code", name=op.f("uq_reflex_rule_code")),
        schema=SCHEMA,
    )
    op.create_table(
        "service_parameter",
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("parameter_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("is_optional", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["parameter_id"], ["laboratory.parameter.id"], name=op.f("fk_service_parameter_parameter_id")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["laboratory.service.id"], name=op.f("fk_service_parameter_service_id")
        ),
        sa.PrimaryKeyConstraint("service_id", "parameter_id", name=op.f("pk_service_parameter")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_service_parameter_parameter", "service_parameter", ["parameter_id"], unique=False, schema=SCHEMA
    )
    op.create_table(
        "workplace",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("analyser_id", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_workplace_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workplace")),
        schema=SCHEMA,
    )
    op.create_index("uq_workplace_name", "workplace", ["organization_id", "name"], unique=True, schema=SCHEMA)
    op.create_table(
        "workplace_service",
        sa.Column("workplace_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["laboratory.service.id"], name=op.f("fk_workplace_service_service_id")
        ),
        sa.ForeignKeyConstraint(
            ["workplace_id"], ["laboratory.workplace.id"], name=op.f("fk_workplace_service_workplace_id")
        ),
        sa.PrimaryKeyConstraint("workplace_id", "service_id", name=op.f("pk_workplace_service")),
        schema=SCHEMA,
    )
    op.create_index("ix_workplace_service_service", "workplace_service", ["service_id"], unique=False, schema=SCHEMA)


def _order() -> None:
    op.create_table(
        "delivery_sheet",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("laboratory_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_date", sa.Date(), nullable=False),
        sa.Column("courier", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["organizations.organization.id"], name=op.f("fk_delivery_sheet_laboratory_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_delivery_sheet_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_sheet")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_delivery_sheet_organization",
        "delivery_sheet",
        ["organization_id", "delivery_date"],
        unique=False,
        schema=SCHEMA,
    )
    op.create_table(
        "lab_order",
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("lab_number", sa.Text(), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("laboratory_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("requester_text", sa.Text(), nullable=True),
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.Text(), server_default=sa.text("'routine'"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'registered'"), nullable=False),
        sa.Column("reason_icd10", sa.Text(), nullable=True),
        sa.Column("trimester", sa.BigInteger(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint("priority in ('routine', 'urgent', 'emergency')", name=op.f("ck_lab_order_priority_known")),
        sa.CheckConstraint(
            "status in ('registered', 'in_progress', 'completed', 'cancelled')", name=op.f("ck_lab_order_status_known")
        ),
        sa.ForeignKeyConstraint(["encounter_id"], ["visits.encounter.id"], name=op.f("fk_lab_order_encounter_id")),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["organizations.organization.id"], name=op.f("fk_lab_order_laboratory_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_lab_order_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_lab_order_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_lab_order_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lab_order")),
        sa.UniqueConstraint("order_number", name=op.f("uq_lab_order_order_number")),
        schema=SCHEMA,
    )
    op.create_index("ix_lab_order_encounter", "lab_order", ["encounter_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "ix_lab_order_laboratory", "lab_order", ["laboratory_id", "ordered_at"], unique=False, schema=SCHEMA
    )
    op.create_index(
        "ix_lab_order_organization", "lab_order", ["organization_id", "ordered_at"], unique=False, schema=SCHEMA
    )
    op.create_index("ix_lab_order_patient", "lab_order", ["patient_id", "ordered_at"], unique=False, schema=SCHEMA)
    op.create_index(
        "uq_lab_order_lab_number",
        "lab_order",
        ["laboratory_id", "lab_number"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("lab_number is not null"),
    )
    op.create_index(
        "uq_lab_order_source_key",
        "lab_order",
        ["source_system", "source_key"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "order_change",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("old_service_id", sa.BigInteger(), nullable=True),
        sa.Column("new_service_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('replaced', 'added', 'reflex')", name=op.f("ck_order_change_kind_known")),
        sa.ForeignKeyConstraint(
            ["new_service_id"], ["laboratory.service.id"], name=op.f("fk_order_change_new_service_id")
        ),
        sa.ForeignKeyConstraint(
            ["old_service_id"], ["laboratory.service.id"], name=op.f("fk_order_change_old_service_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["laboratory.lab_order.id"], name=op.f("fk_order_change_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_change")),
        schema=SCHEMA,
    )
    op.create_index("ix_order_change_order", "order_change", ["order_id"], unique=False, schema=SCHEMA)
    op.create_table(
        "specimen",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=False),
        sa.Column("specimen_type", sa.Text(), nullable=False),
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'planned'"), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_by", sa.Text(), nullable=True),
        sa.Column("sheet_id", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.Text(), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_by", sa.Text(), nullable=True),
        sa.Column("reject_stage", sa.Text(), nullable=True),
        sa.Column("reject_reason", sa.Text(), nullable=True),
        sa.Column("reject_note", sa.Text(), nullable=True),
        sa.Column("needs_retake", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("retake_of_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "reject_reason in ('haemolysed', 'clotted', 'too_little', 'wrong_container', 'unlabelled', 'wrong_person', 'late', 'leaked', 'lipaemic', 'other')",
            name=op.f("ck_specimen_reject_reason_known"),
        ),
        sa.CheckConstraint("reject_stage in ('sending', 'receiving')", name=op.f("ck_specimen_reject_stage_known")),
        sa.CheckConstraint(
            "specimen_type in ('blood_edta', 'blood_serum', 'blood_citrate', 'blood_fluoride', 'blood_capillary', 'urine', 'urine_24h', 'stool', 'sputum', 'smear', 'swab', 'tissue', 'other')",
            name=op.f("ck_specimen_specimen_type_known"),
        ),
        sa.CheckConstraint(
            "status in ('planned', 'collected', 'sent', 'received', 'rejected')", name=op.f("ck_specimen_status_known")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["laboratory.lab_order.id"], name=op.f("fk_specimen_order_id")),
        sa.ForeignKeyConstraint(["retake_of_id"], ["laboratory.specimen.id"], name=op.f("fk_specimen_retake_of_id")),
        sa.ForeignKeyConstraint(["sheet_id"], ["laboratory.delivery_sheet.id"], name=op.f("fk_specimen_sheet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specimen")),
        sa.UniqueConstraint("barcode", name=op.f("uq_specimen_barcode")),
        schema=SCHEMA,
    )
    op.create_index("ix_specimen_order", "specimen", ["order_id"], unique=False, schema=SCHEMA)
    op.create_index("ix_specimen_received", "specimen", ["received_at"], unique=False, schema=SCHEMA)
    op.create_index("ix_specimen_sheet", "specimen", ["sheet_id"], unique=False, schema=SCHEMA)
    op.create_table(
        "order_service",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("service_request_id", sa.BigInteger(), nullable=True),
        sa.Column("specimen_id", sa.BigInteger(), nullable=True),
        sa.Column("workplace_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'ordered'"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.Text(), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status in ('ordered', 'in_progress', 'partial', 'entered', 'confirmed', 'replaced', 'cancelled')",
            name=op.f("ck_order_service_status_known"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["laboratory.lab_order.id"], name=op.f("fk_order_service_order_id")),
        sa.ForeignKeyConstraint(["service_id"], ["laboratory.service.id"], name=op.f("fk_order_service_service_id")),
        sa.ForeignKeyConstraint(
            ["service_request_id"], ["visits.service_request.id"], name=op.f("fk_order_service_service_request_id")
        ),
        sa.ForeignKeyConstraint(["specimen_id"], ["laboratory.specimen.id"], name=op.f("fk_order_service_specimen_id")),
        sa.ForeignKeyConstraint(
            ["workplace_id"], ["laboratory.workplace.id"], name=op.f("fk_order_service_workplace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_service")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_order_service_open",
        "order_service",
        ["workplace_id", "status"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("status in ('ordered', 'in_progress', 'partial', 'entered')"),
    )
    op.create_index("ix_order_service_order", "order_service", ["order_id"], unique=False, schema=SCHEMA)
    op.create_index("ix_order_service_request", "order_service", ["service_request_id"], unique=False, schema=SCHEMA)
    op.create_index("ix_order_service_specimen", "order_service", ["specimen_id"], unique=False, schema=SCHEMA)


def _result() -> None:
    op.create_table(
        "report",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why_unmatched", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("analyser_id", sa.BigInteger(), nullable=True),
        sa.Column("laboratory_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("performer", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settle_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state in ('matched', 'unmatched', 'external', 'dismissed')", name=op.f("ck_report_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["laboratory_id"], ["organizations.organization.id"], name=op.f("fk_report_laboratory_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["laboratory.lab_order.id"], name=op.f("fk_report_order_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_report_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        schema=SCHEMA,
    )
    op.create_index("ix_report_order", "report", ["order_id"], unique=False, schema=SCHEMA)
    op.create_index("ix_report_patient", "report", ["patient_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "ix_report_unmatched",
        "report",
        ["recorded_at"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'unmatched'"),
    )
    op.create_index("uq_report_source_key", "report", ["channel", "sender", "source_key"], unique=True, schema=SCHEMA)
    op.create_table(
        "follow_up",
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("is_critical", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.Text(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_how", sa.Text(), nullable=True),
        sa.Column("told_by", sa.Text(), nullable=True),
        sa.Column("booked_for", sa.Date(), nullable=True),
        sa.Column("booked_what", sa.Text(), nullable=True),
        sa.Column("booked_by", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_how", sa.Text(), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'seen', 'told', 'booked', 'done')", name=op.f("ck_follow_up_state_known")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["laboratory.lab_order.id"], name=op.f("fk_follow_up_order_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_follow_up_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_follow_up_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_follow_up_practitioner_id")
        ),
        sa.ForeignKeyConstraint(["report_id"], ["laboratory.report.id"], name=op.f("fk_follow_up_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_follow_up_open",
        "follow_up",
        ["organization_id", "opened_at"],
        unique=False,
        schema=SCHEMA,
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_index("ix_follow_up_patient", "follow_up", ["patient_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "uq_follow_up_order",
        "follow_up",
        ["order_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("order_id is not null"),
    )
    op.create_index(
        "uq_follow_up_report",
        "follow_up",
        ["report_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("report_id is not null"),
    )
    op.create_table(
        "result_file",
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["laboratory.report.id"], name=op.f("fk_result_file_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_file")),
        schema=SCHEMA,
    )
    op.create_index("ix_result_file_report", "result_file", ["report_id"], unique=False, schema=SCHEMA)
    op.create_table(
        "result",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("parameter_id", sa.BigInteger(), nullable=False),
        sa.Column("order_service_id", sa.BigInteger(), nullable=True),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'entered'"), nullable=False),
        sa.Column("is_current", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("value_number", sa.Double(), nullable=True),
        sa.Column("comparator", sa.Text(), nullable=True),
        sa.Column("value_code", sa.Text(), nullable=True),
        sa.Column("value_text", sa.Text(), nullable=True),
        sa.Column("answers", postgresql.JSONB(), nullable=True),
        sa.Column("questionnaire_version_id", sa.BigInteger(), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("critical_low", sa.Double(), nullable=True),
        sa.Column("critical_high", sa.Double(), nullable=True),
        sa.Column("reference_text", sa.Text(), nullable=True),
        sa.Column("flag", sa.Text(), nullable=True),
        sa.Column("delta_from", sa.Double(), nullable=True),
        sa.Column("delta_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("analyser_id", sa.BigInteger(), nullable=True),
        sa.Column("performer", sa.Text(), nullable=True),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_reason", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("observation_id", sa.BigInteger(), nullable=True),
        sa.Column("correction_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("comparator in ('<', '>', '<=', '>=')", name=op.f("ck_result_comparator_known")),
        sa.CheckConstraint("flag in ('N', 'L', 'H', 'LL', 'HH', 'A', 'AA')", name=op.f("ck_result_flag_known")),
        sa.CheckConstraint(
            "source in ('manual', 'analyser', 'calculated', 'external')", name=op.f("ck_result_source_known")
        ),
        sa.CheckConstraint("status <> 'confirmed' or confirmed_at is not null", name=op.f("ck_result_confirmed_when")),
        sa.CheckConstraint(
            "status in ('entered', 'confirmed', 'corrected', 'removed')", name=op.f("ck_result_status_known")
        ),
        sa.CheckConstraint("order_service_id is not null or report_id is not null", name=op.f("ck_result_has_origin")),
        sa.ForeignKeyConstraint(
            ["confirmed_practitioner_id"],
            ["organizations.practitioner.id"],
            name=op.f("fk_result_confirmed_practitioner_id"),
        ),
        sa.ForeignKeyConstraint(["file_id"], ["laboratory.result_file.id"], name=op.f("fk_result_file_id")),
        sa.ForeignKeyConstraint(["observation_id"], ["visits.observation.id"], name=op.f("fk_result_observation_id")),
        sa.ForeignKeyConstraint(
            ["order_service_id"], ["laboratory.order_service.id"], name=op.f("fk_result_order_service_id")
        ),
        sa.ForeignKeyConstraint(["parameter_id"], ["laboratory.parameter.id"], name=op.f("fk_result_parameter_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_result_patient_id")),
        sa.ForeignKeyConstraint(
            ["questionnaire_version_id"],
            ["questionnaires.questionnaire_version.id"],
            name=op.f("fk_result_questionnaire_version_id"),
        ),
        sa.ForeignKeyConstraint(["report_id"], ["laboratory.report.id"], name=op.f("fk_result_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result")),
        schema=SCHEMA,
    )
    op.create_index("ix_result_order_service", "result", ["order_service_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "ix_result_patient", "result", ["patient_id", "parameter_id", "measured_at"], unique=False, schema=SCHEMA
    )
    op.create_index("ix_result_report", "result", ["report_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "uq_result_current",
        "result",
        ["order_service_id", "parameter_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("is_current and order_service_id is not null"),
    )
    op.create_table(
        "critical_call",
        sa.Column("result_id", sa.BigInteger(), nullable=False),
        sa.Column("told_to", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.Column("read_back", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["laboratory.result.id"], name=op.f("fk_critical_call_result_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_call")),
        schema=SCHEMA,
    )
    op.create_index("ix_critical_call_result", "critical_call", ["result_id"], unique=False, schema=SCHEMA)


def _blood() -> None:
    op.create_table(
        "blood_group",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("specimen_id", sa.BigInteger(), nullable=True),
        sa.Column("abo", sa.Text(), nullable=False),
        sa.Column("rhesus", sa.Text(), nullable=False),
        sa.Column("antibodies", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("determined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("determined_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("abo in ('O', 'A', 'B', 'AB')", name=op.f("ck_blood_group_abo_known")),
        sa.CheckConstraint("rhesus in ('positive', 'negative')", name=op.f("ck_blood_group_rhesus_known")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_blood_group_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_blood_group_patient_id")),
        sa.ForeignKeyConstraint(["specimen_id"], ["laboratory.specimen.id"], name=op.f("fk_blood_group_specimen_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blood_group")),
        schema=SCHEMA,
    )
    op.create_index("ix_blood_group_patient", "blood_group", ["patient_id"], unique=False, schema=SCHEMA)
    op.create_table(
        "transfusion",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("procedure_id", sa.BigInteger(), nullable=True),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("unit_number", sa.Text(), nullable=False),
        sa.Column("unit_abo", sa.Text(), nullable=False),
        sa.Column("unit_rhesus", sa.Text(), nullable=False),
        sa.Column("unit_expires_on", sa.Date(), nullable=False),
        sa.Column("volume_ml", sa.Double(), nullable=False),
        sa.Column("indication", sa.Text(), nullable=False),
        sa.Column("consent_signed", sa.Boolean(), nullable=False),
        sa.Column("crossmatch", sa.Text(), nullable=False),
        sa.Column("biological_test", sa.Boolean(), nullable=False),
        sa.Column("without_group_reason", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "component in ('red_cells', 'platelets', 'plasma', 'cryoprecipitate', 'whole_blood')",
            name=op.f("ck_transfusion_component_known"),
        ),
        sa.CheckConstraint(
            "crossmatch in ('compatible', 'incompatible', 'not_done')", name=op.f("ck_transfusion_crossmatch_known")
        ),
        sa.CheckConstraint("unit_abo in ('O', 'A', 'B', 'AB')", name=op.f("ck_transfusion_unit_abo_known")),
        sa.CheckConstraint("unit_rhesus in ('positive', 'negative')", name=op.f("ck_transfusion_unit_rhesus_known")),
        sa.CheckConstraint("ended_at is null or ended_at >= started_at", name=op.f("ck_transfusion_ends_after_start")),
        sa.CheckConstraint("volume_ml > 0", name=op.f("ck_transfusion_volume_positive")),
        sa.ForeignKeyConstraint(["encounter_id"], ["visits.encounter.id"], name=op.f("fk_transfusion_encounter_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_transfusion_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_transfusion_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_transfusion_practitioner_id")
        ),
        sa.ForeignKeyConstraint(["procedure_id"], ["visits.procedure.id"], name=op.f("fk_transfusion_procedure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfusion")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_transfusion_organization", "transfusion", ["organization_id", "started_at"], unique=False, schema=SCHEMA
    )
    op.create_index("ix_transfusion_patient", "transfusion", ["patient_id"], unique=False, schema=SCHEMA)
    op.create_index(
        "uq_transfusion_unit", "transfusion", ["unit_number", "component", "patient_id"], unique=True, schema=SCHEMA
    )
    op.create_table(
        "transfusion_reaction",
        sa.Column("transfusion_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("imputability", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signs", sa.Text(), nullable=False),
        sa.Column("treatment", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "imputability in ('excluded', 'possible', 'probable', 'certain')",
            name=op.f("ck_transfusion_reaction_imputability_known"),
        ),
        sa.CheckConstraint(
            "kind in ('febrile', 'allergic', 'acute_haemolytic', 'delayed_haemolytic', 'lung_injury', 'circulatory_overload', 'bacterial', 'hypotensive', 'other')",
            name=op.f("ck_transfusion_reaction_kind_known"),
        ),
        sa.CheckConstraint(
            "severity in ('mild', 'severe', 'life_threatening', 'death')",
            name=op.f("ck_transfusion_reaction_severity_known"),
        ),
        sa.ForeignKeyConstraint(
            ["transfusion_id"], ["laboratory.transfusion.id"], name=op.f("fk_transfusion_reaction_transfusion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfusion_reaction")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_transfusion_reaction_transfusion", "transfusion_reaction", ["transfusion_id"], unique=False, schema=SCHEMA
    )


def downgrade() -> None:
    for table in (
        "critical_call",
        "transfusion_reaction",
        "result",
        "transfusion",
        "result_file",
        "order_service",
        "follow_up",
        "blood_group",
        "specimen",
        "report",
        "order_change",
        "lab_order",
        "workplace_service",
        "workplace",
        "service_parameter",
        "reflex_rule",
        "reference_range",
        "number_scheme",
        "delivery_sheet",
        "service",
        "parameter",
    ):
        op.drop_table(table, schema=SCHEMA)
    op.execute(f"drop schema {SCHEMA}")
