"""Fourth hop: a tested build becomes the served warehouse in one rename of a pointer."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from pipelines.lib.dbt import build_file
from pipelines.lib.places import Places
from saulyq.errors import SaulyqError
from warehouse.engines import seal
from warehouse.lake import Lake, stamp, sync, write_durably

POINTER = "current"
WHOLE = ""
UNKNOWN = "?"
KEPT_FILES = 2
"""The served one and the one before, which the next build may continue."""
SPARE_BYTES = 256 << 20
READ_AHEAD_BYTES = 128 << 10
"""Of one request Linux fetches no more than the device's ``read_ahead_kb``, 128 as it is delivered."""
SHARE_READ_AHEAD = 0.5
BYTES_PER_LAKE_BYTE = 6
"""A cautious guess: a warehouse holds the lake's rows less compressed, and its figures."""


class DiskFull(SaulyqError):
    """There is no room to build."""


@dataclass(frozen=True)
class Description:
    """What is known of a published file, kept beside it as JSON."""

    engine: str
    built_at: str
    as_of: str
    generation: str
    project: str
    """Version of the dbt project that built it."""
    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    """Part of the models (`""`: all) → table → state of the lake that its newest build has read."""
    built: dict[str, str] = field(default_factory=dict)
    """Part of the models → moment of the data of its newest build; `"?"` for builds of unknown extent."""


@dataclass(frozen=True)
class Preparation:
    """How a build starts."""

    full: bool
    reason: str
    """Why it is a full build; empty for a continued one."""


def prepare(places: Places, full: bool, project: str) -> Preparation:
    """Lay out the build file: a copy of the served one to be continued, or nothing for a full build."""
    with prepared(places, full, project) as preparation:
        return preparation()


@contextmanager
def prepared(
    places: Places, full: bool, project: str, rebuilt: str | None = None
) -> Iterator[Callable[[], Preparation]]:
    """The same while the caller fills the lake; called, it waits for what was begun and decides.

    The file of a million people is 5 GB. Whoever says what will be rebuilt, a part or the whole of the models,
    continues the file published before the served one and copies nothing: each table knows what it has seen. Nobody
    has read that file for a while, so it is read ahead. If somebody still reads it, or it lacks what the served one
    has, the served one is copied.
    """
    clean(places)
    served = served_file(places)
    build = build_file(places)
    build.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1, "warehouse-copy") as thread:
        copying: Future[Path] | None = None
        if served is not None and not full and not _reason_for_full(places, served, project):
            spare = _spare(places, served, rebuilt)
            if spare is None:
                _require_space(places, served)
                copying = thread.submit(shutil.copyfile, served, build)
            else:
                spare.rename(build)
                # goes on beside the build: nobody waits for it
                threading.Thread(target=read_ahead, args=(build,), name="read-ahead", daemon=True).start()
            shutil.copyfile((spare or served).with_suffix(".json"), build.with_suffix(".json"))

        def decide() -> Preparation:
            if copying is not None:
                copying.result()
            # what came into the lake meanwhile may be a reason too
            reason = "asked for" if full else _reason_for_full(places, served, project)
            if reason:
                _remove(build)
                _require_space(places, served)
            return Preparation(bool(reason), reason)

        yield decide


def read_ahead(path: Path) -> None:
    """Let the system fetch a file from the disk in order, before a build asks for its blocks here and there.

    No more than half of the memory that is free: what does not stay there would be read twice.
    """
    # a build that begins anew meanwhile has removed it
    with suppress(FileNotFoundError), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > psutil.virtual_memory().available * SHARE_READ_AHEAD:
            return
        for offset in range(0, size, READ_AHEAD_BYTES):
            os.posix_fadvise(file.fileno(), offset, READ_AHEAD_BYTES, os.POSIX_FADV_WILLNEED)


def news(places: Places, part: str | None) -> list[str]:
    """Tables of the lake that changed since a part of the models was last built."""
    known = _continued(places)
    seen = known.seen if known is not None else {}
    built = seen.get(part or WHOLE, seen.get(WHOLE, {}))
    return [table for table, state in _states(places.lake).items() if built.get(table) != state]


