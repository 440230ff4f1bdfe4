"""Frames into tables by COPY, in chunks, on the caller's connection and in the caller's transaction."""

from __future__ import annotations

import io

import polars as pl
import psycopg
from psycopg import sql

CHUNK_ROWS = 200_000
# Times travel as UTC without a zone, so the session must read them so.
SESSION = "set local timezone to 'UTC'"
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S%.6f"


def copy_frame(connection: psycopg.Connection, table: str, frame: pl.DataFrame) -> int:
    """Append a frame to ``schema.table``; columns are matched by name and times are read as UTC."""
    if frame.is_empty():
        return 0
    command = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(sql.Identifier(name) for name in frame.columns),
    )
    with connection.cursor() as cursor:
        cursor.execute(SESSION)
        with cursor.copy(command) as copy:
            for chunk in frame.iter_slices(CHUNK_ROWS):
                copy.write(_csv(chunk))
    return frame.height


def _csv(frame: pl.DataFrame) -> bytes:
    # Empty text is quoted and null is not: exactly the difference PostgreSQL reads in CSV.
    buffer = io.BytesIO()
    naive = frame.with_columns(
        pl.col(name).dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime) and kind.time_zone
    )
    naive.write_csv(buffer, include_header=False, datetime_format=_TIME_FORMAT)
    return buffer.getvalue()
