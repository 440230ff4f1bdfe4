"""`saulyq protection`: whether personal data may leave this installation."""

import typer

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError
from saulyq.language import N_, _
from saulyq.output import print_json, print_text, say

app = typer.Typer(help="Checks of the protection of personal data.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `check` a command of its own."""


@app.command()
def check(as_json: Json = False) -> None:
    """Show every check as it stands; exit code 1 when a required one is not met."""
    from sqlalchemy.orm import Session

    from ops_app.modules.protection import standing
    from saulyq import database
    from saulyq.settings import settings

    with (
        database.ready(settings()) as current,
        database.engine(current, "app") as engine,
        Session(engine) as session,
    ):
        found = list(standing.results(session).values())
        rows = [
            {
                "code": each.check.code,
                "source": str(each.check.source),
                "title": each.check.title.en,
                "proved": "measured" if each.check.kind == "measured" else "confirmed",
                "required": each.check.required,
                "met": each.is_met,
                "found": each.detail,
                "until": each.statement.expires_on if each.statement else None,
                "task": each.check.task.en,
            }
            for each in found
        ]
        lacking = [each for each in found if each.check.required and not each.is_met]
        enforced = standing.is_enforced()
    if as_json:
        print_json({"ok": not lacking, "enforced": enforced, "checks": rows})
    else:
        for each in found:
            line = (
                N_("met: %(code)s %(title)s (%(found)s)")
                if each.is_met
                else N_("NOT MET: %(code)s %(title)s (%(found)s)")
            )
            print_text(_(line, code=each.check.code, title=each.check.title, found=each.detail))
        for each in lacking:
            say("%(code)s: %(task)s", code=each.check.code, task=each.check.task)
    if lacking:
        raise SaulyqError(
            N_("%(count)s required checks are not met; messages, exports and releases are stopped")
            if enforced
            else N_("%(count)s required checks are not met; production would stop what leaves"),
            count=len(lacking),
        )
