"""Medical secrecy: told before the first work, named on every print, and no data of a person leave without a ground."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ops_app.modules.accounts import service
from ops_app.modules.audit.models import Event
from ops_app.permissions import Role
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic

NEW = "four words in a row"


def told(clinic: Clinic, login: str) -> int:
    with clinic.session() as session:
        rows = session.scalars(select(Event).where(Event.action == "accounts:secrecy_told", Event.login == login))
        return len(rows.all())


def choose(browser: Browser, old: str, new: str) -> int:
    form = {"old_password": old, "new_password": new, "new_password_again": new}
    return browser.post("/account/password", form).status_code


@pytest.mark.req("IAM-32")
def test_newcomer_is_told_before_he_sees_anybody(clinic: Clinic) -> None:
    with clinic.session() as session:
        _account, first = service.create_account(
            session, "newcomer", "Жаңа Маман", [(Role.NURSE, clinic.tree["hospital"])], language="en"
        )
    browser = Browser(clinic.app)
    browser.sign_in("newcomer", first)
    assert browser.get("/patients").headers["location"] == "/account/password"
    assert "is a medical secret" in browser.get("/account/password").text
    assert choose(browser, "wrong", NEW) == 422
    assert told(clinic, "newcomer") == 0
    assert choose(browser, first, NEW) == 303
    assert told(clinic, "newcomer") == 1
    assert choose(browser, NEW, NEW + "!") == 303
    assert told(clinic, "newcomer") == 1
    assert "is a medical secret" not in browser.get("/account/password").text


@pytest.mark.req("IAM-32")
def test_print_names_who_printed_and_nothing_leaves_without_a_ground(clinic: Clinic) -> None:
    patient = clinic.register()
    page = clinic.browser("doctor").get(f"/patients/{patient.id}")
    assert "Medical secrecy" in page.text and "Printed by Doctor (doctor)" in page.text
    assert clinic.browser("nurse").post(f"/patients/{patient.id}/export", {}).status_code == 403
    assert clinic.browser("doctor").post(f"/patients/{patient.id}/export", {}).status_code == 422
