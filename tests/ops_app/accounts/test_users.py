"""User administration: an administrator reaches only accounts and organisations of his own scope."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app.modules.accounts import queries
from ops_app.permissions import Permission, Role
from tests.ops_app.browser import Browser, make_account, signed_in

Tree = dict[str, int]


def account_id(app: FastAPI, login: str) -> int:
    with Session(app.state.engine) as session:
        found = queries.account_by_login(session, login)
        assert found is not None
        return found.id


def test_doctor_cannot_open_user_administration(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    browser = signed_in(app, "aigul")
    assert browser.get("/users").status_code == 403
    assert "Create accounts, give roles" in browser.get("/users").text
    assert browser.post("/users/new", {"login": "x1"}).status_code == 403


def test_administrator_of_one_organisation_never_sees_those_of_another(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, tree["hospital"])])
    make_account(app.state.engine, "inside", [(Role.NURSE, tree["site"])])
    make_account(app.state.engine, "outside", [(Role.NURSE, tree["other"])])
    make_account(app.state.engine, "above", [(Role.OFFICIAL, tree["region"])])
    make_account(app.state.engine, "everywhere", [(Role.ADMINISTRATOR, None)])
    make_account(app.state.engine, "half", [(Role.NURSE, tree["site"]), (Role.NURSE, tree["other"])])
    browser = signed_in(app, "boss")
    listed = set(re.findall(r'data-title="Login">([^<]+)<', browser.get("/users").text))
    assert listed == {"boss", "inside"}
    for login in ("outside", "above", "everywhere", "half"):
        number = account_id(app, login)
        assert browser.get(f"/users/{number}").status_code == 404
        for action in ("password", "disable", "enable", "roles"):
            assert browser.post(f"/users/{number}/{action}").status_code == 404


def test_role_outside_the_scope_is_not_given(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, tree["hospital"])])
    make_account(app.state.engine, "inside", [(Role.NURSE, tree["site"])])
    browser, number = signed_in(app, "boss"), account_id(app, "inside")
    for place in (tree["region"], tree["other"], ""):
        form = {"role": "doctor", "organization_id": place}
        assert browser.post(f"/users/{number}/roles", form).status_code == 422
        more = {"login": "new.one", "display_name": "New One"}
        assert browser.post("/users/new", form | more).status_code == 422
    form = {"role": "doctor", "organization_id": tree["department"]}
    assert browser.post(f"/users/{number}/roles", form).status_code == 303
    assert browser.post(f"/users/{number}/roles", form).status_code == 422


@pytest.mark.req("IAM-01", "IAM-03", "IAM-08")
def test_administrator_creates_an_account_with_a_one_time_password(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    browser = signed_in(app, "boss")
    form = {"login": "A.Omarova", "display_name": "Омарова А.", "role": "nurse", "organization_id": tree["site"]}
    created = browser.post("/users/new", form)
    assert created.status_code == 200
    password = re.search(r'class="secret">([^<]+)<', created.text)
    assert password
    newcomer = Browser(app)
    assert newcomer.sign_in("a.omarova", password[1]).status_code == 303
    assert newcomer.get("/").headers["location"] == "/account/password"
    assert browser.post("/users/new", form).status_code == 422
    with Session(app.state.engine) as session:
        rows = session.execute(
            text("select login, action, entity, after from audit.event where kind = 'write' and account_id is not null")
        ).all()
    assert {row.entity for row in rows} == {"accounts.account", "accounts.role_assignment"}
    assert all(row.login == "boss" and row.action == "accounts:create_user" for row in rows)
    assert password[1] not in str(rows)


def test_bad_form_names_each_field(app: FastAPI) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)], language="ru")
    answer = signed_in(app, "boss", "ru").post("/users/new", {"login": "Ә", "role": "king"})
    assert answer.status_code == 422
    assert "Заполните это поле" in answer.text
    assert "Выберите одно из значений списка" in answer.text
    assert 'href="#f-display_name"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_taking_the_role_away_ends_the_right_with_the_next_request(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    make_account(app.state.engine, "helper", [(Role.ADMINISTRATOR, tree["hospital"])])
    boss, helper = signed_in(app, "boss"), signed_in(app, "helper")
    assert helper.get("/users").status_code == 200
    number = account_id(app, "helper")
    with Session(app.state.engine) as session:
        assignment = queries.assignments(session, [number])[number][0].RoleAssignment.id
    assert boss.post(f"/users/{number}/roles/{assignment}/take").status_code == 303
    assert helper.get("/users").status_code == 403


@pytest.mark.req("IAM-09")
def test_reset_and_disable_end_sessions(app: FastAPI) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    make_account(app.state.engine, "helper", [(Role.ADMINISTRATOR, None)])
    boss, number = signed_in(app, "boss"), account_id(app, "helper")
    for action in ("password", "disable"):
        helper = signed_in(app, "helper")
        assert helper.get("/account/password").status_code == 200
        assert boss.post(f"/users/{number}/{action}").status_code in (200, 303)
        assert helper.get("/account/password").status_code == 303
    assert boss.post(f"/users/{account_id(app, 'boss')}/disable").status_code == 409


def test_scope_is_the_node_and_everything_below(app: FastAPI, tree: Tree) -> None:
    account = make_account(app.state.engine, "nurse", [(Role.NURSE, tree["hospital"]), (Role.OFFICIAL, tree["other"])])
    with Session(app.state.engine) as session:
        actor = queries.actor_of(session, account, 1)
    card = actor.scope(Permission.PATIENTS_CARD_READ)
    assert card.organization_ids == {tree["hospital"], tree["department"], tree["site"]}
    assert not card.allows(tree["other"])
    assert not card.allows(tree["region"])
    assert not card.allows(None)
    assert actor.scope(Permission.SIGNALS_CASE_READ).organization_ids == {tree["other"]}
    assert not actor.scope(Permission.AUDIT_JOURNAL_READ)
    assert not actor.may(Permission.AUDIT_JOURNAL_READ)
