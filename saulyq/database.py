"""The operational database as commands need it: the server up, tables and gate in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import psycopg
from sqlalchemy import Engine, create_engine

from saulyq import postgres
from saulyq.errors import SaulyqError, Unavailable
from saulyq.language import N_
from saulyq.output import say
from saulyq.settings import Settings

TAKEN = {
    "migrate": N_("the tables are being brought up to date by another command; waiting for its end"),
    "load": N_("another loading is under way; waiting for its end"),
}
GATE_STANDS = """
SELECT EXISTS (
    SELECT FROM pg_class AS view JOIN pg_namespace AS schema ON schema.oid = view.relnamespace
    WHERE schema.nspname = 'anon' AND view.relname = 'contents'
)
"""


@contextmanager
def ready(current: Settings) -> Iterator[Settings]:
    """Run the body with the server up and, in a new installation, the tables made."""
    with postgres.server(current):
        # an existing gate is left alone: others may be reading its views now
        if not _is_made(current):
            with turn(current, "migrate"):
                if not _is_made(current):
                    _refuse_without_owner(current)
                    _migrate(current)
        yield current


def migrate(current: Settings) -> None:
    """Bring the operational database to the newest revision and the gate to the newest models."""
    with turn(current, "migrate"):
        _migrate(current)


@contextmanager
def turn(current: Settings, work: Literal["migrate", "load"]) -> Iterator[None]:
    """Hold the only turn of this work in the installation; whoever comes second says so and waits for the first.

    The server keeps it (a session's advisory lock), because containers share no files; it ends with its process.
    """
    with psycopg.connect(current.libpq_url("app"), autocommit=True) as connection:
        key = f"saulyq {work}"
        taken = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key]).fetchone()
        if not (taken and taken[0]):
            say(TAKEN[work])
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
        yield


def _is_made(current: Settings) -> bool:
    # a question about the catalogue, which every role may read: only a migration needs the owner's password
    with psycopg.connect(current.libpq_url("app")) as connection:
        found = connection.execute(GATE_STANDS).fetchone()
    return bool(found and found[0])


def _refuse_without_owner(current: Settings) -> None:
    """Containers are given their secrets, and the owner's is given to the one that migrates alone."""
    if current.secrets_dir_outside is not None and not (current.secrets_dir / "db_saulyq_owner").exists():
        raise Unavailable(
            "the tables of this installation are not made yet, and only its owner may make them; "
            "run first: docker-compose run --rm migrate"
        )


def _migrate(current: Settings) -> None:
    from ops_app import migrations
    from ops_app.gate import install

    try:
        migrations.upgrade(current.database_url("owner"))
    except migrations.NewerSchema:
        raise SaulyqError(
            "the tables were made by a newer release of Saulyq; run that release, restore a backup of this one's time, "
            "or set SAULYQ_HOME to another folder"
        ) from None
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
