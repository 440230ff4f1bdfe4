"""A clinic with a department of radiology."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.modules.classifiers.loading import ConceptRow, store_concepts
from ops_app.modules.imaging.models import Study
from ops_app.modules.imaging.storing import Origin, store_file
from ops_app.modules.organizations.models import Organization, Practitioner, PractitionerRole
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic

RADIOLOGIST_IIN = "790315300015"
CLINIC_BIN = "990140000017"
CHEST_SERVICE = "C03.001.004"
STAFF = (("tech", Role.RADIOGRAPHER, "nurse", "hospital"), ("reader", Role.RADIOLOGIST, "radiologist", "hospital"))


@pytest.fixture(scope="module")
def department(clinic: Clinic) -> Clinic:
    """The clinic with a radiographer and a radiologist, and one of each in the other organisation."""
    staff = (
        *STAFF,
        ("othertech", Role.RADIOGRAPHER, "nurse", "other"),
        ("otherreader", Role.RADIOLOGIST, "radiologist", "other"),
    )
    with clinic.session() as session:
        for login, _role, position, place in staff:
            clinic.practitioners[login] = _hired(session, clinic, login, position, place)
        session.get_one(Practitioner, clinic.practitioners["reader"]).iin = RADIOLOGIST_IIN
        session.get_one(Organization, clinic.tree["hospital"]).bin = CLINIC_BIN
        store_concepts(
            session.connection(),
            "service",
            [
                ConceptRow(
                    code=CHEST_SERVICE,
                    parent_code=None,
                    kind="imaging",
                    title_kk="Кеуде рентгенографиясы",
                    title_ru="Рентгенография грудной клетки",
                    title_en="Chest radiograph",
                    unit=None,
                    is_selectable=True,
                )
            ],
        )
    for login, role, _position, place in staff:
        options = {"practitioner_id": clinic.practitioners[login]}
        make_account(clinic.app.state.engine, login, [(role, clinic.tree[place])], **options)
    return clinic


def _hired(session: Session, clinic: Clinic, login: str, position: str, place: str) -> int:
    person = Practitioner(family_name=login.title(), given_name="Асан", sort_key=login)
    session.add(person)
    session.flush()
    session.add(
        PractitionerRole(
            practitioner_id=person.id,
            organization_id=clinic.tree[place],
            position=position,
            start_date=dt.date(2020, 1, 1),
        )
    )
    return person.id


Storing = Callable[..., int]


@pytest.fixture(scope="module")
def store(department: Clinic) -> Storing:
    """Put an object into the archive as the gateway does; the number of its study."""

    def stored(*objects: bytes, place: str = "hospital") -> int:
        with department.session() as session:
            actor = department.actor(session, "tech")
            for each in objects:
                found = store_file(session, actor, each, Origin("dicom", organization_id=department.tree[place]))
            return session.scalars(select(Study.id).where(Study.study_uid == found.study_uid)).one()

    return stored
