"""A PostgreSQL that somebody else runs: from nothing to tables, and commands without the owner's password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from saulyq import postgres
from saulyq.settings import LOGIN_ROLES
from tests.installation import Installation, make_installation, remove_installation


@pytest.fixture(scope="module")
def server() -> Iterator[Installation]:
    """A running server with an administrator and nothing of ours."""
    made = make_installation()
    try:
        with postgres.server(made.settings):
            with psycopg.connect(made.settings.libpq_url("super", "postgres"), autocommit=True) as connection:
                for database in ("saulyq", "saulyq_warehouse"):
                    connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(database)))
                for role in LOGIN_ROLES:
                    connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(f"saulyq_{role}")))
            yield made
    finally:
        remove_installation(made)


def given(folder: Path, server: Installation, *roles: str) -> dict[str, str]:
    """The environment of a container: passwords of these roles alone, and where the server is."""
    (folder / "secrets").mkdir(parents=True)
    for role in roles:
        (folder / "secrets" / f"db_saulyq_{role}").write_text(f"password-of-{role}")
    (folder / "secrets").chmod(0o500)
    return {
        "SAULYQ_HOME": str(folder / "home"),
        "SAULYQ_SECRETS_DIR": str(folder / "secrets"),
        "SAULYQ_DATABASE_URL": f"postgresql://127.0.0.1:{server.settings.postgres_port}/saulyq",
    }


def test_whoever_may_not_make_tables_says_who_may(server: Installation, tmp_path: Path) -> None:
    with psycopg.connect(server.settings.libpq_url("super", "postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE saulyq_app LOGIN PASSWORD 'password-of-app'")
        connection.execute("CREATE DATABASE saulyq")
    command = given(tmp_path, server, "app")
    result = server.run("user", "add", "first", "--role", "administrator", check=False, **command)
    assert result.returncode == 3
    assert result.stderr.strip().splitlines()[-1].endswith("run first: docker-compose run --rm migrate")
    with psycopg.connect(server.settings.libpq_url("super", "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE saulyq")
        connection.execute("DROP ROLE saulyq_app")


def test_migration_makes_all_and_commands_need_no_owner(server: Installation, tmp_path: Path) -> None:
    migration = given(tmp_path / "migrate", server, *LOGIN_ROLES)
    migration["SAULYQ_DATABASE_URL"] = server.settings.libpq_url("super", "postgres")
    server.run("db", "migrate", **migration)
    # what the container for commands has
    command = given(tmp_path / "cli", server, "app", "pipeline", "egress")
    server.run("user", "add", "first", "--role", "administrator", **command)
    assert not (tmp_path / "cli" / "secrets" / "db_saulyq_owner").exists()
    server.run("db", "migrate", **migration)
