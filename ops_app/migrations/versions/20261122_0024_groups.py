"""Groups that carry roles, levels of roles, the view of who holds what; news put away on the start page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0026"
branch_labels = None
depends_on = None

POSITIONS = (
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
LEVELS = ("node", "organization", "subordinate", "region")
OLD_KINDS = ("create", "give_role", "take_role", "disable", "enable")
KINDS = (*OLD_KINDS, "join_group", "leave_group", "give_group_role", "take_group_role")

LINE_OF = """
create function organizations.line_of(node bigint)
returns table (id bigint, kind text, steps integer, leaves_organization boolean)
language sql stable as $$
  with recursive line as (
    select o.id, o.parent_id, o.kind, 0 as steps, false as leaves
    from organizations.organization o where o.id = node
    union all
    select o.id, o.parent_id, o.kind, line.steps + 1, line.leaves or line.kind = 'organization'
    from line join organizations.organization o on o.id = line.parent_id
  )
  select line.id, line.kind, line.steps, line.leaves from line
$$
"""

# The parts are inlined, so that a question about one account reads the rows of that account only.
HELD_ROLE = """
create view accounts.held_role as
with workplace as not materialized (
  select a.id as account_id, p.organization_id, p.position
  from accounts.account a
  join organizations.practitioner_role p on p.practitioner_id = a.practitioner_id
  where p.start_date <= (now() at time zone 'Asia/Almaty')::date
    and (p.end_date is null or p.end_date > (now() at time zone 'Asia/Almaty')::date)
),
membership as not materialized (
  select m.account_id, g.id as group_id, g.organization_id as inside
  from accounts.group_member m join accounts.access_group g on g.id = m.group_id
  where m.account_id is not null
  union
  select w.account_id, g.id, g.organization_id
  from workplace w
  join accounts.group_member m on m.position = w.position
  join accounts.access_group g on g.id = m.group_id
  where g.organization_id is null
     or g.organization_id in (select l.id from organizations.line_of(w.organization_id) l)
),
given as not materialized (
  select r.id as assignment_id, r.account_id, null::bigint as group_id, r.role, r.level,
         r.organization_id as base, null::bigint as inside
  from accounts.role_assignment r where r.account_id is not null
  union all
  select r.id, m.account_id, m.group_id, r.role, r.level, r.organization_id, m.inside
  from membership m join accounts.role_assignment r on r.group_id = m.group_id and not r.at_workplace
  union all
  select r.id, m.account_id, m.group_id, r.role, r.level, w.organization_id, m.inside
  from membership m
  join accounts.role_assignment r on r.group_id = m.group_id and r.at_workplace
  join workplace w on w.account_id = m.account_id
),
reached as not materialized (
  select assignment_id, account_id, group_id, role, inside,
    case level
      when 'organization' then (
        select l.id from organizations.line_of(base) l
        where l.kind in ('organization', 'region') order by l.steps limit 1)
      when 'region' then (select l.id from organizations.line_of(base) l order by l.steps desc limit 1)
      else base
    end as organization_id,
    case level when 'region' then 'subordinate' else level end as reach
  from given
)
select assignment_id, account_id, group_id, role, organization_id, reach
from reached
where inside is null or inside in (select l.id from organizations.line_of(organization_id) l)
"""


def upgrade() -> None:
    _groups()
    op.alter_column("role_assignment", "account_id", nullable=True, schema="accounts")
    op.add_column("role_assignment", sa.Column("group_id", sa.BigInteger(), nullable=True), schema="accounts")
    op.add_column("role_assignment", _no("at_workplace"), schema="accounts")
    level = sa.Column("level", sa.Text(), server_default=sa.text("'subordinate'"), nullable=False)
    op.add_column("role_assignment", level, schema="accounts")
    _foreign("role_assignment", "group_id", "accounts.access_group")
    _check("role_assignment", "level_known", _listed("level", LEVELS))
    _check("role_assignment", "user_or_group", "(account_id is null) <> (group_id is null)")
    _check(
        "role_assignment",
        "workplace_of_members",
        "not at_workplace or (group_id is not null and organization_id is null)",
    )
    _check("role_assignment", "level_of_a_node", "organization_id is not null or at_workplace or level = 'subordinate'")
    _unique(["account_id", "group_id", "role", "organization_id", "at_workplace"])
    op.create_index("ix_role_assignment_group", "role_assignment", ["group_id"], schema="accounts")
    op.alter_column("account_change", "account_id", nullable=True, schema="accounts")
    for name, kind in (("group_id", sa.BigInteger()), ("level", sa.Text()), ("position", sa.Text())):
        op.add_column("account_change", sa.Column(name, kind, nullable=True), schema="accounts")
    op.add_column("account_change", _no("at_workplace"), schema="accounts")
    _foreign("account_change", "group_id", "accounts.access_group")
    _check("account_change", "level_known", _listed("level", LEVELS))
    _check("account_change", "of_somebody", "account_id is not null or group_id is not null")
    _kinds(KINDS)
    op.execute(LINE_OF)
    op.execute(HELD_ROLE)
    op.execute("create schema if not exists home")
    op.create_table(
        "dismissed_release",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_dismissed_release_account_id")),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_dismissed_release")),
        schema="home",
    )


def _groups() -> None:
    op.create_table(
        "access_group",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_access_group_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_group")),
        schema="accounts",
    )
    op.create_table(
        "group_member",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.CheckConstraint(_listed("position", POSITIONS), name=op.f("ck_group_member_position_known")),
        sa.CheckConstraint("(account_id is null) <> (position is null)", name=op.f("ck_group_member_user_or_position")),
        sa.ForeignKeyConstraint(["group_id"], ["accounts.access_group.id"], name=op.f("fk_group_member_group_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_group_member_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_member")),
        schema="accounts",
    )
    op.create_index(
        "uq_group_member",
        "group_member",
        ["group_id", "account_id", "position"],
        unique=True,
        schema="accounts",
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_group_member_account", "group_member", ["account_id"], schema="accounts")


def downgrade() -> None:
    op.execute("drop schema home cascade")
    op.execute("drop view accounts.held_role")
    op.execute("drop function organizations.line_of(bigint)")
    op.execute("delete from accounts.account_change where group_id is not null")
    _kinds(OLD_KINDS)
    for name in ("group_id", "level", "position", "at_workplace"):
        op.drop_column("account_change", name, schema="accounts")
    op.alter_column("account_change", "account_id", nullable=False, schema="accounts")
    # An older version knows roles of accounts with everything below only; a narrower role would become a wider one.
    op.execute("delete from accounts.role_assignment where group_id is not null or level <> 'subordinate'")
    op.drop_index("ix_role_assignment_group", "role_assignment", schema="accounts")
    op.drop_constraint(op.f("ck_role_assignment_level_of_a_node"), "role_assignment", schema="accounts", type_="check")
    _unique(["account_id", "role", "organization_id"])
    for name in ("group_id", "at_workplace", "level"):
        op.drop_column("role_assignment", name, schema="accounts")
    op.alter_column("role_assignment", "account_id", nullable=False, schema="accounts")
    op.drop_table("group_member", schema="accounts")
    op.drop_table("access_group", schema="accounts")


def _no(column: str) -> sa.Column[bool]:
    return sa.Column(column, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _foreign(table: str, column: str, target: str) -> None:
    schema, name = target.split(".")
    op.create_foreign_key(
        op.f(f"fk_{table}_{column}"), table, name, [column], ["id"], source_schema="accounts", referent_schema=schema
    )


def _check(table: str, name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition, schema="accounts")


def _listed(column: str, values: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(value) for value in values)})"


def _unique(columns: list[str]) -> None:
    op.drop_index("uq_role_assignment", "role_assignment", schema="accounts")
    op.create_index(
        "uq_role_assignment",
        "role_assignment",
        columns,
        unique=True,
        schema="accounts",
        postgresql_nulls_not_distinct=True,
    )


def _kinds(values: tuple[str, ...]) -> None:
    name = op.f("ck_account_change_kind_known")
    op.drop_constraint(name, "account_change", schema="accounts", type_="check")
    op.create_check_constraint(name, "account_change", _listed("kind", values), schema="accounts")
