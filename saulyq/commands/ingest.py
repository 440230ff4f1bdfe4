"""`saulyq ingest`: messages of devices and other systems."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError
from saulyq.language import _
from saulyq.output import print_json, print_json_rows, print_lines, print_rows, print_text

app = typer.Typer(help="Inbound messages of devices and other systems.", no_args_is_help=True)


COLUMNS = {
    "id": 8,
    "received_at": 25,
    "channel": 6,
    "sender": 20,
    "message_type": 12,
    "control_id": 20,
    "state": 8,
    "answer": 6,
    "error": 0,
}
"""Of the list for people, with their widths."""


class State(StrEnum):
    """Where a message stands."""

    received = "received"
    done = "done"
    failed = "failed"
    archived = "archived"


Channel = Annotated[str | None, typer.Option(help="Only of this channel: hl7, astm, file, fhir, dicom.")]
Sender = Annotated[str | None, typer.Option(help="Only of this sender, for HL7 what stands in MSH-3.")]
OnlyState = Annotated[State | None, typer.Option(help="Only in this state.")]


@app.command()
def status(as_json: Json = False) -> None:
    """How many messages came, wait, became records or need a person."""
    from saulyq import database, inbound
    from saulyq.settings import settings

    with database.ready(settings()):
        found = inbound.status(settings())
    if as_json:
        print_json(found)
    else:
        print_rows(found["channels"], as_json=False)


@app.command("list")
def list_messages(
    channel: Channel = None,
    sender: Sender = None,
    state: OnlyState = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The newest so many; by default all.")] = None,
    as_json: Json = False,
) -> None:
    """Messages in the order they came, without their contents."""
    from saulyq import database, inbound
    from saulyq.settings import settings

    with database.ready(settings()):
        found = inbound.listed(settings(), channel=channel, sender=sender, state=state, limit=limit)
        if as_json:
            print_json_rows(found)
        else:
            print_lines(COLUMNS, map(_told, found))


def _told(row: Mapping[str, Any]) -> dict[str, str]:
    error = row["error"] or {}
    place = "-".join(str(error[name]) for name in ("segment", "field") if error.get(name))
    told = {name: str(row[name] or "") for name in COLUMNS}
    told["received_at"] = row["received_at"].isoformat(" ", "seconds")
    told["error"] = f"{place}: {error['text']}".removeprefix(": ") if error else ""
    return told


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="The number of the message, from the list.")], as_json: Json = False
) -> None:
    """One message with its contents, what it became and what is wrong with it; leaves an audit row."""
    from saulyq import database, inbound
    from saulyq.settings import settings

    with database.ready(settings()):
        found = inbound.shown(settings(), number)
    if found is None:
        raise SaulyqError("there is no message %(number)s", number=str(number))
    if as_json:
        print_json(found)
    else:
        print_text(str(found.pop("raw")))
        print_rows([{"what": name, "value": value} for name, value in found.items() if name != "segments"], False)


@app.command()
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers of messages.")] = None,
    channel: Channel = None,
    sender: Sender = None,
    state: OnlyState = None,
    as_json: Json = False,
) -> None:
    """Read messages again, those named or all that fit; what they have made already is not made twice."""
    from saulyq import database, inbound
    from saulyq.settings import settings

    if not numbers and state is None and sender is None and channel is None:
        raise typer.BadParameter(_("name messages, or say which with --state, --sender or --channel"))
    with database.ready(settings()):
        found = inbound.replay(settings(), numbers or None, channel=channel, sender=sender, state=state)
    if as_json:
        print_json({"replayed": len(found), "messages": found})
    else:
        print_rows(found, as_json=False)


@app.command("file")
def take_file(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="HL7 messages or a batch.")],
    as_json: Json = False,
) -> None:
    """Take in a file of HL7 messages (also FHS/BHS batches) as if they had come over the wire."""
    from saulyq import database, inbound
    from saulyq.settings import settings

    with database.ready(settings()):
        found = inbound.take_file(settings(), path)
    if as_json:
        print_json(found)
    else:
        print_text(_("read %(read)s, accepted %(accepted)s, refused %(refused)s, duplicates %(duplicates)s", **found))
