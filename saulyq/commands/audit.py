"""`saulyq audit`: the sealed journal of who read and who changed what."""

from dataclasses import asdict
from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.language import N_, _
from saulyq.output import print_json, print_text

app = typer.Typer(help="The audit journal.", no_args_is_help=True)

MEANINGS = {
    "edited": N_("row %(number)s was changed after it was sealed"),
    "removed": N_("row %(number)s was removed after it was written"),
    "unqueued": N_("row %(number)s stands outside the chain"),
    "block_edited": N_("block %(number)s was changed"),
    "block_removed": N_("block %(number)s was removed"),
    "block_replaced": N_("block %(number)s is not the one this installation sealed last"),
    "block_out_of_order": N_("block %(number)s does not follow the one before"),
    "block_other_key": N_("block %(number)s was sealed with a key that is not in the secrets of this installation"),
}


@app.command()
def verify(as_json: Json = False) -> None:
    """Find any edited, removed or reordered row; exit code 1 when there is one."""
    from saulyq import database, journal
    from saulyq.settings import settings

    with database.ready(settings()):
        report = journal.verify(settings())
    if as_json:
        print_json({"result": "intact" if report.intact else "broken", **asdict(report)})
    else:
        state = (
            N_("intact: blocks %(blocks)s, rows %(rows)s, not sealed yet %(unsealed)s")
            if report.intact
            else N_("BROKEN: blocks %(blocks)s, rows %(rows)s, not sealed yet %(unsealed)s")
        )
        print_text(_(state, blocks=report.blocks, rows=report.events, unsealed=report.unsealed))
        for finding in report.findings:
            number = finding.block if finding.event_id is None else finding.event_id
            print_text(_(MEANINGS[finding.kind], number=str(number)))
    if not report.intact:
        raise typer.Exit(1)


@app.command()
def seal(as_json: Json = False) -> None:
    """Seal the rows that wait; the running app does it by itself every few seconds."""
    from saulyq import database, journal
    from saulyq.settings import settings

    with database.ready(settings()):
        sealed = journal.seal(settings())
    if as_json:
        print_json({"sealed": sealed})
    else:
        print_text(_("rows sealed: %(count)s", count=sealed))


@app.command()
def restored(
    reason: Annotated[str, typer.Argument(help="Which backup was restored, when and why; goes into the journal.")],
) -> None:
    """After a restored backup: accept that the chain ends earlier than this installation remembers."""
    from saulyq import database, journal
    from saulyq.settings import settings

    with database.ready(settings()):
        journal.accept_restored(settings(), reason)
    print_text(_("the chain goes on from the restored backup"))
