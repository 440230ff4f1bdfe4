"""Organisations, people, accounts and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = (
    "accounts",
    "audit",
    "classifiers",
    "organizations",
    "patients",
    "vault",
)
TABLES = (
    ("sign_in_failure", "accounts"),
    ("event", "audit"),
    ("concept", "classifiers"),
    ("organization", "organizations"),
    ("practitioner", "organizations"),
    ("name_token", "patients"),
    ("patient", "patients"),
    ("tombstone", "patients"),
    ("account", "accounts"),
    ("location", "organizations"),
    ("practitioner_role", "organizations"),
    ("access_grant", "patients"),
    ("attachment", "patients"),
    ("name_deletion", "patients"),
    ("patient_link", "patients"),
    ("serving_site", "patients"),
    ("practitioner_number", "vault"),
    ("pseudonym", "vault"),
    ("role_assignment", "accounts"),
    ("sign_in_session", "accounts"),
    ("oidc_code", "accounts"),
    ("oidc_token", "accounts"),
)

# Two-pass checksum; agreement with birth date and sex.
IIN_AGREES = """
create or replace function patients.iin_agrees(iin text, birth_date date, sex text) returns boolean
language plpgsql immutable parallel safe as $$
declare
  digits int[];
  total int := 0;
  century int;
begin
  if iin !~ '^[0-9]{12}$' then return false; end if;
  digits := string_to_array(iin, null)::int[];
  for i in 1..11 loop total := total + i * digits[i]; end loop;
  if total % 11 = 10 then
    -- Second pass, weights 3..11, 1, 2; a remainder of ten again is a number never issued.
    total := 0;
    for i in 1..11 loop total := total + ((i + 1) % 11 + 1) * digits[i]; end loop;
  end if;
  if total % 11 <> digits[12] then return false; end if;
  -- The seventh digit names century and sex: odd male, even female; 0 is given to some foreigners.
  if digits[7] > 6 then return false; end if;
  if substr(iin, 1, 6) <> to_char(birth_date, 'YYMMDD') then return false; end if;
  if digits[7] = 0 then return true; end if;
  century := 18 + (digits[7] - 1) / 2;
  if extract(year from birth_date)::int / 100 <> century then return false; end if;
  return sex not in ('male', 'female') or (digits[7] % 2 = 1) = (sex = 'male');
