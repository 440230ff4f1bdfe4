"""Schema migrations of the operational database (Alembic), run as the owner role."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util import CommandError

from ops_app.migrations.patience import patiently


class NewerSchema(Exception):
    """The tables were made by a later release, whose revisions this one does not know."""


def configuration(owner_url: str) -> Config:
    """Alembic configuration for a database; no ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = owner_url
    return config


def upgrade(owner_url: str) -> None:
    """Bring the database to the newest revision, each in a transaction of its own, waiting for no lock for long."""
    try:
        # after a refused lock the next attempt goes on where the last revision ended
        patiently(lambda: command.upgrade(configuration(owner_url), "head"))
    except CommandError as error:
        if isinstance(error.__cause__, ResolutionError):
            raise NewerSchema from error
        raise
