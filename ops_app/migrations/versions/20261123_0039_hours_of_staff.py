"""Working hours of positions, and the days on which they are others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_WRITTEN = "^[0-9]{2}:[0-9]{2}–[0-9]{2}:[0-9]{2}(, [0-9]{2}:[0-9]{2}–[0-9]{2}:[0-9]{2})*$"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _kept(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("end_date is null or end_date >= start_date", name=op.f(f"ck_{table}_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f(f"fk_{table}_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_role_id"],
            ["organizations.practitioner_role.id"],
            name=op.f(f"fk_{table}_practitioner_role_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    op.create_table(
        "staff_hours",
        sa.Column("practitioner_role_id", sa.BigInteger(), nullable=False),
        *(sa.Column(day, sa.Text(), nullable=True) for day in _DAYS),
        sa.Column("on_holidays", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=True),
        *(sa.CheckConstraint(f"{day} ~ '{_WRITTEN}'", name=op.f(f"ck_staff_hours_{day}_written")) for day in _DAYS),
        sa.CheckConstraint(f"num_nonnulls({', '.join(_DAYS)}) > 0", name=op.f("ck_staff_hours_some_day")),
        sa.ForeignKeyConstraint(["room_id"], ["organizations.location.id"], name=op.f("fk_staff_hours_room_id")),
        *_kept("staff_hours"),
        schema="resources",
    )
    op.create_index("ix_staff_hours_organization", "staff_hours", ["organization_id"], schema="resources")
    op.create_index("ix_staff_hours_role", "staff_hours", ["practitioner_role_id"], schema="resources")
    op.create_index(
        "uq_staff_hours_role",
        "staff_hours",
        ["practitioner_role_id"],
        unique=True,
        schema="resources",
        postgresql_where=sa.text("end_date is null"),
    )
    op.create_table(
        "staff_change",
        sa.Column("practitioner_role_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('leave', 'parental_leave', 'business_trip', 'training', 'other_absence', 'other_hours')",
            name=op.f("ck_staff_change_kind_known"),
        ),
        sa.CheckConstraint(f"hours ~ '{_WRITTEN}'", name=op.f("ck_staff_change_hours_written")),
        sa.CheckConstraint(
            "(kind = 'other_hours') = (hours is not null)", name=op.f("ck_staff_change_hours_of_other_hours")
        ),
        *_kept("staff_change"),
        schema="resources",
    )
    op.create_index("ix_staff_change_organization", "staff_change", ["organization_id"], schema="resources")
    op.create_index("ix_staff_change_role", "staff_change", ["practitioner_role_id", "start_date"], schema="resources")


def downgrade() -> None:
    op.drop_table("staff_change", schema="resources")
    op.drop_table("staff_hours", schema="resources")
