"""Consents, requests of people about their data, disclosures, terms of storage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = (
    "notice_day",
    "archive_mark",
    "cabinet",
    "destruction_act",
    "export_delivery",
    "facility_term",
    "representative",
    "stored_file",
    "collection_note",
    "consent",
    "disclosure",
    "subject_request",
    "data_block",
)

REFUSE = "raise exception 'a document and its signatures are not changed' using errcode = 'check_violation';"


def upgrade() -> None:
    op.execute("create schema if not exists personal_data")
    _tables()
    # An act of destruction erases documents too; only the function of the gate runs as somebody else.
    _freeze(f"""
        if current_setting('saulyq.destroying', true) = 'on' and current_user <> session_user then
            return new;
        end if;
        {REFUSE}
    """)


def downgrade() -> None:
    _freeze(REFUSE)
    op.drop_column("patient", "research_consent", schema="patients")
    for table in reversed(TABLES):
        op.drop_table(table, schema="personal_data")
    op.execute("drop function if exists vault.destroy_person(bigint)")
    op.execute("drop schema personal_data")


def _freeze(body: str) -> None:
    op.execute(
        f"create or replace function documents.refuse_change() returns trigger language plpgsql as $$ begin {body} end $$"
    )


def _tables() -> None:
    op.create_table(
        "notice_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_notice_day")),
        schema="personal_data",
    )
    op.create_table(
        "archive_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("marked_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_archive_mark_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_archive_mark_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_mark")),
        schema="personal_data",
    )
    op.create_index(
        "ix_archive_mark_patient", "archive_mark", ["patient_id", "record_type"], unique=False, schema="personal_data"
    )
    op.create_table(
        "cabinet",
        sa.Column("patient_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_registered", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_cabinet_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_cabinet")),
        schema="personal_data",
    )
    op.create_table(
        "destruction_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("records", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("request_number", sa.Text(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("ground in ('violation', 'term_ended')", name=op.f("ck_destruction_act_ground_known")),
        sa.CheckConstraint(
            "(executed_at is null) = (patient_id is not null)", name=op.f("ck_destruction_act_leads_to_nobody")
        ),
        sa.CheckConstraint(
            "approved_by is distinct from drawn_by or approved_by is null", name=op.f("ck_destruction_act_two_people")
        ),
        sa.CheckConstraint(
            "executed_at is null or approved_at is not null", name=op.f("ck_destruction_act_approved_first")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_destruction_act_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_destruction_act_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction_act")),
        schema="personal_data",
    )
    op.create_index(
        "uq_destruction_act_number",
        "destruction_act",
        ["organization_id", "number"],
        unique=True,
        schema="personal_data",
    )
    op.create_index(
        "uq_destruction_act_waiting",
        "destruction_act",
        ["patient_id"],
        unique=True,
        schema="personal_data",
        postgresql_where=sa.text("executed_at is null"),
    )
    op.create_table(
        "export_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'under_check'"), nullable=False),
        sa.Column("findings", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'under_check') = (decided_at is null)", name=op.f("ck_export_delivery_decided_at_known")
        ),
        sa.CheckConstraint(
            "state <> 'rejected' or findings is not null", name=op.f("ck_export_delivery_rejected_with_findings")
        ),
        sa.CheckConstraint(
            "state in ('under_check', 'accepted', 'rejected')", name=op.f("ck_export_delivery_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_export_delivery_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["personal_data.export_delivery.id"], name=op.f("fk_export_delivery_replaces_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_delivery")),
        schema="personal_data",
    )
    op.create_index(
        "uq_export_delivery_replaces",
        "export_delivery",
        ["replaces_id"],
        unique=True,
        schema="personal_data",
        postgresql_where=sa.text("replaces_id is not null"),
    )
    op.create_table(
        "facility_term",
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("keep_until > ended_on", name=op.f("ck_facility_term_kept_after_end")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_facility_term_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_facility_term")),
        schema="personal_data",
    )
    op.create_table(
        "representative",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("iin", sa.Text(), nullable=True),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "relation in ('parent', 'guardian', 'trustee', 'attorney', 'spouse', 'other')",
            name=op.f("ck_representative_relation_known"),
        ),
        sa.CheckConstraint(
            "valid_until is null or valid_until >= valid_from", name=op.f("ck_representative_ends_after_start")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_representative_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representative")),
        schema="personal_data",
    )
    op.create_index("ix_representative_patient", "representative", ["patient_id"], unique=False, schema="personal_data")
    op.create_table(
        "stored_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stored_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_stored_file_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        schema="personal_data",
    )
    op.create_index("ix_stored_file_patient", "stored_file", ["patient_id"], unique=False, schema="personal_data")
    op.create_table(
        "collection_note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("encounter_id", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "way in ('patient', 'representative', 'submitted', 'medical_records', 'technology')",
            name=op.f("ck_collection_note_way_known"),
        ),
        sa.ForeignKeyConstraint(
            ["encounter_id"], ["visits.encounter.id"], name=op.f("fk_collection_note_encounter_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_collection_note_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_note")),
        schema="personal_data",
    )
    op.create_index(
        "ix_collection_note_patient", "collection_note", ["patient_id"], unique=False, schema="personal_data"
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), nullable=True),
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("representative_id", sa.BigInteger(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("signer", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawal_basis", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(purpose = 'record_view') = (recipient_id is not null)", name=op.f("ck_consent_recipient_named")
        ),
        sa.CheckConstraint("form <> 'egov' or reference is not null", name=op.f("ck_consent_reference_given")),
        sa.CheckConstraint("form = 'egov' or file_id is not null", name=op.f("ck_consent_file_stored")),
        sa.CheckConstraint("form in ('paper', 'electronic', 'egov')", name=op.f("ck_consent_form_known")),
        sa.CheckConstraint(
            "purpose in ('processing', 'treatment', 'record_view', 'screening', 'vaccination', 'anaesthesia', 'transfusion', 'photo', 'research', 'teaching')",
            name=op.f("ck_consent_purpose_known"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawal_basis is null)", name=op.f("ck_consent_withdrawn_with_basis")
        ),
        sa.CheckConstraint("valid_until is null or valid_until >= given_on", name=op.f("ck_consent_ends_after_start")),
        sa.ForeignKeyConstraint(["encounter_id"], ["visits.encounter.id"], name=op.f("fk_consent_encounter_id")),
        sa.ForeignKeyConstraint(["file_id"], ["personal_data.stored_file.id"], name=op.f("fk_consent_file_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_consent_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_consent_patient_id")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["organizations.organization.id"], name=op.f("fk_consent_recipient_id")
        ),
        sa.ForeignKeyConstraint(
            ["representative_id"], ["personal_data.representative.id"], name=op.f("fk_consent_representative_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        schema="personal_data",
    )
    op.create_index("ix_consent_patient", "consent", ["patient_id", "purpose"], unique=False, schema="personal_data")
    op.create_index(
        "uq_consent_reference",
        "consent",
        ["reference"],
        unique=True,
        schema="personal_data",
        postgresql_where=sa.text("form = 'egov'"),
    )
    op.create_table(
        "disclosure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("exception", sa.Text(), nullable=True),
        sa.Column("consent_id", sa.BigInteger(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("(basis = 'consent') = (consent_id is not null)", name=op.f("ck_disclosure_consent_named")),
        sa.CheckConstraint(
            "(basis = 'exception') = (exception is not null)", name=op.f("ck_disclosure_exception_named")
        ),
        sa.CheckConstraint(
            "basis in ('subject', 'consent', 'care', 'law', 'exception')", name=op.f("ck_disclosure_basis_known")
        ),
        sa.CheckConstraint(
            "origin in ('register', 'export', 'fhir', 'outbox')", name=op.f("ck_disclosure_origin_known")
        ),
        sa.ForeignKeyConstraint(["consent_id"], ["personal_data.consent.id"], name=op.f("fk_disclosure_consent_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_disclosure_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_disclosure_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
        schema="personal_data",
    )
    op.create_index(
        "ix_disclosure_organization",
        "disclosure",
        ["organization_id", "given_on"],
        unique=False,
        schema="personal_data",
    )
    op.create_index(
        "ix_disclosure_patient", "disclosure", ["patient_id", "given_on"], unique=False, schema="personal_data"
    )
    op.create_index(
        "uq_disclosure_api_day",
        "disclosure",
        ["patient_id", "recorded_by", "given_on"],
        unique=True,
        schema="personal_data",
        postgresql_where=sa.text("origin = 'fhir'"),
    )
    op.create_table(
        "subject_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("representative_id", sa.BigInteger(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'received'"), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("told_overdue_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'received') = (decided_at is null)", name=op.f("ck_subject_request_decided_at_known")
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refusal is not null)", name=op.f("ck_subject_request_refused_with_reason")
        ),
        sa.CheckConstraint(
            "channel in ('office', 'post', 'email', 'electronic')", name=op.f("ck_subject_request_channel_known")
        ),
        sa.CheckConstraint(
            "kind in ('information', 'correction', 'blocking', 'unblocking', 'destruction')",
            name=op.f("ck_subject_request_kind_known"),
        ),
        sa.CheckConstraint("state in ('received', 'answered', 'refused')", name=op.f("ck_subject_request_state_known")),
        sa.CheckConstraint("due_on > received_on", name=op.f("ck_subject_request_due_after_received")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.document.id"], name=op.f("fk_subject_request_document_id")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["personal_data.stored_file.id"], name=op.f("fk_subject_request_file_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_subject_request_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_subject_request_patient_id")),
        sa.ForeignKeyConstraint(
            ["representative_id"],
            ["personal_data.representative.id"],
            name=op.f("fk_subject_request_representative_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_request")),
        schema="personal_data",
    )
    op.create_index(
        "ix_subject_request_open",
        "subject_request",
        ["due_on"],
        unique=False,
        schema="personal_data",
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_index(
        "ix_subject_request_patient", "subject_request", ["patient_id"], unique=False, schema="personal_data"
    )
    op.create_index(
        "uq_subject_request_number",
        "subject_request",
        ["organization_id", "number"],
        unique=True,
        schema="personal_data",
    )
    op.create_table(
        "data_block",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("blocked_by", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifting_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(lifted_at is null) = (lifting_reason is null)", name=op.f("ck_data_block_lifted_with_reason")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_data_block_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_data_block_patient_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["personal_data.subject_request.id"], name=op.f("fk_data_block_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_block")),
        schema="personal_data",
    )
    op.create_index(
        "uq_data_block_open",
        "data_block",
        ["patient_id"],
        unique=True,
        schema="personal_data",
        postgresql_where=sa.text("lifted_at is null"),
    )
    op.add_column(
        "patient",
        sa.Column("research_consent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="patients",
    )
