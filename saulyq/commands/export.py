"""`saulyq export` and `saulyq import`: a facility's records as open files, and back."""

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError, UsageError
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
        raise UsageError(f"{out} exists already; name a new folder")
    with database.ready(settings()) as current, database.engine(current, "app") as engine:
        _refuse_unprotected(engine)
        try:
            report = facility_export.write(engine, org, out)
        except facility_export.UnknownOrganization:
            raise UsageError(f"there is no organisation {org}") from None
    _answer(report, as_json, f"{report['rows']:,} rows of {len(report['tables'])} tables in {out}")


@app.command()
def verify(folder: Folder, as_json: Json = False) -> None:
    """Check an export by its files alone: sums, counts, keys and references."""
    from ops_app import facility_export

    try:
        verdict = facility_export.verify(folder)
    except facility_export.Damaged as error:
        raise SaulyqError(str(error)) from None
    if as_json:
        print_json(verdict.as_json())
    for problem in verdict.problems:
        say(problem)
    if verdict.problems:
        raise SaulyqError(f"the export is damaged: {len(verdict.problems)} problems")
    if not as_json:
        print_text(f"whole: {sum(verdict.rows.values()):,} rows of {len(verdict.rows)} tables")


@import_app.command("facility")
def import_facility(folder: Folder, as_json: Json = False) -> None:
    """Load an export into an empty installation, with the numbers it had."""
    from ops_app import facility_export
    from saulyq import database
    from saulyq.settings import settings

    with database.ready(settings()) as current, database.engine(current, "owner") as engine:
        try:
            report = facility_export.load(engine, folder)
        except (facility_export.Damaged, facility_export.NotEmpty) as error:
            raise SaulyqError(str(error)) from None
    _answer(report, as_json, f"{report['rows']:,} rows of {len(report['tables'])} tables taken in")


def _refuse_unprotected(engine: Engine) -> None:
    from sqlalchemy.orm import Session

    from ops_app.errors import OpsError
    from ops_app.modules.protection.standing import refuse_unprotected

    with Session(engine) as session:
        try:
            refuse_unprotected(session)
        except OpsError as refused:
            raise SaulyqError(f"{refused.message}; see saulyq protection check") from None


def _answer(report: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(report)
    else:
        print_text(sentence)
