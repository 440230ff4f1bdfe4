"""The journal cannot be rewritten, shows its reader only his own scope, and keeps what changed."""

from __future__ import annotations

import datetime as dt

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.modules.accounts import queries
from ops_app.modules.accounts.models import Account
from ops_app.modules.audit.models import Event
from ops_app.permissions import Role
from tests.ops_app.browser import make_account, signed_in

Tree = dict[str, int]


def actor(session: Session, account: Account) -> Actor:
    return queries.actor_of(session, account, 1)


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.NURSE, Role.REGISTRAR, Role.OFFICIAL, Role.DATA_ENGINEER])
def test_who_may_not_read_the_journal(app: FastAPI, role: Role) -> None:
    make_account(app.state.engine, "aigul", [(role, None)])
    assert signed_in(app, "aigul").get("/audit").status_code == 403


@pytest.mark.parametrize(
    "statement",
    ["update audit.event set login = 'somebody'", "delete from audit.event", "truncate audit.event"],
)
def test_the_app_cannot_rewrite_the_journal(app: FastAPI, statement: str) -> None:
    make_account(app.state.engine, "aigul")
    with Session(app.state.engine) as session, pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text(statement))


@pytest.mark.req("IAM-18")
def test_a_change_keeps_only_what_differs(app: FastAPI) -> None:
    account = make_account(app.state.engine, "aigul")
    with Session(app.state.engine) as session:
        audit.changed(
            session,
            actor(session, account),
            entity="patients.patient",
            entity_id=7,
            patient_id=7,
            before={"phone": "1", "birth_date": dt.date(1990, 1, 2), "sex": "female"},
            after={"phone": "2", "birth_date": dt.date(1990, 2, 1), "sex": "female"},
        )
        session.commit()
        row = session.scalars(select(Event).where(Event.patient_id == 7)).one()
    assert row.before == {"phone": "1", "birth_date": "1990-01-02"}
    assert row.after == {"phone": "2", "birth_date": "1990-02-01"}
    assert row.login == "aigul"


def test_a_refused_write_leaves_no_row(app: FastAPI) -> None:
    account = make_account(app.state.engine, "aigul")
    with Session(app.state.engine) as session:
        audit.read(session, actor(session, account), 7, rule="attached")
        session.rollback()
        assert session.scalar(text("select count(*) from audit.event where patient_id = 7")) == 0


@pytest.mark.req("IAM-19")
def test_chief_sees_the_staff_of_his_scope_and_narrows_by_user_patient_and_day(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "chief", [(Role.CHIEF_PHYSICIAN, tree["hospital"])])
    inside = make_account(app.state.engine, "inside", [(Role.NURSE, tree["site"])], display_name="Сарсенова Гүлнар")
    outside = make_account(app.state.engine, "outside", [(Role.NURSE, tree["other"])])
    with Session(app.state.engine) as session:
        audit.read(session, actor(session, inside), 31, rule="attached")
        audit.read(session, actor(session, inside), 32, rule="stated_reason")
        audit.read(session, actor(session, outside), 33, rule="attached")
        session.commit()
    browser = signed_in(app, "chief")

    def shown(**asked: str) -> set[int]:
        page = browser.get("/audit", params=asked).text
        return {number for number in (31, 32, 33) if f"№ {number}<" in page}

    assert shown() == {31, 32}
    assert shown(user="inside") == {31, 32}
    assert shown(user="сарсен") == {31, 32}
    assert shown(user="outside") == set()
    assert shown(rule="stated_reason") == {32}
    assert shown(kind="write") == set()
    assert shown(date_from="today") == {31, 32}
    assert shown(date_to="-1") == set()
    assert shown(patient="31") == set()  # no such person is recorded
    assert browser.get("/audit", params={"date_from": "soon"}).status_code == 422
    with Session(app.state.engine) as session:
        asked = session.scalars(select(Event).where(Event.action == "audit:journal_asked")).all()
    assert any(row.after == {"user": "outside"} and row.login == "chief" for row in asked)


def test_pages_follow_each_other(app: FastAPI) -> None:
    account = make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    with Session(app.state.engine) as session:
        audit.read_many(session, actor(session, account), range(1001, 1061), rule="search")
        session.commit()
    browser = signed_in(app, "boss")
    first = browser.get("/audit?size=50").text
    second = browser.get("/audit?size=50&page=2").text
    assert first.count("<tr>") == 51
    assert 'rel="next"' in first
    assert "№ 1060<" in first
    assert "№ 1060<" not in second
    assert 'rel="prev"' in second
    assert browser.get("/audit?page=nonsense").status_code == 422
