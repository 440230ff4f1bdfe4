"""`saulyq pipeline`: from the gate to the served warehouse."""

from enum import StrEnum
from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.output import print_json, say

app = typer.Typer(help="Extract, check, build and publish.", no_args_is_help=True)


class Engine(StrEnum):
    """What the models are built in."""

    duckdb = "duckdb"
    postgres = "postgres"


@app.callback()
def group() -> None:
    """Extract, check, build and publish."""


@app.command()
def run(
    full: Annotated[bool, typer.Option("--full", help="Rebuild every model from the whole lake.")] = False,
    engine: Annotated[Engine, typer.Option(help="Where the models are built.")] = Engine.duckdb,
    as_json: Json = False,
) -> None:
    """Run the whole pipeline once; a rerun changes nothing that did not change."""
    from pipelines.lib import dbt
    from pipelines.lib.places import places
    from saulyq import database
    from saulyq.progress import progress_bars
    from saulyq.settings import settings
    from warehouse import engines

    site, chosen = places(), engines.Engine(engine.value)
    # dbt takes seconds to start: it does so while the server comes up and the rest is imported
    with dbt.started(site, chosen) as started, database.ready(settings()), progress_bars() as progress:
        from pipelines.run import run_in

        report = vars(run_in(site, full, chosen, progress, started=started))
    if as_json:
        print_json(report)
    else:
        published = report.get("published")
        if published:
            say("pipeline: done, serving %(file)s", file=published)
        else:
            say("pipeline: done")