def publish(places: Places, as_of: dt.datetime, project: str, part: str | None = None, whole: bool = False) -> Path:
    """Make the build the served warehouse; a build of unknown extent leaves what the models have seen as it was."""
    build = build_file(places)
    known = None if whole else _continued(places)
    seen, built = (known.seen, known.built) if known is not None else ({}, {})
    extent = WHOLE if whole else part
    if extent is not None:
        seen = {**seen, extent: _states(places.lake)}
    built = {**built, UNKNOWN if extent is None else extent: as_of.isoformat()}
    seal(build)
    sync(build)
    built_at = dt.datetime.now(dt.UTC)
    target = places.warehouse / f"saulyq-{stamp(built_at)}.duckdb"
    note = Description(
        "duckdb", built_at.isoformat(), as_of.isoformat(), places.lake.generation(), project, seen, built
    )
    write_durably(target.with_suffix(".json"), json.dumps(asdict(note)))
    build.rename(target)
    sync(places.warehouse)
    write_durably(places.warehouse / POINTER, target.name)
    clean(places)
    retire(places)
    return target


def served_file(places: Places) -> Path | None:
    """The file the pointer names, if it is there."""
    try:
        path = places.warehouse / (places.warehouse / POINTER).read_text().strip()
    except FileNotFoundError:
        return None
    return path if path.is_file() else None


def description(path: Path) -> Description | None:
    """What the publication wrote beside a file."""
    try:
        return Description(**json.loads(path.with_suffix(".json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _continued(places: Places) -> Description | None:
    """What is known of the file that the build continues; of the served one where no build was laid out."""
    served = served_file(places)
    return description(build_file(places)) or (description(served) if served is not None else None)


def _spare(places: Places, served: Path, rebuilt: str | None) -> Path | None:
    """A published file besides the served one that gets all the served one has, once this part of it is rebuilt."""
    known = description(served)
    if known is None or rebuilt is None:
        return None
    for path in reversed(_published(places)):
        older = description(path)
        if (
            path != served
            and older is not None
            and (older.project, older.generation) == (known.project, known.generation)
            and (rebuilt == WHOLE or (WHOLE in known.built and _besides(older, rebuilt) == _besides(known, rebuilt)))
            and not _is_read(path)
        ):
            return path
    return None


def _besides(known: Description, part: str) -> dict[str, str]:
    return {name: moment for name, moment in known.built.items() if name != part}


def clean(places: Places) -> None:
    """Remove what a killed build left: its files, and a file that no pointer ever named."""
    shutil.rmtree(places.warehouse / "build", ignore_errors=True)
    served = served_file(places)
    for path in _published(places):
        if served is None or path.name > served.name:
            _remove(path)
    for note in places.warehouse.glob("saulyq-*.json"):
        if not note.with_suffix(".duckdb").exists():
            note.unlink()


def retire(places: Places) -> list[str]:
    """Remove old published files that nobody reads, apart from the newest ones.

    Files of another generation hold rows that had to leave the lake; they go at once, read or not.
    """
    served = served_file(places)
    generation = places.lake.generation()
    published = _published(places)
    removed = []
    for path in published:
        known = description(path)
        outdated = known is None or known.generation != generation
        if path != served and (outdated or (path not in published[-KEPT_FILES:] and not _is_read(path))):
            _remove(path)
            removed.append(path.name)
    return removed


def _reason_for_full(places: Places, served: Path | None, project: str) -> str:
    if served is None:
        return "no warehouse yet"
    known = description(served)
    if known is None:
        return "the served warehouse is not described"
    if known.project != project:
        return "the models have changed"
    if known.generation != places.lake.generation():
        return "row versions were taken out of the lake"
    return ""


def _states(lake: Lake) -> dict[str, str]:
    # files never change, so their names say what a reader of the table has seen
    return {
        table: hashlib.sha256(" ".join(part.name for part in manifest.files).encode()).hexdigest()[:16]
        for table, manifest in lake.manifests().items()
    }


def _require_space(places: Places, served: Path | None) -> None:
    expected = served.stat().st_size * 2 if served is not None else places.lake.size() * BYTES_PER_LAKE_BYTE
    free = shutil.disk_usage(places.warehouse).free
    if free < expected + SPARE_BYTES:
        raise DiskFull(
            "a build needs about %(needed)s MB in %(folder)s, %(free)s MB are free; free some space and run again",
            needed=expected + SPARE_BYTES >> 20,
            folder=places.warehouse,
            free=free >> 20,
        )


def _published(places: Places) -> list[Path]:
    return sorted(places.warehouse.glob("saulyq-*.duckdb"))


def _is_read(path: Path) -> bool:
    # readers hold DuckDB's shared lock on the file for as long as they have it open
    with path.open("rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
