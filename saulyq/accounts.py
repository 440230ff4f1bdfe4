"""Accounts from the command line: the app's own service, with its refusals as one-line failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.errors import OpsError
from ops_app.modules.accounts import queries, service
from ops_app.modules.accounts.models import Account
from ops_app.permissions import Role
from saulyq import database
from saulyq.errors import SaulyqError, UsageError
from saulyq.secrets import write_private
from saulyq.settings import Settings

ADMIN = "admin"
FIRST_SHOWN_FILE = "first_admin"


@contextmanager
def app_session(current: Settings) -> Iterator[Session]:
    """A session as the app's own role, committed at its end."""
    try:
        with database.engine(current, "app") as engine, Session(engine) as session:
            yield session
            session.commit()
    except OpsError as error:
        raise SaulyqError("%(why)s", why=error.message) from None


def ensure_admin(current: Settings) -> str | None:
    """Make the first administrator of an installation without accounts; give its random password.

    A start that ended before it could show the password leaves it to the next, unless somebody has set another.
    """
    file = current.secrets_dir / FIRST_SHOWN_FILE
    with app_session(current) as session:
        if session.scalar(select(Account.id).limit(1)) is None:
            _, password = service.create_account(session, ADMIN, "Administrator", [(Role.ADMINISTRATOR, None)])
            _keep(file, password)
            return password
        admin = queries.account_by_login(session, ADMIN)
        if file.exists() and admin is not None and admin.must_change_password:
            return file.read_text()
        return None


def first_password_was_shown(current: Settings) -> None:
    """The first administrator's password is kept no longer."""
    (current.secrets_dir / FIRST_SHOWN_FILE).unlink(missing_ok=True)


def add(
    current: Settings, login: str, name: str, role: str, organization: int | None, language: str, password: str | None
) -> str:
    """Create an account; give its password, which is stored nowhere."""
    if role not in tuple(Role):
        raise UsageError("no role %(role)s; one of %(known)s", role=role, known=", ".join(Role))
    with app_session(current) as session:
        _, first = service.create_account(
            session, login, name, [(Role(role), organization)], language=language, password=password
        )
        return first


def reset_password(current: Settings, login: str, password: str | None) -> str:
    """Set a new first password and end the account's sessions."""
    with app_session(current) as session:
        return service.reset_password(session, _account(session, login), password=password)


def disable(current: Settings, login: str) -> None:
    """Forbid an account to sign in."""
    with app_session(current) as session:
        service.disable_account(session, _account(session, login))


def _account(session: Session, login: str) -> Account:
    account = queries.account_by_login(session, login)
    if account is None:
        raise UsageError("no account %(login)s", login=login)
    return account


def _keep(file: Path, password: str) -> None:
    """Written before the account is: a start killed in between makes both anew."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(file, password)
