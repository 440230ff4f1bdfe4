"""Taking an export into an empty installation, with the numbers it had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.facility_export.package import MANIFEST, sha256_of
from ops_app.facility_export.selection import make_plan
from ops_app.facility_export.verifying import Damaged, package_of, verify
from ops_app.facility_export.writing import self_references
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.name_index import index_names
from ops_app.modules.patients.names import tokens_of
from saulyq.errors import SaulyqError

_CHUNK = 1 << 20
_MADE_BY_MIGRATIONS = ("classifiers.code_system",)
"""Tables that no installation has empty; the rows of the export take the place of theirs."""


class NotEmpty(SaulyqError):
    """The installation already holds records; numbers would meet."""


def load(owner_engine: Engine, folder: Path) -> dict[str, Any]:
    """Load an export in one transaction, or nothing of it."""
    verdict = verify(folder)
    if verdict.problems:
        raise Damaged(
            "the export is damaged: %(count)s problems, first %(problem)s",
            count=len(verdict.problems),
            problem=verdict.problems[0],
        )
    package = package_of(folder)
    plan = make_plan()
    with owner_engine.begin() as connection:
        for resource in package["resources"]:
            table = plan.tables.get(resource["name"])
            if table is None:
                raise Damaged("this version knows no table %(table)s", table=resource["name"])
            if table.fullname in _MADE_BY_MIGRATIONS:
                connection.execute(text(f"delete from {table.fullname}"))
            elif connection.execute(text(f"select true from {table.fullname} limit 1")).scalar():
                raise NotEmpty(
                    "%(table)s already holds rows; an export is loaded into an empty installation",
                    table=table.fullname,
                )
        described = {resource["name"]: resource for resource in package["resources"]}
        for name, table in plan.tables.items():
            if name in described:
                _take(connection, table, described[name], folder)
        _rebuild_name_index(connection)
    with Session(owner_engine) as session:
        about = {"manifest_sha256": sha256_of(folder / MANIFEST), "rows": sum(verdict.rows.values())}
        audit.changed(session, None, entity="facility_import", entity_id=str(folder.name), after=about)
        session.commit()
    return {**about, "tables": verdict.rows}


def _take(connection: Connection, table: Table, resource: dict[str, Any], folder: Path) -> None:
    columns = [each["name"] for each in resource["schema"]["fields"]]
    unknown = [column for column in columns if column not in table.columns]
    if unknown:
        raise Damaged("this version knows no column %(table)s.%(column)s", table=table.fullname, column=unknown[0])
    listed = ", ".join(f'"{column}"' for column in columns)
    own = self_references(table)
    if own:
        # Rows that point to rows of the same table come in after those they point to.
        connection.execute(
            text(f"create temp table arriving on commit drop as select {listed} from {table.fullname} limit 0")
        )
        _copy(connection, f"arriving ({listed})", folder / resource["path"])
        _insert_in_order(connection, table, listed, own)
        connection.execute(text("drop table arriving"))
    else:
        _copy(connection, f"{table.fullname} ({listed})", folder / resource["path"])
    for column in table.columns:
        if column.identity is not None:
            connection.execute(
                text(
                    f"select setval(pg_get_serial_sequence('{table.fullname}', '{column.name}'), "
                    f"max({column.name})) from {table.fullname} having max({column.name}) is not null"
                )
            )


def _insert_in_order(connection: Connection, table: Table, listed: str, own: list[str]) -> None:
    key = next(iter(table.primary_key.columns)).name
    ready = " and ".join(
        f"(a.{column} is null or exists (select from {table.fullname} t where t.{key} = a.{column}))" for column in own
    )
    while True:
        inserted = connection.execute(
            text(
                f"with ready as (select {listed} from arriving a where {ready}), "
                f"gone as (delete from arriving where {key} in (select {key} from ready)) "
                f"insert into {table.fullname} ({listed}) select {listed} from ready"
            )
        ).rowcount
        if not inserted:
            break
    if connection.execute(text("select true from arriving limit 1")).scalar():
        raise Damaged("rows of %(table)s point at each other in a circle", table=table.fullname)


def _copy(connection: Connection, target: str, file: Path) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    with (
        file.open("rb") as opened,
        driver.cursor() as cursor,
        cursor.copy(f"copy {target} from stdin (format csv, header)") as copy,
    ):
        while piece := opened.read(_CHUNK):
            copy.write(piece)


def _rebuild_name_index(connection: Connection) -> None:
    folded = connection.execute(
        text("select family_name, given_name, patronymic from " + Patient.__table__.fullname)  # type: ignore[attr-defined]
    )
    tokens: set[str] = set()
    for row in folded:
        tokens |= tokens_of((row.family_name, row.given_name, row.patronymic))
    index_names(connection, tokens)
