"""Making a backup while people work: the database from one snapshot, then the files that nothing can make anew."""

import datetime as dt
from pathlib import Path
from typing import Any

import psycopg
import pyrage

from saulyq.backup import archive
from saulyq.backup.digests import digests
from saulyq.backup.documents import held, write_list
from saulyq.backup.keys import IDENTITY
from saulyq.settings import Settings

DERIVED = ("dagster", "dbt", "lake", "logs", "postgres", "run", "warehouse")
"""Folders of an installation that follow from the database, or are the database."""
LAKE = "lake"
ARRIVING = ("images", "incoming")
"""Images on their way in: nobody was told yet that they are stored, and they move while the backup is made."""


def make(settings: Settings, out: Path, recipient: pyrage.x25519.Recipient, with_lake: bool = False) -> dict[str, Any]:
    """Save the installation into an encrypted file; the database server runs."""
    with archive.workspace(settings.run_dir) as folder:
        dump = folder / archive.DUMP
        about = _save_database(settings, dump)
        # Files after the snapshot: whatever a saved row names was written before the row.
        parts = {archive.DUMP: dump, **_secrets(settings), **_files(settings, with_lake)}
        documents = about.pop("documents")
        archive.write(out, recipient, parts, about | {"documents": len(documents)})
        write_list(out, about["taken_at"], documents)
    return {
        "file": str(out),
        "bytes": out.stat().st_size,
        "files": len(parts) - 1,
        "rows": sum(int(each["rows"]) for each in about["tables"].values()),
        "documents": len(documents),
        "taken_at": about["taken_at"],
    }


def _save_database(settings: Settings, dump: Path) -> dict[str, Any]:
    url = settings.libpq_url("owner")
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # The connection waits while pg_dump works.
        connection.execute("set idle_in_transaction_session_timeout = 0")
        snapshot = connection.execute("select pg_export_snapshot(), now(), version()").fetchone()
        assert snapshot is not None
        revision = connection.execute("select version_num from public.alembic_version").fetchone()
        archive.run_tool(
            "pg_dump", ["--format=custom", "--no-owner", f"--snapshot={snapshot[0]}", f"--file={dump}"], url
        )
        return {
            "taken_at": snapshot[1].astimezone(dt.UTC).isoformat(),
            "server": snapshot[2].split(" on ")[0],
            "revision": revision[0] if revision else None,
            "tables": digests(connection),
            "documents": held(connection),
        }


def _secrets(settings: Settings) -> dict[str, Path]:
    # Passwords of the database roles belong to one server; the key to the backup has no place inside it.
    return {
        f"secrets/{file.name}": file
        for file in sorted(settings.secrets_dir.glob("[!.]*"))
        if file.is_file() and not file.name.startswith("db_") and file.name != IDENTITY
    }


def _files(settings: Settings, with_lake: bool) -> dict[str, Path]:
    left = {name for name in DERIVED if not (with_lake and name == LAKE)} | {"secrets"}
    found: dict[str, Path] = {}
    for file in sorted(settings.home.rglob("*")):
        path = file.relative_to(settings.home)
        if path.parts[0] not in left and path.parts[:2] != ARRIVING and file.is_file() and not file.is_symlink():
            found[f"files/{path}"] = file
    return found
