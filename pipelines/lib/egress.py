"""Last hop: signal cases flow back to the operational database as versions in `inbox.signal`."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg

from pipelines.lib.places import Places, Progress, silent
from pipelines.lib.publish import served_file
from saulyq.errors import Unavailable

CONTENT = (
    "case_id",
    "signal_code",
    "rule_version",
    "patient_key",
    "region_id",
    "organization_id",
    "site_id",
    "event_key",
    "event_at",
    "known_at",
    "next_step",
    "due_at",
    "severity",
    "state",
    "closed_at",
    "closed_by",
    "evidence",
)
COLUMNS = (*CONTENT, "detected_at", "as_of", "content_hash")
"""When a case was detected and as of when it was seen are no news about it."""
CASES_AT_ONCE = 5_000
EGRESS_LOCK = 7_236_501


@dataclass(frozen=True)
class Egress:
    """How many versions one run sent."""

    sent: int
    withdrawn: int
    cases: int


def send_signals(places: Places, progress: Progress = silent) -> Egress:
    """Insert the versions that say something new, and withdraw open cases that are no cases any more."""
    path = served_file(places)
    if path is None:
        return Egress(0, 0, 0)
    cases, as_of = _cases(path)
    try:
        connection = psycopg.connect(places.egress_url)
    except psycopg.OperationalError as error:
        raise Unavailable(
            "the operational database does not answer: %(reason)s", reason=str(error).strip().splitlines()[0]
        ) from None
    with connection:
        # two runs at once would both find a case unsent
        connection.execute("select pg_advisory_xact_lock(%s)", [EGRESS_LOCK])
        known = _newest(connection)
        fresh = [case for case in cases if known.get(str(case["case_id"]), ("", ""))[0] != case["content_hash"]]
        present = {case["case_id"] for case in cases}
        vanished = [case_id for case_id, (_, state) in known.items() if state == "open" and case_id not in present]
        withdrawn = _withdrawn(connection, vanished, as_of)
        _insert(connection, [*fresh, *withdrawn], progress)
    return Egress(len(fresh), len(withdrawn), len(cases))


def content_hash(case: dict[str, object]) -> str:
    """Hash of what a version says."""
    said = {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in case.items()}
    content = json.dumps([said[name] for name in CONTENT], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _cases(path: Path) -> tuple[list[dict[str, object]], dt.datetime]:
    with duckdb.connect(str(path), read_only=True) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        names = [*CONTENT, "detected_at", "as_of"]
        rows = warehouse.execute(f"select {', '.join(names)} from signals.signal_case").fetchall()
    cases = [_in_utc(dict(zip(names, row, strict=True))) for row in rows]
    for case in cases:
        case["content_hash"] = content_hash(case)
    moments = [case["as_of"] for case in cases if isinstance(case["as_of"], dt.datetime)]
    return cases, max(moments, default=dt.datetime.now(dt.UTC))


def _newest(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, tuple[str, str]]:
    rows = connection.execute(
        "select distinct on (case_id) case_id, content_hash, state from inbox.signal order by case_id, id desc"
    ).fetchall()
    return {str(case_id): (str(digest), str(state)) for case_id, digest, state in rows}


def _withdrawn(
    connection: psycopg.Connection[tuple[object, ...]], case_ids: list[str], as_of: dt.datetime
) -> list[dict[str, object]]:
    names = [*CONTENT, "detected_at"]
    rows = connection.execute(
        f"select distinct on (case_id) {', '.join(names)} from inbox.signal "
        "where case_id = any(%s) order by case_id, id desc",
        [case_ids],
    ).fetchall()
    versions = []
    for row in rows:
        version = _in_utc(dict(zip(names, row, strict=True)))
        version |= {"state": "withdrawn", "as_of": as_of}
        versions.append(version | {"content_hash": content_hash(version)})
    return versions


def _insert(
    connection: psycopg.Connection[tuple[object, ...]], versions: list[dict[str, object]], progress: Progress
) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy inbox.signal ({', '.join(COLUMNS)}) from stdin") as copy,
    ):
        for done, version in enumerate(versions):
            if done % CASES_AT_ONCE == 0:
                progress("egress", done, len(versions))
            copy.write_row([version[name] for name in COLUMNS])
    progress("egress", len(versions), len(versions))


def _in_utc(case: dict[str, object]) -> dict[str, object]:
    return {name: value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value for name, value in case.items()}
