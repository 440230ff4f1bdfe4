"""The embedded server: logins, locale, sharing between commands."""

import psycopg
import pytest

from saulyq import postgres
from saulyq.postgres.lifecycle import keep_file, postmaster
from saulyq.settings import LOGIN_ROLES
from tests.installation import Installation, make_installation, remove_installation


def connect(**parameters: object) -> psycopg.Connection:
    return psycopg.connect(host="127.0.0.1", connect_timeout=5, **parameters)


@pytest.mark.req("IAM-01")
@pytest.mark.parametrize("user", ["postgres", "saulyq_super", "saulyq_owner", "saulyq_app"])
def test_nobody_enters_without_a_password(installation: Installation, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"password|authentication"):
        connect(port=installation.settings.postgres_port, user=user, dbname="saulyq")


@pytest.mark.parametrize("password", ["postgres", "", "saulyq"])
def test_the_usual_superuser_does_not_exist(installation: Installation, password: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        connect(port=installation.settings.postgres_port, user="postgres", password=password, dbname="postgres")


@pytest.mark.parametrize("role", LOGIN_ROLES)
def test_each_role_logs_in_and_is_no_superuser(installation: Installation, role: str) -> None:
    with psycopg.connect(installation.settings.libpq_url(role)) as connection:
        row = connection.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (f"saulyq_{role}", False, False, False)


def test_visitors_cannot_make_objects(installation: Installation) -> None:
    for role in ("app", "pipeline", "egress", "dashboards"):
        with psycopg.connect(installation.settings.libpq_url(role)) as connection:
            for statement in ("CREATE SCHEMA mine", "CREATE TABLE public.mine (x int)"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(statement)


def test_kazakh_letters_have_two_cases(installation: Installation) -> None:
    with psycopg.connect(installation.settings.libpq_url("app")) as connection:
        assert connection.execute("SELECT lower('ӘІҢҒҮҰҚӨҺ'), upper('ә')").fetchone() == ("әіңғүұқөһ", "Ә")


def test_secrets_are_for_their_owner_only(installation: Installation) -> None:
    files = list(installation.settings.secrets_dir.iterdir())
    assert {f"db_saulyq_{role}" for role in (*LOGIN_ROLES, "super")} <= {file.name for file in files}
    assert [file.name for file in files if file.stat().st_mode & 0o077] == []
    assert installation.settings.secrets_dir.stat().st_mode & 0o077 == 0


class TestSharing:
    """`server()` stops the server with its last user; a kept one stays."""

    def test_last_user_stops_it_and_two_installations_do_not_meet(self, installation: Installation) -> None:
        other = make_installation()
        try:
            with postgres.server(other.settings):
                with postgres.server(other.settings):
                    assert postgres.running(other.settings)
                assert postgres.running(other.settings)
                first, second = postmaster(installation.settings), postmaster(other.settings)
                assert first is not None
                assert second is not None
                assert first.pid != second.pid
            assert not postgres.running(other.settings)
            assert postgres.running(installation.settings)
        finally:
            remove_installation(other)

    def test_kept_server_survives_its_users(self, installation: Installation) -> None:
        with postgres.server(installation.settings):
            assert keep_file(installation.settings).exists()
        assert postgres.running(installation.settings)
