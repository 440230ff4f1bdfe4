"""Views of schema ``anon``, generated from the privacy class of every column.

Only what is listed here passes; a column without a class stops the generator. The views cast to
the few types that ADBC carries faithfully and compute, once and for all, the local date of every
time and the age at the event.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Double, Float, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from ops_app.kit.model import Base
from ops_app.kit.privacy import ColumnPrivacy, Generalisation, Privacy, Subject

TIME_ZONE = "Asia/Almaty"
"""Kazakhstan has one time since 2024-03-01 (UTC+5); the zone database knows the years before."""

_CASTS: tuple[tuple[type, str], ...] = (
    (SmallInteger, "int"),
    (BigInteger, "bigint"),
    (Integer, "int"),
    (Double, "float8"),
    (Float, "float8"),
    (Boolean, "bool"),
    (DateTime, "timestamptz"),
    (Date, "date"),
    (Text, "text"),
    (UUID, "text"),
)


class UnclassifiedColumnError(Exception):
    """A table or column says nothing about its privacy; it may not exist."""


def privacy_of(column: Column[object]) -> ColumnPrivacy:
    """Return the declared privacy of a column or refuse it."""
    if "privacy" not in column.info:
        raise UnclassifiedColumnError(f"{column.table.fullname}.{column.name} has no privacy class")
    return ColumnPrivacy(privacy=column.info["privacy"], generalisation=column.info["generalisation"])


def subject_of(table: Table) -> Subject:
    """Return what a table is about or refuse it."""
    if "subject" not in table.info:
        raise UnclassifiedColumnError(f"{table.fullname} does not say whether it passes the gate")
    return Subject(table.info["subject"])


def exported_tables() -> list[Table]:
    """All tables that have a view in ``anon``, by name."""
    tables = [t for t in Base.metadata.tables.values() if subject_of(t) is not Subject.WITHHELD]
    return sorted(tables, key=lambda table: table.name)


def key_column(table: Table) -> str:
    """The column that identifies a row of the view."""
    return {Subject.PATIENT: "patient_key", Subject.PRACTITIONER: "practitioner_code"}.get(subject_of(table), "id")


def _cast(column: Column[object]) -> str:
    for kind, name in _CASTS:
        if isinstance(column.type, kind):
            return name
    raise UnclassifiedColumnError(f"{column.table.fullname}.{column.name}: type {column.type} cannot pass the gate")


def _foreign_table(column: Column[object]) -> str | None:
    for key in column.foreign_keys:
        return key.target_fullname.rsplit(".", 1)[0]
    return None


class _View:
    """Collects the select list and the joins of one view."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.subject = subject_of(table)
        self.columns: list[str] = []
        self.joins: list[str] = []

    def sql(self) -> str:
        self._identity()
        for column in self.table.columns:
            self.columns.extend(self._column(column))
        if self.subject is Subject.EVENT:
            event_date = f"(t.event_at at time zone '{TIME_ZONE}')::date"
            self.joins.append("join patients.patient person on person.id = t.patient_id")
            self.columns.append(f"date_part('year', age({event_date}, person.birth_date))::int as age_at_event")
        if self.subject is Subject.PRACTITIONER:
            self._position()
        select = ",\n  ".join(self.columns)
        joins = "\n".join(self.joins)
        return f"create view anon.{self.table.name} as select\n  {select}\nfrom {self.table.fullname} t\n{joins}"

    def _identity(self) -> None:
        if self.subject is Subject.PATIENT:
            self._pseudonym("id", "patient_key")
        elif self.subject is Subject.PRACTITIONER:
            self._practitioner("id", "practitioner_code")
        else:
            self.columns.append("t.id::bigint as id")

    def _pseudonym(self, column: str, alias: str, optional: bool = False) -> None:
        name = f"vault_{alias}"
        kind = "left join" if optional else "join"
        self.joins.append(f"{kind} vault.pseudonym {name} on {name}.patient_id = t.{column}")
        self.columns.append(f"{name}.patient_key::text as {alias}")

    def _practitioner(self, column: str, alias: str) -> None:
        name = f"vault_{alias}"
        self.joins.append(f"left join vault.practitioner_number {name} on {name}.practitioner_id = t.{column}")
        number = f"{name}.number::text"
        self.columns.append(f"'p-' || lpad({number}, greatest(4, length({number})), '0') as {alias}")

    def _column(self, column: Column[object]) -> Iterator[str]:
        privacy = privacy_of(column)
        if column.name == "id" or privacy["generalisation"] is Generalisation.DROP:
            return
        target = _foreign_table(column)
        if target == "patients.patient":
            self._pseudonym(column.name, column.name.removesuffix("_id") + "_key", bool(column.nullable))
            return
        if target == "organizations.practitioner":
            self._practitioner(column.name, column.name.removesuffix("_id") + "_code")
            return
        if privacy["generalisation"] is Generalisation.MONTH:
            yield f"date_trunc('month', t.{column.name})::date as {column.name.removesuffix('_date')}_month"
            return
        if privacy["generalisation"] is Generalisation.DISTRICT:
            # The first four digits of a KATO code name the district.
            yield f"left(t.{column.name}, 4)::text as {column.name.removesuffix('_code')}_district"
            return
        if privacy["privacy"] in (Privacy.DIRECT, Privacy.FREE_TEXT):
            raise UnclassifiedColumnError(f"{column.table.fullname}.{column.name} would pass the gate")
        if self.subject is Subject.PRACTITIONER and column.name == "row_xid":
            # The view shows the current role, so a new role is a new version of the practitioner.
            yield "greatest(t.row_xid, role.row_xid)::bigint as row_xid"
            return
        cast = _cast(column)
        yield f"t.{column.name}::{cast} as {column.name}"
        if cast == "timestamptz" and column.name.endswith("_at") and self.subject is Subject.EVENT:
            local = f"(t.{column.name} at time zone '{TIME_ZONE}')::date"
            yield f"{local} as {column.name.removesuffix('_at')}_date"

    def _position(self) -> None:
        self.joins.append(
            "left join lateral (select position, organization_id, site_id, row_xid "
            "from organizations.practitioner_role r where r.practitioner_id = t.id "
            "order by r.end_date desc nulls first, r.start_date desc, r.id desc limit 1) role on true"
        )
        self.columns += [
            "role.position::text as position",
            "role.organization_id::bigint as organization_id",
            "role.site_id::bigint as site_id",
        ]


def create_view(table: Table) -> str:
    """Return the SQL that creates the anonymous view of a table."""
    return _View(table).sql()


def contents_view() -> str:
    """A list of the views and their keys: what the pipelines may and need to extract."""
    rows = ", ".join(f"('{table.name}', '{key_column(table)}')" for table in exported_tables())
    return f"create view anon.contents as select * from (values {rows}) as c(view_name, key_column)"
