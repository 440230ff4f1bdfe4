"""The log of what was released: append-only, chained, and with what is needed to check the next release.

`ledger.jsonl` holds a line a release. The tables themselves lie beside it with all their counts, readable
by this installation only: without them nobody could tell what a later release would give away.
"""

import datetime as dt
import fcntl
import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from warehouse.release import texts
from warehouse.release.linked import NotComparable, as_before, exposed_together
from warehouse.release.protect import Protected, Unsafe, suppress
from warehouse.release.table import Dimension, Table
from warehouse.settings import warehouse_settings

Entry = dict[str, object]


@dataclass(frozen=True)
class Asked:
    """A table somebody wants to release: which family of figures it belongs to, and its counts."""

    family: str
    table: Table


class Ledger:
    """The log, open and locked: nobody else releases until this is done."""

    def __init__(self, directory: Path, log: IO[str]) -> None:
        self._directory = directory
        self._log = log
        log.seek(0)
        self.entries: list[Entry] = [json.loads(line) for line in log]

    def protect(self, asked: Asked, threshold: int) -> Protected:
        """Suppress a table so that it is safe alone and with each earlier one, or raise `Unsafe` naming it."""
        earlier = list(self._family(asked.family))
        # the pattern is looked for step by step, and forced to be the one of before it may not be found again
        for _, released in earlier:
            if released.threshold == threshold and _is_same(asked.table, released.table):
                return Protected(asked.table, threshold, released.statuses)
        hidden, shown = (np.zeros(asked.table.values.shape, dtype=bool) for _ in range(2))
        try:
            for _, released in earlier:
                hid, showed = as_before(asked.table, released)
                hidden, shown = hidden | hid, shown | showed
            protected = suppress(asked.table, threshold, hidden, shown)
        except NotComparable:
            raise Unsafe(texts.OTHER_DIMENSIONS.filled(family=asked.family)) from None
        except Unsafe as error:
            raise Unsafe(texts.REFUSED_AFTER.filled(earlier=_named(earlier), why=error.text)) from None
        for pair in earlier:
            exposed = exposed_together(protected, pair[1])
            if exposed:
                raise Unsafe(texts.REFUSED_TOGETHER.filled(earlier=_named([pair]), count=exposed))
        return protected

    def append(self, name: str, period: str, user: str, parameters: Entry, tables: dict[str, Protected]) -> Entry:
        """Record a release; the line before is part of its hash, so a line cannot be changed unnoticed."""
        stored = {family: self._store(protected) for family, protected in tables.items()}
        before = str(self.entries[-1]["hash"]) if self.entries else ""
        entry: Entry = {
            "number": len(self.entries) + 1,
            "name": name,
            "period": period,
            "released_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "user": user,
            "parameters": parameters,
            "tables": stored,
        }
        entry["hash"] = hashlib.sha256((before + _canonical(entry)).encode()).hexdigest()
        self._log.seek(0, os.SEEK_END)
        self._log.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._log.flush()
        os.fsync(self._log.fileno())
        self.entries.append(entry)
        return entry

    def _family(self, family: str) -> Iterator[tuple[Entry, Protected]]:
        seen = set()
        for entry in reversed(self.entries):
            tables = entry["tables"]
            name = tables.get(family) if isinstance(tables, dict) else None
            if name and name not in seen:
                seen.add(name)
                yield entry, _read(self._directory / "tables" / f"{name}.json.gz")

    def _store(self, protected: Protected) -> str:
        content = _canonical(_written(protected)).encode()
        name = hashlib.sha256(content).hexdigest()
        path = self._directory / "tables" / f"{name}.json.gz"
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            draft = path.with_suffix(".draft")
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(gzip.compress(content, mtime=0))
            draft.replace(path)
        return name


@contextmanager
def open_ledger() -> Iterator[Ledger]:
    """Open this installation's log for one release at a time."""
    directory = warehouse_settings().releases
    directory.mkdir(parents=True, exist_ok=True)
    with open(os.open(directory / "ledger.jsonl", os.O_RDWR | os.O_CREAT, 0o600), "r+") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        yield Ledger(directory, log)


def broken_line() -> int | None:
    """Number of the first line of the log that was changed after it was written; None if none was."""
    before = ""
    with open_ledger() as ledger:
        for entry in ledger.entries:
            content = {key: value for key, value in entry.items() if key != "hash"}
            before = hashlib.sha256((before + _canonical(content)).encode()).hexdigest()
            if before != entry["hash"]:
                return int(str(entry["number"]))
    return None


def _is_same(table: Table, released: Table) -> bool:
    """Whether a table is the released one once more: its pattern, shown again, tells nothing new."""

    def shape(of: Table) -> list[tuple[object, ...]]:
        return [(one.name, one.leaves, list(one.nodes.items()), one.unpublished) for one in of.dimensions]

    return shape(table) == shape(released) and np.array_equal(table.values, released.values)


def _named(earlier: list[tuple[Entry, Protected]]) -> texts.Text:
    names = [texts.EARLIER_RELEASE.filled(**entry) for entry, _ in earlier]
    return texts.Text(*map(", ".join, zip(*names, strict=True))) if names else texts.NO_EARLIER_RELEASE


def _canonical(value: Entry) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _written(protected: Protected) -> Entry:
    return {
        "threshold": protected.threshold,
        "dimensions": [
            {
                "name": dimension.name,
                "leaves": list(dimension.leaves),
                "nodes": {node: sorted(leaves) for node, leaves in dimension.nodes.items()},
                "order": list(dimension.nodes),
                "unpublished": sorted(dimension.unpublished),
            }
            for dimension in protected.table.dimensions
        ],
        "counts": sorted([*coordinates, count] for coordinates, count in protected.table.counts.items()),
        "statuses": "".join(map(str, protected.statuses.tolist())),
    }


def _read(path: Path) -> Protected:
    stored = json.loads(gzip.decompress(path.read_bytes()))
    dimensions = tuple(
        Dimension(
            one["name"],
            tuple(one["leaves"]),
            {node: frozenset(one["nodes"][node]) for node in one["order"]},
            (),
            frozenset(one["unpublished"]),
        )
        for one in stored["dimensions"]
    )
    counts = {tuple(row[:-1]): int(row[-1]) for row in stored["counts"]}
    statuses = np.frombuffer(stored["statuses"].encode(), dtype=np.uint8).astype(np.int8) - ord("0")
    return Protected(Table(dimensions, counts), stored["threshold"], statuses.astype(np.int8))
