"""`saulyq plans`: the programmes that put people on lists."""

from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.output import print_json, say

app = typer.Typer(help="Programmes: screening, pregnancy, dispensary observation, fluorography.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Programmes: screening, pregnancy, dispensary observation, fluorography."""


@app.command()
def refresh(
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing when nothing changed.")] = False,
    as_json: Json = False,
) -> None:
    """Bring planned steps up to date for everybody whose facts, year or rules changed since the last run."""
    from saulyq import database, programmes
    from saulyq.settings import settings

    with database.ready(settings()):
        people, steps = programmes.refresh(settings())
    if as_json:
        print_json({"people": people, "steps": steps})
    elif steps or not quiet:
        say("%(people)s people looked at, %(steps)s steps written", people=people, steps=steps)
