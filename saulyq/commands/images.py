"""`saulyq images`: the stored images, their files and how long they are kept."""

from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.language import N_, _
from saulyq.output import print_json, print_text

app = typer.Typer(help="Stored images.", no_args_is_help=True)

KINDS = {"missing": N_("missing"), "changed": N_("changed"), "unknown": N_("unknown")}


@app.command()
def check(as_json: Json = False) -> None:
    """Compare every stored file with its hash; exit code 1 when one is missing or changed."""
    from sqlalchemy.orm import Session

    from ops_app.modules.imaging import keeping
    from saulyq import database
    from saulyq.settings import settings

    with database.ready(settings()) as current, database.engine(current, "app") as engine, Session(engine) as session:
        found = keeping.check(session)
    lists = {"missing": found.missing, "changed": found.changed, "unknown": found.unknown}
    if as_json:
        print_json({"result": "intact" if found.intact else "damaged", "files": found.files, **lists})
    else:
        print_text(
            _(N_("intact: files %(files)s") if found.intact else N_("DAMAGED: files %(files)s"), files=found.files)
        )
        for kind, paths in lists.items():
            for path in paths:
                print_text(f"{_(KINDS[kind])}: {path}")
    if not found.intact:
        raise typer.Exit(1)


@app.command()
def retention(
    remove: Annotated[bool, typer.Option("--remove", help="Remove their files; the index keeps their rows.")] = False,
    as_json: Json = False,
) -> None:
    """Studies that need not be kept any longer, oldest first."""
    from sqlalchemy.orm import Session

    from ops_app.kit import clock
    from ops_app.modules.imaging import keeping
    from saulyq import database
    from saulyq.settings import settings

    with (
        database.ready(settings()) as current,
        database.engine(current, "app") as engine,
        Session(engine, expire_on_commit=False) as session,
    ):
        found = keeping.expired(session, clock.today())
        for study, _until in found if remove else []:
            keeping.remove(session, study)
    rows = [
        {
            "study_uid": study.study_uid,
            "modalities": study.modalities,
            "until": until.isoformat(),
            "objects": study.instance_count,
            "bytes": study.bytes,
        }
        for study, until in found
    ]
    if as_json:
        print_json({"removed": remove, "studies": rows})
        return
    for row in rows:
        print_text(_("%(until)s  %(study_uid)s  objects: %(objects)s, bytes: %(bytes)s", **row))
    print_text(
        _(N_("studies removed: %(count)s") if remove else N_("studies that may be removed: %(count)s"), count=len(rows))
    )
