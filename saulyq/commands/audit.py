"""`saulyq audit`: the sealed journal of who read and who changed what."""

from dataclasses import asdict
from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.output import print_json, print_text

app = typer.Typer(help="The audit journal.", no_args_is_help=True)

MEANINGS = {
    "edited": "was changed after it was sealed",
    "removed": "was removed after it was written",
    "unqueued": "stands outside the chain",
    "block_edited": "was changed",
    "block_removed": "was removed",
    "block_replaced": "is not the one this installation sealed last",
    "block_out_of_order": "does not follow the one before",
    "block_other_key": "was sealed with a key that is not in the secrets of this installation",
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
        print_text(
            f"{'intact' if report.intact else 'BROKEN'}: {report.blocks} blocks, {report.events} rows, "
            f"{report.unsealed} not sealed yet"
        )
        for finding in report.findings:
            what = f"block {finding.block}" if finding.event_id is None else f"row {finding.event_id}"
            print_text(f"{what} {MEANINGS[finding.kind]}")
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
        print_text(f"{sealed} rows sealed")


@app.command()
def restored(
    reason: Annotated[str, typer.Argument(help="Which backup was restored, when and why; goes into the journal.")],
) -> None:
    """After a restored backup: accept that the chain ends earlier than this installation remembers."""
    from saulyq import database, journal
    from saulyq.settings import settings

    with database.ready(settings()):
        journal.accept_restored(settings(), reason)
    print_text("the chain goes on from the restored backup")
