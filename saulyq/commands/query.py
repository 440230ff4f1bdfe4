"""`saulyq query`: any SELECT on the served warehouse."""

from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.commands.warehouse_answers import answered
from saulyq.output import print_rows


def query(
    sql: Annotated[str, typer.Argument(help="A SELECT in DuckDB's dialect.")],
    as_json: Json = False,
) -> None:
    """Ask the served warehouse (schemas staging, marts, indicators, signals); read-only."""
    with answered() as warehouse:
        print_rows(warehouse.run_sql(sql), as_json)
