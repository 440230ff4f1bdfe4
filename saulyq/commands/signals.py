"""`saulyq signals`: the lists of cases that somebody must act on."""

from enum import StrEnum
from typing import Annotated

import typer

from saulyq.commands.options import Json, Org
from saulyq.commands.warehouse_answers import answered
from saulyq.output import print_rows

app = typer.Typer(help="Signal lists from the served warehouse.", no_args_is_help=True)


class State(StrEnum):
    """Where a case stands."""

    open = "open"
    closed = "closed"


@app.command("list")
def list_cases(
    code: Annotated[str, typer.Argument(help="The signal, for example SIG-02.")],
    org: Org = None,
    state: Annotated[State | None, typer.Option(help="Only these; by default open and closed.")] = None,
    as_json: Json = False,
) -> None:
    """Cases of a signal within its rule's window, exact and pseudonymous."""
    with answered() as query:
        print_rows(query.signal_cases(code, org, state), as_json)


@app.command()
def catalog(as_json: Json = False) -> None:
    """Every signal: titles, definition, source and rule version."""
    with answered() as query:
        print_rows(query.signal_catalog(), as_json)
