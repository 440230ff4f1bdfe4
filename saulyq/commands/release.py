"""`saulyq release`: figures that leave the house, through release control."""

from pathlib import Path
from typing import Annotated

import typer

from saulyq.commands.options import Json, check_period
from saulyq.commands.warehouse_answers import answered
from saulyq.output import print_json, print_text


def release(
    name: Annotated[str, typer.Argument(help="The release, for example screening-coverage.")],
    period: Annotated[str, typer.Option(metavar="YYYY-MM", help="The month it is about.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder for its files.")],
    as_json: Json = False,
) -> None:
    """Write a release: small cells suppressed, checked against an attacker, logged."""
    check_period(period)
    with answered():
        from warehouse import release as releases

        report = releases.run(name, period, out)
    if as_json:
        print_json(report)
    else:
        for path in report["files"]:
            print_text(str(path))
