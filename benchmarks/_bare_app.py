"""What the framework costs by itself: a FastAPI app whose one route runs recorded SQL through SQLAlchemy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from _trace import load
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from saulyq.settings import settings

TRACES = load(Path(os.environ["SAULYQ_BENCH_TRACES"]))
ENGINE = create_engine(settings().database_url("app"), pool_size=20, max_overflow=20)

app = FastAPI()


def session() -> Iterator[Session]:
    """One transaction a request."""
    with Session(ENGINE) as opened:
        yield opened
        opened.commit()


@app.get("/{operation}/{number}")
@app.post("/{operation}/{number}")
def replay(operation: str, number: int, db: Annotated[Session, Depends(session)]) -> list[dict[str, Any]]:
    """Run the statements of one recorded request and answer with the rows of the last that had some."""
    requests = TRACES[operation]
    rows: list[dict[str, Any]] = []
    connection = db.connection()
    for statement, parameters in requests[number % len(requests)]:
        result = connection.exec_driver_sql(statement, parameters)
        if result.returns_rows:
            rows = [dict(row) for row in result.mappings()]
    return rows
