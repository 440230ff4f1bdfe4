"""The command `saulyq`; the parts it starts and calls are imported inside the commands."""

import os
import sys

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from saulyq import help_texts
from saulyq.commands import (
    audit,
    backup,
    bench,
    db,
    eds,
    export,
    images,
    indicators,
    ingest,
    integrity,
    lifecycle,
    load,
    pipeline,
    plans,
    protection,
    query,
    reference,
    release,
    signals,
    users,
)
from saulyq.errors import SaulyqError
from saulyq.language import speak, told
from saulyq.output import say
from saulyq.refusals import retold

app = typer.Typer(
    name="saulyq",
    help="Saulyq: record care once, act on it within a minute, and show nobody outside the team a name.",
    epilog="Exit codes: 0 done · 1 failed · 2 wrong usage · 3 a part, tool or file is missing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": help_texts.HELP_NAMES},
)

lifecycle.register(app)
app.add_typer(db.app, name="db")
app.add_typer(users.app, name="user")
app.add_typer(eds.app, name="eds")
app.add_typer(audit.app, name="audit")
app.add_typer(integrity.app, name="integrity")
app.add_typer(images.app, name="images")
app.add_typer(load.app, name="load")
app.add_typer(ingest.app, name="ingest")
app.add_typer(export.app, name="export")
app.add_typer(export.import_app, name="import")
app.add_typer(reference.app, name="reference")
app.add_typer(pipeline.app, name="pipeline")
app.add_typer(plans.app, name="plans")
app.add_typer(protection.app, name="protection")
app.add_typer(signals.app, name="signals")
app.add_typer(indicators.app, name="indicators")
app.command("backup")(backup.backup)
app.command("verify-backup")(backup.verify_backup)
app.command("rehearse-restore")(backup.rehearse_restore)
app.command("prune-backups")(backup.prune_backups)
app.command("restore")(backup.restore)
app.command("query")(query.query)
app.command("release")(release.release)
app.command("bench")(bench.bench)


def main() -> None:
    """Run a command; an expected failure is one line and its exit code."""
    # what is written holds personal data: nobody else on this machine reads it; in containers, who have their secrets
    # given, the parts are different users of one group
    os.umask(0o027 if os.environ.get("SAULYQ_SECRETS_DIR") else 0o077)
    language = speak()
    _remember_who_types(language)
    try:
        code = _root(language)(prog_name="saulyq", standalone_mode=False)
    except TyperException as error:
        _refuse(error)
        sys.exit(error.exit_code)
    except typer.Abort:
        say("saulyq: stopped")
        sys.exit(1)
    except SaulyqError as error:
        say("saulyq: %(error)s", error=told(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        say("saulyq: stopped")
        sys.exit(130)
    except Exception as error:
        known = _expected(error)
        if known is None:
            raise
        say("saulyq: %(error)s", error=told(known))
        sys.exit(1)
    # what a command gives back is no exit code; Typer's own, after --help for instance, is a number
    sys.exit(code if isinstance(code, int) else 0)


def _root(language: str) -> TyperGroup:
    """The commands, with their help in the user's language."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    if language != "en":
        help_texts.translate(root)
    return root


def _refuse(error: TyperException) -> None:
    """A wrong argument in one line, with the command that explains it."""
    text = retold(error.format_message()).rstrip(".")
    if not text:
        # arguments were left out, and Typer has shown the help
        return
    context = getattr(error, "ctx", None)
    if context is None:
        say("saulyq: %(error)s", error=text)
    else:
        say("saulyq: %(error)s; see %(command)s --help", error=text, command=context.command_path)


def _expected(error: Exception) -> SaulyqError | None:
    from saulyq import failures
    from saulyq.settings import settings

    return failures.expected(error, settings().home)


def _remember_who_types(language: str) -> None:
    """The journal says who typed it; what the operational app refuses is told in the same language."""
    from ops_app.kit import request_context
    from saulyq import shell_account

    context = request_context.current()
    context.operator, context.language = shell_account.name(), language


if __name__ == "__main__":
    main()
