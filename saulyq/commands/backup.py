"""`saulyq backup`, `saulyq verify-backup`, `saulyq restore`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError, UsageError
from saulyq.output import print_json, print_text, work

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
        raise UsageError(f"{out} exists already; name a new file")
    key = backups.recipient_of(settings(), recipient)
    with database.ready(settings()) as current, work("saving"):
        report = backups.make(current, out, key, lake)
    _answer(report, as_json, f"{report['rows']:,} rows and {report['files']} files in {out}, {report['bytes']:,} bytes")


def verify_backup(file: BackupFile, identity: Identity = None, as_json: Json = False) -> None:
    """Open a backup, check the sum of every part and read the dump to its end; nothing is changed."""
    from saulyq import backup as backups
    from saulyq.backup.keys import identity_of
    from saulyq.settings import settings

    with work("checking"):
        report = backups.check(settings(), file, identity_of(settings(), identity))
    rows = sum(int(each["rows"]) for each in report["tables"].values())
    _answer(report, as_json, f"whole: {rows:,} rows of {len(report['tables'])} tables, taken {report['taken_at']}")


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
    _answer(report, as_json, f"restored {report['rows']:,} rows as of {report['taken_at']}; every table holds the same")


def _answer(report: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(report)
    else:
        print_text(sentence)
