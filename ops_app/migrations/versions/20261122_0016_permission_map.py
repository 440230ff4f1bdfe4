"""Permission map, closed topics, stated reasons that open them; changes of accounts that wait for a signature."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

OLD_POSITIONS = (
    "general_practitioner",
    "therapist",
    "paediatrician",
    "obstetrician",
    "neurologist",
    "cardiologist",
    "surgeon",
    "radiologist",
    "oncologist",
    "midwife",
    "nurse",
    "feldsher",
    "registrar",
    "department_head",
    "chief_physician",
    "statistician",
    "other",
)
POSITIONS = (*OLD_POSITIONS[:-1], "infectionist", "psychiatrist", "narcologist", "other")
OLD_PURPOSES = ("sign_in", "document")
CHANGE_KINDS = ("create", "give_role", "take_role", "disable", "enable")
CHANGE_STATES = ("pending", "signed", "refused")
RULES = ("attached", "served", "treated", "referral", "stated_reason")


def upgrade() -> None:
    op.execute("create schema if not exists access")
    _positions(POSITIONS)
    op.create_table(
        "card_rule",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("is_allowed", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        *_row(),
        sa.CheckConstraint(_listed("rule", RULES), name=op.f("ck_card_rule_rule_known")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_card_rule_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_rule")),
        schema="access",
    )
    op.create_index("uq_card_rule_cell", "card_rule", ["organization_id", "role", "rule"], unique=True, schema="access")
    op.create_table(
        "topic_circle",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("is_allowed", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        *_row(),
        sa.CheckConstraint(_listed("position", POSITIONS), name=op.f("ck_topic_circle_position_known")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_topic_circle_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_circle")),
        schema="access",
    )
    op.create_index(
        "uq_topic_circle_cell",
        "topic_circle",
        ["organization_id", "topic", sa.text("coalesce(position, '')")],
        unique=True,
        schema="access",
    )
    op.add_column(
        "access_grant",
        sa.Column("opens_closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="patients",
    )
    _account_changes()


def _account_changes() -> None:
    _purposes((*OLD_PURPOSES, "account_change"))
    op.create_table(
        "account_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("request_number", sa.Text(), nullable=True),
        sa.Column("request_date", sa.Date(), nullable=True),
        sa.Column("statement", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("cms", sa.LargeBinary(), nullable=True),
        sa.Column("certificate_serial", sa.Text(), nullable=True),
        sa.CheckConstraint(_listed("kind", CHANGE_KINDS), name=op.f("ck_account_change_kind_known")),
        sa.CheckConstraint(_listed("state", CHANGE_STATES), name=op.f("ck_account_change_state_known")),
        sa.CheckConstraint("(state = 'pending') = (decided_at is null)", name=op.f("ck_account_change_decided_when")),
        sa.CheckConstraint("(state = 'signed') = (cms is not null)", name=op.f("ck_account_change_signed_with")),
        sa.CheckConstraint("(state = 'refused') = (refusal is not null)", name=op.f("ck_account_change_refused_why")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_account_change_account_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_account_change_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_change")),
        schema="accounts",
    )
    op.create_index(
        "ix_account_change_pending",
        "account_change",
        ["organization_id"],
        unique=False,
        schema="accounts",
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_account_change_account", "account_change", ["account_id"], unique=False, schema="accounts")


def downgrade() -> None:
    op.drop_table("account_change", schema="accounts")
    op.execute("delete from signatures.signature_attempt where purpose = 'account_change'")
    _purposes(OLD_PURPOSES)
    op.drop_column("access_grant", "opens_closed", schema="patients")
    op.drop_table("topic_circle", schema="access")
    op.drop_table("card_rule", schema="access")
    _positions(OLD_POSITIONS)
    op.execute("drop schema access")


def _row() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def _listed(column: str, values: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(value) for value in values)})"


def _positions(values: tuple[str, ...]) -> None:
    name = op.f("ck_practitioner_role_position_known")
    op.drop_constraint(name, "practitioner_role", schema="organizations", type_="check")
    op.create_check_constraint(name, "practitioner_role", _listed("position", values), schema="organizations")


def _purposes(values: tuple[str, ...]) -> None:
    name = op.f("ck_signature_attempt_purpose_known")
    op.drop_constraint(name, "signature_attempt", schema="signatures", type_="check")
    op.create_check_constraint(name, "signature_attempt", _listed("purpose", values), schema="signatures")
