"""`saulyq export` and `saulyq import`: a facility's records as open files, and back."""

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError, UsageError
from saulyq.language import _
from saulyq.output import print_json, print_text, say

app = typer.Typer(help="Records of a facility as open files.", no_args_is_help=True)
import_app = typer.Typer(help="Take in what another installation exported.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="The folder of an export.", file_okay=False)]


@app.command()
def facility(
    org: Annotated[int, typer.Option("--org", metavar="ID", help="The organisation; what lies below goes with it.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="A new folder for the files.")],
    as_json: Json = False,
) -> None:
    """Write everything a facility owns: a CSV a table, the schema, counts and SHA-256 sums."""
    from ops_app import facility_export
    from saulyq import database
    from saulyq.settings import settings

    if out.exists():
        raise UsageError("%(folder)s exists already; name a new folder", folder=out)
    with database.ready(settings()) as current, database.engine(current, "app") as engine:
        _refuse_unprotected(engine)
        try:
            report = facility_export.write(engine, org, out)
        except facility_export.UnknownOrganization:
            raise UsageError("there is no organisation %(number)s", number=str(org)) from None
    _answer(
        report,
        as_json,
        _(
            "rows: %(rows)s, tables: %(tables)s, in %(folder)s",
            rows=report["rows"],
            tables=len(report["tables"]),
            folder=out,
        ),
    )


@app.command()
def verify(folder: Folder, as_json: Json = False) -> None:
    """Check an export by its files alone: sums, counts, keys and references."""
    from ops_app import facility_export

    verdict = facility_export.verify(folder)
    if as_json:
        print_json(verdict.as_json())
    for problem in verdict.problems:
        say(problem.message, **problem.values)
    if verdict.problems:
        raise SaulyqError("the export is damaged: %(count)s problems", count=len(verdict.problems))
    if not as_json:
        print_text(
            _("whole: rows %(rows)s, tables %(tables)s", rows=sum(verdict.rows.values()), tables=len(verdict.rows))
        )


@import_app.command("facility")
def import_facility(folder: Folder, as_json: Json = False) -> None:
    """Load an export into an empty installation, with the numbers it had."""
    from ops_app import facility_export
    from saulyq import database
    from saulyq.settings import settings

    with database.ready(settings()) as current, database.engine(current, "owner") as engine:
        report = facility_export.load(engine, folder)
    _answer(
        report,
        as_json,
        _("taken in: rows %(rows)s, tables %(tables)s", rows=report["rows"], tables=len(report["tables"])),
    )


def _refuse_unprotected(engine: Engine) -> None:
    from sqlalchemy.orm import Session

    from ops_app.errors import OpsError
    from ops_app.modules.protection.standing import refuse_unprotected

    with Session(engine) as session:
        try:
            refuse_unprotected(session)
        except OpsError as refused:
            raise SaulyqError("%(why)s; see saulyq protection check", why=refused.message) from None


def _answer(report: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(report)
    else:
        print_text(sentence)
