"""Putting a backup into an installation that holds nothing yet."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pyrage
from psycopg import sql

from saulyq import postgres
from saulyq.backup import archive
from saulyq.backup.digests import differences, digests
from saulyq.backup.documents import held, listed_documents
from saulyq.errors import SaulyqError
from saulyq.settings import OPS_DATABASE, Settings

REHEARSAL_DATABASE = "saulyq_rehearsal"
RESTORING_DATABASE = "saulyq_restoring"

_RECORDS = ("patients.patient", "organizations.organization", "accounts.account")
_NUMBERED = """
select n.nspname, c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace where a.attname = 'row_xid' and c.relkind = 'r' order by 1, 2
"""


def restore(settings: Settings, file: Path, identity: pyrage.x25519.Identity) -> dict[str, Any]:
    """Restore into an empty installation whose server runs; says what came back and that it is the same."""
    refuse_records(settings)
    with archive.opened(file, identity, settings.run_dir) as (contents, folder):
        with _aside(settings, RESTORING_DATABASE):
            with _loaded(settings.libpq_url("owner", RESTORING_DATABASE), contents, folder) as connection:
                _number_anew(connection)
            _put_files(folder / "files", settings.home)
            if settings.secrets_dir_outside is None:
                _put_files(folder / "secrets", settings.secrets_dir)
            # The last step: whatever ends the restore before it leaves an empty installation and no half of one.
            postgres.drop_database(settings, OPS_DATABASE)
            postgres.rename_database(settings, RESTORING_DATABASE, OPS_DATABASE)
        return {
            "taken_at": contents["taken_at"],
            "revision": contents["revision"],
            "tables": len(contents["tables"]),
            "rows": sum(int(each["rows"]) for each in contents["tables"].values()),
            "files": len(contents["parts"]) - 1,
            "equal": True,
        }


def rehearse(settings: Settings, file: Path, identity: pyrage.x25519.Identity) -> dict[str, Any]:
    """Try a restore beside the running installation, in a database of its own that is dropped afterwards.

    Compares every table with what was saved, and every electronic document with its signatures with the list beside
    the backup, where there is one.
    """
    url = settings.libpq_url("owner", REHEARSAL_DATABASE)
    with (
        archive.opened(file, identity, settings.run_dir) as (contents, folder),
        _aside(settings, REHEARSAL_DATABASE),
        _loaded(url, contents, folder) as connection,
    ):
        documents = held(connection)
    listed = listed_documents(file)
    if listed is not None and listed != documents:
        raise SaulyqError("the documents that came back are not those listed beside the backup")
    return {
        "taken_at": contents["taken_at"],
        "tables": len(contents["tables"]),
        "rows": sum(int(each["rows"]) for each in contents["tables"].values()),
        "documents": len(documents),
        "equal": True,
    }


@contextmanager
def _aside(settings: Settings, name: str) -> Iterator[None]:
    """An empty database beside the operational one, gone at the end whatever happens."""
    postgres.drop_database(settings, name)
    postgres.create_database(settings, name)
    try:
        yield
    finally:
        postgres.drop_database(settings, name)


@contextmanager
def _loaded(url: str, contents: dict[str, Any], folder: Path) -> Iterator[psycopg.Connection[Any]]:
    """The dump in an empty database, proved to hold what was saved."""
    archive.run_tool(
        "pg_restore",
        ["--exit-on-error", "--no-owner", "--no-privileges", "--single-transaction", str(folder / archive.DUMP)],
        url,
    )
    with psycopg.connect(url) as connection:
        differing = differences(contents["tables"], digests(connection))
        if differing:
            raise SaulyqError("not what was saved: %(differing)s", differing=", ".join(differing))
        yield connection


def refuse_records(settings: Settings) -> None:
    """A restore replaces the database, so one with records is never touched."""
    with psycopg.connect(settings.libpq_url("owner")) as connection:
        for name in _RECORDS:
            there = connection.execute("select to_regclass(%s) is not null", [name]).fetchone()
            if not (there and there[0]):
                continue
            table = sql.Identifier(*name.split("."))
            if connection.execute(sql.SQL("select true from {} limit 1").format(table)).fetchone():
                raise SaulyqError(
                    "this installation is not empty: %(name)s holds rows. Restore into another SAULYQ_HOME, "
                    "or put this one aside first",
                    name=name,
                )


def _number_anew(connection: psycopg.Connection[Any]) -> None:
    # Rows remember the transaction that wrote them, and the saved numbers belong to another server: left alone, a
    # later correction could look older than what it corrects. Triggers rest, so that nothing else happens to the rows.
    for schema, table in connection.execute(_NUMBERED).fetchall():
        name = sql.Identifier(schema, table)
        for statement in (
            "alter table {} disable trigger user",
            "update {} set row_xid = pg_current_xact_id()::text::bigint",
            "alter table {} enable trigger user",
        ):
            connection.execute(sql.SQL(statement).format(name))


def _put_files(saved: Path, target: Path) -> None:
    for file in sorted(saved.rglob("*")) if saved.is_dir() else ():
        if file.is_file():
            place = target / file.relative_to(saved)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
            place.chmod(0o600)
