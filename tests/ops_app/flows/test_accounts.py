"""The administrator makes an account, gives it a role, closes it for a time and limits its hours."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from ops_app.kit import clock
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.words import expect_refused, form_of, refused, said

OWN = "tamyr jusan dala"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def administrator(clinic: Clinic) -> None:
    """The login ``admin``, who keeps the accounts of the hospital."""
    make_account(clinic.app.state.engine, "admin", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])


def employee(desk: Desk, name: str) -> tuple[str, int]:
    """A nurse of the hospital: the login and the number of the account."""
    login = f"{name}.{desk.language}"
    place = desk.clinic.tree["hospital"]
    account = make_account(desk.clinic.app.state.engine, login, [(Role.NURSE, place)], language=desk.language)
    return login, account.id


def day(shift: int) -> str:
    return (clock.today() + dt.timedelta(days=shift)).strftime("%d.%m.%Y")


def sign_in(page: Page, login: str, password: str) -> None:
    page.goto("/sign-in")
    page.fill("#f-login", login)
    page.fill("#f-password", password)
    page.keyboard.press("Enter")


@pytest.mark.req("IAM-01", "IAM-03", "IAM-08", "I18N-01")
def test_a_newcomer_gets_a_password_once_and_chooses_an_own_one(desk: Desk) -> None:
    refused(desk.sit("registrar"), "/users")
    page = desk.sit("admin")
    page.goto("/users")
    page.locator("a[data-new]").click()
    page.fill("#f-display_name", "Омарова Айгүл")
    page.fill("#f-login", "Омарова")
    page.select_option("#f-role", "nurse")
    page.select_option("#f-organization_id", str(desk.clinic.tree["site"]))
    page.locator("[data-submit]").click()
    expect_refused(desk, page, "A login has 2 to 64 small Latin letters, digits, dots or dashes")
    login = f"a.omarova.{desk.language}"
    page.fill("#f-login", login)
    page.keyboard.press("Control+Enter")
    first = page.locator(".secret").inner_text()
    page.locator(".form-actions .btn-primary").click()
    expect(page.locator("h1")).to_have_text("Омарова Айгүл")
    expect(page.get_by_text(first)).to_have_count(0)

    newcomer = desk.sit(None)
    sign_in(newcomer, login, first)
    newcomer.wait_for_url("**/account/password")
    newcomer.fill("#f-old_password", first)
    newcomer.fill("#f-new_password", "password1234")
    newcomer.fill("#f-new_password_again", "password1234")
    newcomer.keyboard.press("Enter")
    expect_refused(desk, newcomer, "The password is too easy to guess: mix several words, leave out your login")
    newcomer.fill("#f-old_password", first)
    newcomer.fill("#f-new_password", OWN)
    newcomer.fill("#f-new_password_again", OWN)
    newcomer.keyboard.press("Enter")
    expect(newcomer.locator(".flash")).to_contain_text(said(desk, "The password is changed"))
    refused(newcomer, "/users")


@pytest.mark.req("IAM-02", "IAM-03")
def test_a_role_is_given_at_a_place_and_taken_back(desk: Desk) -> None:
    login, number = employee(desk, "promoted")
    nurse, page = desk.sit(login), desk.sit("admin")
    refused(nurse, "/security/incidents")
    page.goto("/users")
    page.fill("#q", login)
    page.keyboard.press("Enter")
    page.locator(f'a[href$="/users/{number}"]').click()
    give = form_of(page, f"/users/{number}/roles")
    give.locator("[data-submit]").click()
    expect_refused(desk, page, "Fill in this field")
    page.select_option("#f-role", "chief_physician")
    page.select_option("#f-organization_id", str(desk.clinic.tree["department"]))
    give.locator("[data-submit]").click()
    expect(page.locator("table.list tbody tr")).to_have_count(2)
    nurse.reload()
    expect(nurse.locator("h1")).to_have_text(said(desk, "Security incidents"))
    page.locator("table.list tbody tr").filter(has_text="department").locator("button").click()
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    refused(nurse, "/security/incidents")


@pytest.mark.req("IAM-06", "IAM-11")
def test_an_account_is_closed_for_a_time_and_opened_again(desk: Desk) -> None:
    login, number = employee(desk, "away")
    inside, page = desk.sit(login), desk.sit("admin")
    inside.goto("/account/sessions")
    page.goto(f"/users/{number}")
    ban = form_of(page, "/ban")
    page.locator("details", has=ban).locator("summary").click()
    page.fill("#f-ban_from", day(0))
    page.fill("#f-ban_to", day(-1))
    page.fill("#f-reason", "Демалыс / отпуск")
    page.keyboard.press("Control+Enter")
    expect_refused(desk, page, "The end is before the beginning")
    page.fill("#f-ban_to", day(3))
    page.keyboard.press("Control+Enter")
    expect(page.locator(".tag-red")).to_have_text(said(desk, "closed for a time"))
    inside.reload()
    inside.wait_for_url("**/sign-in?*")
    sign_in(inside, login, "correct horse battery")
    expect_refused(desk, inside, "The administrator has closed this account for a time")
    page.locator('form[action$="/lift"] button').click()
    expect(page.locator(".tag-red")).to_have_count(0)
    inside.goto("/")
    expect(inside.locator("details.menu .initials")).to_have_count(1)


@pytest.mark.req("IAM-10")
def test_working_hours_are_set_and_taken_away(desk: Desk) -> None:
    login, number = employee(desk, "shift")
    inside, page = desk.sit(login), desk.sit("admin")
    page.goto(f"/users/{number}")
    hours = form_of(page, "/hours")
    page.locator("details", has=hours).locator("summary").click()
    tomorrow = (clock.today() + dt.timedelta(days=2)).isoweekday()
    hours.locator(f'input[value="{tomorrow}"]').check()
    page.fill("#f-ends", "17:00")
    page.keyboard.press("Control+Enter")
    expect_refused(desk, page, "Write when the shift begins")
    expect(hours.locator(f'input[value="{tomorrow}"]')).to_be_checked()
    page.fill("#f-starts", "08:00")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("08:00–17:00")).to_be_visible()
    inside.goto("/account/sessions")
    inside.wait_for_url("**/sign-in?*")
    page.locator("details", has=hours).locator("summary").click()
    hours.locator(f'input[value="{tomorrow}"]').uncheck()
    hours.locator("[data-submit]").click()
    expect(page.get_by_text("08:00–17:00")).to_have_count(0)


@pytest.mark.req("IAM-09")
def test_a_session_on_another_device_is_ended(desk: Desk) -> None:
    login, _number = employee(desk, "devices")
    lost, page = desk.sit(login), desk.sit(login)
    lost.goto("/account/sessions")
    page.goto("/")
    page.locator("header details.menu > summary").click()
    page.locator('header a[href$="/account/sessions"]').click()
    expect(page.locator("table.list tbody tr")).to_have_count(2)
    page.locator('form[action$="/end"] button').click()
    expect(page.locator(".flash")).to_contain_text(said(desk, "The session is ended"))
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    lost.reload()
    lost.wait_for_url("**/sign-in?*")


@pytest.mark.req("IAM-07")
def test_a_service_account_signs_in_only_while_the_organisation_permits_it(desk: Desk) -> None:
    login = f"support.{desk.language}"
    place = desk.clinic.tree["hospital"]
    number = make_account(
        desk.clinic.app.state.engine, login, [(Role.NURSE, place)], kind="service", language=desk.language
    ).id
    support, page = desk.sit(None), desk.sit("admin")
    sign_in(support, login, "correct horse battery")
    expect_refused(desk, support, "No organisation permits this service account now")
    page.goto(f"/users/{number}")
    permit = form_of(page, "/permit")
    page.locator("details", has=permit).locator("summary").click()
    page.fill("#f-permit_from", day(0))
    page.fill("#f-permit_to", day(1))
    page.keyboard.press("Control+Enter")
    expect_refused(desk, page, "Fill in this field")
    page.fill("#f-basis", "№ 17, 20.11.2026")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("№ 17, 20.11.2026")).to_be_visible()
    sign_in(support, login, "correct horse battery")
    expect(support.locator("header .tag-amber")).to_have_text(said(desk, "service account"))
