"""`saulyq user`: accounts of the operational app and the dashboards."""

import sys
from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.language import _
from saulyq.output import print_json, print_text, say

app = typer.Typer(help="Accounts.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="Small Latin letters, digits, dots, dashes.")]
PasswordFromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of a random one.")
]


@app.command()
def add(
    login: Login,
    role: Annotated[str, typer.Option(help="administrator, registrar, nurse, doctor, official, …")],
    name: Annotated[str | None, typer.Option(help="Shown beside what the person does.")] = None,
    org: Annotated[
        int | None, typer.Option("--org", metavar="ID", help="Where the role holds; everywhere if left out.")
    ] = None,
    language: Annotated[str, typer.Option(help="kk, ru or en.")] = "kk",
    password_stdin: PasswordFromStdin = False,
    as_json: Json = False,
) -> None:
    """Create an account and print its password, which is stored nowhere."""
    from saulyq import accounts, database
    from saulyq.settings import settings

    with database.ready(settings()):
        password = accounts.add(settings(), login, name or login, role, org, language, _given(password_stdin))
    _answer(login, password, as_json)


@app.command()
def password(login: Login, password_stdin: PasswordFromStdin = False, as_json: Json = False) -> None:
    """Set a new password, end the account's sessions, print the password."""
    from saulyq import accounts, database
    from saulyq.settings import settings

    with database.ready(settings()):
        new = accounts.reset_password(settings(), login, _given(password_stdin))
    _answer(login, new, as_json)


@app.command()
def disable(login: Login) -> None:
    """Forbid an account to sign in and end its sessions; the account itself stays."""
    from saulyq import accounts, database
    from saulyq.settings import settings

    with database.ready(settings()):
        accounts.disable(settings(), login)
    say("%(login)s: disabled", login=login)


def _given(password_stdin: bool) -> str | None:
    if not password_stdin:
        return None
    given = sys.stdin.readline().rstrip("\n")
    if len(given) < 10:
        raise typer.BadParameter(_("a password has at least 10 characters"), param_hint="--password-stdin")
    return given


def _answer(login: str, password: str, as_json: bool) -> None:
    if as_json:
        print_json({"login": login, "password": password})
    else:
        print_text(password)
