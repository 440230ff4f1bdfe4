"""`saulyq load`: real and synthetic records in bulk."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError, Unavailable, UsageError
from saulyq.output import print_json, say, say_counts

if TYPE_CHECKING:
    from saulyq.progress import Progress


class Report(Protocol):
    """What every loader gives back."""

    def as_json(self) -> dict[str, Any]:
        """Counts by entity: read, loaded, rejected, unchanged."""
        ...


app = typer.Typer(help="Load records in bulk; loading the same twice changes nothing.", no_args_is_help=True)


@app.command()
def synthea(
    directory: Annotated[Path, typer.Argument(help="A folder of Synthea CSV files, gzipped or not.")],
    as_json: Json = False,
) -> None:
    """Load a Synthea CSV folder."""
    from ingestion.bulk import synthea as loader

    if not directory.is_dir():
        raise Unavailable("there is no folder %(folder)s", folder=directory)
    _load(lambda url, progress: loader.load(directory, database_url=url, progress=progress), as_json)


@app.command()
def fhir(
    files: Annotated[list[Path], typer.Argument(help="Synthea FHIR R4 bundles as ndjson or ndjson.gz.")],
    as_json: Json = False,
) -> None:
    """Load FHIR R4 bundles."""
    from ingestion.bulk import fhir as loader

    for file in files:
        if not file.is_file():
            raise Unavailable("there is no file %(file)s", file=file)
    _load(lambda url, progress: loader.load(files, database_url=url, progress=progress), as_json)


@app.command()
def region(
    people: Annotated[int, typer.Option(min=100, help="How many people live there.")] = 20_000,
    years: Annotated[int, typer.Option(min=1, max=20, help="How many years of history.")] = 2,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    until: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day; today if left out.")
    ] = None,
    planted: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the planted cases and traps here, as JSON lines.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a synthetic district with plausible people and care."""
    from saulyq import demo
    from saulyq.settings import Mode, settings

    if settings().mode is Mode.production:
        raise UsageError("a production installation holds no synthetic people")
    from ingestion.bulk import region as maker

    last_day = until.date() if until is not None else None
    _load(
        lambda url, progress: maker.load(
            people,
            years,
            seed,
            until=last_day,
            planted=planted,
            database_url=url,
            progress=progress,
            mark=lambda: demo.mark(settings(), people, years, seed),
        ),
        as_json,
    )


def _load(work: "Callable[[str, Progress], Report]", as_json: bool) -> None:
    """Run a loader as the app's own role, on a migrated database, and print what became of the rows."""
    from saulyq import database
    from saulyq.progress import progress_bars
    from saulyq.settings import settings

    current = settings()
    # two loads would make the same places and people side by side
    with database.ready(current), database.turn(current, "load"), progress_bars() as progress:
        report = work(current.database_url("app"), progress)
    document = report.as_json()
    if as_json:
        print_json(document)
    else:
        _say(document)
    counts = document["entities"].values()
    rejected = sum(count["rejected"] for count in counts)
    if rejected and rejected == sum(count["read"] for count in counts):
        raise SaulyqError(
            "nothing was loaded: all %(rejected)s rows were rejected; see %(file)s",
            rejected=rejected,
            file=document["rejects_file"],
        )


def _say(document: dict[str, Any]) -> None:
    say_counts(document["entities"])
    if document.get("rejects_file"):
        say("  rejected rows and their reasons: %(file)s", file=document["rejects_file"])
