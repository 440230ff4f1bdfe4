"""Writing a release: the file aside, then the log, and only then the file in its place."""

from collections.abc import Callable
from pathlib import Path

from warehouse.release import texts
from warehouse.release.ledger import Entry, Ledger
from warehouse.release.protect import Protected
from warehouse.release.status import PRIMARY, PUBLISHED, SECONDARY


def publish(
    ledger: Ledger,
    name: str,
    period: str,
    user: str,
    parameters: Entry,
    tables: dict[str, Protected],
    path: Path,
    write: Callable[[Path, int], None],
) -> dict[str, object]:
    """Write and log protected tables; an unlogged file is never left behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        write(draft, len(ledger.entries) + 1)
        entry = ledger.append(name, period, user, parameters | {"file": path.name}, tables)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return {
        "release": name,
        "period": period,
        "number": entry["number"],
        "as_of": parameters.get("as_of"),
        "threshold": parameters["threshold"],
        "files": [str(path)],
        "cells": {
            family: {
                "shown": protected.how_many(PUBLISHED),
                "hidden": protected.how_many(PRIMARY) + protected.how_many(SECONDARY),
            }
            for family, protected in tables.items()
        },
    }


def notes(period: str, as_of: object, threshold: int, aggregator: str | None) -> list[str]:
    """What stands above a released table, in three languages."""
    moment = f"{as_of:%d.%m.%Y %H:%M} UTC" if as_of else "–"
    return [
        f"{' / '.join(texts.PERIOD)}: {period}",
        f"{' / '.join(texts.AS_OF)}: {moment}",
        *([f"{' / '.join(dict.fromkeys(texts.AGGREGATOR))}: {aggregator}"] if aggregator else []),
        *(f"{texts.HIDDEN_MARK} {line.format(below=threshold - 1)}" for line in texts.HIDDEN_MEANING),
        *texts.EMPTY_ROWS,
    ]


def percent(numerator: int | None, denominator: int | None) -> float | None:
    """A share, hidden where either count is: the other could be worked out from it."""
    return 100.0 * numerator / denominator if numerator is not None and denominator else None
