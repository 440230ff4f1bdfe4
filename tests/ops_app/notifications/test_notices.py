"""Notices: whose they are, what leaves by e-mail, and that nothing of a patient is in it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.mechanisms.jobs.tables import job
from ops_app.mechanisms.notifications.models import Delivery, Notification
from ops_app.mechanisms.notifications.notice import Notice
from ops_app.mechanisms.notifications.notifying import notify
from ops_app.modules.accounts.queries import account_by_login
from ops_app.modules.exchange.notices import DEAD_LETTER
from ops_app.modules.notifications.queries import holders
from ops_app.permissions import Permission, Role
from tests.installation import Database, free_port_base
from tests.ops_app.browser import make_account, signed_in
from tests.ops_app.conftest import plant_tree
from tests.ops_app.jobs.running import run_due

TARGET = "/patients/850612400123"


class Mailbox:
    """What the mail server took; refuses the first letters when told to."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuse = 0

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        if self.refuse:
            self.refuse -= 1
            return "451 try again later"
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)  # type: ignore[attr-defined]
        assert isinstance(parsed, EmailMessage)
        self.letters.append(parsed)
        return "250 taken"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box, port = Mailbox(), free_port_base()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings = {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "FROM": "saulyq@example.kz"}
    for name, value in settings.items():
        monkeypatch.setenv(f"SAULYQ_SMTP_{name}", value)
    yield box
    controller.stop()


def tell(app: FastAPI, login: str, target: str = TARGET) -> list[int]:
    with Session(app.state.engine) as session, session.begin():
        account = account_by_login(session, login)
        assert account is not None
        return notify(session, DEAD_LETTER, [account.id], target)


def test_a_notice_is_only_its_readers(module_app: FastAPI) -> None:
    for login in ("reader", "curious"):
        make_account(module_app.state.engine, login, [(Role.DOCTOR, None)])
    (number,) = tell(module_app, "reader")
    other = signed_in(module_app, "curious")
    assert other.get("/notifications/unread").json() == {"unread": 0}
    assert other.get(f"/notifications/{number}/open").status_code == 404
    assert other.post(f"/notifications/{number}/read").status_code == 404


def test_the_bell_counts_what_is_unread_and_opening_leads_to_the_work(module_app: FastAPI) -> None:
    make_account(module_app.state.engine, "belle", [(Role.DOCTOR, None)])
    first, second = (tell(module_app, "belle", target)[0] for target in ("/a", "/b"))
    assert tell(module_app, "belle", "/a") == [], "an unread notice of the same page is not repeated"
    browser = signed_in(module_app, "belle", "kk")
    assert browser.get("/notifications/unread").json() == {"unread": 2}
    assert "Басқа жүйеге жіберілген хабарлама" in browser.get("/notifications").text
    assert browser.get(f"/notifications/{first}/open").headers["location"] == "/a"
    assert browser.post(f"/notifications/{second}/read").status_code == 303
    assert browser.get("/notifications/unread").json() == {"unread": 0}
    tell(module_app, "belle", "/c")
    assert browser.post("/notifications/read").status_code == 303
    assert browser.get("/notifications/unread").json() == {"unread": 0}


def test_a_letter_says_in_the_readers_language_that_something_waits_and_nothing_else(
    module_app: FastAPI, module_database: Database, mailbox: Mailbox
) -> None:
    make_account(module_app.state.engine, "byemail", [(Role.DOCTOR, None)], language="ru")
    browser = signed_in(module_app, "byemail")
    good = {"by_email": "1", "address": "doctor@example.kz", "kinds": DEAD_LETTER.kind}
    assert browser.post("/notifications/settings", {"by_email": "1"}).status_code == 422
    for wrong in ("doctor", "a@b.kz\nBcc: x@y.kz", "a@b.kz, c@d.kz"):
        assert browser.post("/notifications/settings", good | {"address": wrong}).status_code == 422
    assert browser.post("/notifications/settings", good).status_code == 303
    assert "doctor@example.kz" in browser.get("/notifications/settings").text
    mailbox.refuse = 1
    (number,) = tell(module_app, "byemail")
    run_due(module_database)
    assert mailbox.letters == []
    with Session(module_app.state.engine) as session, session.begin():
        session.execute(job.update().where(job.c.status == "todo").values(scheduled_at=None))
    run_due(module_database)
    (letter,) = mailbox.letters
    assert letter["To"] == "doctor@example.kz"
    assert letter["Subject"] == "Saulyq: для вас новое уведомление"
    text = letter.get_content()
    assert "Сообщение в другую систему требует вашего решения" in text
    assert f"/notifications/{number}/open" in text
    assert "patients" not in str(letter)
    assert "850612400123" not in str(letter) + text


def test_no_letter_about_what_is_muted_read_or_switched_off(
    module_app: FastAPI, module_database: Database, mailbox: Mailbox
) -> None:
    make_account(module_app.state.engine, "quiet", [(Role.DOCTOR, None)])
    browser = signed_in(module_app, "quiet")
    on = {"by_email": "1", "address": "quiet@example.kz", "kinds": DEAD_LETTER.kind}
    browser.post("/notifications/settings", on | {"kinds": ""})
    tell(module_app, "quiet", "/muted")
    browser.post("/notifications/settings", on)
    (number,) = tell(module_app, "quiet", "/read at once")
    browser.post(f"/notifications/{number}/read")
    tell(module_app, "quiet", "/switched off")
    browser.post("/notifications/settings", {"address": "quiet@example.kz", "kinds": DEAD_LETTER.kind})
    run_due(module_database)
    assert mailbox.letters == []
    with Session(module_app.state.engine) as session:
        states = session.scalars(
            select(Delivery.state)
            .join(Notification, Notification.id == Delivery.notification_id)
            .where(Notification.target.in_(("/muted", "/read at once", "/switched off")))
        ).all()
    assert states == ["skipped", "skipped"]


def test_a_notice_has_no_place_for_a_value() -> None:
    with pytest.raises(ValueError, match="place for a value"):
        Notice("ward:admitted", "%(name)s was admitted")


def test_those_are_told_who_hold_the_permission_there_or_above(module_app: FastAPI) -> None:
    with Session(module_app.state.engine) as session, session.begin():
        tree = plant_tree(session)
    places = {"here": "hospital", "above": "region", "elsewhere": "other"}
    made = {
        name: make_account(module_app.state.engine, f"chief{name}", [(Role.CHIEF_PHYSICIAN, tree[place])]).id
        for name, place in places.items()
    }
    nurse = make_account(module_app.state.engine, "nursehere", [(Role.NURSE, tree["hospital"])]).id
    with Session(module_app.state.engine) as session:
        told = holders(session, Permission.EXCHANGE_MESSAGE_RESEND, tree["department"])
    assert {made["here"], made["above"]} <= set(told)
    assert not {made["elsewhere"], nurse} & set(told)
