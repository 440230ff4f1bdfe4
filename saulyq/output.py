"""What commands print: one JSON document or a table on stdout, everything else on stderr."""

import datetime as dt
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

from saulyq.language import N_, _

Rows = Sequence[Mapping[str, object]]

COUNTS = {
    "read": N_("read %(count)s"),
    "loaded": N_("loaded %(count)s"),
    "rejected": N_("rejected %(count)s"),
    "unchanged": N_("unchanged %(count)s"),
}
COLUMNS = (
    # saulyq status
    N_("name"),
    N_("ok"),
    N_("port"),
    N_("pid"),
    N_("url"),
    # saulyq ingest
    N_("channel"),
    N_("sender"),
    N_("facility"),
    N_("control_id"),
    N_("message_type"),
    N_("received_at"),
    N_("state"),
    N_("answer"),
    N_("error"),
    N_("outcome"),
    N_("attempts"),
    N_("processed_at"),
    N_("oldest_waiting_at"),
    N_("received"),
    N_("done"),
    N_("failed"),
    N_("archived"),
    N_("what"),
    N_("value"),
)
"""Columns of our own tables, called as the keys in ``--json``; those of the warehouse keep its names."""


def say(message: str = "", /, **values: object) -> None:
    """One line for the person at the terminal, in his language: a msgid and what fills it."""
    print(_(message, **values), file=sys.stderr, flush=True)  # noqa: T201


def say_counts(entities: Mapping[str, Mapping[str, int]]) -> None:
    """What became of the rows a loader read, a line an entity; entities are called as their tables are."""
    for entity, counts in entities.items():
        say(f"  {entity:<20} " + "  ".join(_(COUNTS[name], count=count) for name, count in counts.items()))


def print_json(document: object) -> None:
    """The one JSON document of a command."""
    try:
        text = json.dumps(document, ensure_ascii=False, default=_plain, indent=1, allow_nan=False)
    except ValueError:
        # JSON knows no NaN and no infinity: a strict reader would refuse the whole document
        plain = json.loads(json.dumps(document, default=_plain), parse_constant=lambda _name: None)
        text = json.dumps(plain, ensure_ascii=False, indent=1)
    print(text, flush=True)  # noqa: T201


def print_json_rows(rows: Iterable[Mapping[str, object]]) -> None:
    """The same for a list that may be longer than memory: each row is written as it comes."""
    before = "[\n"
    for row in rows:
        sys.stdout.write(before + json.dumps(row, ensure_ascii=False, default=_plain, allow_nan=False))
        before = ",\n"
    print("[]" if before == "[\n" else "\n]", flush=True)  # noqa: T201


def print_lines(columns: Mapping[str, int], rows: Iterable[Mapping[str, str]]) -> None:
    """A list of any length for people: a line a row; columns by name with their widths."""
    any_row = False
    for row in rows:
        if not any_row:
            sys.stdout.write(_line({name: _(name) for name in columns}, columns))
            any_row = True
        sys.stdout.write(_line(row, columns))
    if not any_row:
        say("no rows")
    sys.stdout.flush()


def _line(row: Mapping[str, str], columns: Mapping[str, int]) -> str:
    return "  ".join(row[name].ljust(width) for name, width in columns.items()).rstrip() + "\n"


def print_text(text: str) -> None:
    """A plain answer on stdout."""
    print(text, flush=True)  # noqa: T201


def print_rows(rows: Rows, as_json: bool) -> None:
    """Rows as a JSON array, or as a table for people."""
    if as_json:
        print_json([_decoded(row) for row in rows])
        return
    if not rows:
        say("no rows")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(show_edge=False, pad_edge=False)
    for name in rows[0]:
        table.add_column(_(name), overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 240).print(table)


@contextmanager
def work(message: str, /, **values: object) -> Iterator[None]:
    """A spinner with elapsed time around something longer than a second; plain lines without a terminal."""
    if not sys.stderr.isatty():
        say(f"{_(message, **values)} …")
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(_(message, **values)):
        yield


def _decoded(row: Mapping[str, object]) -> dict[str, object]:
    """Evidence is stored as JSON text; inside a JSON document it is JSON."""
    document = dict(row)
    if isinstance(document.get("evidence"), str):
        document["evidence"] = json.loads(str(document["evidence"]))
    return document


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
