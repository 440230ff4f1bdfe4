"""The operational database as commands need it: the server up, tables and gate in place."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, create_engine

from saulyq import postgres
from saulyq.settings import Settings


@contextmanager
def ready(current: Settings) -> Iterator[Settings]:
    """Run the body with the server up and, in a new installation, the tables made."""
    with postgres.server(current):
        with psycopg.connect(current.libpq_url("owner")) as connection:
            found = connection.execute("SELECT to_regclass('anon.contents') IS NOT NULL").fetchone()
        # an existing gate is left alone: others may be reading its views now
        if not (found and found[0]):
            migrate(current)
        yield current


def migrate(current: Settings) -> None:
    """Bring the operational database to the newest revision and the gate to the newest models."""
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
