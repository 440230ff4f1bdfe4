"""Writing an export: one snapshot of the database, one file a table."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.facility_export.package import (
    ABOUT,
    GUIDE,
    MANIFEST,
    PACKAGE,
    README,
    TABLES,
    Written,
    describe,
    manifest,
    sha256_of,
    table_file,
    write_json,
)
from ops_app.facility_export.selection import ORGANIZATIONS, Selection, make_plan
from ops_app.kit import clock


class UnknownOrganization(Exception):
    """There is no such organisation."""


def write(engine: Engine, organization_id: int, out: Path) -> dict[str, Any]:
    """Export a facility into a new folder; it bears its name only when it is whole."""
    draft = out.with_name(f".{out.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / TABLES).mkdir(parents=True)
    plan = make_plan()
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            found = connection.execute(
                text(f"select name_kk, bin from {ORGANIZATIONS} where id = :id"), {"id": organization_id}
            ).one_or_none()
            if found is None:
                raise UnknownOrganization
            selection = Selection(connection, plan, organization_id)
            written = {
                name: _table(connection, selection.source(table), draft / table_file(name))
                for name, table in plan.tables.items()
            }
        write_json(draft / PACKAGE, describe(plan, written))
        (draft / MANIFEST).write_text(manifest(written, sha256_of(draft / PACKAGE)))
        (draft / README).write_text(GUIDE, encoding="utf-8")
        about = {
            "organization_id": organization_id,
            "organization": found.name_kk,
            "bin": found.bin,
            "written_at": clock.now().isoformat(),
            "rows": sum(one.rows for one in written.values()),
            "manifest_sha256": sha256_of(draft / MANIFEST),
        }
        write_json(draft / ABOUT, about)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.rename(out)
    with Session(engine) as session:
        audit.changed(session, None, entity="facility_export", entity_id=organization_id, after=about)
        session.commit()
    return {**about, "tables": {name: one.rows for name, one in written.items()}}


def _table(connection: Connection, source: str, file: Path) -> Written:
    driver = connection.connection.driver_connection
    assert driver is not None
    digest, size = hashlib.sha256(), 0
    with file.open("wb") as opened, driver.cursor() as cursor:
        cursor.execute("set local timezone to 'UTC'")
        with cursor.copy(f"copy ({source}) to stdout (format csv, header)") as copy:
            for piece in copy:
                data = bytes(piece)
                opened.write(data)
                digest.update(data)
                size += len(data)
        # The server counts the rows it copied.
        return Written(rows=cursor.rowcount, sha256=digest.hexdigest(), bytes=size)


def self_references(table: Table) -> list[str]:
    """Columns that point to rows of the same table."""
    return sorted(
        column.name for key in table.foreign_key_constraints if key.referred_table is table for column in key.columns
    )
