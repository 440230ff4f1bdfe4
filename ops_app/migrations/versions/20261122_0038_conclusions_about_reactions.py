"""A reaction to a transfusion is looked into until somebody concludes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "transfusion_reaction",
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        schema="laboratory",
    )
    for name in ("concluded_by", "concluded_imputability", "conclusion"):
        op.add_column("transfusion_reaction", sa.Column(name, sa.Text(), nullable=True), schema="laboratory")
    op.create_check_constraint(
        op.f("ck_transfusion_reaction_concluded_imputability_known"),
        "transfusion_reaction",
        "concluded_imputability in ('excluded', 'possible', 'probable', 'certain')",
        schema="laboratory",
    )
    op.create_check_constraint(
        op.f("ck_transfusion_reaction_concluded_whole"),
        "transfusion_reaction",
        "num_nonnulls(concluded_at, concluded_by, concluded_imputability, conclusion) in (0, 4)",
        schema="laboratory",
    )


def downgrade() -> None:
    for name in ("concluded_whole", "concluded_imputability_known"):
        op.drop_constraint(
            op.f(f"ck_transfusion_reaction_{name}"), "transfusion_reaction", type_="check", schema="laboratory"
        )
    for name in ("conclusion", "concluded_imputability", "concluded_by", "concluded_at"):
        op.drop_column("transfusion_reaction", name, schema="laboratory")
