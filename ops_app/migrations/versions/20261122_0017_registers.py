"""Registers of what a facility has and serves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create schema resources")
    op.create_table(
        "educational_institution",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("bin", sa.Text(), nullable=True),
        sa.Column("address_line", sa.Text(), nullable=True),
        sa.Column("pupils", sa.BigInteger(), nullable=True),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('kindergarten', 'school', 'boarding_school', 'college', 'university', 'other')",
            name=op.f("ck_educational_institution_kind_known"),
        ),
        sa.CheckConstraint(
            "end_date is null or end_date >= start_date", name=op.f("ck_educational_institution_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.organization.id"],
            name=op.f("fk_educational_institution_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["organizations.organization.id"], name=op.f("fk_educational_institution_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_educational_institution")),
        schema="resources",
    )
    op.create_index(
        "ix_educational_institution_organization",
        "educational_institution",
        ["organization_id"],
        unique=False,
        schema="resources",
    )
    op.create_table(
        "enterprise",
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("bin", sa.Text(), nullable=True),
        sa.Column("address_line", sa.Text(), nullable=True),
        sa.Column("workers", sa.BigInteger(), nullable=True),
        sa.Column("harmful_factor", sa.Text(), nullable=True),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "harmful_factor in ('chemical', 'dust', 'noise', 'vibration', 'radiation', 'biological', 'strain', 'height', 'other')",
            name=op.f("ck_enterprise_harmful_factor_known"),
        ),
        sa.CheckConstraint("end_date is null or end_date >= start_date", name=op.f("ck_enterprise_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_enterprise_organization_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["organizations.organization.id"], name=op.f("fk_enterprise_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise")),
        schema="resources",
    )
    op.create_index("ix_enterprise_organization", "enterprise", ["organization_id"], unique=False, schema="resources")
    op.create_table(
        "insurer",
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("bin", sa.Text(), nullable=True),
        sa.Column("contract_number", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("end_date is null or end_date >= start_date", name=op.f("ck_insurer_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_insurer_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insurer")),
        schema="resources",
    )
    op.create_index("ix_insurer_organization", "insurer", ["organization_id"], unique=False, schema="resources")
    op.create_table(
        "service_item",
        sa.Column("local_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("tariff_code", sa.Text(), nullable=True),
        sa.Column("price_tenge", sa.BigInteger(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('service', 'operation')", name=op.f("ck_service_item_kind_known")),
        sa.CheckConstraint("end_date is null or end_date >= start_date", name=op.f("ck_service_item_ends_after_start")),
        sa.CheckConstraint("price_tenge >= 0", name=op.f("ck_service_item_price_not_negative")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_service_item_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_item")),
        schema="resources",
    )
    op.create_index(
        "ix_service_item_organization", "service_item", ["organization_id"], unique=False, schema="resources"
    )
    op.create_index(
        "uq_service_item_local_code",
        "service_item",
        ["organization_id", "local_code"],
        unique=True,
        schema="resources",
        postgresql_where=sa.text("end_date is null"),
    )
    op.create_table(
        "bed",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=False),
        sa.Column("ward_id", sa.BigInteger(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'working'"), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "profile in ('therapeutic', 'cardiological', 'neurological', 'stroke', 'surgical', 'trauma', 'paediatric', 'neonatal', 'obstetric', 'pregnancy_pathology', 'gynaecological', 'infectious', 'oncological', 'intensive_care', 'rehabilitation', 'palliative', 'day_care')",
            name=op.f("ck_bed_profile_known"),
        ),
        sa.CheckConstraint("state in ('working', 'repair', 'closed')", name=op.f("ck_bed_state_known")),
        sa.CheckConstraint("end_date is null or end_date >= start_date", name=op.f("ck_bed_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["organizations.organization.id"], name=op.f("fk_bed_department_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_bed_organization_id")
        ),
        sa.ForeignKeyConstraint(["ward_id"], ["organizations.location.id"], name=op.f("fk_bed_ward_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bed")),
        schema="resources",
    )
    op.create_index("ix_bed_organization", "bed", ["organization_id"], unique=False, schema="resources")
    op.create_index(
        "uq_bed_number",
        "bed",
        ["department_id", "number"],
        unique=True,
        schema="resources",
        postgresql_where=sa.text("end_date is null"),
    )
    op.create_table(
        "store",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('nurse_post', 'pharmacy', 'warehouse', 'procedure_room', 'blood_store')",
            name=op.f("ck_store_kind_known"),
        ),
        sa.CheckConstraint("end_date is null or end_date >= start_date", name=op.f("ck_store_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["organizations.organization.id"], name=op.f("fk_store_department_id")
        ),
        sa.ForeignKeyConstraint(["location_id"], ["organizations.location.id"], name=op.f("fk_store_location_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_store_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["responsible_id"], ["organizations.practitioner.id"], name=op.f("fk_store_responsible_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store")),
        schema="resources",
    )
    op.create_index("ix_store_organization", "store", ["organization_id"], unique=False, schema="resources")


def downgrade() -> None:
    op.drop_index("ix_store_organization", table_name="store", schema="resources")
    op.drop_table("store", schema="resources")
    op.drop_index("uq_bed_number", table_name="bed", schema="resources", postgresql_where=sa.text("end_date is null"))
    op.drop_index("ix_bed_organization", table_name="bed", schema="resources")
    op.drop_table("bed", schema="resources")
    op.drop_index(
        "uq_service_item_local_code",
        table_name="service_item",
        schema="resources",
        postgresql_where=sa.text("end_date is null"),
    )
    op.drop_index("ix_service_item_organization", table_name="service_item", schema="resources")
    op.drop_table("service_item", schema="resources")
    op.drop_index("ix_insurer_organization", table_name="insurer", schema="resources")
    op.drop_table("insurer", schema="resources")
    op.drop_index("ix_enterprise_organization", table_name="enterprise", schema="resources")
    op.drop_table("enterprise", schema="resources")
    op.drop_index("ix_educational_institution_organization", table_name="educational_institution", schema="resources")
    op.drop_table("educational_institution", schema="resources")
    op.execute("drop schema resources")
