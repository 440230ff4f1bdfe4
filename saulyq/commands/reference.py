"""`saulyq reference`: official code lists."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.errors import Unavailable
from saulyq.output import print_json, say

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
        raise Unavailable(f"there is no file {file}")
    current = settings()
    with database.ready(current), progress_bars() as progress:
        report = reference.load(kind.value, file, database_url=current.database_url("app"), progress=progress)
    document = report.as_json()
    if as_json:
        print_json(document)
    else:
        for entity, counts in document["entities"].items():
            say(f"  {entity:<20} " + "  ".join(f"{name} {count:,}" for name, count in counts.items()))
