"""The operational database as commands need it: the server up, tables and gate in place."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, create_engine

from saulyq import postgres
from saulyq.output import say
from saulyq.settings import Settings


@contextmanager
def ready(current: Settings) -> Iterator[Settings]:
    """Run the body with the server up and, in a new installation, the tables made."""
    with postgres.server(current):
        # an existing gate is left alone: others may be reading its views now
        if not _is_made(current):
            with turn(current, "migrate"):
                if not _is_made(current):
                    _migrate(current)
        yield current


def migrate(current: Settings) -> None:
    """Bring the operational database to the newest revision and the gate to the newest models."""
    with turn(current, "migrate"):
        _migrate(current)


@contextmanager
def turn(current: Settings, work: str) -> Iterator[None]:
    """Hold the only turn of this work in the installation; whoever comes second says so and waits for the first.

    The server keeps it (a session's advisory lock), because containers share no files; it ends with its process.
    """
    with psycopg.connect(current.libpq_url("owner"), autocommit=True) as connection:
        key = f"saulyq {work}"
        taken = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key]).fetchone()
        if not (taken and taken[0]):
            say(f"another {work} is under way; waiting for its end")
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
        yield


def _is_made(current: Settings) -> bool:
    with psycopg.connect(current.libpq_url("owner")) as connection:
        found = connection.execute("SELECT to_regclass('anon.contents') IS NOT NULL").fetchone()
    return bool(found and found[0])


def _migrate(current: Settings) -> None:
    from ops_app import migrations
    from ops_app.gate import install

    migrations.upgrade(current.database_url("owner"))
    install.apply(current.database_url("owner"))


@contextmanager
def engine(current: Settings, role: str) -> Iterator[Engine]:
    """An engine of a role for one command, with every table of the app known to SQLAlchemy."""
    from ops_app import models

    models.load_all()
    made = create_engine(current.database_url(role))
    try:
        yield made
    finally:
        made.dispose()
