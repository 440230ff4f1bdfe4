"""The embedded PostgreSQL: `start()`, `stop()`, `release()`, `running()`, and `server()` around work that needs it."""

from saulyq.postgres.lifecycle import release, running, server, start, stop
from saulyq.postgres.roles import create_database, drop_database, rename_database

__all__ = ["create_database", "drop_database", "release", "rename_database", "running", "server", "start", "stop"]
