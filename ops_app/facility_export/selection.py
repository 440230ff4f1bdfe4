"""Which rows of which tables belong to a facility; decided by foreign keys, so new tables need no entry here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Column, Connection, ForeignKeyConstraint, Table, text

from ops_app.models import load_all

ORGANIZATIONS, PATIENTS = "organizations.organization", "patients.patient"
NOT_OF_A_FACILITY = {
    "accounts": "sign-in belongs to the installation",
    "audit": "the journal of this installation stays with it",
    "vault": "pseudonyms are made anew",
    "inbox": "signals are computed anew",
}
DERIVED = {
    "patients.name_token": "the search index is made anew",
    "patients.name_deletion": "the search index is made anew",
    "patients.tombstone": "says which pseudonyms of this installation must be forgotten",
}
SHARED_SCHEMAS = ("classifiers",)
"""Code lists: without them nobody can read the codes."""
OF_THE_SERVER = ("row_xid",)
"""Columns that mean something on this server only."""


class Rule(StrEnum):
    """Why rows of a table are exported."""

    TREE = "the organisation, what lies below it and above it"
    PLACE = "rows of the organisation and below"
    PERSON = "rows about people the facility looks after or has looked after"
    CHILD = "rows that belong to exported rows"
    REFERRED = "rows that exported rows point to"
    SHARED = "all rows: code lists"


@dataclass
class Plan:
    """The tables of an export and those left out."""

    rules: dict[str, Rule] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    """In an order in which every table stands after those it points to."""

    def columns(self, table: Table) -> list[Column[object]]:
        """Columns that are exported."""
        return [c for c in table.columns if c.name not in OF_THE_SERVER and c.computed is None]

    def emptied(self, table: Table) -> set[str]:
        """Columns exported empty because what they point to is left out."""
        return {
            column.name
            for constraint in foreign_keys(table)
            if constraint.referred_table.fullname not in self.tables
            for column in constraint.columns
        }


def foreign_keys(table: Table) -> list[ForeignKeyConstraint]:
    """Foreign keys of a table in a steady order."""
    return sorted(table.foreign_key_constraints, key=lambda key: str(key.name))


def make_plan() -> Plan:
    """Decide for every table."""
    plan = Plan()
    for table in load_all().metadata.sorted_tables:
        name = table.fullname
        reason = NOT_OF_A_FACILITY.get(table.schema or "") or DERIVED.get(name)
        if reason is None:
            rule = _rule(table, plan)
            if rule is None:
                reason = "belongs to the installation"
            elif lost := _needs_what_is_left_out(table, plan):
                reason = f"every row points to {lost}, which is left out"
            else:
                plan.rules[name], plan.tables[name] = rule, table
        if reason is not None:
            plan.left_out[name] = reason
    return plan


def _rule(table: Table, plan: Plan) -> Rule | None:
    if table.fullname == ORGANIZATIONS:
        return Rule.TREE
    if table.schema in SHARED_SCHEMAS:
        return Rule.SHARED
    if table.fullname in (PATIENTS, "organizations.practitioner"):
        return Rule.REFERRED
    targets = {key.referred_table.fullname: key for key in foreign_keys(table)}
    if "organization_id" in table.columns and ORGANIZATIONS in targets:
        return Rule.PLACE
    if PATIENTS in targets:
        return Rule.PERSON
    owners = (Rule.PLACE, Rule.PERSON, Rule.CHILD)
    if any(plan.rules.get(name) in owners for name in targets if name != table.fullname):
        return Rule.CHILD
    return None


def _needs_what_is_left_out(table: Table, plan: Plan) -> str | None:
    for key in foreign_keys(table):
        target = key.referred_table.fullname
        if target not in plan.tables and target != table.fullname and not any(c.nullable for c in key.columns):
            return target
    return None


class Selection:
    """The rows of one export, kept as keys in temporary tables of one transaction."""

    def __init__(self, connection: Connection, plan: Plan, organization_id: int) -> None:
        self.connection, self.plan = connection, plan
        self._picks = {name: f"pick_{number}" for number, name in enumerate(plan.tables)}
        self._run(
            "create temp table inside on commit drop as with recursive below as ("
            f"select id from {ORGANIZATIONS} where id = :organization union all "
            f"select o.id from {ORGANIZATIONS} o join below on o.parent_id = below.id) select id from below",
            organization=organization_id,
        )
        self._run("create temp table people (id bigint primary key) on commit drop")
        for table in plan.tables.values():
            key = ", ".join(_key(table))
            pick = self._picks[table.fullname]
            self._run(f"create temp table {pick} on commit drop as select {key} from {table.fullname} limit 0")
            self._run(f"alter table {pick} add primary key ({key})")
        self._pick_owned()
        self._pick_referred()

    def source(self, table: Table) -> str:
        """SQL of the exported rows of a table, in the order of their keys."""
        emptied = self.plan.emptied(table)
        columns = ", ".join(
            f"null as {_quoted(c.name)}" if c.name in emptied else f"t.{_quoted(c.name)}"
            for c in self.plan.columns(table)
        )
        order = ", ".join(f"t.{name}" for name in _key(table))
        return f"select {columns} from {table.fullname} t {self._chosen(table)} order by {order}"

    def _pick_owned(self) -> None:
        for name, rule in self.plan.rules.items():
            if rule is Rule.TREE:
                self._add(name, "t.id in (select id from inside)")
            elif rule is Rule.SHARED:
                self._add(name, "true")
            elif rule is Rule.PLACE:
                self._add(name, "t.organization_id in (select id from inside)")
        for name, rule in self.plan.rules.items():
            table = self.plan.tables[name]
            if rule is Rule.PLACE and "patient_id" in table.columns:
                self._run(
                    f"insert into people select distinct t.patient_id from {name} t {self._chosen(table)} "
                    "where t.patient_id is not null on conflict do nothing"
                )
        # Records that a merge joined are one person.
        self._run(
            "insert into people select case when l.patient_id = p.id then l.other_patient_id else l.patient_id end "
            "from patients.patient_link l join people p on p.id in (l.patient_id, l.other_patient_id) "
            "where l.unlinked_at is null on conflict do nothing"
        )
        self._add(PATIENTS, "t.id in (select id from people)")
        for name, rule in self.plan.rules.items():
            table = self.plan.tables[name]
            if rule is Rule.PERSON:
                self._add(name, f"t.{_person_column(table)} in (select id from people)")
            elif rule is Rule.CHILD:
                for key in foreign_keys(table):
                    owner = key.referred_table.fullname
                    if owner in self.plan.tables and self.plan.rules[owner] is not Rule.SHARED:
                        self._add(name, f"exists (select from {self._picks[owner]} o where {_match(key, 't', 'o')})")

    def _pick_referred(self) -> None:
        """Take along whatever is pointed to, until nothing is missing."""
        keys = [
            (table, key)
            for table in self.plan.tables.values()
            for key in foreign_keys(table)
            if key.referred_table.fullname in self.plan.tables
        ]
        added = True
        while added:
            added = False
            for table, key in reversed(keys):
                target = key.referred_table
                if [e.column.name for e in key.elements] != _key(target):
                    continue
                own = ", ".join(f"t.{c.name}" for c in key.columns)
                present = " and ".join(f"t.{c.name} is not null" for c in key.columns)
                taken = self._run(
                    f"insert into {self._picks[target.fullname]} select distinct {own} from {table.fullname} t "
                    f"{self._chosen(table)} where {present} on conflict do nothing"
                )
                added = added or taken > 0

    def _chosen(self, table: Table) -> str:
        return f"join {self._picks[table.fullname]} using ({', '.join(_key(table))})"

    def _add(self, name: str, condition: str) -> None:
        key = ", ".join(f"t.{column}" for column in _key(self.plan.tables[name]))
        self._run(
            f"insert into {self._picks[name]} select {key} from {name} t where {condition} on conflict do nothing"
        )

    def _run(self, statement: str, **values: object) -> int:
        return self.connection.execute(text(statement), values).rowcount


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _person_column(table: Table) -> str:
    columns = [
        column.name for key in foreign_keys(table) if key.referred_table.fullname == PATIENTS for column in key.columns
    ]
    return "patient_id" if "patient_id" in columns else columns[0]


def _match(key: ForeignKeyConstraint, one: str, other: str) -> str:
    pairs: Sequence[tuple[str, str]] = [(e.parent.name, e.column.name) for e in key.elements]
    return " and ".join(f"{one}.{own} = {other}.{its}" for own, its in pairs)


def _quoted(name: str) -> str:
    return f'"{name}"'
