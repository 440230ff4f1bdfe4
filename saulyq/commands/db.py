"""`saulyq db`: the embedded server between commands, and addresses for each role."""

from enum import StrEnum
from typing import Annotated

import typer

from saulyq.errors import SaulyqError
from saulyq.language import N_
from saulyq.output import print_text, say

app = typer.Typer(help="The embedded PostgreSQL server.", no_args_is_help=True)


class DatabaseRole(StrEnum):
    """The login roles of the database."""

    owner = "owner"
    app = "app"
    pipeline = "pipeline"
    egress = "egress"
    dashboards = "dashboards"


@app.command()
def start() -> None:
    """Start the server and keep it running between commands."""
    from saulyq import postgres
    from saulyq.settings import settings

    postgres.start(keep=True)
    say(
        "database: 127.0.0.1:%(port)s, kept running until saulyq db stop",
        port=str(settings().postgres_port),
    )


@app.command()
def stop() -> None:
    """Stop the server, or have the commands that use it now stop it at their end."""
    from saulyq import postgres, supervisor
    from saulyq.settings import settings

    if supervisor.running(settings()):
        raise SaulyqError("the installation is up and needs its database; use saulyq down")
    stopped = postgres.release()
    if stopped is None:
        say("database: other commands use it; it stops when the last of them ends")
    else:
        say(N_("database: stopped") if stopped else N_("database: was not running"))


@app.command()
def migrate() -> None:
    """Bring roles, databases, tables and the gate up to date; `up` does the same."""
    from saulyq import database, postgres
    from saulyq.postgres.roles import prepare
    from saulyq.settings import settings

    with postgres.server(settings()) as current:
        # a server that somebody else runs has neither our roles nor our databases yet
        prepare(current)
        database.migrate(current)
    say("database: up to date")


@app.command()
def url(
    role: Annotated[DatabaseRole, typer.Option(help="Whose address.")] = DatabaseRole.app,
    warehouse: Annotated[bool, typer.Option("--warehouse", help="The warehouse database.")] = False,
) -> None:
    """Print a role's address, password included, for psql and other clients."""
    from saulyq.settings import OPS_DATABASE, WAREHOUSE_DATABASE, settings

    print_text(settings().libpq_url(role.value, WAREHOUSE_DATABASE if warehouse else OPS_DATABASE))
