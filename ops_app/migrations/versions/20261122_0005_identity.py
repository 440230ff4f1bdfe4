"""Identity and access: the sealed journal, reviews and incidents, editable roles, conditions of sign-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create schema if not exists security")
    op.create_table(
        "block",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("layout", sa.SmallInteger(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("event_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_block")),
        schema="audit",
    )
    op.create_table(
        "unsealed",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_unsealed")),
        schema="security",
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("affected", sa.Text(), nullable=True),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('access', 'account', 'disclosure', 'loss', 'integrity', 'malware', 'other')",
            name=op.f("ck_incident_kind_known"),
        ),
        sa.CheckConstraint("(closed_at is null) = (outcome is null)", name=op.f("ck_incident_closed_with_outcome")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_incident_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        schema="security",
    )
    op.create_index("ix_incident_organization", "incident", ["organization_id"], unique=False, schema="security")
    op.create_table(
        "access_review",
        sa.Column("grant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(verdict = 'incident') = (incident_id is not null)", name=op.f("ck_access_review_incident_named")
        ),
        sa.CheckConstraint("verdict in ('confirmed', 'incident')", name=op.f("ck_access_review_verdict_known")),
        sa.ForeignKeyConstraint(["grant_id"], ["patients.access_grant.id"], name=op.f("fk_access_review_grant_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["security.incident.id"], name=op.f("fk_access_review_incident_id")),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_access_review")),
        schema="security",
    )
    op.create_table(
        "incident_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("asked", postgresql.JSONB(), nullable=False),
        sa.Column("event_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("collected_by", sa.Text(), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["security.incident.id"], name=op.f("fk_incident_evidence_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_evidence")),
        schema="security",
    )
    op.create_index(
        "ix_incident_evidence_incident", "incident_evidence", ["incident_id"], unique=False, schema="security"
    )
    op.create_table(
        "role",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("is_builtin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("needs_second_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("permissions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,40}$'", name=op.f("ck_role_code_shape")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_role")),
        schema="accounts",
    )
    # The gate fills them after every upgrade; assignments need their codes now.
    op.execute(
        "insert into accounts.role (code, name_kk, name_ru, name_en, is_builtin, permissions) "
        "select distinct role, role, role, role, true, '{}'::text[] from accounts.role_assignment"
    )
    op.drop_constraint("ck_role_assignment_role_known", "role_assignment", schema="accounts")
    op.create_foreign_key(
        op.f("fk_role_assignment_role"),
        "role_assignment",
        "role",
        ["role"],
        ["code"],
        source_schema="accounts",
        referent_schema="accounts",
    )
    op.add_column(
        "account",
        sa.Column("kind", sa.Text(), server_default=sa.text("'person'"), nullable=False),
        schema="accounts",
    )
    op.create_check_constraint(
        op.f("ck_account_kind_known"), "account", "kind in ('person', 'service')", schema="accounts"
    )
    op.add_column(
        "sign_in_session",
        sa.Column("awaits_code", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="accounts",
    )
    op.create_table(
        "ban",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_ban_ends_after_start")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_ban_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ban")),
        schema="accounts",
    )
    op.create_index("ix_ban_account", "ban", ["account_id"], unique=False, schema="accounts")
    op.create_table(
        "working_hours",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.CheckConstraint("weekday between 1 and 7", name=op.f("ck_working_hours_weekday_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_working_hours_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_working_hours")),
        schema="accounts",
    )
    op.create_index("uq_working_hours", "working_hours", ["account_id", "weekday"], unique=True, schema="accounts")
    op.create_table(
        "trusted_network",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_trusted_network_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_network")),
        schema="accounts",
    )
    op.create_index(
        "uq_trusted_network", "trusted_network", ["organization_id", "network"], unique=True, schema="accounts"
    )
    op.create_table(
        "service_permit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("permitted_by", sa.Text(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_service_permit_ends_after_start")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_service_permit_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_permit")),
        schema="accounts",
    )
    op.create_index("ix_service_permit_account", "service_permit", ["account_id"], unique=False, schema="accounts")
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_second_factor_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
        schema="accounts",
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_recovery_code_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        schema="accounts",
    )
    op.create_index("ix_recovery_code_account", "recovery_code", ["account_id"], unique=False, schema="accounts")
    # What was written before the chain began is its first block.
    op.execute("insert into security.unsealed (event_id) select id from audit.event")


def downgrade() -> None:
    op.execute("drop trigger if exists queue_events on audit.event")
    for table in ("recovery_code", "second_factor", "service_permit", "trusted_network", "working_hours", "ban"):
        op.drop_table(table, schema="accounts")
    op.drop_column("sign_in_session", "awaits_code", schema="accounts")
    op.drop_column("account", "kind", schema="accounts")
    op.drop_constraint(op.f("fk_role_assignment_role"), "role_assignment", schema="accounts", type_="foreignkey")
    # The earlier version knows the built-in roles only.
    op.execute(
        "delete from accounts.role_assignment where role not in (select code from accounts.role where is_builtin)"
    )
    op.create_check_constraint(
        op.f("ck_role_assignment_role_known"),
        "role_assignment",
        "role in ('administrator', 'registrar', 'nurse', 'doctor', 'chief_physician', 'official', 'data_engineer', 'oncall_obstetrician')",
        schema="accounts",
    )
    op.drop_table("role", schema="accounts")
    op.drop_index("ix_incident_evidence_incident", table_name="incident_evidence", schema="security")
    op.drop_table("incident_evidence", schema="security")
    op.drop_table("access_review", schema="security")
    op.drop_index("ix_incident_organization", table_name="incident", schema="security")
    op.drop_table("incident", schema="security")
    op.drop_table("unsealed", schema="security")
    op.drop_table("block", schema="audit")
    op.execute("drop schema if exists security")
