"""Programmes worked out from declarations; the life of a referral."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OLD_PROGRAMMES = "programme in ('pregnancy', 'dispensary', 'breast', 'cervix', 'cvd_dm')"
PROGRAMMES = "programme in ('pregnancy', 'dispensary', 'breast', 'cervix', 'cvd_dm', 'fluorography')"


def upgrade() -> None:
    _programmes(PROGRAMMES)
    op.create_table(
        "plan_review",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("declared", sa.Text(), nullable=False),
        sa.Column("seen_xid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_plan_review_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_plan_review")),
        schema="episodes",
    )
    op.create_index("ix_plan_review_next_on", "plan_review", ["next_on"], unique=False, schema="episodes")
    _referrals()


def _referrals() -> None:
    op.add_column("service_request", sa.Column("payer", sa.Text(), nullable=True), schema="visits")
    op.create_check_constraint(
        op.f("ck_service_request_payer_known"),
        "service_request",
        "payer in ('guaranteed_package', 'insurance', 'paid', 'other')",
        schema="visits",
    )
    op.create_index(
        "ix_service_request_performer",
        "service_request",
        ["performer_organization_id", "status"],
        unique=False,
        schema="visits",
    )
    op.create_table(
        "service_request_event",
        sa.Column("service_request_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("moved_by", sa.Text(), nullable=False),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("result_text", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_request_id"],
            ["visits.service_request.id"],
            name=op.f("fk_service_request_event_service_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient.id"], name=op.f("fk_service_request_event_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.organization.id"],
            name=op.f("fk_service_request_event_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["organizations.practitioner.id"],
            name=op.f("fk_service_request_event_practitioner_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_request_event")),
        schema="visits",
    )
    op.create_index(
        "ix_service_request_event_request",
        "service_request_event",
        ["service_request_id", "id"],
        unique=False,
        schema="visits",
    )
    op.create_index(
        "ix_service_request_event_row_xid",
        "service_request_event",
        ["row_xid"],
        unique=False,
        schema="visits",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )


def downgrade() -> None:
    op.drop_table("service_request_event", schema="visits")
    op.drop_index("ix_service_request_performer", table_name="service_request", schema="visits")
    op.drop_constraint(op.f("ck_service_request_payer_known"), "service_request", schema="visits", type_="check")
    op.drop_column("service_request", "payer", schema="visits")
    op.drop_table("plan_review", schema="episodes")
    _programmes(OLD_PROGRAMMES)


def _programmes(condition: str) -> None:
    name = op.f("ck_care_plan_activity_programme_known")
    op.drop_constraint(name, "care_plan_activity", schema="episodes", type_="check")
    op.create_check_constraint(name, "care_plan_activity", condition, schema="episodes")
