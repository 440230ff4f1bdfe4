"""Changes of accounts that take effect when a responsible employee signs them with his EDS."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.mechanisms.signature import making
from ops_app.mechanisms.signature.development import Identity, authority_of
from ops_app.modules.accounts import queries
from ops_app.modules.accounts.models import Account, AccountChange
from ops_app.modules.audit.models import Event
from ops_app.modules.organizations.models import Organization, Practitioner
from ops_app.permissions import Role
from saulyq.settings import settings
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.documents.conftest import CLINIC_BIN, DOCTOR_IIN, SECOND_IIN, send


@pytest.fixture(scope="module")
def chief(clinic: Clinic) -> Identity:
    """The key of the chief physician; changes of accounts of the hospital must be signed."""
    with clinic.session() as session:
        session.get_one(Practitioner, clinic.practitioners["chief"]).iin = DOCTOR_IIN
        session.get_one(Organization, clinic.tree["hospital"]).bin = CLINIC_BIN
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    rule = {"kind": "action:account_change", "organization_id": clinic.tree["hospital"], "is_mandatory": "1"}
    assert clinic.browser("doctor").post("/signatures/rules", rule).status_code == 403
    assert clinic.browser("keeper").post("/signatures/rules", rule).status_code == 303
    return authority_of(settings()).issue("chief", DOCTOR_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ")


def roles(clinic: Clinic, login: str) -> set[str]:
    with clinic.session() as session:
        account = queries.account_by_login(session, login)
        assert account is not None
        return {grant.role for grant in queries.role_grants(session, account.id)}


def account_of(clinic: Clinic, login: str) -> Account:
    with clinic.session() as session:
        account = queries.account_by_login(session, login)
        assert account is not None
        return account


def ask(clinic: Clinic, address: str, **form: Any) -> int:
    """A change asked for by the administrator; the number of what waits."""
    answer = clinic.browser("keeper").post(address, form)
    assert answer.status_code in (200, 303), answer.text
    with clinic.session() as session:
        newest = session.scalars(select(AccountChange).order_by(AccountChange.id.desc()).limit(1)).one()
        assert newest.state == "pending"
        return newest.id


def sign(clinic: Clinic, change_id: int, identity: Identity, login: str = "chief", content: bytes | None = None) -> str:
    browser = clinic.browser(login)
    asked = send(browser, "/account-changes/content", {"ids": [change_id]}).json()
    statement = content or base64.b64decode(asked["documents"][0]["content"])
    cms = base64.b64encode(making.sign(statement, [identity])).decode()
    answer = send(browser, "/account-changes/signatures", {"signatures": [{"id": change_id, "cms": cms}]})
    return str(answer.json()["results"][0]["result"])


def give(clinic: Clinic, login: str, role: str, **more: str) -> int:
    place = str(clinic.tree["hospital"])
    return ask(clinic, f"/users/{account_of(clinic, login).id}/roles", role=role, organization_id=place, **more)


def test_only_the_responsible_employee_signs(clinic: Clinic, chief: Identity) -> None:
    change_id = give(clinic, "nurse", "registrar")
    for login in ("keeper", "doctor", "official"):
        browser = clinic.browser(login)
        assert browser.get("/account-changes").status_code == 403
        assert send(browser, "/account-changes/content", {"ids": [change_id]}).status_code == 403
        assert browser.post(f"/account-changes/{change_id}/refuse", {"reason": "керек емес"}).status_code == 403
    make_account(clinic.app.state.engine, "other.chief", [(Role.CHIEF_PHYSICIAN, clinic.tree["other"])])
    assert send(clinic.browser("other.chief"), "/account-changes/content", {"ids": [change_id]}).status_code == 404
    stranger = authority_of(settings()).issue("second", SECOND_IIN, kind="ecdsa")
    assert sign(clinic, change_id, stranger) == "iin_differs"
    assert sign(clinic, change_id, chief, content=b"something else") not in ("valid", "refused")
    assert roles(clinic, "nurse") == {"nurse"}


@pytest.mark.req("IAM-04", "IAM-05", "EDS-03")
def test_role_is_held_when_it_is_signed_and_names_the_request(clinic: Clinic, chief: Identity) -> None:
    change_id = give(clinic, "second", "registrar", request_number="17-08/412", request_date="20.11.2026")
    assert roles(clinic, "second") == {"doctor"}
    listed = clinic.browser("chief").get("/account-changes").text
    assert "17-08/412" in listed
    assert "Waits for the signature" in clinic.browser("keeper").get(f"/users/{account_of(clinic, 'second').id}").text
    assert sign(clinic, change_id, chief) == "valid"
    assert roles(clinic, "second") == {"doctor", "registrar"}
    assert sign_again(clinic, change_id) == 404
    with clinic.session() as session:
        given = session.scalars(
            select(Event).where(Event.entity == "accounts.role_assignment", Event.login == "chief")
        ).one()
        assert given.after is not None
        assert given.after["request_number"] == "17-08/412"
        assert session.get_one(AccountChange, change_id).certificate_serial
    assert "change signed" in clinic.browser("chief").get("/account-changes?done=true").text


def sign_again(clinic: Clinic, change_id: int) -> int:
    return send(clinic.browser("chief"), "/account-changes/content", {"ids": [change_id]}).status_code


@pytest.mark.req("IAM-04")
def test_new_account_sleeps_and_a_disabled_one_works_until_the_signature(clinic: Clinic, chief: Identity) -> None:
    created = ask(
        clinic,
        "/users/new",
        login="new.nurse",
        display_name="Жаңа Мейіргер",
        role="nurse",
        organization_id=str(clinic.tree["hospital"]),
        kind="person",
    )
    assert not account_of(clinic, "new.nurse").is_active
    assert sign(clinic, created, chief) == "valid"
    assert account_of(clinic, "new.nurse").is_active
    assert roles(clinic, "new.nurse") == {"nurse"}
    disabled = ask(clinic, f"/users/{account_of(clinic, 'new.nurse').id}/disable")
    assert account_of(clinic, "new.nurse").is_active
    assert sign(clinic, disabled, chief) == "valid"
    assert not account_of(clinic, "new.nurse").is_active


def test_refused_change_changes_nothing_and_says_why(clinic: Clinic, chief: Identity) -> None:
    change_id = give(clinic, "registrar", "nurse")
    browser = clinic.browser("chief")
    assert browser.post(f"/account-changes/{change_id}/refuse", {"reason": ""}).status_code == 422
    assert browser.post(f"/account-changes/{change_id}/refuse", {"reason": "лауазымы жоқ"}).status_code == 303
    assert roles(clinic, "registrar") == {"registrar"}
    assert "лауазымы жоқ" in browser.get("/account-changes?done=true").text


def test_same_change_does_not_wait_twice_and_other_organisations_do_not_wait(clinic: Clinic, chief: Identity) -> None:
    give(clinic, "doctor", "registrar")
    form = {"role": "registrar", "organization_id": str(clinic.tree["hospital"])}
    address = f"/users/{account_of(clinic, 'doctor').id}/roles"
    assert clinic.browser("keeper").post(address, form).status_code == 422
    make_account(clinic.app.state.engine, "other.keeper", [(Role.ADMINISTRATOR, clinic.tree["other"])])
    form = {"role": "registrar", "organization_id": str(clinic.tree["other"])}
    address = f"/users/{account_of(clinic, 'stranger').id}/roles"
    assert clinic.browser("other.keeper").post(address, form).status_code == 303
    assert roles(clinic, "stranger") == {"doctor", "registrar"}
