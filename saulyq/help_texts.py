"""Help in the user's language: the texts of commands and options are written as Typer wants them and replaced here."""

from collections.abc import Iterator
from types import MethodType
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from saulyq.language import N_, _

HELP_NAMES = ["-h", "--help"]

TYPERS_OWN = (
    # asked for by Typer itself
    N_("Arguments"),
    N_("Options"),
    N_("Commands"),
    N_("[default: {}]"),
    N_("[required]"),
    # written without asking
    N_("Show this message and exit."),
    N_("Usage:"),
    N_("[OPTIONS]"),
    N_("COMMAND [ARGS]..."),
)
"""The words around our texts."""


def texts(root: TyperGroup) -> Iterator[str]:
    """Every text of the help, as it is written: msgids of the catalogue."""
    for command in _commands(root):
        yield from filter(None, (command.help, command.epilog, *(_help(each) for each in command.params)))


def translate(root: TyperGroup) -> None:
    """Put every text of the help into the user's language."""
    for command in _commands(root):
        command.help, command.epilog = _translated(command.help), _translated(command.epilog)
        context = typer.Context(command, help_option_names=HELP_NAMES)
        for parameter in (*command.params, command.get_help_option(context)):
            if isinstance(parameter, TyperArgument | TyperOption):
                parameter.help = _translated(parameter.help)
        command.options_metavar = _translated(command.options_metavar)
        if isinstance(command, TyperGroup):
            command.subcommand_metavar = _(command.subcommand_metavar)
        command.format_usage = MethodType(_format_usage, command)  # type: ignore[method-assign]


def _format_usage(command: TyperCommand | TyperGroup, context: typer.Context, formatter: Any) -> None:
    pieces = " ".join(command.collect_usage_pieces(context))
    formatter.write_usage(context.command_path, pieces, prefix=_("Usage:") + " ")


def _commands(group: TyperGroup) -> Iterator[TyperCommand | TyperGroup]:
    yield group
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            yield from _commands(command)
        elif isinstance(command, TyperCommand):
            yield command


def _translated(text: str | None) -> str | None:
    return _(text) if text else text


def _help(parameter: object) -> str | None:
    return parameter.help if isinstance(parameter, TyperArgument | TyperOption) else None
