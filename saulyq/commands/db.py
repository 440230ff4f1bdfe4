"""`saulyq db`: the embedded server between commands, and addresses for each role."""

from typing import Annotated

import typer

from saulyq.output import print_text, say
from saulyq.settings import LOGIN_ROLES, OPS_DATABASE, WAREHOUSE_DATABASE, settings

app = typer.Typer(help="The embedded PostgreSQL server.", no_args_is_help=True)


@app.command()
def start() -> None:
    """Start the server and keep it running between commands."""
    from saulyq import postgres

    postgres.start(keep=True)
    say(f"database: 127.0.0.1:{settings().postgres_port}, kept running until saulyq db stop")


@app.command()
def stop() -> None:
    """Stop the server."""
    from saulyq import postgres, supervisor

    if supervisor.running(settings()):
        raise typer.BadParameter("the installation is up and needs its database; use saulyq down")
    say("database: stopped" if postgres.stop() else "database: was not running")


@app.command()
def url(
    role: Annotated[str, typer.Option(help=f"One of {', '.join(LOGIN_ROLES)}.")] = "app",
    warehouse: Annotated[bool, typer.Option("--warehouse", help="The warehouse database.")] = False,
) -> None:
    """Print a role's address, password included, for psql and other clients."""
    if role not in LOGIN_ROLES:
        raise typer.BadParameter(f"no role {role}; one of {', '.join(LOGIN_ROLES)}", param_hint="--role")
    print_text(settings().libpq_url(role, WAREHOUSE_DATABASE if warehouse else OPS_DATABASE))
