"""An upgrade of the schema during writes: what writers lose, and the longest they wait.

The installation stands one revision behind, with ten observations for each of --people (a million at 100,000). Writers
record observations without pause, each in its own transaction, while `saulyq db migrate` brings the database up: the
revision, then everything the gate generates. Every acknowledged write must be there afterwards, none may be refused.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import psycopg
from _installation import ROOT, Installation, installation
from _report import Benchmark, at_most, percentiles_ms
from alembic import command
from alembic.script import ScriptDirectory

from ops_app.migrations import configuration

ROWS_A_PERSON = 10
WRITERS = 4
QUIET_SECONDS = 3.0
WAIT_MS = 500

_ROWS = """
insert into visits.observation (patient_id, organization_id, event_at, known_at, code, value_number, unit)
select p.id, a.organization_id, now() - number * interval '1 day', now() - number * interval '1 day', '8480-6',
  110 + number %% 40, 'mm[Hg]'
from patients.patient p
join lateral (select organization_id from patients.attachment where patient_id = p.id limit 1) a on true,
  generate_series(1, %(rows)s) number
"""
_WRITE = """
insert into visits.observation (patient_id, organization_id, event_at, known_at, code, value_number, unit,
  source_system, source_key, source)
values (%(patient)s, %(place)s, now(), now(), '8867-4', 70, '/min', 'benchmark', %(key)s, 'import')
"""
_ATTACHED = "select patient_id, organization_id from patients.attachment where end_date is null order by id limit 1000"


@dataclass
class Writer:
    """One connection that records without pause until told to stop."""

    number: int
    seconds: list[tuple[float, float]] = field(default_factory=list)
    """Start and length of each write."""
    refused: list[str] = field(default_factory=list)

    def work(self, url: str, stop: threading.Event) -> None:
        """Write, one transaction each; a refused write is lost."""
        with psycopg.connect(url, autocommit=True) as connection:
            people = connection.execute(_ATTACHED).fetchall()
            while not stop.is_set():
                patient, place = people[len(self.seconds) % len(people)]
                started = time.perf_counter()
                key = f"{self.number}-{len(self.seconds)}-{len(self.refused)}"
                try:
                    connection.execute(_WRITE, {"patient": patient, "place": place, "key": key})
                except psycopg.Error as refused:
                    self.refused.append(type(refused).__name__)
                else:
                    self.seconds.append((started, time.perf_counter() - started))


def main() -> None:
    """Measure, and print the line."""
    run = Benchmark("upgrade", __doc__ or "")
    with installation() as place:
        run.say(f"loading {run.people:,} people")
        place.load_region(run.people, 1)
        rows = _one_behind(place, run)
        writers = [Writer(number) for number in range(WRITERS)]
        stop = threading.Event()
        url = place.settings.libpq_url("app")
        threads = [threading.Thread(target=writer.work, args=(url, stop)) for writer in writers]
        for thread in threads:
            thread.start()
        time.sleep(QUIET_SECONDS)
        run.say("upgrading")
        began = time.perf_counter()
        _migrate()
        ended = time.perf_counter()
        time.sleep(QUIET_SECONDS / 2)
        stop.set()
        for thread in threads:
            thread.join()
        with psycopg.connect(place.settings.libpq_url("owner")) as connection:
            stored = connection.execute(
                "select count(*) from visits.observation where source_system = 'benchmark'"
            ).fetchone()
    acknowledged = sum(len(writer.seconds) for writer in writers)
    refused = [reason for writer in writers for reason in writer.refused]
    quiet = [took for writer in writers for at, took in writer.seconds if at + took < began]
    during = [took for writer in writers for at, took in writer.seconds if at + took >= began and at <= ended]
    lost = acknowledged - (stored[0] if stored else 0)
    longest = round(1000 * max(during), 1)
    run.finish(
        {
            "writes lost or refused": at_most(lost + len(refused), 0),
            "longest wait of a writer, ms": at_most(longest, WAIT_MS),
        },
        rows=rows,
        writers=WRITERS,
        upgrade_seconds=round(ended - began, 1),
        acknowledged=acknowledged,
        refused=refused,
        before_ms=percentiles_ms(quiet),
        during_ms=percentiles_ms(during),
    )


def _migrate() -> None:
    done = subprocess.run([sys.executable, "-m", "saulyq.cli", "db", "migrate"], cwd=ROOT, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit("benchmark: saulyq db migrate failed")


def _one_behind(place: Installation, run: Benchmark) -> int:
    """Take the newest revision back and fill the table; how many rows there are."""
    config = configuration(place.settings.database_url("owner"))
    head = ScriptDirectory.from_config(config).get_current_head()
    run.say(f"back from revision {head}")
    with psycopg.connect(place.settings.libpq_url("owner"), autocommit=True) as connection:
        connection.execute("drop schema anon cascade")
        command.downgrade(config, "-1")
        run.say(f"{ROWS_A_PERSON} observations for each person")
        connection.execute(_ROWS, {"rows": ROWS_A_PERSON})
        counted = connection.execute("select count(*) from visits.observation").fetchone()
    return counted[0] if counted else 0


if __name__ == "__main__":
    main()
