"""Makes a synthetic region in an empty installation and continues it on later days."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.orm import Session

from ingestion.bulk.region import accounts, continuation, days, keys, simulation, state, stories
from ingestion.bulk.region.district import District
from ingestion.bulk.region.families import Span
from ingestion.bulk.region.planted import Case, plant
from ingestion.bulk.region.report import RegionReport
from ingestion.bulk.region.rows import ID_STRIDE, as_of, full_name
from ingestion.bulk.region.writing import BackgroundCopy
from ops_app.modules.classifiers import service as classifiers
from ops_app.modules.patients.name_index import index_names
from saulyq.errors import UsageError
from saulyq.settings import Mode, settings

Progress = Callable[[str, int, int], None]

TABLES = (
    "organization",
    "practitioner",
    "practitioner_role",
    "patient",
    "patient_link",
    "attachment",
    "serving_site",
    "encounter",
    "condition",
    "observation",
    "service_request",
    "procedure",
    "medication_request",
    "immunization",
    "episode_of_care",
    "care_plan_activity",
    "appointment",
    "death",
)
_ALSO_KEYED = ("vault.pseudonym", "vault.practitioner_number")
_PEOPLE_PER_DISTRICT = 40_000
_SHORT = dt.timedelta(minutes=10)
"""A start so soon after the last one finds nothing worth the wait."""
_ZONE = ZoneInfo("Asia/Almaty")
# The server ends transactions that say nothing for a minute; making people may take longer.
_PATIENT = "set local idle_in_transaction_session_timeout = 0"
_NOT_EMPTY = "select exists (select from patients.patient) or exists (select from organizations.organization)"
_TOKENS = """
select distinct token from patients.patient p, unnest(array[p.family_fold, p.given_fold, p.patronymic_fold]) as token
where token <> ''
"""


def load(
    people: int = 20_000,
    years: int = 2,
    seed: int = 1,
    *,
    until: dt.date | None = None,
    planted: Path | None = None,
    database_url: str,
    progress: Progress | None = None,
    mark: Callable[[], None] = lambda: None,
) -> RegionReport:
    """Make a region of ``people`` people with ``years`` of history up to a day (now if left out).

    ``mark`` says at the end, before anything is committed, that this installation holds synthetic people.
    """
    started = time.monotonic()
    now = _moment(until)
    origin = now.astimezone(_ZONE).date()
    report = RegionReport(now)
    tell = progress or _silent
    engine = create_engine(owner_url(database_url))
    with engine.begin() as connection:
        connection.execute(text(_PATIENT))
        _refuse_unless_empty(connection)
        removed = keys.remove(connection, [*map(full_name, TABLES), *_ALSO_KEYED])
        cases = _write(connection, report, districts_of(people), people, years, seed, origin, now, tell)
        _move_sequences(connection, districts_of(people))
        removed.restore(connection, lambda done, total: tell("keys and indexes", done, total))
        index_names(connection, connection.scalars(text(_TOKENS)))
        with Session(connection) as session:
            classifiers.load_shipped(session)
            session.flush()
        state.begin(connection, state.State(people, years, seed, origin, now, ()))
        # with the district or not at all: a later start makes neither the accounts nor the mark
        report.accounts_file = accounts.create(connection, settings().secrets_dir)
        mark()
    _settle(engine.url.render_as_string(hide_password=False), tell)
    engine.dispose()
    report.planted = len(cases)
    if planted is not None:
        planted_file(planted, cases)
    report.seconds = time.monotonic() - started
    return report


def continue_to_now(
    *, database_url: str, progress: Progress | None = None, now: dt.datetime | None = None
) -> RegionReport | None:
    """Add what happened since the district was last written; None where there is no district."""
    started = time.monotonic()
    engine = create_engine(owner_url(database_url))
    moment = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
    report = RegionReport(moment)
    with engine.begin() as connection:
        connection.execute(text(_PATIENT))
        before = state.read(connection)
        if before is None:
            return None
        if moment - before.known_until < (_SHORT if now is None else dt.timedelta()) or moment <= before.known_until:
            return report
        span = Span(days.day(before.origin) - 365 * before.years, days.day(before.origin))
        batches = (
            batch
            for district in _districts(before.people, before.seed, span, days.minutes(before.known_until))
            for batch in simulation.history(district, int(days.local_day(days.minutes(moment))), by_hand)
        )
        steps = simulation.batches(span.start, int(days.local_day(days.minutes(moment)))) * districts_of(before.people)
        continuation.write(
            connection, batches, before, moment, report, _counted(progress or _silent, "continuing", steps)
        )
        state.advance(connection, moment)
    engine.dispose()
    report.seconds = time.monotonic() - started
    return report


def districts_of(people: int) -> int:
    """How many districts hold that many people."""
    return max(1, round(people / _PEOPLE_PER_DISTRICT))


def owner_url(database_url: str) -> str:
    """The same database as its owner: only the owner may take keys off and put them back."""
    return settings().database_url("owner", make_url(database_url).database or "saulyq")


def by_hand(district: District) -> list[Case]:
    """People whose stories are written: the planted cases of each district, the demo stories of the first."""
    if district.number == 0:
        stories.add(district)
    return plant(district)


def planted_file(path: Path, cases: list[Case]) -> None:
    """The planted cases and traps as JSON lines."""
    path.write_text("".join(case.as_line() for case in cases), encoding="utf-8")


def _write(
    connection: Connection,
    report: RegionReport,
    districts: int,
    people: int,
    years: int,
    seed: int,
    origin: dt.date,
    now: dt.datetime,
    tell: Progress,
) -> list[Case]:
    span = Span(days.day(origin) - 365 * years, days.day(origin))
    moment, cases = days.minutes(now), []
    count = _counted(tell, "people and their care", simulation.batches(span.start, days.day(origin)) * districts)
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    with BackgroundCopy(raw) as copy:
        for district in _districts(people, seed, span):
            for batch in simulation.history(district, days.day(origin), lambda made: cases.extend(by_hand(made))):
                for table, frame in batch.items():
                    copy.put(full_name(table), as_of(table, frame, moment))
                count()
    report.rows.update({name.rpartition(".")[2]: rows for name, rows in copy.written.items()})
    return cases


def _districts(people: int, seed: int, span: Span, since: int = days.NULL) -> Iterator[District]:
    count, external = districts_of(people), None
    for number in range(count):
        size = people // count + (number < people % count)
        district = simulation.found(number, count, size, seed, span, external, since)
        external = district.external
        yield district


def _moment(until: dt.date | None) -> dt.datetime:
    now = dt.datetime.now(dt.UTC)
    today = now.astimezone(_ZONE).date()
    if until is None or until == today:
        return now.replace(second=0, microsecond=0)
    if until > today:
        raise UsageError("%(until)s lies ahead: a history ends today at the latest", until=until)
    return dt.datetime.combine(until, dt.time(23, 59), _ZONE).astimezone(dt.UTC)


def _refuse_unless_empty(connection: Connection) -> None:
    if settings().mode is Mode.production:
        raise UsageError("a production installation holds no synthetic people")
    if connection.scalar(text(_NOT_EMPTY)):
        raise UsageError("this installation holds records already; a region is made only in an empty one")


def _move_sequences(connection: Connection, districts: int) -> None:
    """Numbers given by screens begin after those that the districts own."""
    for table in TABLES:
        connection.exec_driver_sql(
            f"alter table {full_name(table)} alter column id restart with {districts * ID_STRIDE + 1}"
        )


_FILLED = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and pg_has_role(c.relowner, 'member') and n.nspname not in ('pg_catalog', 'information_schema')
  and pg_relation_size(c.oid) > 0
order by pg_relation_size(c.oid) desc
"""


def _settle(url: str, tell: Progress) -> None:
    """Statistics, and the marks of rows that all may see: left to the server, they slow the first minutes of work."""
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        tables = [table for (table,) in connection.execute(_FILLED)]
        for done, table in enumerate(tables, start=1):
            connection.execute(f"vacuum (analyze) {table}".encode())
            tell("statistics", done, len(tables))


def _counted(tell: Progress, step: str, total: int) -> Callable[[], None]:
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        tell(step, min(done, total), total)

    return count


def _silent(step: str, done: int, total: int) -> None:
    """Say nothing."""
