"""`saulyq reference`: official code lists."""

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError, Unavailable
from saulyq.language import _
from saulyq.output import print_json, say, say_counts

app = typer.Typer(help="Official code lists.", no_args_is_help=True)


class Kind(StrEnum):
    """Which list."""

    icd10 = "icd10"
    kato = "kato"
    organizations = "organizations"


@app.callback()
def group() -> None:
    """Official code lists."""


@app.command()
def load(
    kind: Annotated[Kind, typer.Argument(help="icd10, kato or organizations.")],
    file: Annotated[Path, typer.Argument(help="The official CSV file.")],
    as_json: Json = False,
) -> None:
    """Load a list from an official CSV file; newer rows replace older ones."""
    from ingestion.bulk import reference
    from saulyq import database
    from saulyq.progress import progress_bars
    from saulyq.settings import settings

    if not file.is_file():
        raise Unavailable("there is no file %(file)s", file=file)
    current = settings()
    with database.ready(current), database.turn(current, "load"), progress_bars() as progress:
        report = reference.load(kind.value, file, database_url=current.database_url("app"), progress=progress)
    document = report.as_json()
    if as_json:
        print_json(document)
    else:
        say_counts(document["entities"])


@app.command("load-edition")
def load_edition(
    book: Annotated[str, typer.Argument(help="Short name of the reference book, for example service.")],
    file: Annotated[Path, typer.Argument(help="CSV with code, title_ru and, if known, title_kk, title_en, parent.")],
    edition: Annotated[str, typer.Option(help="What its owner calls the edition, for example 2026-1.")],
    effective_from: Annotated[str, typer.Option("--from", metavar="DAY", help="The day it came into force.")],
    complete: Annotated[bool, typer.Option("--complete", help="Withdraw the codes it does not name.")] = False,
    as_json: Json = False,
) -> None:
    """Load a dated edition of a reference book; nothing is loaded when a row of the file is wrong."""
    from sqlalchemy.orm import Session

    from ops_app.errors import OpsError
    from ops_app.modules.classifiers import versions
    from ops_app.modules.classifiers.reading import read
    from saulyq import database
    from saulyq.settings import settings

    if not file.is_file():
        raise Unavailable("there is no file %(file)s", file=file)
    try:
        day = dt.date.fromisoformat(effective_from)
    except ValueError:
        raise typer.BadParameter(_("write the day as 2026-11-22"), param_hint="--from") from None
    content = file.read_bytes()
    reading = read(content)
    if reading.problems:
        raise SaulyqError("%(why)s", why="; ".join(reading.problems))
    with (
        database.ready(settings()) as current,
        database.turn(current, "load"),
        database.engine(current, "app") as engine,
    ):
        try:
            with Session(engine) as session, session.begin():
                row = versions.load(
                    session, None, book, edition, day, reading.rows, content=content, is_complete=complete
                )
                told = {"added": row.added, "changed": row.changed, "withdrawn": row.withdrawn}
        except OpsError as refused:
            raise SaulyqError("%(why)s", why=refused.message) from None
    if as_json:
        print_json({"book": book, "edition": edition, **told})
    else:
        say(
            "%(book)s %(edition)s: added %(added)s, changed %(changed)s, withdrawn %(withdrawn)s",
            book=book,
            edition=edition,
            **told,
        )
