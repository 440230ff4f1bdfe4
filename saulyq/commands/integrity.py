"""`saulyq integrity`: whether the installed program is the one that was installed."""

from dataclasses import asdict

import typer

from saulyq.commands.options import Json
from saulyq.language import N_, _
from saulyq.output import print_json, print_text

app = typer.Typer(help="The installed files.", no_args_is_help=True)

KINDS = {"changed": N_("changed"), "removed": N_("removed"), "added": N_("added")}


@app.command()
def seal(as_json: Json = False) -> None:
    """Remember every file of the program as it is now: after an installation or an upgrade."""
    from saulyq import integrity
    from saulyq.settings import settings

    count = integrity.seal(settings())
    if as_json:
        print_json({"files": count})
    else:
        print_text(_("files sealed: %(count)s", count=count))


@app.command()
def verify(as_json: Json = False) -> None:
    """Name every changed, removed or added file; exit code 1 when there is one."""
    from saulyq import integrity
    from saulyq.settings import settings

    report = integrity.verify(settings())
    if as_json:
        print_json({"result": "intact" if report.intact else "changed", **asdict(report)})
    else:
        state = (
            N_("intact: files %(files)s, sealed %(when)s")
            if report.intact
            else N_("CHANGED: files %(files)s, sealed %(when)s")
        )
        print_text(_(state, files=report.files, when=report.sealed_at))
        for kind, title in KINDS.items():
            for name in getattr(report, kind):
                print_text(f"{_(title)}: {name}")
    if not report.intact:
        raise typer.Exit(1)
