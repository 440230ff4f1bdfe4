"""`saulyq up | down | status | logs`: the installation as a whole."""

from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.errors import UsageError
from saulyq.language import N_, _, told
from saulyq.output import print_json, print_rows, print_text, say


def register(app: typer.Typer) -> None:
    """Put the commands at the top level."""
    app.command()(up)
    app.command()(down)
    app.command()(status)
    app.command()(logs)
    app.command()(run)


def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="Make the demo district if empty; later, continue it to now.")
    ] = False,
) -> None:
    """Migrate, start every part, print where they are; Ctrl-C ends them all."""
    from saulyq import startup
    from saulyq.settings import settings

    startup.up(settings(), demo)


def down() -> None:
    """End every part, also what a killed `up` left behind."""
    from saulyq import startup
    from saulyq.settings import settings

    say(N_("stopped") if startup.down(settings()) else N_("nothing was running"))


def run(
    part: Annotated[str, typer.Argument(help="ops, worker, dicom, dagster-code, dagster, dagster-daemon, dashboards.")],
) -> None:
    """Become one part, for containers and other supervisors; `up` runs them all."""
    import os

    from saulyq.dagster_storage import Making
    from saulyq.environment import installation_environment
    from saulyq.part_files import write_part_files
    from saulyq.parts import ROOT, parts
    from saulyq.settings import settings
    from saulyq.storage_encryption import refuse_plain_storage

    current = settings()
    programs = {program.name: program for each in parts(current) for program in each.programs}
    if part not in programs:
        raise UsageError("no part %(part)s; there are: %(programs)s", part=part, programs=", ".join(programs))
    refuse_plain_storage(current)
    # in containers the parts are different users of one group: dashboards read what the pipeline publishes
    os.umask(0o027)
    write_part_files(current)
    if part.startswith("dagster"):
        Making(current).finish()
    os.chdir(ROOT)
    command = programs[part].command
    os.execve(command[0], command, installation_environment(current))  # noqa: S606


def status(as_json: Json = False) -> None:
    """Every part and the age of the warehouse; works before the first start too."""
    from saulyq import health
    from saulyq.settings import settings
    from warehouse import query

    current = settings()
    rows = health.components(current)
    try:
        built = query.build_info()
    except query.QueryError as error:
        say("saulyq: %(error)s", error=told(error))
        built = dict.fromkeys(("engine", "built_at", "as_of", "lag_seconds"))
    if as_json:
        print_json({"home": current.home, "mode": current.mode, "components": rows, "warehouse": built})
        return
    print_rows([{"url": None} | row for row in rows], as_json=False)
    if built["built_at"] is None:
        print_text(_("warehouse: not built yet"))
    else:
        print_text(_("warehouse: as of %(as_of)s, built %(built_at)s (%(engine)s)", **built))


def logs(
    part: Annotated[str | None, typer.Argument(help="Only this part's log.")] = None,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="How many of its last lines.")] = 20,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on printing what is added.")] = False,
) -> None:
    """The last lines of the parts' logs."""
    from saulyq import part_logs
    from saulyq.settings import settings

    known = part_logs.files(settings())
    if part is not None and part not in known:
        raise UsageError("no log of %(part)s; there are: %(known)s", part=part, known=", ".join(known) or "—")
    part_logs.show({part: known[part]} if part is not None else known, lines, follow)
