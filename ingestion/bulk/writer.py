"""Writes records in batches, held to the same constraints as a screen.

A batch goes through a temporary table; references are resolved there; what the database refuses is
found by halving the batch, so one bad row costs its own place and nothing else. Each batch is one
transaction: an interrupted loading goes on where it stopped because keys decide what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from ingestion.bulk.records import ROOT_KEY, TARGETS, Row, Target
from ingestion.bulk.report import LoadReport, Rejects
from ops_app.kit.spelling import sort_key

BATCH_ROWS = 20_000

_REASONS = {
    "uq_episode_of_care_one_open_pregnancy": "the patient already has an open pregnancy card",
    "uq_death_one_live": "the patient's death is already registered",
    "ck_patient_birth_date_plausible": "the birth date is before 1880",
    "ck_encounter_ends_after_start": "the end is before the start",
    "ck_episode_of_care_ends_after_start": "the end is before the start",
    "ck_observation_has_value": "the observation has no value",
}


def add_root(connection: psycopg.Connection[Any], source_system: str) -> int:
    """Return the region under which everything of an outside system hangs, made when missing."""
    row = connection.execute(
        "select id from organizations.organization where source_system = %s and source_key = %s",
        (source_system, ROOT_KEY),
    ).fetchone()
    if row is None:
        row = connection.execute(
            "insert into organizations.organization (kind, name_kk, name_ru, name_en, sort_key, source, source_system, "
            "source_key) values ('region', 'Импортталған деректер', 'Импортированные данные', 'Imported data', "
            "%s, 'import', %s, %s) returning id",
            (sort_key("Импортталған деректер"), source_system, ROOT_KEY),
        ).fetchone()
        connection.commit()
    assert row is not None
    return int(row[0])


class BatchWriter:
    """Collects rows of all entities and writes them in the order references need."""

    def __init__(
        self, connection: psycopg.Connection[Any], source_system: str, report: LoadReport, rejects: Rejects
    ) -> None:
        self._connection = connection
        self._source_system = source_system
        self._report = report
        self._rejects = rejects
        self._root = add_root(connection, source_system)
        self._rows: dict[str, list[Row]] = {target.entity: [] for target in TARGETS}
        self._waiting = 0

    def add(self, row: Row) -> None:
        """Take one record; it is written with its batch."""
        self._rows[row.entity].append(row)
        self._waiting += 1

    @property
    def is_full(self) -> bool:
        """Whether the batch should be written now."""
        return self._waiting >= BATCH_ROWS

    def flush(self) -> None:
        """Write and commit everything taken so far."""
        for target in TARGETS:
            rows = self._rows[target.entity]
            if rows:
                self._write(target, rows)
                rows.clear()
        self._connection.commit()
        self._waiting = 0

    def _write(self, target: Target, rows: Sequence[Row]) -> None:
        count = self._report.entities[target.entity]
        unique: dict[str, Row] = {}
        for row in rows:
            if row.values["source_key"] in unique:
                count.unchanged += row.counted
            else:
                unique[row.values["source_key"]] = row
        distinct = list(unique.values())
        self._stage(target, distinct)
        for position, reason in self._unresolved(target):
            row = distinct[position]
            self._rejects.add(target.entity, row.file, row.line, reason, row.counted)
        self._insert(target, distinct, 0, len(distinct))
        self._connection.execute("drop table stage")

    def _stage(self, target: Target, rows: Sequence[Row]) -> None:
        columns = (
            {"position": "int", "counted": "bool", "source_key": "text"}
            | target.columns
            | dict.fromkeys(target.refs, "text")
        )
        ids = {f"resolved_{ref}": "bigint" for ref in target.refs}
        declared = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in (columns | ids).items()
        )
        self._connection.execute(sql.SQL("create temporary table stage ({})").format(declared))
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        with self._connection.cursor().copy(sql.SQL("copy stage ({}) from stdin").format(names)) as copy:
            for position, row in enumerate(rows):
                copy.write_row([position, row.counted, *(row.values.get(name) for name in list(columns)[2:])])
        self._connection.execute("analyze stage")
        for ref, (_, table) in target.refs.items():
            self._connection.execute(
                sql.SQL(
                    "update stage set {resolved} = other.id from {table} other "
                    "where other.source_system = %s and other.source_key = stage.{ref}"
                ).format(
                    resolved=sql.Identifier(f"resolved_{ref}"),
                    table=sql.Identifier(*table.split(".")),
                    ref=sql.Identifier(ref),
                ),
                (self._source_system,),
            )

    def _unresolved(self, target: Target) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for ref in target.refs:
            needed = ref in target.required
            resolved, named = sql.Identifier(f"resolved_{ref}"), sql.Identifier(ref)
            condition = sql.SQL("{} is null").format(resolved)
            if not needed:
                condition = sql.SQL("{} and {} is not null").format(condition, named)
            rows = self._connection.execute(
                sql.SQL("delete from stage where {} returning position, {}").format(condition, named)
            ).fetchall()
            name = ref.removesuffix("_ref")
            found += [
                (position, f"{name} {value} was not loaded" if value else f"{name} is empty")
                for position, value in rows
            ]
        return found

    def _insert(self, target: Target, rows: Sequence[Row], low: int, high: int) -> None:
        """Insert staged positions ``low`` to ``high``; halve the span when the database refuses it."""
        try:
            with self._connection.transaction():
                answer = self._connection.execute(
                    _insert_statement(target),
                    {"system": self._source_system, "root": self._root, "low": low, "high": high},
                ).fetchone()
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            if high - low > 1:
                middle = (low + high) // 2
                self._insert(target, rows, low, middle)
                self._insert(target, rows, middle, high)
                return
            row = rows[low]
            self._rejects.add(target.entity, row.file, row.line, _reason(error), row.counted)
            return
        assert answer is not None
        staged, written = answer
        count = self._report.entities[target.entity]
        count.loaded += written
        count.unchanged += staged - written


def _reason(error: psycopg.Error) -> str:
    constraint = error.diag.constraint_name or ""
    message = error.diag.message_primary or str(error)
    return _REASONS.get(constraint, message)


def _insert_statement(target: Target) -> sql.Composed:
    columns = list(target.columns)
    values: list[sql.Composable] = [sql.SQL("s.{}").format(sql.Identifier(name)) for name in columns]
    joins = sql.SQL("")
    for ref, (column, _) in target.refs.items():
        if column:
            columns.append(column)
            values.append(sql.SQL("s.{}").format(sql.Identifier(f"resolved_{ref}")))
    if "encounter_ref" in target.refs:
        # What happened at an encounter happened where the encounter did and was done by its practitioner;
        # where an export names no encounter, only the imported data as a whole can be named.
        joins = sql.SQL("left join visits.encounter e on e.id = s.resolved_encounter_ref")
        columns += ["organization_id", "practitioner_id"]
        values += [sql.SQL("coalesce(e.organization_id, %(root)s)"), sql.SQL("e.practitioner_id")]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    action: sql.Composable = sql.SQL("do nothing")
    if target.overwrite:
        sets = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns)
        old = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in columns)
        new = sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(name)) for name in columns)
        action = sql.SQL("do update set {} where ({}) is distinct from ({})").format(sets, old, new)
    return sql.SQL(
        "with staged as (select * from stage where position >= %(low)s and position < %(high)s), "
        "written as (insert into {table} as t ({names}, source, source_system, source_key) "
        "select {values}, 'import', %(system)s, s.source_key from staged s {joins} order by s.position "
        "on conflict (source_system, source_key) where source_key is not null {action} returning t.source_key) "
        "select count(*) filter (where counted), "
        "count(*) filter (where counted and source_key in (select source_key from written)) from staged"
    ).format(
        table=sql.Identifier(*target.table.split(".")),
        names=names,
        values=sql.SQL(", ").join(values),
        joins=joins,
        action=action,
    )
