"""Dated facts of a person; what undoing a merge puts back; data not given to applications of patients."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create schema person_facts")
    op.create_table(
        "address",
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("kato_code", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), server_default=sa.text("'patient'"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kato_code ~ '^[0-9]{9}$'", name=op.f("ck_address_kato_shape")),
        sa.CheckConstraint("use in ('registered', 'living', 'temporary', 'former')", name=op.f("ck_address_use_known")),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_address_way_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or start_date is null or end_date >= start_date", name=op.f("ck_address_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_address_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_address_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address")),
        schema="person_facts",
    )
    op.create_index("ix_address_patient", "address", ["patient_id"], unique=False, schema="person_facts")
    op.create_table(
        "contact",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("is_preferred", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), server_default=sa.text("'patient'"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('mobile', 'home', 'work', 'email')", name=op.f("ck_contact_kind_known")),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_contact_way_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or start_date is null or end_date >= start_date", name=op.f("ck_contact_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_contact_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_contact_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        schema="person_facts",
    )
    op.create_index("ix_contact_patient", "contact", ["patient_id"], unique=False, schema="person_facts")
    op.create_table(
        "identity_document",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), server_default=sa.text("'KZ'"), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), server_default=sa.text("'patient'"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_identity_document_country_shape")),
        sa.CheckConstraint(
            "type in ('identity_card', 'passport', 'residence_permit', 'birth_certificate', 'refugee_certificate', 'military_card', 'other')",
            name=op.f("ck_identity_document_type_known"),
        ),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_identity_document_way_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or start_date is null or end_date >= start_date",
            name=op.f("ck_identity_document_ends_after_start"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_identity_document_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_identity_document_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_document")),
        schema="person_facts",
    )
    op.create_index(
        "ix_identity_document_patient", "identity_document", ["patient_id"], unique=False, schema="person_facts"
    )
    op.create_table(
        "insurance",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), server_default=sa.text("'patient'"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "category in ('employer', 'self', 'single_payment', 'state')", name=op.f("ck_insurance_category_known")
        ),
        sa.CheckConstraint("source in ('registry', 'statement', 'document')", name=op.f("ck_insurance_source_known")),
        sa.CheckConstraint("state in ('insured', 'uninsured')", name=op.f("ck_insurance_state_known")),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_insurance_way_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or start_date is null or end_date >= start_date",
            name=op.f("ck_insurance_ends_after_start"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_insurance_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_insurance_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insurance")),
        schema="person_facts",
    )
    op.create_index("ix_insurance_patient", "insurance", ["patient_id"], unique=False, schema="person_facts")
    op.create_table(
        "relative",
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("relative_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("lives_together", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_emergency_contact", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), server_default=sa.text("'patient'"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "relation in ('mother', 'father', 'child', 'spouse', 'sibling', 'grandparent', 'grandchild', 'guardian', 'ward', 'other')",
            name=op.f("ck_relative_relation_known"),
        ),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_relative_way_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or start_date is null or end_date >= start_date",
            name=op.f("ck_relative_ends_after_start"),
        ),
        sa.CheckConstraint("relative_id is distinct from patient_id", name=op.f("ck_relative_is_another_person")),
        sa.CheckConstraint("relative_id is not null or name is not null", name=op.f("ck_relative_is_somebody")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_relative_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_relative_patient_id")),
        sa.ForeignKeyConstraint(["relative_id"], ["patients.patient.id"], name=op.f("fk_relative_relative_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relative")),
        schema="person_facts",
    )
    op.create_index("ix_relative_patient", "relative", ["patient_id"], unique=False, schema="person_facts")
    op.create_index(
        "ix_relative_relative",
        "relative",
        ["relative_id"],
        unique=False,
        schema="person_facts",
        postgresql_where=sa.text("relative_id is not null"),
    )
    op.create_table(
        "social_status",
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), server_default=sa.text("'patient'"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status in ('employed', 'self_employed', 'unemployed', 'pensioner', 'student', 'preschool', 'disabled_1', 'disabled_2', 'disabled_3', 'disabled_child', 'veteran', 'many_children', 'low_income', 'orphan', 'carer', 'prisoner', 'no_fixed_abode', 'other')",
            name=op.f("ck_social_status_status_known"),
        ),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_social_status_way_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or start_date is null or end_date >= start_date",
            name=op.f("ck_social_status_ends_after_start"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_social_status_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_social_status_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_social_status")),
        schema="person_facts",
    )
    op.create_index("ix_social_status_patient", "social_status", ["patient_id"], unique=False, schema="person_facts")
    op.create_table(
        "spoken_language",
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("needs_interpreter", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), server_default=sa.text("'patient'"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "language in ('kk', 'ru', 'en', 'uz', 'ug', 'tr', 'sign', 'other')",
            name=op.f("ck_spoken_language_language_known"),
        ),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_spoken_language_way_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or start_date is null or end_date >= start_date",
            name=op.f("ck_spoken_language_ends_after_start"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_spoken_language_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_spoken_language_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spoken_language")),
        schema="person_facts",
    )
    op.create_index(
        "ix_spoken_language_patient", "spoken_language", ["patient_id"], unique=False, schema="person_facts"
    )
    op.create_table(
        "education",
        sa.Column("institution_id", sa.BigInteger(), nullable=True),
        sa.Column("institution", sa.Text(), nullable=True),
        sa.Column("group", sa.Text(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), server_default=sa.text("'patient'"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_education_way_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or start_date is null or end_date >= start_date",
            name=op.f("ck_education_ends_after_start"),
        ),
        sa.CheckConstraint(
            "institution_id is not null or institution is not null", name=op.f("ck_education_names_institution")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["resources.educational_institution.id"], name=op.f("fk_education_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_education_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_education_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_education")),
        schema="person_facts",
    )
    op.create_index("ix_education_institution", "education", ["institution_id"], unique=False, schema="person_facts")
    op.create_index("ix_education_patient", "education", ["patient_id"], unique=False, schema="person_facts")
    op.create_table(
        "employment",
        sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
        sa.Column("employer", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), server_default=sa.text("'patient'"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_employment_way_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or start_date is null or end_date >= start_date",
            name=op.f("ck_employment_ends_after_start"),
        ),
        sa.CheckConstraint(
            "enterprise_id is not null or employer is not null", name=op.f("ck_employment_names_employer")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["resources.enterprise.id"], name=op.f("fk_employment_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_employment_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_employment_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employment")),
        schema="person_facts",
    )
    op.create_index("ix_employment_enterprise", "employment", ["enterprise_id"], unique=False, schema="person_facts")
    op.create_index("ix_employment_patient", "employment", ["patient_id"], unique=False, schema="person_facts")
    op.create_table(
        "application_limit",
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.organization.id"],
            name=op.f("fk_application_limit_organization_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "kind", name=op.f("pk_application_limit")),
        schema="personal_data",
    )
    op.add_column("patient_link", sa.Column("ended_attachment_id", sa.BigInteger(), nullable=True), schema="patients")
    op.add_column("patient_link", sa.Column("attachment_end_date", sa.Date(), nullable=True), schema="patients")
    op.add_column("patient_link", sa.Column("attachment_end_reason", sa.Text(), nullable=True), schema="patients")
    op.create_foreign_key(
        op.f("fk_patient_link_ended_attachment_id"),
        "patient_link",
        "attachment",
        ["ended_attachment_id"],
        ["id"],
        source_schema="patients",
        referent_schema="patients",
    )
    # links made before keep what undoing them did then: the attachment ended by linking is open again
    op.execute(
        "update patients.patient_link l set ended_attachment_id = a.id from patients.attachment a "
        "where l.unlinked_at is null and a.patient_id = l.other_patient_id and a.end_reason = 'merged' "
        "and not exists (select from patients.attachment b where b.patient_id = a.patient_id "
        "and b.end_reason = 'merged' and b.id > a.id)"
    )


def downgrade() -> None:
    op.drop_table("application_limit", schema="personal_data")
    for column in ("ended_attachment_id", "attachment_end_date", "attachment_end_reason"):
        op.drop_column("patient_link", column, schema="patients")
    op.execute("drop schema person_facts cascade")
