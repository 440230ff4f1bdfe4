"""The login roles and the two databases; made by the superuser, who does nothing else."""

import psycopg
from psycopg import sql

from saulyq.errors import SaulyqError
from saulyq.settings import LOGIN_ROLES, OPS_DATABASE, WAREHOUSE_DATABASE, Settings

OWNERS = {OPS_DATABASE: "saulyq_owner", WAREHOUSE_DATABASE: "saulyq_pipeline"}
# who may open which database; what they may do inside is granted by the gate
VISITORS = {
    OPS_DATABASE: ("saulyq_app", "saulyq_pipeline", "saulyq_egress", "saulyq_dashboards"),
    WAREHOUSE_DATABASE: ("saulyq_dashboards",),
}


def prepare(settings: Settings) -> None:
    """Bring roles, their passwords and the databases to what they should be; safe to repeat."""
    with _administrator(settings) as connection:
        for role in LOGIN_ROLES:
            _login_role(connection, f"saulyq_{role}", settings.role_password(f"saulyq_{role}"))
        for database in OWNERS:
            _database(connection, database)


def create_database(settings: Settings, name: str, template: str = "template0", *, by_files: bool = False) -> None:
    """Create a database like the operational one, from a template; for tests and restores.

    Copied by files it takes half the time, and two checkpoints, which cost little only where nothing is synced.
    """
    with _administrator(settings) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER saulyq_owner TEMPLATE {} STRATEGY {}").format(
                sql.Identifier(name), sql.Identifier(template), sql.SQL("FILE_COPY" if by_files else "WAL_LOG")
            )
        )
        _grant(connection, name, VISITORS[OPS_DATABASE])


def drop_database(settings: Settings, name: str) -> None:
    """Drop a database and whoever is connected to it."""
    with _administrator(settings) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def rename_database(settings: Settings, name: str, new: str) -> None:
    """Give a database that nobody is connected to another name."""
    with _administrator(settings) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(new)))


def _administrator(settings: Settings) -> psycopg.Connection[tuple[object, ...]]:
    address = settings.database_url_outside or settings.libpq_url("super", "postgres")
    try:
        return psycopg.connect(
            address.replace("+psycopg", "", 1),
            autocommit=True,
            connect_timeout=10,
            application_name="saulyq setup",
        )
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise SaulyqError(
            "cannot log in to the database server as its administrator: %(reason)s", reason=reason
        ) from None


def _login_role(connection: psycopg.Connection[tuple[object, ...]], name: str, password: str) -> None:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    # hashed here, so that the password itself is never in a statement
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {}").format(
            sql.SQL("ALTER" if found else "CREATE"), sql.Identifier(name), sql.Literal(verifier)
        )
    )


def _database(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(name), sql.Identifier(OWNERS[name])
            )
        )
    _grant(connection, name, VISITORS[name])


def _grant(connection: psycopg.Connection[tuple[object, ...]], name: str, visitors: tuple[str, ...]) -> None:
    database = sql.Identifier(name)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
            database, sql.SQL(", ").join(map(sql.Identifier, visitors))
        )
    )
    if "saulyq_app" in visitors:
        # bulk loading stages its batches in temporary tables
        connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO saulyq_app").format(database))
