"""Acts that are signed before they are done; editions of reference books; protocols and conditions of services."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SYSTEM = "'^[a-z][a-z0-9_]{1,39}$'"
BOOKS = (
    ("icd10", "2.16.840.1.113883.6.3", "АХЖ-10", "МКБ-10", "ICD-10", "WHO"),
    (
        "observation",
        "2.16.840.1.113883.6.1",
        "Бақылаулар (LOINC)",
        "Наблюдения (LOINC)",
        "Observations (LOINC)",
        "Regenstrief Institute",
    ),
    ("atc", "2.16.840.1.113883.6.73", "Дәрілер (АТХ)", "Лекарства (АТХ)", "Medicines (ATC)", "WHO"),
    (
        "service",
        None,
        "Медициналық қызметтер",
        "Медицинские услуги",
        "Medical services",
        "Тарификатор медицинских услуг",
    ),
    ("kato", None, "ӘАОЖ", "КАТО", "KATO: places of Kazakhstan", "КАТО"),
)
"""The books that ship with the program; national object identifiers are entered as they are registered."""


def upgrade() -> None:
    _purposes("'sign_in', 'document', 'account_change', 'action'")
    op.create_table(
        "signed_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("form_hash", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cms", sa.LargeBinary(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certificate_serial", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_signed_act_account_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_signed_act_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signed_act")),
        schema="signatures",
    )
    op.create_index("ix_signed_act_account", "signed_act", ["account_id", "asked_at"], schema="signatures")
    _reference_books()
    _guidance()
    _templates()


def _templates() -> None:
    op.add_column(
        "answer_template",
        sa.Column("is_system", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="questionnaires",
    )
    op.add_column("answer_template", sa.Column("specialty", sa.Text(), nullable=True), schema="questionnaires")
    op.add_column(
        "answer_template",
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        schema="questionnaires",
    )
    op.add_column("answer_template", sa.Column("replaces_id", sa.BigInteger(), nullable=True), schema="questionnaires")
    op.add_column(
        "questionnaire_response", sa.Column("template_id", sa.BigInteger(), nullable=True), schema="questionnaires"
    )
    for table, column in (("answer_template", "replaces_id"), ("questionnaire_response", "template_id")):
        op.create_foreign_key(
            op.f(f"fk_{table}_{column}"),
            table,
            "answer_template",
            [column],
            ["id"],
            source_schema="questionnaires",
            referent_schema="questionnaires",
        )


def _guidance() -> None:
    op.execute("create schema guidance")
    op.create_table(
        "protocol",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("title_kk", sa.Text(), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("icd10", JSONB(), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        *_row(),
        sa.CheckConstraint("url is not null or content is not null", name=op.f("ck_protocol_readable")),
        sa.CheckConstraint("(content is null) = (sha256 is null)", name=op.f("ck_protocol_hashed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol")),
        schema="guidance",
    )
    op.create_index("uq_protocol_version", "protocol", ["code", "version"], unique=True, schema="guidance")
    op.create_table(
        "service_rule",
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("hint_kk", sa.Text(), nullable=False),
        sa.Column("hint_ru", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("needs_referral", sa.Boolean(), nullable=False),
        sa.Column("interval_days", sa.BigInteger(), nullable=True),
        sa.Column("icd10", JSONB(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        *_row(),
        sa.CheckConstraint("interval_days between 1 and 3660", name=op.f("ck_service_rule_interval_of_days")),
        sa.CheckConstraint("effective_to > effective_from", name=op.f("ck_service_rule_ends_after_it_begins")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_rule")),
        schema="guidance",
    )
    op.create_index("ix_service_rule_service", "service_rule", ["service_code", "effective_from"], schema="guidance")


def _row() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def _reference_books() -> None:
    name = op.f("ck_concept_system_known")
    op.drop_constraint(name, "concept", schema="classifiers")
    op.create_check_constraint(name, "concept", f"system ~ {SYSTEM}", schema="classifiers")
    op.create_table(
        "code_system",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("oid", sa.Text(), nullable=True),
        sa.Column("title_kk", sa.Text(), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        *_row(),
        sa.CheckConstraint("oid ~ '^[0-2]([.](0|[1-9][0-9]*))+$'", name=op.f("ck_code_system_oid_shape")),
        sa.CheckConstraint(f"system ~ {SYSTEM}", name=op.f("ck_code_system_system_shape")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_system")),
        sa.UniqueConstraint("system", name=op.f("uq_code_system_system")),
        schema="classifiers",
    )
    op.bulk_insert(
        sa.table(
            "code_system",
            *(sa.column(name) for name in ("system", "oid", "title_kk", "title_ru", "title_en", "source")),
            schema="classifiers",
        ),
        [dict(zip(("system", "oid", "title_kk", "title_ru", "title_en", "source"), row, strict=True)) for row in BOOKS],
    )
    op.create_table(
        "code_system_version",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("loaded_by", sa.Text(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.BigInteger(), nullable=False),
        *_row(),
        sa.ForeignKeyConstraint(
            ["system"], ["classifiers.code_system.system"], name=op.f("fk_code_system_version_system")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_system_version")),
        schema="classifiers",
    )
    op.create_index(
        "uq_code_system_version", "code_system_version", ["system", "version"], unique=True, schema="classifiers"
    )
    op.create_table(
        "concept_change",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before", JSONB(), nullable=True),
        sa.Column("after", JSONB(), nullable=True),
        *_row(),
        sa.CheckConstraint("kind in ('added', 'changed', 'withdrawn')", name=op.f("ck_concept_change_kind_known")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["classifiers.code_system_version.id"], name=op.f("fk_concept_change_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concept_change")),
        schema="classifiers",
    )
    op.create_index("uq_concept_change", "concept_change", ["version_id", "code"], unique=True, schema="classifiers")
    op.create_index("ix_concept_change_code", "concept_change", ["system", "code"], schema="classifiers")


def downgrade() -> None:
    op.drop_column("questionnaire_response", "template_id", schema="questionnaires")
    for column in ("replaces_id", "version", "specialty", "is_system"):
        op.drop_column("answer_template", column, schema="questionnaires")
    op.drop_table("service_rule", schema="guidance")
    op.drop_table("protocol", schema="guidance")
    op.execute("drop schema guidance")
    for table in ("concept_change", "code_system_version", "code_system"):
        op.drop_table(table, schema="classifiers")
    name = op.f("ck_concept_system_known")
    op.execute("delete from classifiers.concept where system not in ('icd10', 'kato', 'service', 'observation', 'atc')")
    op.drop_constraint(name, "concept", schema="classifiers")
    op.create_check_constraint(
        name, "concept", "system in ('icd10', 'kato', 'service', 'observation', 'atc')", schema="classifiers"
    )
    op.drop_table("signed_act", schema="signatures")
    _purposes("'sign_in', 'document', 'account_change'")


def _purposes(listed: str) -> None:
    name = op.f("ck_signature_attempt_purpose_known")
    op.drop_constraint(name, "signature_attempt", schema="signatures")
    op.create_check_constraint(name, "signature_attempt", f"purpose in ({listed})", schema="signatures")
