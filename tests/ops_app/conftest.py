"""The app on a fresh database."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from ops_app.app import create_app
from ops_app.modules.accounts import passwords
from ops_app.modules.organizations.models import Organization
from tests.installation import Database

if TYPE_CHECKING:
    from tests.ops_app.clinic import Clinic


@pytest.fixture(scope="session", autouse=True)
def one_hash_of_each_password() -> Iterator[None]:
    """A hash is slow on purpose; thousands of accounts here have the same password and may share its hash."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hash_password", functools.cache(passwords.hash_password))
        yield


@pytest.fixture
def app(database: Database) -> FastAPI:
    """The app as the role saulyq_app on a database of its own."""
    return create_app(database.engine("app"))


@pytest.fixture
def module_app(module_database: Database) -> FastAPI:
    """The app on a database shared by the tests of one module."""
    return create_app(module_database.engine("app"))


def plant_tree(session: Session) -> dict[str, int]:
    """A region with two organisations: one with a department and a site, one without; ids by name."""
    ids: dict[str, int] = {}

    def node(key: str, kind: str, parent: str | None, **more: object) -> None:
        row = Organization(
            kind=kind,
            parent_id=ids[parent] if parent else None,
            name_kk=key,
            name_ru=key,
            name_en=key,
            sort_key=key,
            **more,
        )
        session.add(row)
        session.flush()
        ids[key] = row.id

    node("region", "region", None)
    node("hospital", "organization", "region", organization_type="hospital")
    node("department", "department", "hospital")
    node("site", "site", "department", site_kind="general_practice")
    node("other", "organization", "region", organization_type="polyclinic")
    return ids


@pytest.fixture
def tree(app: FastAPI) -> dict[str, int]:
    """The organisations of ``plant_tree`` in the app's database."""
    with Session(app.state.engine) as session:
        ids = plant_tree(session)
        session.commit()
    return ids


@pytest.fixture(scope="module")
def clinic(module_database: Database) -> Clinic:
    """A clinic shared by the tests of one module."""
    from tests.ops_app.clinic import open_clinic

    return open_clinic(create_app(module_database.engine("app")))
