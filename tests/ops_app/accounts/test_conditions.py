"""When and from where an account may not be used, and who may decide that."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from ops_app.kit import clock
from ops_app.modules.accounts import passwords, queries
from ops_app.modules.accounts.conditions import within_hours, within_networks
from ops_app.modules.accounts.models import Account, SecondFactor
from ops_app.modules.audit.models import Event
from ops_app.permissions import Role
from tests.ops_app.browser import PASSWORD, Browser, make_account
from tests.ops_app.clinic import Clinic


@pytest.fixture(scope="module")
def staff(clinic: Clinic) -> Clinic:
    """The clinic with an administrator of its own and one of the whole installation."""
    make_account(clinic.app.state.engine, "admin", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    make_account(clinic.app.state.engine, "root", [(Role.ADMINISTRATOR, None)])
    return clinic


def employee(clinic: Clinic, login: str, place: str = "hospital") -> int:
    """A fresh nurse; gives the number of the account."""
    return make_account(clinic.app.state.engine, login, [(Role.NURSE, clinic.tree[place])]).id


def day(shift: int) -> str:
    return (clock.today() + dt.timedelta(days=shift)).strftime("%d.%m.%Y")


@pytest.mark.parametrize(
    "address", ["/users/{0}/ban", "/users/{0}/hours", "/users/{0}/permit", "/users/{0}/sessions/1/end"]
)
def test_only_the_own_administrator_limits_an_account(staff: Clinic, address: str) -> None:
    with staff.session() as session:
        stranger = session.scalars(select(Account.id).where(Account.login == "stranger")).one()
    assert staff.browser("chief").post(address.format(stranger)).status_code == 403
    assert staff.browser("admin").post(address.format(stranger)).status_code == 404


@pytest.mark.req("IAM-11", "IAM-06")
def test_a_temporary_ban_ends_sessions_use_and_sign_in_until_it_is_lifted(staff: Clinic) -> None:
    number = employee(staff, "banned")
    inside, admin = staff.browser("banned"), staff.browser("admin")
    ban = {"ban_from": day(0), "ban_to": day(3), "reason": "on leave"}
    assert admin.post(f"/users/{number}/ban", ban | {"ban_to": day(-1)}).status_code == 422
    admin.post(f"/users/{number}/ban", ban)
    assert inside.get("/account/sessions").headers["location"].startswith("/sign-in")
    refused = Browser(staff.app).sign_in("banned")
    assert refused.status_code == 403 and "closed this account for a time" in refused.text
    assert "closed this account" not in Browser(staff.app).sign_in("banned", "a wrong guess").text
    assert "on leave" in admin.get(f"/users/{number}").text
    admin.post(f"/users/{number}/ban/1/lift")
    assert Browser(staff.app).sign_in("banned").status_code == 303
    assert admin.post(f"/users/{number}/ban/1/lift").status_code == 409


@pytest.mark.req("IAM-10")
def test_outside_working_hours_neither_sign_in_nor_session_work(staff: Clinic) -> None:
    number = employee(staff, "dayshift")
    admin, inside = staff.browser("admin"), staff.browser("dayshift")
    assert admin.post(f"/users/{number}/hours", {"weekdays": ["1"], "ends": "17:00"}).status_code == 422
    tomorrow = (clock.today() + dt.timedelta(days=2)).isoweekday()
    admin.post(f"/users/{number}/hours", {"weekdays": [str(tomorrow)], "starts": "08:00", "ends": "09:00"})
    assert inside.get("/account/sessions").status_code == 303
    assert "outside your working hours" in Browser(staff.app).sign_in("dayshift").text
    admin.post(f"/users/{number}/hours", {})
    assert Browser(staff.app).sign_in("dayshift").status_code == 303
    with staff.session() as session:
        refused = (Event.action == "accounts:sign_in_failed", Event.login == "dayshift")
        reasons: list[str] = list(session.scalars(select(Event.after["reason"].astext).where(*refused)))
    assert reasons == ["hours"]


def from_address(clinic: Clinic, ip: str) -> Browser:
    browser = Browser(clinic.app)
    browser.client = TestClient(
        clinic.app, follow_redirects=False, headers={"accept": "text/html", "accept-language": "en"}, client=(ip, 5)
    )
    return browser


@pytest.mark.req("IAM-12")
def test_staff_of_an_organisation_with_trusted_networks_work_from_them_only(staff: Clinic) -> None:
    employee(staff, "far", "other")
    admin, root = staff.browser("admin"), staff.browser("root")
    other = {"organization_id": staff.tree["other"], "network": "10.20.0.0/16", "note": "main building"}
    assert admin.post("/networks", other).status_code == 422
    assert root.post("/networks", other | {"network": "10.20.0.300"}).status_code == 422
    assert root.post("/networks", other).status_code == 303
    assert root.post("/networks", other).status_code == 422
    assert "own networks only" in from_address(staff, "192.168.0.7").sign_in("far").text
    within = from_address(staff, "10.20.3.4")
    assert within.sign_in("far").status_code == 303
    assert from_address(staff, "192.168.0.7").sign_in("nurse").status_code == 303
    assert "main building" not in admin.get("/networks").text
    assert admin.post("/networks/1/remove").status_code == 404
    assert root.post("/networks/1/remove").status_code == 303
    assert from_address(staff, "192.168.0.7").sign_in("far").status_code == 303


@pytest.mark.req("IAM-07")
def test_a_service_account_works_only_while_permitted_is_marked_and_leaves_a_trace(staff: Clinic) -> None:
    root = staff.browser("root")
    values = {"login": "support", "display_name": "Support desk", "role": "nurse", "kind": "service"}
    root.post("/users/new", values | {"organization_id": staff.tree["hospital"]})
    with staff.session() as session:
        account = queries.account_by_login(session, "support")
        assert account is not None and account.kind == "service" and account.must_change_password
        account.password_hash = passwords.hash_password(PASSWORD)
        account.must_change_password = False
        number = account.id
    assert "No organisation permits" in Browser(staff.app).sign_in("support").text
    admin = staff.browser("admin")
    permit = {"permit_from": day(0), "permit_to": day(1), "basis": "letter 17 of 20.11.2026"}
    assert admin.post(f"/users/{number}/permit", permit | {"basis": ""}).status_code == 422
    assert admin.post(f"/users/{number}/permit", permit).status_code == 303
    browser = Browser(staff.app)
    assert browser.sign_in("support").status_code == 303
    assert "сервистік жазба" in browser.get("/account/sessions").text
    with staff.session() as session:
        asked = (Event.action == "accounts:service_request", Event.login == "support")
        paths: list[str] = list(session.scalars(select(Event.after["path"].astext).where(*asked)))
    assert "/account/sessions" in paths


@pytest.mark.req("IAM-14", "IAM-26")
def test_a_second_factor_asks_for_a_code_that_works_once(staff: Clinic) -> None:
    employee(staff, "factor")
    browser = staff.browser("factor")
    browser.post("/account/second-factor")
    shown = browser.get("/account/second-factor").text
    key = shown.split('<p class="secret">')[1].split("<")[0]
    assert "data:image/svg+xml" in shown
    assert browser.post("/account/second-factor/confirm", {"code": "000000"}).status_code == 422
    code = pyotp.TOTP(key).now()
    done = browser.post("/account/second-factor/confirm", {"code": code})
    recovery = done.text.split('<li class="secret">')[1].split("<")[0]
    with staff.session() as session:
        row = session.scalars(select(SecondFactor)).one()
        assert key not in row.secret

    half = Browser(staff.app)
    half.get("/sign-in")
    answer = half.post("/sign-in", {"login": "factor", "password": PASSWORD})
    assert answer.headers["location"].startswith("/sign-in/code")
    assert half.get("/account/sessions").status_code == 303
    half.csrf = ""
    half.get("/sign-in/code")
    assert half.post("/sign-in/code", {"code": code}).status_code == 401  # it was used to confirm
    assert half.post("/sign-in/code", {"code": recovery}).status_code == 303
    assert half.get("/account/sessions").status_code == 200

    again = Browser(staff.app)
    again.get("/sign-in")
    again.post("/sign-in", {"login": "factor", "password": PASSWORD})
    again.get("/sign-in/code")
    assert again.post("/sign-in/code", {"code": recovery}).status_code == 401
    with clock.frozen(clock.now() + dt.timedelta(seconds=60)):
        later = pyotp.TOTP(key).at(int(clock.now().timestamp()))
    with staff.session() as session:
        session.execute(text("update accounts.second_factor set last_step = last_step - 3"))
    assert again.post("/sign-in/code", {"code": later}).status_code == 401  # of another minute
    assert again.post("/sign-in/code", {"code": pyotp.TOTP(key).now()}).status_code == 303
    assert again.post("/account/second-factor/remove", {"password": "no"}).status_code in (400, 422)


def test_codes_cannot_be_guessed_for_long(staff: Clinic) -> None:
    employee(staff, "guessed")
    browser = staff.browser("guessed")
    browser.post("/account/second-factor")
    key = browser.get("/account/second-factor").text.split('<p class="secret">')[1].split("<")[0]
    browser.post("/account/second-factor/confirm", {"code": pyotp.TOTP(key).now()})
    guesser = Browser(staff.app)
    guesser.get("/sign-in")
    guesser.post("/sign-in", {"login": "guessed", "password": PASSWORD})
    guesser.get("/sign-in/code")
    answers = [guesser.post("/sign-in/code", {"code": "12345"}).status_code for _guess in range(6)]
    assert answers == [401] * 5 + [403]


@pytest.mark.parametrize("login", ["chief", "doctor"])
def test_who_may_not_change_roles(staff: Clinic, login: str) -> None:
    assert staff.browser(login).get("/roles").status_code == 403


@pytest.mark.req("IAM-02", "IAM-03", "IAM-15")
def test_a_role_is_made_given_changed_and_removed_only_when_unused(staff: Clinic) -> None:
    names = {"name_kk": "Түнгі тіркеуші", "name_ru": "Ночной регистратор", "name_en": "Night registrar"}
    values = names | {"code": "night", "permissions": ["patients:identity:read"]}
    assert staff.browser("admin").post("/roles/new", values).status_code == 403
    root = staff.browser("root")
    assert root.post("/roles/new", values | {"permissions": ["no:such:thing"]}).status_code == 422
    assert root.post("/roles/new", values).status_code == 303
    number = employee(staff, "night")
    give = {"role": "night", "organization_id": staff.tree["other"]}
    assert root.post(f"/users/{number}/roles", give).status_code == 303
    with staff.session() as session:
        actor = staff.actor(session, "night")
    assert actor.roles == {"nurse", "night"}
    assert root.post("/roles/night/remove").status_code == 409
    changed = values | {"permissions": ["deaths:record:read"], "needs_second_factor": "1"}
    assert root.post("/roles/night", changed).status_code == 303
    browser = staff.browser("night")
    assert browser.get("/journals/deaths").headers["location"] == "/account/second-factor"
    root.post("/roles/night", changed | {"needs_second_factor": ""})
    assert browser.get("/journals/deaths").status_code == 200
    assert "Built-in roles follow the program" in root.post("/roles/doctor", changed).text
    assert root.post("/roles/doctor/remove").status_code == 409
    with staff.session() as session:
        session.execute(text("delete from accounts.role_assignment where role = 'night'"))
    assert browser.get("/journals/deaths").status_code == 403
    assert root.post("/roles/night/remove").status_code == 303
    with staff.session() as session:
        actions = session.scalars(select(Event.action).where(Event.entity == "accounts.role").order_by(Event.id)).all()
    assert actions == ["accounts:create_role", "accounts:change_role", "accounts:change_role", "accounts:remove_role"]


@pytest.mark.req("IAM-26")
@pytest.mark.parametrize(
    ("password", "is_common"),
    [
        ("password1234", True),
        ("P@ssw0rd!!2026", True),
        ("qwertyuiop", True),
        ("йцукенгшщз", True),
        ("almatyalmaty", True),
        ("Қазақстан2026", True),
        ("correct horse battery", False),
        ("төрт түлік мал", False),
    ],
)
def test_the_commonest_passwords_are_refused(password: str, is_common: bool) -> None:
    assert passwords.is_common(password) is is_common


@pytest.mark.req("IAM-10")
@given(
    weekday=st.integers(1, 7),
    starts=st.times(),
    ends=st.times(),
    minutes=st.integers(0, 7 * 24 * 60 - 1),
)
def test_shifts_hold_on_their_day_and_over_midnight(weekday: int, starts: dt.time, ends: dt.time, minutes: int) -> None:
    monday = dt.datetime(2026, 1, 5, tzinfo=clock.LOCAL_ZONE)
    at = monday + dt.timedelta(minutes=minutes)
    begin = dt.datetime.combine(monday + dt.timedelta(days=weekday - 1), starts, tzinfo=clock.LOCAL_ZONE)
    end = dt.datetime.combine(begin.date() + dt.timedelta(days=ends <= starts), ends, tzinfo=clock.LOCAL_ZONE)
    # the shift of the week before may still run on Monday
    week = dt.timedelta(days=7)
    expected = begin <= at < end or begin - week <= at < end - week
    assert within_hours([f"{weekday} {starts.isoformat()} {ends.isoformat()}"], at) == expected


@pytest.mark.parametrize(
    ("ip", "is_inside"),
    [("10.1.2.3", True), ("10.2.0.1", False), ("fd00::1", True), (None, False), ("nonsense", False)],
)
def test_an_address_lies_in_a_network_or_not(ip: str | None, is_inside: bool) -> None:
    assert within_networks(["10.1.0.0/16", "fd00::/8"], ip) is is_inside
