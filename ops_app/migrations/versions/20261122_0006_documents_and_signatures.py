"""Documents, their signatures and evidence, rules and attempts of signing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMAS = ("documents", "signatures")
TABLES = (
    ("number_counter", "documents"),
    ("document", "documents"),
    ("document_signature", "documents"),
    ("evidence", "documents"),
    ("signature_evidence", "documents"),
    ("signature_rule", "signatures"),
    ("signature_attempt", "signatures"),
    ("challenge", "signatures"),
)
FROZEN = [
    "kind",
    "declaration",
    "language",
    "organization_id",
    "patient_id",
    "encounter_id",
    "encounter_version",
    "practitioner_id",
    "year",
    "sequence",
    "version",
    "number",
    "check_code",
    "data",
    "pdf",
    "pdf_sha256",
    "signature_required",
    "formed_at",
    "formed_by",
]


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"create schema if not exists {schema}")
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind in ('certificate', 'crl', 'ocsp', 'time_stamp')", name=op.f("ck_evidence_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        schema="documents",
    )
    op.create_index("uq_evidence_sha256", "evidence", ["sha256"], unique=True, schema="documents")
    op.create_table(
        "challenge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("visitor_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
        schema="signatures",
    )
    op.create_table(
        "number_counter",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_number_counter_organization_id")
        ),
        sa.PrimaryKeyConstraint("kind", "organization_id", "year", name=op.f("pk_number_counter")),
        schema="documents",
    )
    op.create_table(
        "signature_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("is_mandatory", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_signature_rule_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_rule")),
        schema="signatures",
    )
    op.create_index(
        "uq_signature_rule",
        "signature_rule",
        ["subject", "organization_id"],
        unique=True,
        schema="signatures",
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "signature_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("certificate_serial", sa.Text(), nullable=True),
        sa.Column("subject_name", sa.Text(), nullable=True),
        sa.Column("subject_iin", sa.Text(), nullable=True),
        sa.Column("subject_bin", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.CheckConstraint("purpose in ('sign_in', 'document')", name=op.f("ck_signature_attempt_purpose_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_signature_attempt_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_attempt")),
        schema="signatures",
    )
    op.create_index("ix_signature_attempt_at", "signature_attempt", ["at"], unique=False, schema="signatures")
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("declaration", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("encounter_version", sa.BigInteger(), nullable=True),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("check_code", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("pdf_sha256", sa.Text(), nullable=False),
        sa.Column("signature_required", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'formed'"), nullable=False),
        sa.Column("formed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("formed_by", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_by_id", sa.BigInteger(), nullable=True),
        sa.Column("annulled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("annulled_by", sa.Text(), nullable=True),
        sa.Column("annul_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'annulled') = (annul_reason is not null)", name=op.f("ck_document_annulled_with_reason")
        ),
        sa.CheckConstraint("language in ('kk', 'ru')", name=op.f("ck_document_language_known")),
        sa.CheckConstraint(
            "status in ('formed', 'signed', 'annulled', 'replaced')", name=op.f("ck_document_status_known")
        ),
        sa.CheckConstraint("sequence > 0 and version > 0", name=op.f("ck_document_counts_from_one")),
        sa.ForeignKeyConstraint(["encounter_id"], ["visits.encounter.id"], name=op.f("fk_document_encounter_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_document_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_document_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_document_practitioner_id")
        ),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["documents.document.id"], name=op.f("fk_document_replaced_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        schema="documents",
    )
    op.create_index("ix_document_encounter", "document", ["encounter_id"], unique=False, schema="documents")
    op.create_index(
        "ix_document_organization", "document", ["organization_id", "formed_at"], unique=False, schema="documents"
    )
    op.create_index("ix_document_patient", "document", ["patient_id", "formed_at"], unique=False, schema="documents")
    op.create_index(
        "ix_document_to_sign",
        "document",
        ["practitioner_id", "formed_at"],
        unique=False,
        schema="documents",
        postgresql_where=sa.text("status = 'formed'"),
    )
    op.create_index("uq_document_check_code", "document", ["check_code"], unique=True, schema="documents")
    op.create_index(
        "uq_document_number",
        "document",
        ["kind", "organization_id", "year", "sequence", "version"],
        unique=True,
        schema="documents",
    )
    op.create_table(
        "document_signature",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("cms", sa.LargeBinary(), nullable=False),
        sa.Column("cms_sha256", sa.Text(), nullable=False),
        sa.Column("signer_name", sa.Text(), nullable=False),
        sa.Column("signer_iin", sa.Text(), nullable=False),
        sa.Column("certificate_serial", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_document_signature_account_id")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.document.id"], name=op.f("fk_document_signature_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_signature")),
        schema="documents",
    )
    op.create_index(
        "uq_document_signature",
        "document_signature",
        ["document_id", "signer_iin"],
        unique=True,
        schema="documents",
    )
    op.create_table(
        "signature_evidence",
        sa.Column("signature_id", sa.BigInteger(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["documents.evidence.id"], name=op.f("fk_signature_evidence_evidence_id")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["documents.document_signature.id"], name=op.f("fk_signature_evidence_signature_id")
        ),
        sa.PrimaryKeyConstraint("signature_id", "evidence_id", name=op.f("pk_signature_evidence")),
        schema="documents",
    )
    refuse_changes()


def refuse_changes() -> None:
    """What was formed or signed stays: the database itself refuses to change it."""
    op.execute(
        """
        create function documents.refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception 'a document and its signatures are not changed' using errcode = 'check_violation';
        end $$
        """
    )
    changed = " or ".join(f"old.{name} is distinct from new.{name}" for name in FROZEN)
    op.execute(
        f"create trigger document_is_frozen before update on documents.document for each row when ({changed}) "
        "execute function documents.refuse_change()"
    )
    for table in ("document_signature", "evidence", "signature_evidence"):
        op.execute(
            f"create trigger {table}_is_frozen before update on documents.{table} for each row "
            "execute function documents.refuse_change()"
        )


def downgrade() -> None:
    for table, schema in reversed(TABLES):
        op.drop_table(table, schema=schema)
    op.execute("drop function documents.refuse_change()")
