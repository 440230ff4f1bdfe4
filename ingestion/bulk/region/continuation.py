"""Adds to a district what became known since it was last written, and nothing twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import polars as pl
import psycopg
from sqlalchemy import Connection, text

from ingestion.bulk.copy import copy_frame
from ingestion.bulk.region import days
from ingestion.bulk.region.report import RegionReport
from ingestion.bulk.region.rows import became_known, full_name
from ingestion.bulk.region.state import State
from ops_app.models import load_all
from ops_app.modules.patients.name_index import index_names

# Somebody else wrote about these people on a screen, so their lives are no longer ours to continue.
_LEFT_ALONE = """
create temp table left_alone on commit drop as
select patient_id from deaths.death where row_xid <> all(:ours)
union select patient_id from episodes.episode_of_care where row_xid <> all(:ours)
union select patient_id from patients.attachment where row_xid <> all(:ours)
union select patient_id from patients.serving_site where row_xid <> all(:ours)
union select patient_id from patients.patient_link where row_xid <> all(:ours)
union select other_patient_id from patients.patient_link where row_xid <> all(:ours)
union select id from patients.patient where row_xid <> all(:ours) and (not is_live or entered_in_error_at is not null)
"""


def write(
    connection: Connection,
    batches: Iterable[dict[str, pl.DataFrame]],
    before: State,
    now: dt.datetime,
    report: RegionReport,
    count: Callable[[], None],
) -> None:
    """Insert rows known since ``before`` and bring the state of older ones up to ``now``."""
    since, until = days.minutes(before.known_until), days.minutes(now)
    fresh: dict[str, list[pl.DataFrame]] = {}
    changed: dict[str, list[pl.DataFrame]] = {}
    for batch in batches:
        for table, frame in batch.items():
            new, older = became_known(table, frame, since, until)
            fresh.setdefault(table, []).append(new)
            changed.setdefault(table, []).append(older)
        count()
    ours = list(before.transactions)
    connection.execute(text(_LEFT_ALONE), {"ours": ours})
    # Parents before children.
    names = [table.name for table in load_all().metadata.sorted_tables]
    for name in (name for name in names if name in fresh):
        report.rows[name] += _insert(connection, name, pl.concat(fresh[name], how="diagonal"))
    if "patient" in fresh:
        born = pl.concat(fresh["patient"], how="diagonal")
        parts = (born[name].unique().drop_nulls() for name in ("family_fold", "given_fold", "patronymic_fold"))
        index_names(connection, (token for part in parts for token in part))
    for name in (name for name in names if name in changed):
        report.rows[name] += _update(connection, name, pl.concat(changed[name], how="diagonal"), ours)


def _insert(connection: Connection, table: str, frame: pl.DataFrame) -> int:
    if frame.is_empty():
        return 0
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    _stage(connection, table, frame)
    theirs = "patient_id" if "patient_id" in frame.columns else "id" if table == "patient" else None
    alone = f"where {theirs} not in (select patient_id from left_alone)" if theirs else ""
    done = connection.exec_driver_sql(
        f"insert into {full_name(table)} ({columns}) overriding system value "
        f"select {columns} from pg_temp.staged {alone} on conflict do nothing"
    )
    return done.rowcount


def _update(connection: Connection, table: str, frame: pl.DataFrame, ours: list[int]) -> int:
    values = [name for name in frame.columns if name != "id"]
    if frame.is_empty() or not values:
        return 0
    _stage(connection, table, frame)
    assignments = ", ".join(f'"{name}" = staged."{name}"' for name in values)
    alone = (
        "" if table in ("patient", "organization") else "and t.patient_id not in (select patient_id from left_alone)"
    )
    # What somebody corrected meanwhile stays as they left it.
    done = connection.execute(
        text(
            f"update {full_name(table)} t set {assignments} from pg_temp.staged "
            f"where t.id = staged.id and t.row_xid = any(:ours) {alone}"
        ),
        {"ours": ours},
    )
    return done.rowcount


def _stage(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    connection.exec_driver_sql("drop table if exists pg_temp.staged")
    connection.exec_driver_sql(
        f"create temp table staged on commit drop as select {columns} from {full_name(table)} with no data"
    )
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    copy_frame(raw, "pg_temp.staged", frame)
