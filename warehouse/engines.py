"""The engines behind the warehouse: how each is reached, and how much of the machine it may take."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

import duckdb

BUILD_FILE = "saulyq.duckdb"
"""Always the same: dbt keeps its parsed project only while its profile stays as it was."""
THREADS = 2
LEAST_MEMORY_MB = 1024
SHARE_OF_MEMORY = 0.4


class Engine(StrEnum):
    """Where the dbt project can be built."""

    duckdb = "duckdb"
    postgres = "postgres"


SESSION = {"TimeZone": "UTC"}
"""Settings of each session of a build."""


def limits(scratch: Path) -> dict[str, str]:
    """Settings of a whole build: bounded memory, spilling into a folder of its own.

    They are given when the file is opened. Set again by a later session, as dbt does with settings of a session,
    the folder is refused once something lies in it, which only a large region shows.
    """
    return {
        "memory_limit": f"{memory_limit_mb()}MB",
        "temp_directory": str(scratch),
        "preserve_insertion_order": "false",
    }


def open_scratch(scratch: Path) -> duckdb.DuckDBPyConnection:
    """An engine without a file, for work on the lake, with the limits of a build."""
    connection = duckdb.connect(config=dict(limits(scratch)))
    for name, value in SESSION.items():
        connection.execute(f"set {name} = '{value}'")
    return connection


def memory_limit_mb() -> int:
    """Memory one build may take: a share of the machine's, the rest belongs to the other parts."""
    pages, page_bytes = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return max(LEAST_MEMORY_MB, int(pages * page_bytes * SHARE_OF_MEMORY / 2**20))


def open_build(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a build for writing."""
    connection = duckdb.connect(str(path))
    connection.execute("set timezone = 'UTC'")
    return connection


def seal(path: Path) -> None:
    """Finish a build: nothing waits in a log beside it, the file stands alone under any name."""
    with open_build(path) as connection:
        connection.execute("checkpoint")
