"""`saulyq release`: figures that leave the house, through release control."""

from pathlib import Path
from typing import Annotated, Any

import typer

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError, UsageError
from saulyq.output import print_json, print_text


def release(
    name: Annotated[str, typer.Argument(help="The release, for example screening_coverage.")],
    period: Annotated[str, typer.Option(metavar="YYYY[-MM]", help="The year or month it is about.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder for its files.")],
    by: Annotated[
        str | None,
        typer.Option(
            metavar="LOGIN",
            help="Whose release it is: who may see the figures; staff of the aggregator, where one is named.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a release: small cells suppressed, tried by an attacker, logged.

    The log keeps --by and, beside it, the account of the operating system that typed the command.
    """
    from saulyq import shell_account
    from warehouse import release as releases
    from warehouse.release.texts import RELEASE_REFUSED

    shell = shell_account.name()
    refused, aggregator = _asked(by, name, period)
    if refused is not None:
        raise SaulyqError("%(why)s; see saulyq protection check and --by", why=RELEASE_REFUSED[refused])
    try:
        report: dict[str, Any] = releases.run(name, period, out, by or shell, aggregator=aggregator, shell=shell)
    except releases.Unknown as error:
        raise UsageError("%(why)s", why=error.text) from None
    except releases.Unsafe as error:
        raise SaulyqError("%(why)s", why=error.text) from None
    if as_json:
        print_json(report)
    else:
        for path in report["files"]:
            print_text(str(path))


def _asked(login: str | None, name: str, period: str) -> tuple[str | None, str | None]:
    """Why this account may not release, and who the aggregator is: the operational app says both and keeps that."""
    from sqlalchemy.orm import Session

    from ops_app import audit
    from ops_app.modules.accounts import queries
    from ops_app.modules.accounts.conditions import closed_because
    from ops_app.modules.protection.releasing import aggregator_name, why_no_release
    from saulyq import database
    from saulyq.settings import settings

    with (
        database.ready(settings()) as current,
        database.engine(current, "app") as engine,
        Session(engine) as session,
    ):
        account = queries.account_by_login(session, login) if login else None
        if login and (account is None or not account.is_active):
            raise UsageError("there is no active account %(login)s", login=login)
        actor = queries.actor_of(session, account, 0) if account else None
        refused = why_no_release(session, actor, whole=True)
        if account is not None and closed_because(session, account.id, account.kind, check_network=False):
            refused = "closed"
        about: dict[str, Any] = {"by": login, "release": name, "period": period, "refused": refused}
        audit.security(session, audit.typed_by(), "protection:release", **about)
        session.commit()
        return refused, aggregator_name(session)
