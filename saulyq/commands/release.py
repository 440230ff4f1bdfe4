"""`saulyq release`: figures that leave the house, through release control."""

from pathlib import Path
from typing import Annotated, Any

import typer

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError
from saulyq.output import print_json, print_text


def release(
    name: Annotated[str, typer.Argument(help="The release, for example screening_coverage.")],
    period: Annotated[str, typer.Option(metavar="YYYY[-MM]", help="The year or month it is about.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder for its files.")],
    as_json: Json = False,
) -> None:
    """Write a release: small cells suppressed, tried by an attacker, logged."""
    from warehouse import release as releases

    try:
        report: dict[str, Any] = releases.run(name, period, out)
    except releases.Unsafe as error:
        raise SaulyqError(str(error)) from None
    if as_json:
        print_json(report)
    else:
        for path in report["files"]:
            print_text(str(path))
