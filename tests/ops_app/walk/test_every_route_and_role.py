"""Every route × every role × own and foreign organisation: no data without permission, no read without an audit row."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import pytest
from fastapi.routing import APIRoute
from httpx import Response
from sqlalchemy import select

from ops_app.auth import AccessRule
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Role
from ops_app.registry import OPEN_THEMSELVES
from ops_app.role_permissions import ROLE_PERMISSIONS
from tests.conftest import FULL_SIZE
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.frame.test_strangers import rule_of
from tests.ops_app.walk.addresses import Addresses, every_route

PLACES = ("other", "hospital")
WALKS = [(role, place) for role in Role for place in PLACES]
if not FULL_SIZE:
    # at small size one role of each kind of work walks both organisations
    small = (Role.ADMINISTRATOR, Role.DOCTOR, Role.OFFICIAL, Role.LABORATORY_TECHNICIAN)
    WALKS = [(role, place) for role, place in WALKS if role in small]
REFUSALS = 4
"""At small size one missing permission in so many is tried: all of them meet the same rule."""


@dataclass(frozen=True)
class Known:
    """A person of the hospital with a visit there, and an account for every role at both organisations."""

    clinic: Clinic
    patient: Patient
    addresses: Addresses

    def shows(self, answer: Response) -> bool:
        """Whether an answer tells who the person is."""
        return self.patient.family_name in answer.text or str(self.patient.iin) in answer.text


@pytest.fixture(scope="module")
def known(clinic: Clinic) -> Known:
    patient = clinic.register(family_name="Бақылаубекова")
    clinic.visit(patient.id)
    for role in Role:
        for place in PLACES:
            make_account(clinic.app.state.engine, f"{role}.{place}", [(role, clinic.tree[place])])
    # the newest account is the one that the addresses of accounts name
    make_account(clinic.app.state.engine, "administered", [(Role.NURSE, clinic.tree["hospital"])])
    return Known(clinic, patient, Addresses(clinic.app.state.engine, patient.id, "SIG-02:encounter:1"))


class Witness:
    """What the audit journal gained about the person since the last question."""

    def __init__(self, known: Known, login: str):
        self.known, self.login, self.seen = known, login, 0

    def kinds(self) -> set[str]:
        """Kinds of new rows by this account about this person."""
        with self.known.clinic.app.state.engine.connect() as connection:
            rows = connection.execute(
                select(Event.id, Event.kind)
                .where(Event.id > self.seen, Event.login == self.login, Event.patient_id == self.known.patient.id)
                .order_by(Event.id)
            ).all()
        self.seen = max((row.id for row in rows), default=self.seen)
        return {row.kind for row in rows}


@pytest.mark.req("IAM-15", "IAM-17")
@pytest.mark.parametrize(("role", "place"), WALKS)
def test_no_data_without_permission_and_no_read_without_an_audit_row(known: Known, role: Role, place: str) -> None:
    walk(known, role, place, "GET")


# After all reads: a write with an empty form is mostly refused at its fields, but ends sessions and drops drafts.
@pytest.mark.req("IAM-15", "IAM-17")
@pytest.mark.parametrize(("role", "place"), WALKS)
def test_no_change_without_permission_and_none_by_another_organisation(known: Known, role: Role, place: str) -> None:
    walk(known, role, place, "POST")


def walk(known: Known, role: Role, place: str, method: str) -> None:
    """Ask for everything as one account."""
    login = f"{role}.{place}"
    browser = known.clinic.browser(login)
    witness = Witness(known, login)
    for route in every_route(known.clinic.app):
        rule = rule_of(route)
        if method not in (route.methods or ()) or not isinstance(rule, AccessRule):
            continue
        may = rule.permission is None or rule.permission in ROLE_PERMISSIONS[role]
        if not may and not FULL_SIZE and zlib.crc32(f"{role}{route.name}".encode()) % REFUSALS:
            continue
        if not may and place == "other":
            # a missing permission is missing everywhere: once is enough
            continue
        address = known.addresses.of(route)
        answer = ask(browser, method, address)
        if answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in"):
            # a step before ended this session, which is what it is for
            browser = known.clinic.browser(login)
            answer = ask(browser, method, address)
        where = f"{login}: {method} {address} ({route.name}) → {answer.status_code}"
        assert answer.status_code < 500, where
        if may:
            judge(known, route, place, answer, where, witness.kinds())
        else:
            assert answer.status_code == 403, f"{where} {answer.headers.get('location')}"
            assert not known.shows(answer), where


def ask(browser: Browser, method: str, address: str) -> Response:
    """One request with an empty form; what counts is refusal or not."""
    return browser.get(address) if method == "GET" else browser.post(address)


def judge(known: Known, route: APIRoute, place: str, answer: Response, where: str, written: set[str]) -> None:
    """The permission is held: whose data came, and what the journal says of it."""
    if place == "other" and route.name not in OPEN_THEMSELVES:
        assert "write" not in written, f"{where}: changed by another organisation"
    if known.shows(answer):
        assert place == "hospital", f"{where}: shown to another organisation"
        assert "read" in written, f"{where}: shown without an audit row"
    opened = "{patient_id}" in route.path and route.name not in OPEN_THEMSELVES and answer.status_code == 200
    if opened:
        assert place == "hospital", f"{where}: opened by another organisation"
        assert "read" in written, f"{where}: opened without an audit row"


def test_every_address_stands_in_the_openapi_document(known: Known) -> None:
    paths = known.clinic.app.openapi()["paths"]
    missing = [
        f"{method} {route.path}"
        for route in every_route(known.clinic.app)
        for method in sorted((route.methods or set()) - {"HEAD"})
        if method.lower() not in paths.get(route.path_format, {})
    ]
    assert not missing
