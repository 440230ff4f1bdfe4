"""Entering with a certificate: whose key opens which door, once, in one browser, for five minutes."""

from __future__ import annotations

import base64
import datetime as dt
import re

import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ops_app.mechanisms.signature import making
from ops_app.mechanisms.signature.development import Authority, Identity, authority_of
from ops_app.modules.accounts.models import Account
from ops_app.modules.audit.models import Event
from ops_app.modules.organizations.models import Practitioner
from ops_app.modules.signatures.models import Challenge, SignatureAttempt
from ops_app.permissions import Role
from saulyq.settings import settings
from tests.ops_app.browser import Browser, make_account, signed_in

IIN = "850612400017"


@pytest.fixture
def world(module_app: FastAPI) -> tuple[FastAPI, Authority, Identity]:
    """An account of a member of staff, and his key."""
    authority = authority_of(settings())
    with Session(module_app.state.engine) as session:
        known = session.scalar(select(Practitioner).where(Practitioner.iin == IIN))
        if known is None:
            person = Practitioner(family_name="Досов", given_name="Асан", sort_key="dosov", iin=IIN)
            session.add(person)
            session.flush()
            number = person.id
            session.commit()
            make_account(module_app.state.engine, "dosov", [(Role.DOCTOR, None)], practitioner_id=number)
            make_account(module_app.state.engine, "watch", [(Role.ADMINISTRATOR, None)])
    return module_app, authority, authority.issue("dosov", IIN, kind="ecdsa", use="enter")


def challenge(browser: Browser) -> tuple[str, bytes]:
    shown = browser.get("/sign-in/certificate").text
    number = re.search(r'name="challenge" value="(\d+)"', shown)
    content = re.search(r'data-enter="([^"]+)"', shown)
    assert number and content
    return number[1], base64.b64decode(content[1])


def answer(browser: Browser, number: str, cms: bytes) -> Response:
    posted = {"challenge": number, "cms": base64.b64encode(cms).decode()}
    return browser.post("/sign-in/certificate", posted)


def try_key(app: FastAPI, identity: Identity) -> Response:
    browser = Browser(app)
    number, content = challenge(browser)
    return answer(browser, number, making.sign(content, [identity], detached=False))


@pytest.mark.req("IAM-21", "IAM-22", "EDS-01")
def test_keys_that_do_not_open_are_refused_and_listed_with_the_reason(
    world: tuple[FastAPI, Authority, Identity], tmp_path_factory: pytest.TempPathFactory
) -> None:
    app, authority, _key = world
    past = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    revoked = authority.issue("gone", IIN, kind="ecdsa", use="enter")
    authority.revoke(revoked)
    foreign = Authority(tmp_path_factory.mktemp("foreign"))
    keys = {
        "No active account": authority.issue("nobody", "900101300011", kind="ecdsa", use="enter"),
        "was revoked": revoked,
        "had expired": authority.issue(
            "old", IIN, kind="ecdsa", use="enter", valid_from=past, valid_to=past.replace(month=6)
        ),
        "not among the configured": foreign.issue("forger", IIN, kind="ecdsa", use="enter"),
    }
    for reason, identity in keys.items():
        refused = try_key(app, identity)
        assert refused.status_code == 401 and reason in refused.text
        assert "saulyq" not in refused.headers.get("set-cookie", "") or "_session" not in refused.headers["set-cookie"]
    shown = signed_in(app, "watch").get("/signatures/attempts").text
    for reason, identity in keys.items():
        assert reason in shown and f"{identity.certificate.serial_number:x}" in shown
    with Session(app.state.engine) as session:
        logged = session.scalars(select(Event).where(Event.action == "signatures:enter_refused")).all()
        assert {"revoked", "expired", "no_account", "issuer_unknown"} <= {
            row.after["reason"] for row in logged if row.after
        }
        # a revoked key still tells whose door was tried
        assert "dosov" in {row.login for row in logged}


@pytest.mark.req("IAM-14", "IAM-21", "EDS-01")
def test_the_owner_of_a_good_certificate_enters(world: tuple[FastAPI, Authority, Identity]) -> None:
    app, _authority, key = world
    browser = Browser(app)
    assert "/sign-in/certificate" in browser.get("/sign-in").text
    number, content = challenge(browser)
    entered = answer(browser, number, making.sign(content, [key], detached=False))
    assert entered.status_code == 303
    browser.csrf = ""
    assert browser.get("/account/sessions").status_code == 200
    with Session(app.state.engine) as session:
        assert session.scalars(select(Event).where(Event.action == "signatures:entered")).all()
        rows = session.scalars(select(SignatureAttempt).where(SignatureAttempt.reason == "valid")).all()
        assert {row.login for row in rows} == {"dosov"}


def test_a_challenge_is_for_one_browser_once_and_soon(world: tuple[FastAPI, Authority, Identity]) -> None:
    app, _authority, key = world
    mine, other = Browser(app), Browser(app)
    number, content = challenge(mine)
    cms = making.sign(content, [key], detached=False)
    other.get("/sign-in")
    assert answer(other, number, cms).status_code == 401
    # somebody else's answer took nothing away from the owner
    assert answer(mine, number, making.sign(b"another text", [key], detached=False)).status_code == 401
    assert answer(mine, number, cms).status_code == 401
    number, content = challenge(mine)
    with Session(app.state.engine) as session:
        old = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=6)
        session.execute(update(Challenge).where(Challenge.id == int(number)).values(created_at=old))
        session.commit()
    assert answer(mine, number, making.sign(content, [key], detached=False)).status_code == 401
    for posted in ({}, {"challenge": "x", "cms": "MII="}, {"challenge": "1", "cms": "###"}):
        assert mine.post("/sign-in/certificate", posted).status_code == 422


def test_challenges_of_strangers_do_not_pile_up(world: tuple[FastAPI, Authority, Identity]) -> None:
    app, _authority, _key = world
    number, _content = challenge(Browser(app))
    with Session(app.state.engine) as session:
        old = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
        session.execute(update(Challenge).values(created_at=old))
        session.commit()
    fresh, _content = challenge(Browser(app))
    with Session(app.state.engine) as session:
        assert session.scalars(select(Challenge.id)).all() == [int(fresh)]
    assert number != fresh


def test_a_closed_account_stays_closed(world: tuple[FastAPI, Authority, Identity]) -> None:
    app, _authority, key = world
    with Session(app.state.engine) as session:
        session.execute(update(Account).where(Account.login == "dosov").values(is_active=False))
        session.commit()
    assert try_key(app, key).status_code == 401
    with Session(app.state.engine) as session:
        session.execute(update(Account).where(Account.login == "dosov").values(is_active=True))
        session.commit()
