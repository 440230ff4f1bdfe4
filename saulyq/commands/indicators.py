"""`saulyq indicators`: exact figures and the cases behind them."""

from enum import StrEnum
from typing import Annotated

import typer

from saulyq.commands.options import Json, Org, Period, check_period
from saulyq.commands.warehouse_answers import answered
from saulyq.output import print_rows

app = typer.Typer(help="Indicators from the served warehouse.", no_args_is_help=True)


class Unit(StrEnum):
    """What a row of figures stands for."""

    organization = "organization"
    site = "site"
    practitioner = "practitioner"


@app.command("list")
def list_indicators(as_json: Json = False) -> None:
    """Every indicator: titles, definition, numerator, denominator and source."""
    with answered() as query:
        print_rows(query.indicator_catalog(), as_json)


@app.command()
def show(
    code: Annotated[str, typer.Argument(help="The indicator's code.")],
    by: Annotated[Unit, typer.Option(help="One row for each of these and each month.")] = Unit.organization,
    period: Period = None,
    as_json: Json = False,
) -> None:
    """Numerator and denominator by unit and month."""
    month = check_period(period)
    with answered() as query:
        print_rows(query.indicator_figures(code, by.value, month), as_json)


@app.command()
def cases(
    code: Annotated[str, typer.Argument(help="The indicator's code.")],
    org: Org = None,
    period: Period = None,
    practitioner: Annotated[str | None, typer.Option(metavar="CODE", help="Only of this practitioner.")] = None,
    as_json: Json = False,
) -> None:
    """The rows behind a figure: who counts, who does not, and why."""
    month = check_period(period)
    with answered() as query:
        print_rows(query.indicator_cases(code, org, month, practitioner), as_json)
