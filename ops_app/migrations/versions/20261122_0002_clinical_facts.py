"""Visits, episodes, bookings and deaths."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMAS = (
    "appointments",
    "deaths",
    "episodes",
    "visits",
)
TABLES = (
    ("appointment", "appointments"),
    ("death", "deaths"),
    ("episode_of_care", "episodes"),
    ("encounter", "visits"),
    ("care_plan_activity", "episodes"),
    ("condition", "visits"),
    ("immunization", "visits"),
    ("medication_request", "visits"),
    ("observation", "visits"),
    ("service_request", "visits"),
    ("procedure", "visits"),
)


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"create schema if not exists {schema}")
    op.create_table(
        "appointment",
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'booked'"), nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint("evidence in ('measured', 'presence', 'typed')", name=op.f("ck_appointment_evidence_known")),
        sa.CheckConstraint("known_at >= event_at - interval '1 day'", name=op.f("ck_appointment_known_after_event")),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_appointment_source_known")
        ),
        sa.CheckConstraint(
            "status in ('booked', 'arrived', 'fulfilled', 'cancelled', 'noshow')",
            name=op.f("ck_appointment_status_known"),
        ),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_appointment_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_appointment_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_appointment_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_appointment_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        schema="appointments",
    )
    op.create_index(
        "ix_appointment_organization_start",
        "appointment",
        ["organization_id", "start_at"],
        unique=False,
        schema="appointments",
    )
    op.create_index(
        "ix_appointment_patient_event", "appointment", ["patient_id", "event_at"], unique=False, schema="appointments"
    )
    op.create_index(
        "ix_appointment_row_xid",
        "appointment",
        ["row_xid"],
        unique=False,
        schema="appointments",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_appointment_source_key",
        "appointment",
        ["source_system", "source_key"],
        unique=True,
        schema="appointments",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "death",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("cause_icd10", sa.Text(), nullable=True),
        sa.Column("is_time_exact", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint("cause_icd10 ~ '^[A-Z][0-9]{2}([.][0-9]{1,2})?$'", name=op.f("ck_death_icd10_shape")),
        sa.CheckConstraint("evidence in ('measured', 'presence', 'typed')", name=op.f("ck_death_evidence_known")),
        sa.CheckConstraint("known_at >= event_at - interval '1 day'", name=op.f("ck_death_known_after_event")),
        sa.CheckConstraint(
            "place in ('home', 'hospital', 'ambulance', 'other', 'unknown')", name=op.f("ck_death_place_known")
        ),
        sa.CheckConstraint("source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_death_source_known")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_death_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_death_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_death_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_death")),
        schema="deaths",
    )
    op.create_index("ix_death_patient_event", "death", ["patient_id", "event_at"], unique=False, schema="deaths")
    op.create_index(
        "ix_death_row_xid",
        "death",
        ["row_xid"],
        unique=False,
        schema="deaths",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_death_one_live",
        "death",
        ["patient_id"],
        unique=True,
        schema="deaths",
        postgresql_where=sa.text("entered_in_error_at is null"),
    )
    op.create_index(
        "uq_death_source_key",
        "death",
        ["source_system", "source_key"],
        unique=True,
        schema="deaths",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "episode_of_care",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("icd10", sa.Text(), nullable=True),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_known_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("lmp_date", sa.Date(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("risk_level", sa.Text(), nullable=True),
        sa.Column("required_care_level", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome_known_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "close_reason in ('outcome', 'moved', 'transferred', 'recovered', 'died', 'refused', 'mistake')",
            name=op.f("ck_episode_of_care_close_reason_known"),
        ),
        sa.CheckConstraint(
            "evidence in ('measured', 'presence', 'typed')", name=op.f("ck_episode_of_care_evidence_known")
        ),
        sa.CheckConstraint("kind in ('pregnancy', 'dispensary')", name=op.f("ck_episode_of_care_kind_known")),
        sa.CheckConstraint(
            "known_at >= event_at - interval '1 day'", name=op.f("ck_episode_of_care_known_after_event")
        ),
        sa.CheckConstraint(
            "outcome in ('live_birth', 'stillbirth', 'miscarriage', 'abortion', 'ectopic')",
            name=op.f("ck_episode_of_care_outcome_known"),
        ),
        sa.CheckConstraint(
            "risk_level in ('low', 'moderate', 'high')", name=op.f("ck_episode_of_care_risk_level_known")
        ),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_episode_of_care_source_known")
        ),
        sa.CheckConstraint(
            "status in ('active', 'finished', 'cancelled')", name=op.f("ck_episode_of_care_status_known")
        ),
        sa.CheckConstraint("end_at is null or end_at >= event_at", name=op.f("ck_episode_of_care_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_episode_of_care_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_episode_of_care_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_episode_of_care_practitioner_id")
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["organizations.organization.id"], name=op.f("fk_episode_of_care_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode_of_care")),
        schema="episodes",
    )
    op.create_index(
        "ix_episode_of_care_patient_event",
        "episode_of_care",
        ["patient_id", "event_at"],
        unique=False,
        schema="episodes",
    )
    op.create_index(
        "ix_episode_of_care_row_xid",
        "episode_of_care",
        ["row_xid"],
        unique=False,
        schema="episodes",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_episode_of_care_one_open_pregnancy",
        "episode_of_care",
        ["patient_id"],
        unique=True,
        schema="episodes",
        postgresql_where=sa.text("kind = 'pregnancy' and status = 'active' and entered_in_error_at is null"),
    )
    op.create_index(
        "uq_episode_of_care_source_key",
        "episode_of_care",
        ["source_system", "source_key"],
        unique=True,
        schema="episodes",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "encounter",
        sa.Column("encounter_class", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'finished'"), nullable=False),
        sa.Column("purpose", sa.Text(), server_default=sa.text("'disease'"), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_known_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("is_planned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "disposition in ('home', 'transferred', 'died', 'refused', 'not_indicated', 'non_profile', 'no_bed', 'walked_out', 'nobody_home')",
            name=op.f("ck_encounter_disposition_known"),
        ),
        sa.CheckConstraint(
            "encounter_class in ('ambulatory', 'home', 'inpatient', 'emergency', 'virtual')",
            name=op.f("ck_encounter_encounter_class_known"),
        ),
        sa.CheckConstraint("evidence in ('measured', 'presence', 'typed')", name=op.f("ck_encounter_evidence_known")),
        sa.CheckConstraint("known_at >= event_at - interval '1 day'", name=op.f("ck_encounter_known_after_event")),
        sa.CheckConstraint(
            "payer in ('guaranteed_package', 'insurance', 'paid', 'other')", name=op.f("ck_encounter_payer_known")
        ),
        sa.CheckConstraint(
            "purpose in ('disease', 'prevention', 'screening', 'pregnancy', 'dispensary', 'patronage', 'active', 'home_call', 'hospitalisation', 'ambulance_call', 'other')",
            name=op.f("ck_encounter_purpose_known"),
        ),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_encounter_source_known")
        ),
        sa.CheckConstraint(
            "status in ('planned', 'in_progress', 'finished', 'cancelled')", name=op.f("ck_encounter_status_known")
        ),
        sa.CheckConstraint("end_at is null or end_at >= event_at", name=op.f("ck_encounter_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["organizations.organization.id"], name=op.f("fk_encounter_department_id")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["organizations.location.id"], name=op.f("fk_encounter_location_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_encounter_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_encounter_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_encounter_practitioner_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["organizations.organization.id"], name=op.f("fk_encounter_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_encounter")),
        schema="visits",
    )
    op.create_index(
        "ix_encounter_organization_event", "encounter", ["organization_id", "event_at"], unique=False, schema="visits"
    )
    op.create_index(
        "ix_encounter_patient_event", "encounter", ["patient_id", "event_at"], unique=False, schema="visits"
    )
    op.create_index(
        "ix_encounter_row_xid",
        "encounter",
        ["row_xid"],
        unique=False,
        schema="visits",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_encounter_source_key",
        "encounter",
        ["source_system", "source_key"],
        unique=True,
        schema="visits",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "care_plan_activity",
        sa.Column("episode_id", sa.BigInteger(), nullable=True),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("plan_year", sa.BigInteger(), nullable=True),
        sa.Column("planned_date", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'planned'"), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "evidence in ('measured', 'presence', 'typed')", name=op.f("ck_care_plan_activity_evidence_known")
        ),
        sa.CheckConstraint(
            "known_at >= event_at - interval '1 day'", name=op.f("ck_care_plan_activity_known_after_event")
        ),
        sa.CheckConstraint(
            "programme in ('pregnancy', 'dispensary', 'breast', 'cervix', 'cvd_dm')",
            name=op.f("ck_care_plan_activity_programme_known"),
        ),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_care_plan_activity_source_known")
        ),
        sa.CheckConstraint(
            "status in ('planned', 'done', 'cancelled')", name=op.f("ck_care_plan_activity_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["encounter_id"], ["visits.encounter.id"], name=op.f("fk_care_plan_activity_encounter_id")
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.episode_of_care.id"], name=op.f("fk_care_plan_activity_episode_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_care_plan_activity_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_care_plan_activity_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_care_plan_activity_practitioner_id")
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["organizations.organization.id"], name=op.f("fk_care_plan_activity_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_plan_activity")),
        schema="episodes",
    )
    op.create_index(
        "ix_care_plan_activity_episode", "care_plan_activity", ["episode_id"], unique=False, schema="episodes"
    )
    op.create_index(
        "ix_care_plan_activity_patient_event",
        "care_plan_activity",
        ["patient_id", "event_at"],
        unique=False,
        schema="episodes",
    )
    op.create_index(
        "ix_care_plan_activity_row_xid",
        "care_plan_activity",
        ["row_xid"],
        unique=False,
        schema="episodes",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_care_plan_activity_source_key",
        "care_plan_activity",
        ["source_system", "source_key"],
        unique=True,
        schema="episodes",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "condition",
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("icd10", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), server_default=sa.text("'final'"), nullable=False),
        sa.Column("type", sa.Text(), server_default=sa.text("'main'"), nullable=False),
        sa.Column("character", sa.Text(), nullable=True),
        sa.Column("abated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("original_system", sa.Text(), nullable=True),
        sa.Column("original_code", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "character in ('acute', 'chronic_new', 'chronic_known')", name=op.f("ck_condition_character_known")
        ),
        sa.CheckConstraint("evidence in ('measured', 'presence', 'typed')", name=op.f("ck_condition_evidence_known")),
        sa.CheckConstraint("icd10 ~ '^[A-Z][0-9]{2}([.][0-9]{1,2})?$'", name=op.f("ck_condition_icd10_shape")),
        sa.CheckConstraint(
            "kind in ('referral', 'admission', 'preliminary', 'final')", name=op.f("ck_condition_kind_known")
        ),
        sa.CheckConstraint("known_at >= event_at - interval '1 day'", name=op.f("ck_condition_known_after_event")),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_condition_source_known")
        ),
        sa.CheckConstraint(
            "type in ('main', 'complication', 'concomitant', 'background')", name=op.f("ck_condition_type_known")
        ),
        sa.CheckConstraint("icd10 is not null or original_code is not null", name=op.f("ck_condition_has_code")),
        sa.ForeignKeyConstraint(["encounter_id"], ["visits.encounter.id"], name=op.f("fk_condition_encounter_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_condition_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_condition_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_condition_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition")),
        schema="visits",
    )
    op.create_index("ix_condition_encounter", "condition", ["encounter_id"], unique=False, schema="visits")
    op.create_index(
        "ix_condition_patient_event", "condition", ["patient_id", "event_at"], unique=False, schema="visits"
    )
    op.create_index(
        "ix_condition_row_xid",
        "condition",
        ["row_xid"],
        unique=False,
        schema="visits",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_condition_source_key",
        "condition",
        ["source_system", "source_key"],
        unique=True,
        schema="visits",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "immunization",
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("code_system", sa.Text(), server_default=sa.text("'cvx'"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("dose_number", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'completed'"), nullable=False),
        sa.Column("lot_number", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "evidence in ('measured', 'presence', 'typed')", name=op.f("ck_immunization_evidence_known")
        ),
        sa.CheckConstraint("known_at >= event_at - interval '1 day'", name=op.f("ck_immunization_known_after_event")),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_immunization_source_known")
        ),
        sa.CheckConstraint(
            "status in ('completed', 'refused', 'contraindicated')", name=op.f("ck_immunization_status_known")
        ),
        sa.ForeignKeyConstraint(["encounter_id"], ["visits.encounter.id"], name=op.f("fk_immunization_encounter_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_immunization_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_immunization_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_immunization_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_immunization")),
        schema="visits",
    )
    op.create_index("ix_immunization_encounter", "immunization", ["encounter_id"], unique=False, schema="visits")
    op.create_index(
        "ix_immunization_patient_event", "immunization", ["patient_id", "event_at"], unique=False, schema="visits"
    )
    op.create_index(
        "ix_immunization_row_xid",
        "immunization",
        ["row_xid"],
        unique=False,
        schema="visits",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_immunization_source_key",
        "immunization",
        ["source_system", "source_key"],
        unique=True,
        schema="visits",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "medication_request",
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("code_system", sa.Text(), server_default=sa.text("'atc'"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("is_free", sa.Boolean(), nullable=True),
        sa.Column("dosage", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "evidence in ('measured', 'presence', 'typed')", name=op.f("ck_medication_request_evidence_known")
        ),
        sa.CheckConstraint(
            "known_at >= event_at - interval '1 day'", name=op.f("ck_medication_request_known_after_event")
        ),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_medication_request_source_known")
        ),
        sa.CheckConstraint(
            "status in ('active', 'completed', 'stopped', 'cancelled')", name=op.f("ck_medication_request_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["encounter_id"], ["visits.encounter.id"], name=op.f("fk_medication_request_encounter_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_medication_request_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_medication_request_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_medication_request_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medication_request")),
        schema="visits",
    )
    op.create_index(
        "ix_medication_request_encounter", "medication_request", ["encounter_id"], unique=False, schema="visits"
    )
    op.create_index(
        "ix_medication_request_patient_event",
        "medication_request",
        ["patient_id", "event_at"],
        unique=False,
        schema="visits",
    )
    op.create_index(
        "ix_medication_request_row_xid",
        "medication_request",
        ["row_xid"],
        unique=False,
        schema="visits",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_medication_request_source_key",
        "medication_request",
        ["source_system", "source_key"],
        unique=True,
        schema="visits",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "observation",
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("code_system", sa.Text(), server_default=sa.text("'loinc'"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("value_number", sa.Double(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("value_code", sa.Text(), nullable=True),
        sa.Column("value_text", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'final'"), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint("evidence in ('measured', 'presence', 'typed')", name=op.f("ck_observation_evidence_known")),
        sa.CheckConstraint("known_at >= event_at - interval '1 day'", name=op.f("ck_observation_known_after_event")),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_observation_source_known")
        ),
        sa.CheckConstraint(
            "status in ('preliminary', 'final', 'corrected', 'cancelled')", name=op.f("ck_observation_status_known")
        ),
        sa.CheckConstraint(
            "value_number is not null or value_code is not null or value_text is not null",
            name=op.f("ck_observation_has_value"),
        ),
        sa.ForeignKeyConstraint(["encounter_id"], ["visits.encounter.id"], name=op.f("fk_observation_encounter_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_observation_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_observation_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_observation_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        schema="visits",
    )
    op.create_index("ix_observation_encounter", "observation", ["encounter_id"], unique=False, schema="visits")
    op.create_index(
        "ix_observation_patient_event", "observation", ["patient_id", "event_at"], unique=False, schema="visits"
    )
    op.create_index(
        "ix_observation_row_xid",
        "observation",
        ["row_xid"],
        unique=False,
        schema="visits",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_observation_source_key",
        "observation",
        ["source_system", "source_key"],
        unique=True,
        schema="visits",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "service_request",
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), server_default=sa.text("'routine'"), nullable=False),
        sa.Column("performer_organization_id", sa.BigInteger(), nullable=True),
        sa.Column("reason_icd10", sa.Text(), nullable=True),
        sa.Column("occurrence_date", sa.Date(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "category in ('consultation', 'laboratory', 'imaging', 'procedure', 'hospitalisation', 'rehabilitation', 'other')",
            name=op.f("ck_service_request_category_known"),
        ),
        sa.CheckConstraint(
            "evidence in ('measured', 'presence', 'typed')", name=op.f("ck_service_request_evidence_known")
        ),
        sa.CheckConstraint(
            "known_at >= event_at - interval '1 day'", name=op.f("ck_service_request_known_after_event")
        ),
        sa.CheckConstraint(
            "priority in ('routine', 'urgent', 'emergency')", name=op.f("ck_service_request_priority_known")
        ),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_service_request_source_known")
        ),
        sa.CheckConstraint(
            "status in ('draft', 'active', 'scheduled', 'in_progress', 'completed', 'cancelled')",
            name=op.f("ck_service_request_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["encounter_id"], ["visits.encounter.id"], name=op.f("fk_service_request_encounter_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_service_request_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_service_request_patient_id")),
        sa.ForeignKeyConstraint(
            ["performer_organization_id"],
            ["organizations.organization.id"],
            name=op.f("fk_service_request_performer_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_service_request_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_request")),
        schema="visits",
    )
    op.create_index("ix_service_request_encounter", "service_request", ["encounter_id"], unique=False, schema="visits")
    op.create_index(
        "ix_service_request_patient_event", "service_request", ["patient_id", "event_at"], unique=False, schema="visits"
    )
    op.create_index(
        "ix_service_request_row_xid",
        "service_request",
        ["row_xid"],
        unique=False,
        schema="visits",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_service_request_source_key",
        "service_request",
        ["source_system", "source_key"],
        unique=True,
        schema="visits",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "procedure",
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("service_request_id", sa.BigInteger(), nullable=True),
        sa.Column("code_system", sa.Text(), server_default=sa.text("'kz_service'"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=True),
        sa.Column("result_code", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'completed'"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint("evidence in ('measured', 'presence', 'typed')", name=op.f("ck_procedure_evidence_known")),
        sa.CheckConstraint("known_at >= event_at - interval '1 day'", name=op.f("ck_procedure_known_after_event")),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_procedure_source_known")
        ),
        sa.CheckConstraint(
            "status in ('in_progress', 'completed', 'cancelled')", name=op.f("ck_procedure_status_known")
        ),
        sa.ForeignKeyConstraint(["encounter_id"], ["visits.encounter.id"], name=op.f("fk_procedure_encounter_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_procedure_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_procedure_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_procedure_practitioner_id")
        ),
        sa.ForeignKeyConstraint(
            ["service_request_id"], ["visits.service_request.id"], name=op.f("fk_procedure_service_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure")),
        schema="visits",
    )
    op.create_index("ix_procedure_encounter", "procedure", ["encounter_id"], unique=False, schema="visits")
    op.create_index(
        "ix_procedure_patient_event", "procedure", ["patient_id", "event_at"], unique=False, schema="visits"
    )
    op.create_index(
        "ix_procedure_programme",
        "procedure",
        ["programme", "event_at"],
        unique=False,
        schema="visits",
        postgresql_where=sa.text("programme is not null"),
    )
    op.create_index(
        "ix_procedure_row_xid",
        "procedure",
        ["row_xid"],
        unique=False,
        schema="visits",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_procedure_source_key",
        "procedure",
        ["source_system", "source_key"],
        unique=True,
        schema="visits",
        postgresql_where=sa.text("source_key is not null"),
    )


def downgrade() -> None:
    for table, schema in reversed(TABLES):
        op.drop_table(table, schema=schema)
