"""Positions of a laboratory; the state register of medicines and medical devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
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
    "infectionist",
    "psychiatrist",
    "narcologist",
    "other",
)
ADDED = ("laboratory_doctor", "laboratory_technician")
SOURCE = "ҚР Денсаулық кодексі 10-бап 7) / Кодекс РК о здоровье, ст. 10, 7)"
BOOKS = (
    (
        "state_medicine",
        "Дәрілік заттар (мемлекеттік тізілім)",
        "Лекарственные средства (государственный реестр)",
        "Medicines (state register)",
    ),
    (
        "state_device",
        "Медициналық бұйымдар (мемлекеттік тізілім)",
        "Медицинские изделия (государственный реестр)",
        "Medical devices (state register)",
    ),
)
TABLES = ("organizations.practitioner_role", "access.topic_circle", "accounts.group_member")


def upgrade() -> None:
    _allow((*OLD_POSITIONS[:-1], *ADDED, "other"))
    names = ("system", "title_kk", "title_ru", "title_en", "source")
    op.bulk_insert(
        sa.table("code_system", *(sa.column(name) for name in names), schema="classifiers"),
        [dict(zip(names, (*row, SOURCE), strict=True)) for row in BOOKS],
    )
    op.add_column("device", sa.Column("registration_number", sa.Text(), nullable=True), schema="devices")


def downgrade() -> None:
    op.drop_column("device", "registration_number", schema="devices")
    books = tuple(row[0] for row in BOOKS)
    for table in ("concept_change", "code_system_version", "concept", "code_system"):
        op.execute(f"delete from classifiers.{table} where system in {books}")
    op.execute(f"update organizations.practitioner_role set position = 'other' where position in {ADDED}")
    for table in TABLES[1:]:
        op.execute(f"delete from {table} where position in {ADDED}")
    _allow(OLD_POSITIONS)


def _allow(positions: tuple[str, ...]) -> None:
    for table in TABLES:
        name = f"ck_{table.partition('.')[2]}_position_known"
        op.execute(f"alter table {table} drop constraint {name}")
        # checked after the lock is given up: every row fits, the list only grew
        op.execute(f"alter table {table} add constraint {name} check (position in {positions}) not valid")
        op.execute(f"alter table {table} validate constraint {name}")
