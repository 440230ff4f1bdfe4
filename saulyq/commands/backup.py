"""`saulyq backup`, `verify-backup`, `rehearse-restore`, `prune-backups`, `restore`."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError, UsageError
from saulyq.language import _
from saulyq.output import print_json, print_text, say, work
from saulyq.settings import Settings

BackupFile = Annotated[Path, typer.Argument(help="A file that saulyq backup wrote.", dir_okay=False)]
Identity = Annotated[
    Path | None,
    typer.Option(dir_okay=False, help="The file with the identity; secrets/backup_identity if left out."),
]


def backup(
    out: Annotated[Path, typer.Option(dir_okay=False, help="The new file.")],
    recipient: Annotated[
        str | None, typer.Option(help="An age recipient (age1…); the installation's own if left out.")
    ] = None,
    lake: Annotated[
        bool, typer.Option("--lake", help="With the lake: earlier versions of rows, which nothing can make anew.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Save the installation into one encrypted file; people may go on working."""
    from saulyq import backup as backups
    from saulyq import database
    from saulyq.settings import settings

    if out.exists():
        raise UsageError("%(file)s exists already; name a new file", file=out)
    if not out.parent.is_dir():
        raise UsageError("there is no folder %(folder)s; make it first, or is its disk not mounted?", folder=out.parent)
    key = backups.recipient_of(settings(), recipient)
    with database.ready(settings()) as current, work("saving"):
        report = backups.make(current, out, key, lake)
        _note(current, "made", out, report)
    _answer(
        report, as_json, _("rows: %(rows)s, files: %(files)s, bytes: %(bytes)s, in %(file)s", **report | {"file": out})
    )


def verify_backup(file: BackupFile, identity: Identity = None, as_json: Json = False) -> None:
    """Open a backup, check the sum of every part and read the dump to its end; nothing is changed."""
    from saulyq import backup as backups
    from saulyq.backup.keys import identity_of
    from saulyq.settings import settings

    with work("checking"):
        report = backups.check(settings(), file, identity_of(settings(), identity))
    rows = sum(int(each["rows"]) for each in report["tables"].values())
    _answer(
        report,
        as_json,
        _(
            "whole: rows %(rows)s, tables %(tables)s, taken %(when)s",
            rows=rows,
            tables=len(report["tables"]),
            when=report["taken_at"],
        ),
    )


def rehearse_restore(file: BackupFile, identity: Identity = None, as_json: Json = False) -> None:
    """Try a restore beside the running installation, compare every table and document, and note that it was tried."""
    from saulyq import backup as backups
    from saulyq import database
    from saulyq.backup.keys import identity_of
    from saulyq.settings import settings

    key = identity_of(settings(), identity)
    with database.ready(settings()) as current, work("restoring aside"):
        report = backups.rehearse(current, file, key)
        _note(current, "rehearsed", file, report)
    _answer(report, as_json, _("came back the same: rows %(rows)s, documents %(documents)s", **report))


def prune_backups(
    folder: Annotated[Path, typer.Argument(help="The folder of the backups.", file_okay=False)],
    keep_days: Annotated[int, typer.Option(min=1, help="Younger backups all stay.")] = 30,
    as_json: Json = False,
) -> None:
    """Remove old backups, but never the last that holds an electronic document whose term of storage goes on."""
    from ops_app.kit import clock
    from saulyq import backup as backups

    report = backups.prune(folder, keep_days, clock.today())
    for name in report["damaged"]:
        say("%(name)s is damaged; it is left alone and no other file counts on it", name=name)
    for name, count in report["needed_for_documents"].items():
        say("%(name)s stays: the only whole copy of %(count)s documents whose term goes on", name=name, count=count)
    _answer(
        report,
        as_json,
        _("removed %(removed)s, kept %(kept)s", removed=len(report["removed"]), kept=len(report["kept"])),
    )


def _note(current: Settings, kind: str, file: Path, report: dict[str, Any]) -> None:
    """Write down that a backup was made or tried: the page of protection asks how long ago."""
    from sqlalchemy.orm import Session

    from ops_app.modules.protection.service import note_backup
    from saulyq import database

    taken_at = dt.datetime.fromisoformat(report["taken_at"])
    with database.engine(current, "app") as engine, Session(engine) as session:
        note_backup(session, kind, file.name, taken_at, report["rows"], report["documents"])
        session.commit()


def restore(file: BackupFile, identity: Identity = None, as_json: Json = False) -> None:
    """Restore a backup into an empty installation and prove that it holds the same."""
    from saulyq import backup as backups
    from saulyq import database, postgres, supervisor
    from saulyq.backup.keys import identity_of
    from saulyq.settings import settings

    current = settings()
    if supervisor.running(current):
        raise SaulyqError("the installation is up; stop it first with saulyq down")
    key = identity_of(current, identity)
    with postgres.server(current), work("restoring"):
        report = backups.restore(current, file, key)
        database.migrate(current)
    _answer(report, as_json, _("restored as of %(taken_at)s, rows: %(rows)s; every table holds the same", **report))


def _answer(report: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(report)
    else:
        print_text(sentence)
