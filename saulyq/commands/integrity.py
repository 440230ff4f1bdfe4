"""`saulyq integrity`: whether the installed program is the one that was installed."""

from dataclasses import asdict

import typer

from saulyq.commands.options import Json
from saulyq.output import print_json, print_text

app = typer.Typer(help="The installed files.", no_args_is_help=True)


@app.command()
def seal(as_json: Json = False) -> None:
    """Remember every file of the program as it is now: after an installation or an upgrade."""
    from saulyq import integrity
    from saulyq.settings import settings

    count = integrity.seal(settings())
    if as_json:
        print_json({"files": count})
    else:
        print_text(f"{count} files sealed")


@app.command()
def verify(as_json: Json = False) -> None:
    """Name every changed, removed or added file; exit code 1 when there is one."""
    from saulyq import integrity
    from saulyq.settings import settings

    report = integrity.verify(settings())
    if as_json:
        print_json({"result": "intact" if report.intact else "changed", **asdict(report)})
    else:
        print_text(f"{'intact' if report.intact else 'CHANGED'}: {report.files} files, sealed {report.sealed_at}")
        for kind in ("changed", "removed", "added"):
            for name in getattr(report, kind):
                print_text(f"{kind}: {name}")
    if not report.intact:
        raise typer.Exit(1)
