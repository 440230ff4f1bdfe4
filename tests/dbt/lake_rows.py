"""A small lake from Python rows: what extraction would have written, without the operational database."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
LOCAL = dt.timezone(dt.timedelta(hours=5))
"""Kazakhstan since 2024-03-01; the rows made here are later than that."""

Value: TypeAlias = str | int | float | bool | dt.date | dt.datetime | None
Row: TypeAlias = dict[str, Value]

_ARROW: dict[str, pa.DataType] = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "double precision": pa.float64(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}
_DEFAULTS: dict[str, Row] = {
    "encounter": {"encounter_class": "ambulatory", "status": "finished", "purpose": "disease", "is_planned": False},
    "condition": {"kind": "final", "type": "main", "character": "acute"},
    "observation": {"code_system": "loinc", "status": "final"},
    "procedure": {"code_system": "kz_service", "status": "completed"},
    "medication_request": {"code_system": "atc", "status": "active"},
    "service_request": {"status": "active", "category": "consultation", "priority": "routine"},
    "immunization": {"code_system": "cvx", "status": "completed"},
    "episode_of_care": {"kind": "dispensary", "status": "active"},
    "care_plan_activity": {"status": "planned"},
    "appointment": {"status": "booked"},
    "death": {"place": "home", "is_time_exact": True},
    "organization": {"is_external": False, "is_active": True, "source": "screen"},
    "patient": {"identity_status": "confirmed", "is_live": True, "source": "screen"},
    "attachment": {"source": "screen"},
}


def lake_columns() -> dict[str, dict[str, str]]:
    """Table → column → type, as the project declares its source."""
    sources = yaml.safe_load((PROJECT / "models/staging/_lake__sources.yml").read_text())
    tables = sources["sources"][0]["tables"]
    return {t["name"]: {c["name"]: c["data_type"] for c in t["columns"]} for t in tables}


class LakeRows:
    """Rows of the operational tables as the gate shows them, and the extractions that carried them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.columns = lake_columns()
        self.rows: dict[tuple[str, Value], Row] = {}
        self._dirty: list[tuple[str, Value]] = []
        self._ids = itertools.count(1)
        self._xid = 1000

    def add(self, table: str, **values: Value) -> int:
        """Insert a row and return its id; local dates and ages follow from the times."""
        row: Row = {"recorded_at": None, **_DEFAULTS.get(table, {}), **values}
        if "id" in self.columns[table] and row.get("id") is None:
            row["id"] = next(self._ids)
        self._put(table, row)
        return int(str(row.get("id") or 0))

    def fact(self, table: str, person: str, event_at: dt.datetime, **values: Value) -> int:
        """Insert a clinical fact; known at once unless said otherwise."""
        base: Row = {
            "patient_key": person,
            "event_at": event_at,
            "known_at": event_at,
            "evidence": "typed",
            "organization_id": 10,
            "source": "screen",
        }
        return self.add(table, **{**base, **values})

    def change(self, table: str, key: Value, **values: Value) -> None:
        """Update a row: a later transaction wrote a new version of it."""
        self._put(table, {**self.rows[(table, key)], **values})

    def extract(self, moment: dt.datetime) -> None:
        """Write every row version that no earlier extraction carried; each table has at least one file."""
        waiting: dict[str, list[Row]] = {table: [] for table in self.columns}
        for table, key in dict.fromkeys(self._dirty):
            waiting[table].append({**self.rows[(table, key)], "extracted_at": moment})
        self._dirty.clear()
        for table, rows in waiting.items():
            folder = self.root / table
            if rows or not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                name = f"part-{moment:%Y%m%dT%H%M%S}.parquet"
                pq.write_table(self._arrow(table, rows), folder / name)

    def newest(self, table: str) -> list[Row]:
        """Newest versions of all rows of a table."""
        return [row for (name, _), row in self.rows.items() if name == table]

    def _put(self, table: str, row: Row) -> None:
        self._xid += 1
        row = {**row, "row_xid": self._xid}
        columns = self.columns[table]
        unknown = set(row) - set(columns)
        if unknown - {"recorded_at"}:
            raise KeyError(f"{table} has no column {sorted(unknown)}")
        for column in columns:
            moment = row.get(f"{column.removesuffix('_date')}_at") if column.endswith("_date") else None
            if isinstance(moment, dt.datetime):
                row[column] = moment.astimezone(LOCAL).date()
        event = row.get("event_date")
        if "age_at_event" in columns and row.get("age_at_event") is None and isinstance(event, dt.date):
            row["age_at_event"] = self._age(str(row["patient_key"]), event)
        key = row.get("id") or row.get("practitioner_code") or row.get("patient_key")
        self.rows[(table, key)] = row
        self._dirty.append((table, key))

    def _age(self, person: str, day: dt.date) -> int | None:
        born = self.rows[("patient", person)]["birth_month"]
        assert isinstance(born, dt.date)
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def _arrow(self, table: str, rows: list[Row]) -> pa.Table:
        schema = pa.schema([(name, _ARROW[kind]) for name, kind in self.columns[table].items()])
        return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)