end $$
"""


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"create schema if not exists {schema}")
    op.execute(IIN_AGREES)
    op.create_table(
        "sign_in_failure",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_sign_in_failure")),
        schema="accounts",
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("entity_id", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('read', 'write', 'security')", name=op.f("ck_event_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        schema="audit",
    )
    op.create_index("ix_event_account", "event", ["account_id", "id"], unique=False, schema="audit")
    op.create_index(
        "ix_event_at",
        "event",
        ["at"],
        unique=False,
        schema="audit",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "ix_event_patient",
        "event",
        ["patient_id", "id"],
        unique=False,
        schema="audit",
        postgresql_where=sa.text("patient_id is not null"),
    )
    op.create_table(
        "concept",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("title_kk", sa.Text(), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("is_selectable", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "system in ('icd10', 'kato', 'service', 'observation', 'atc')", name=op.f("ck_concept_system_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concept")),
        schema="classifiers",
    )
    op.create_index(
        "ix_concept_row_xid",
        "concept",
        ["row_xid"],
        unique=False,
        schema="classifiers",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index("uq_concept_system_code", "concept", ["system", "code"], unique=True, schema="classifiers")
    op.create_table(
        "organization",
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organization_type", sa.Text(), nullable=True),
        sa.Column("site_kind", sa.Text(), nullable=True),
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("bin", sa.Text(), nullable=True),
        sa.Column("kato_code", sa.Text(), nullable=True),
        sa.Column("care_level", sa.BigInteger(), nullable=True),
        sa.Column("is_external", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'region') = (parent_id is null)", name=op.f("ck_organization_only_regions_are_roots")
        ),
        sa.CheckConstraint("bin ~ '^[0-9]{12}$'", name=op.f("ck_organization_bin_digits")),
        sa.CheckConstraint(
            "kind in ('region', 'organization', 'department', 'site')", name=op.f("ck_organization_kind_known")
        ),
        sa.CheckConstraint(
            "organization_type in ('hospital', 'polyclinic', 'ambulatory', 'feldsher_point', 'perinatal_centre', 'cardiology_centre', 'ambulance', 'health_department')",
            name=op.f("ck_organization_organization_type_known"),
        ),
        sa.CheckConstraint(
            "site_kind in ('therapeutic', 'general_practice', 'paediatric', 'gynaecological')",
            name=op.f("ck_organization_site_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["organizations.organization.id"], name=op.f("fk_organization_parent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        schema="organizations",
    )
    op.create_index("ix_organization_parent", "organization", ["parent_id"], unique=False, schema="organizations")
    op.create_index(
        "ix_organization_row_xid",
        "organization",
        ["row_xid"],
        unique=False,
        schema="organizations",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_organization_source_key",
        "organization",
        ["source_system", "source_key"],
        unique=True,
        schema="organizations",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "practitioner",
        sa.Column("iin", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("patronymic", sa.Text(), nullable=True),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner")),
        schema="organizations",
    )
    op.create_index(
        "ix_practitioner_row_xid",
        "practitioner",
        ["row_xid"],
        unique=False,
        schema="organizations",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_practitioner_source_key",
        "practitioner",
        ["source_system", "source_key"],
        unique=True,
        schema="organizations",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "name_token",
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_name_token")),
        schema="patients",
    )
    op.create_table(
        "patient",
        sa.Column("iin", sa.Text(), nullable=True),
        sa.Column("temporary_id", sa.Text(), nullable=True),
        sa.Column("identity_status", sa.Text(), server_default=sa.text("'confirmed'"), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("patronymic", sa.Text(), nullable=True),
        sa.Column("family_fold", sa.Text(), nullable=False),
        sa.Column("given_fold", sa.Text(), nullable=False),
        sa.Column("patronymic_fold", sa.Text(), nullable=True),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address_line", sa.Text(), nullable=True),
        sa.Column("kato_code", sa.Text(), nullable=True),
        sa.Column("citizenship", sa.Text(), server_default=sa.text("'KZ'"), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=True),
        sa.Column("document_number", sa.Text(), nullable=True),
        sa.Column("mother_id", sa.BigInteger(), nullable=True),
        sa.Column("household", sa.BigInteger(), nullable=True),
        sa.Column("is_live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
        sa.CheckConstraint("birth_date >= date '1880-01-01'", name=op.f("ck_patient_birth_date_plausible")),
        sa.CheckConstraint(
            "identity_status in ('confirmed', 'undocumented', 'newborn', 'foreign', 'imported')",
            name=op.f("ck_patient_identity_status_known"),
        ),
        sa.CheckConstraint("sex in ('male', 'female', 'other', 'unknown')", name=op.f("ck_patient_sex_known")),
        sa.CheckConstraint("iin is not null or temporary_id is not null", name=op.f("ck_patient_has_identifier")),
        sa.CheckConstraint(
            "iin is null or patients.iin_agrees(iin, birth_date, sex)", name=op.f("ck_patient_iin_agrees")
        ),
        sa.ForeignKeyConstraint(["mother_id"], ["patients.patient.id"], name=op.f("fk_patient_mother_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        schema="patients",
    )
    op.create_index("ix_patient_birth_date", "patient", ["birth_date"], unique=False, schema="patients")
    op.create_index(
        "ix_patient_family_fold",
        "patient",
        ["family_fold", "given_fold"],
        unique=False,
        schema="patients",
        postgresql_ops={"family_fold": "text_pattern_ops", "given_fold": "text_pattern_ops"},
    )
    op.create_index(
        "ix_patient_given_fold",
        "patient",
        ["given_fold", "patronymic_fold"],
        unique=False,
        schema="patients",
        postgresql_ops={"given_fold": "text_pattern_ops", "patronymic_fold": "text_pattern_ops"},
    )
    op.create_index(
        "ix_patient_mother",
        "patient",
        ["mother_id"],
        unique=False,
        schema="patients",
        postgresql_where=sa.text("mother_id is not null"),
    )
    op.create_index(
        "ix_patient_patronymic_fold",
        "patient",
        ["patronymic_fold", "family_fold"],
        unique=False,
        schema="patients",
        postgresql_ops={"patronymic_fold": "text_pattern_ops", "family_fold": "text_pattern_ops"},
    )
    op.create_index(
        "ix_patient_row_xid",
        "patient",
        ["row_xid"],
        unique=False,
        schema="patients",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_patient_live_iin",
        "patient",
        ["iin"],
        unique=True,
        schema="patients",
        postgresql_where=sa.text("is_live and entered_in_error_at is null"),
    )
    op.create_index(
        "uq_patient_source_key",
        "patient",
        ["source_system", "source_key"],
        unique=True,
        schema="patients",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_index("uq_patient_temporary_id", "patient", ["temporary_id"], unique=True, schema="patients")
    op.create_table(
        "tombstone",
        sa.Column("patient_key", sa.Text(), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
        schema="patients",
    )
    op.create_index(
        "ix_tombstone_row_xid",
        "tombstone",
        ["row_xid"],
        unique=False,
        schema="patients",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), server_default=sa.text("'kk'"), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language in ('kk', 'ru', 'en')", name=op.f("ck_account_language_known")),
        sa.CheckConstraint(
            "login = lower(login) and login ~ '^[a-z0-9][a-z0-9._-]{1,63}$'", name=op.f("ck_account_login_shape")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_account_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        schema="accounts",
    )
    op.create_index("uq_account_login", "account", ["login"], unique=True, schema="accounts")
    op.create_table(
        "location",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('room', 'ward', 'vehicle')", name=op.f("ck_location_kind_known")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_location_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        schema="organizations",
    )
    op.create_index(
        "ix_location_row_xid",
        "location",
        ["row_xid"],
        unique=False,
        schema="organizations",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_table(
        "practitioner_role",
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "position in ('general_practitioner', 'therapist', 'paediatrician', 'obstetrician', 'neurologist', 'cardiologist', 'surgeon', 'radiologist', 'oncologist', 'midwife', 'nurse', 'feldsher', 'registrar', 'department_head', 'chief_physician', 'statistician', 'other')",
            name=op.f("ck_practitioner_role_position_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or end_date >= start_date", name=op.f("ck_practitioner_role_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_practitioner_role_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_practitioner_role_practitioner_id")
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["organizations.organization.id"], name=op.f("fk_practitioner_role_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner_role")),
        schema="organizations",
    )
    op.create_index(
        "ix_practitioner_role_practitioner",
        "practitioner_role",
        ["practitioner_id"],
        unique=False,
        schema="organizations",
    )
    op.create_index(
        "ix_practitioner_role_row_xid",
        "practitioner_role",
        ["row_xid"],
        unique=False,
        schema="organizations",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index("ix_practitioner_role_site", "practitioner_role", ["site_id"], unique=False, schema="organizations")
    op.create_table(
        "access_grant",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("granted_to", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("length(trim(reason)) >= 5", name=op.f("ck_access_grant_reason_given")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_access_grant_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
        schema="patients",
    )
    op.create_index(
        "ix_access_grant_patient", "access_grant", ["patient_id", "granted_to"], unique=False, schema="patients"
    )
    op.create_table(
        "attachment",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
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
        postgresql.ExcludeConstraint(
            (sa.text("int8range(patient_id, patient_id, '[]')"), "&&"),
            (sa.text("daterange(start_date, end_date)"), "&&"),
            where=sa.text("entered_in_error_at is null"),
            using="gist",
            name="ex_attachment_no_overlap",
        ),
        sa.CheckConstraint(
            "end_reason in ('moved', 'chosen', 'died', 'merged', 'other')", name=op.f("ck_attachment_end_reason_known")
        ),
        sa.CheckConstraint("end_date is null or end_date > start_date", name=op.f("ck_attachment_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_attachment_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_attachment_patient_id")),
        sa.ForeignKeyConstraint(["site_id"], ["organizations.organization.id"], name=op.f("fk_attachment_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        schema="patients",
    )
    op.create_index(
        "ix_attachment_organization", "attachment", ["organization_id", "site_id"], unique=False, schema="patients"
    )
    op.create_index("ix_attachment_patient", "attachment", ["patient_id"], unique=False, schema="patients")
    op.create_index(
        "ix_attachment_row_xid",
        "attachment",
        ["row_xid"],
        unique=False,
        schema="patients",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_attachment_source_key",
        "attachment",
        ["source_system", "source_key"],
        unique=True,
        schema="patients",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "name_deletion",
        sa.Column("deletion", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["token"], ["patients.name_token.token"], name=op.f("fk_name_deletion_token")),
        sa.PrimaryKeyConstraint("deletion", "token", "position", name=op.f("pk_name_deletion")),
        schema="patients",
    )
    op.create_index("ix_name_deletion_token", "name_deletion", ["token"], unique=False, schema="patients")
    op.create_table(
        "patient_link",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("other_patient_id", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.Column("unlinked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unlinked_by", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("patient_id <> other_patient_id", name=op.f("ck_patient_link_two_records")),
        sa.ForeignKeyConstraint(
            ["other_patient_id"], ["patients.patient.id"], name=op.f("fk_patient_link_other_patient_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_patient_link_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_link")),
        schema="patients",
    )
    op.create_index("ix_patient_link_patient", "patient_link", ["patient_id"], unique=False, schema="patients")
    op.create_index(
        "ix_patient_link_row_xid",
        "patient_link",
        ["row_xid"],
        unique=False,
        schema="patients",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_patient_link_open_other",
        "patient_link",
        ["other_patient_id"],
        unique=True,
        schema="patients",
        postgresql_where=sa.text("unlinked_at is null"),
    )
    op.create_table(
        "serving_site",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("end_date is null or end_date > start_date", name=op.f("ck_serving_site_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_serving_site_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_serving_site_patient_id")),
        sa.ForeignKeyConstraint(["site_id"], ["organizations.organization.id"], name=op.f("fk_serving_site_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serving_site")),
        schema="patients",
    )
    op.create_index("ix_serving_site_patient", "serving_site", ["patient_id"], unique=False, schema="patients")
    op.create_index(
        "ix_serving_site_row_xid",
        "serving_site",
        ["row_xid"],
        unique=False,
        schema="patients",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_table(
        "practitioner_number",
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_practitioner_number_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("practitioner_id", name=op.f("pk_practitioner_number")),
        schema="vault",
    )
    op.create_table(
        "pseudonym",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_key", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_pseudonym_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_pseudonym")),
        schema="vault",
    )
    op.create_index("uq_pseudonym_patient_key", "pseudonym", ["patient_key"], unique=True, schema="vault")
    op.create_table(
        "role_assignment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "role in ('administrator', 'registrar', 'nurse', 'doctor', 'chief_physician', 'official', 'data_engineer', 'oncall_obstetrician')",
            name=op.f("ck_role_assignment_role_known"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_role_assignment_account_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_role_assignment_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_assignment")),
        schema="accounts",
    )
    op.create_index(
        "uq_role_assignment",
        "role_assignment",
        ["account_id", "role", "organization_id"],
        unique=True,
        schema="accounts",
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_sign_in_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        schema="accounts",
    )
    op.create_index("ix_sign_in_session_account", "sign_in_session", ["account_id"], unique=False, schema="accounts")
    op.create_index("uq_sign_in_session_token_hash", "sign_in_session", ["token_hash"], unique=True, schema="accounts")
    op.create_table(
        "oidc_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("code_challenge_method", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["accounts.sign_in_session.id"], name=op.f("fk_oidc_code_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_oidc_code")),
        schema="accounts",
    )
    op.create_table(
        "oidc_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["accounts.sign_in_session.id"], name=op.f("fk_oidc_token_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_oidc_token")),
        schema="accounts",
    )
    op.create_index("ix_oidc_token_code_hash", "oidc_token", ["code_hash"], unique=False, schema="accounts")


def downgrade() -> None:
    for table, schema in reversed(TABLES):
        op.drop_table(table, schema=schema)
