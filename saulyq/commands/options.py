"""Options that several commands share."""

from typing import Annotated

import typer

from saulyq.language import _

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]
Org = Annotated[
    int | None,
    typer.Option("--org", metavar="ID", help="A node of the organisation tree: it and what lies below."),
]
Period = Annotated[str | None, typer.Option("--period", metavar="YYYY-MM", help="One month.")]


def check_period(period: str | None) -> str | None:
    """Refuse a period that is no month."""
    import re

    if period is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period):
        raise typer.BadParameter(_("'%(given)s' is no month; write it as 2026-11", given=period), param_hint="--period")
    return period
