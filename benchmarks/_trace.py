"""The SQL that the app runs for a request, recorded so that a bare route and pgbench can run the same."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Engine, event

Statement = tuple[str, Any]
"""Text and parameters as the driver gets them."""
Traces = dict[str, list[list[Statement]]]
"""Operation → requests → statements."""


@dataclass(frozen=True)
class JsonValue:
    """A JSON parameter, in a form that can be stored."""

    text: str


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Statement]]:
    """Collect what the engine executes inside the body."""
    statements: list[Statement] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, _storable(parameters)))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def store(traces: Traces, path: Path) -> None:
    """Write the traces for the bare app."""
    path.write_bytes(pickle.dumps(traces))


def load(path: Path) -> Traces:
    """Read them, parameters ready for the driver."""
    traces: Traces = pickle.loads(path.read_bytes())
    return {
        operation: [[(text, _ready(parameters)) for text, parameters in request] for request in requests]
        for operation, requests in traces.items()
    }


def pgbench(requests: list[list[Statement]], program: Path, url: str, clients: int, seconds: int) -> float:
    """Transactions a second that the database alone does with the same statements."""
    server = urlsplit(url)
    assert server.password is not None
    with psycopg.connect(url) as connection, tempfile.TemporaryDirectory() as folder:
        literal = psycopg.ClientCursor(connection)
        arguments = []
        for number, statements in enumerate(requests):
            lines = [literal.mogrify(text, _ready(parameters)) for text, parameters in statements]
            script = Path(folder) / f"{number}.sql"
            script.write_text(";\n".join(["begin", *lines, "commit"]) + ";\n")
            arguments += ["--file", str(script)]
        result = subprocess.run(
            [
                *(str(program), "--no-vacuum", "--protocol", "simple"),
                *("--client", str(clients), "--jobs", "1", "--time", str(seconds)),
                *("--host", str(server.hostname), "--port", str(server.port), "--username", str(server.username)),
                *arguments,
                server.path.lstrip("/"),
            ],
            env={"PGPASSWORD": server.password, "LC_ALL": "C"},
            capture_output=True,
            text=True,
        )
    found = re.search(r"^tps = ([0-9.]+)", result.stdout, re.MULTILINE)
    assert found is not None, result.stderr[-2000:]
    return round(float(found[1]), 1)


def _storable(parameters: Any) -> Any:
    if isinstance(parameters, dict):
        return {name: _storable(value) for name, value in parameters.items()}
    if isinstance(parameters, list | tuple):
        return [_storable(value) for value in parameters]
    return JsonValue(json.dumps(parameters.obj)) if isinstance(parameters, Jsonb) else parameters


def _ready(parameters: Any) -> Any:
    if isinstance(parameters, dict):
        return {name: _ready(value) for name, value in parameters.items()}
    if isinstance(parameters, list):
        return [_ready(value) for value in parameters]
    return Jsonb(json.loads(parameters.text)) if isinstance(parameters, JsonValue) else parameters
