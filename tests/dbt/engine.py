"""dbt runs on one engine, and what they built."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg
import yaml

from tests.dbt.lake_rows import PROJECT, lake_columns

Rows = list[tuple[object, ...]]


@dataclass
class Warehouse:
    """One built warehouse: a DuckDB file, or a PostgreSQL database when `postgres` says where."""

    home: Path
    lake: Path
    postgres: str | None = None

    @property
    def file(self) -> Path:
        """The DuckDB file."""
        return self.home / "warehouse.duckdb"

    def dbt(self, command: str, *arguments: str, as_of: str) -> str:
        """Run one dbt command as the pipeline does; its output in the error when it fails."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "profiles.yml").write_text(yaml.safe_dump({"saulyq": self._profile()}))
        variables = json.dumps({"lake_path": str(self.lake), "as_of": as_of})
        paths = ["--project-dir", str(PROJECT), "--profiles-dir", str(self.home)]
        kept = ["--target-path", str(self.home / "target"), "--log-path", str(self.home / "logs")]
        done = subprocess.run(
            [str(Path(sys.executable).parent / "dbt"), "-q", command, *paths, *kept, "--vars", variables, *arguments],
            cwd=PROJECT,
            env=os.environ | {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise AssertionError(f"dbt {command} → {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        """All rows of an answer, times in UTC."""
        if self.postgres:
            with psycopg.connect(self.postgres, options="-c timezone=UTC") as connection:
                return list(connection.execute(sql.encode(), parameters or None).fetchall())
        with duckdb.connect(str(self.file), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(sql, list(parameters)).fetchall()

    def models(self, *schemas: str) -> list[str]:
        """Tables and views of the schemas, by name."""
        listed = ", ".join(f"'{schema}'" for schema in schemas)
        found = self.rows(
            "select table_schema || '.' || table_name from information_schema.tables "
            f"where table_schema in ({listed}) order by 1"
        )
        return [str(name) for (name,) in found]

    def columns(self, model: str) -> list[str]:
        """Column names of a model in their order."""
        schema, name = model.split(".")
        found = self.rows(
            "select column_name from information_schema.columns "
            f"where table_schema = '{schema}' and table_name = '{name}' order by ordinal_position"
        )
        return [str(column) for (column,) in found]

    def content(self, model: str, without: tuple[str, ...] = ()) -> list[str]:
        """Every row of a model as text, sorted: equal on two engines or two builds only if nothing differs."""
        columns = ", ".join(f'"{column}"' for column in self.columns(model) if column not in without)
        return sorted("|".join(map(_spelled, row)) for row in self.rows(f"select {columns} from {model}"))

    def load_raw(self) -> None:
        """Copy the lake's rows into schema raw of PostgreSQL."""
        assert self.postgres
        with psycopg.connect(self.postgres) as connection:
            connection.execute("create schema if not exists raw")
            for table, columns in lake_columns().items():
                _copy(connection, table, columns, self.lake / table)

    def _profile(self) -> dict[str, object]:
        if self.postgres:
            parts = psycopg.conninfo.conninfo_to_dict(self.postgres)
            output: dict[str, object] = {
                "type": "postgres",
                "host": parts["host"],
                "port": int(parts["port"]),
                "user": parts["user"],
                "password": parts["password"],
                "dbname": parts["dbname"],
                "schema": "staging",
                "threads": 2,
            }
        else:
            output = {
                "type": "duckdb",
                "path": str(self.file),
                "schema": "staging",
                "threads": 2,
                "settings": {"TimeZone": "UTC", "preserve_insertion_order": False},
            }
        return {"target": "test", "outputs": {"test": output}}


def _spelled(value: object) -> str:
    # the drivers bring zones of different classes
    return value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else repr(value)


def _copy(
    connection: psycopg.Connection[tuple[object, ...]], table: str, columns: dict[str, str], folder: Path
) -> None:
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.execute(f'drop table if exists raw."{table}" cascade'.encode())
    connection.execute(f'create table raw."{table}" ({declared})'.encode())
    names = ", ".join(f'"{name}"' for name in columns)
    with duckdb.connect() as lake:
        lake.execute("set timezone = 'UTC'")
        rows = lake.execute(f"select {names} from read_parquet('{folder}/*.parquet')").fetchall()
    with connection.cursor().copy(f'copy raw."{table}" ({names}) from stdin'.encode()) as copy:
        for row in rows:
            copy.write_row(row)
