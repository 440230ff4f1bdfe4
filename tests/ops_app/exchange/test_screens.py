"""Screens of the exchange: who may see what, dead letters put right with a reason, receipts of other systems."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import modules
from ops_app.kit import clock
from ops_app.mechanisms.outbox import delivery, outbox
from ops_app.mechanisms.outbox.models import Correction, Message, SystemState
from ops_app.mechanisms.outbox.reconciliation import reconcile
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient
from ops_app.modules.protection.standing import why_closed
from ops_app.permissions import Role
from tests.installation import Database
from tests.ops_app.browser import Browser, make_account, signed_in
from tests.ops_app.clinic import Clinic
from tests.ops_app.exchange.registry import SYSTEM, Registry
from tests.ops_app.jobs.running import run_due


def message_to_refuse(clinic: Clinic, registry: Registry, person: Patient) -> int:
    """A message about a patient of the hospital, waiting, that the registry will refuse."""
    key = f"patient-{person.id}-1"
    registry.misbehave = {key: ["422"]}
    with clinic.session() as session:
        session.merge(SystemState(name=SYSTEM, is_on=True, is_ready=True))
        return outbox.put(
            session,
            SYSTEM,
            "discharge",
            key,
            {"family": person.family_name},
            patient_id=person.id,
            organization_id=clinic.tree["hospital"],
        )


@pytest.fixture
def dead_letter(clinic: Clinic, module_database: Database, registry: Registry) -> int:
    """A message about a patient of the hospital that the registry refused."""
    person = clinic.register(family_name="Құпияева")
    number = message_to_refuse(clinic, registry, person)
    run_due(module_database)
    return number


def state(clinic: Clinic, number: int) -> str:
    with clinic.session() as session:
        return session.get_one(Message, number).state


class TestWhoMayNot:
    def test_a_doctor_sees_no_journal(self, clinic: Clinic, dead_letter: int) -> None:
        assert clinic.browser("doctor").get("/exchange").status_code == 403

    def test_another_organisation_does_not_see_the_message(self, clinic: Clinic, dead_letter: int) -> None:
        make_account(clinic.app.state.engine, "otherchief", [(Role.CHIEF_PHYSICIAN, clinic.tree["other"])])
        browser = signed_in(clinic.app, "otherchief")
        assert f"/exchange/messages/{dead_letter}" not in browser.get("/exchange").text
        for path in ("", "/contents"):
            assert browser.get(f"/exchange/messages/{dead_letter}{path}").status_code == 404

    def test_an_administrator_sees_that_it_failed_but_not_of_whom_it_speaks(
        self, clinic: Clinic, dead_letter: int
    ) -> None:
        make_account(clinic.app.state.engine, "admin2", [(Role.ADMINISTRATOR, None)])
        browser = signed_in(clinic.app, "admin2")
        page = browser.get(f"/exchange/messages/{dead_letter}").text
        assert "http 422" in page
        assert "Құпияева" not in page
        assert browser.get(f"/exchange/messages/{dead_letter}/contents").status_code == 403
        assert browser.post(f"/exchange/messages/{dead_letter}/resend", {"reason": "try again"}).status_code == 403

    def test_a_chief_of_one_hospital_does_not_switch_systems(self, clinic: Clinic) -> None:
        make_account(clinic.app.state.engine, "localadmin", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
        assert clinic.browser("chief").post(f"/exchange/systems/{SYSTEM}/off").status_code == 403
        assert signed_in(clinic.app, "localadmin").post(f"/exchange/systems/{SYSTEM}/off").status_code == 403

    def test_a_program_without_its_token_says_nothing(self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SAULYQ_REGISTRY_AUTHORISED_BODY_INBOUND_TOKEN", raising=False)
        receipt = {"key": "r", "kind": "receipt", "message_key": "x", "outcome": "accepted"}
        client = Browser(clinic.app).client
        for headers in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer wrong"}):
            answer = client.post(f"/exchange/{SYSTEM}/receipts", json=receipt, headers=headers)
            assert answer.status_code == 401


def test_the_contents_are_opened_like_a_card(clinic: Clinic, dead_letter: int) -> None:
    page = html.unescape(clinic.browser("chief").get(f"/exchange/messages/{dead_letter}/contents").text)
    assert "Құпияева" in page
    with clinic.session() as session:
        person = session.get_one(Message, dead_letter).patient_id
        read = session.scalars(
            select(Event).where(Event.action == "exchange:contents", Event.patient_id == person)
        ).all()
        assert [(event.kind, event.rule) for event in read] == [("read", "attached")]


def test_a_dead_letter_is_corrected_with_a_reason_and_arrives(
    clinic: Clinic, module_database: Database, registry: Registry, dead_letter: int
) -> None:
    browser = clinic.browser("chief")
    address = f"/exchange/messages/{dead_letter}"
    assert browser.get("/waiting").json()["exchange:journal"] >= 1
    assert "A message to another system needs your decision" in browser.get("/notifications").text
    assert browser.post(f"{address}/correct", {"body": "{", "reason": "wrong name"}).status_code == 422
    assert browser.post(f"{address}/correct", {"body": "[]", "reason": "wrong name"}).status_code == 422
    assert browser.post(f"{address}/correct", {"body": "{}"}).status_code == 422
    good = json.dumps({"family": "Түзетілген"})
    assert browser.post(f"{address}/correct", {"body": good, "reason": "wrong name"}).status_code == 303
    run_due(module_database)
    assert state(clinic, dead_letter) == "delivered"
    assert registry.held[registry.order[-1]]["body"] == {"family": "Түзетілген"}
    assert browser.post(f"{address}/correct", {"body": good, "reason": "wrong name"}).status_code == 422
    with clinic.session() as session:
        made = session.scalars(select(Correction).where(Correction.message_id == dead_letter)).one()
        assert (made.by, made.reason, made.body_before) == ("chief", "wrong name", {"family": "Құпияева"})
    page = browser.get(address).text
    assert "corrected and sent again" in page
    assert browser.post(f"{address}/resend", {"reason": "they lost it"}).status_code == 303
    run_due(module_database)
    assert "had already arrived" in browser.get(address).text


def test_a_dead_letter_can_be_withdrawn(clinic: Clinic, dead_letter: int) -> None:
    browser = clinic.browser("chief", "kk")
    assert browser.post(f"/exchange/messages/{dead_letter}/withdraw", {"reason": "жаңылыс"}).status_code == 303
    assert state(clinic, dead_letter) == "withdrawn"
    assert "Кері қайтарылды" in browser.get(f"/exchange/messages/{dead_letter}").text
    assert browser.post(f"/exchange/messages/{dead_letter}/resend", {"reason": "жаңылыс"}).status_code == 409


@pytest.mark.req("EDS-08")
def test_a_system_is_switched_and_its_receipt_counts_once(
    clinic: Clinic, module_database: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, None)])
    browser = signed_in(clinic.app, "keeper")
    assert browser.post(f"/exchange/systems/{SYSTEM}/off").status_code == 303
    with clinic.session() as session:
        number = outbox.put(session, SYSTEM, "signed_document", "doc-9", {"signature": "MII"})
    run_due(module_database)
    assert state(clinic, number) == "queued"
    assert "switched off" in browser.get("/exchange/systems").text
    assert browser.post(f"/exchange/systems/{SYSTEM}/on").status_code == 303
    delivery.sweep(module_database.engine("app"), why_closed)
    run_due(module_database)
    assert re.search(r"tag-green.>ready", browser.get("/exchange/systems").text)
    assert state(clinic, number) == "delivered"

    monkeypatch.setenv("SAULYQ_REGISTRY_AUTHORISED_BODY_INBOUND_TOKEN", "their-token")
    client = Browser(clinic.app).client

    shown = {"authorization": "Bearer their-token", "accept": "application/json"}

    def receipt(key: str, **more: str) -> tuple[int, object]:
        body = {"key": key, "kind": "receipt", "message_key": "doc-9", "outcome": "accepted"} | more
        answer = client.post(f"/exchange/{SYSTEM}/receipts", json=body, headers=shown)
        return answer.status_code, answer.json().get("known")

    assert receipt("r-1") == (200, False)
    assert receipt("r-1") == (200, True)
    assert receipt("r-1", outcome="refused")[0] == 409
    assert receipt("r-2", message_key="nobody")[0] == 404
    assert receipt("r-3", text="x" * 3000)[0] == 422
    assert "accepted" in browser.get(f"/exchange/messages/{number}").text
    assert receipt("r-4", outcome="refused") == (200, False)
    assert state(clinic, number) == "dead"


def test_the_reconciliation_is_a_list_of_differences(
    clinic: Clinic, module_database: Database, registry: Registry
) -> None:
    registry.held["not ours"] = {"sha256": "1" * 64, "body": {}}
    with Session(module_database.engine("app")) as session, session.begin():
        session.merge(SystemState(name=SYSTEM, is_on=True, is_ready=True))
    made = reconcile(module_database.engine("app"), SYSTEM, clock.today())
    browser = clinic.browser("chief")
    assert f"/exchange/reconciliations/{made}" in browser.get("/exchange/reconciliations").text
    page = browser.get(f"/exchange/reconciliations/{made}").text
    assert "not ours" in page
    assert "the other side has it" in page
    assert browser.get("/exchange/reconciliations/999").status_code == 404


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        ("kk", ("Қол қойылған құжат", "Зертханаға жолдама", "Адамның деректері қалай пайдаланылғаны туралы")),
        ("ru", ("Подписанный документ", "Заказ в лабораторию", "Уведомление об использовании данных человека")),
        ("en", ("Signed document", "Order to a laboratory", "Notice of how a person&#39;s data were used")),
    ],
)
def test_kinds_of_messages_are_named_in_the_language_of_the_reader(
    clinic: Clinic, language: str, titles: tuple[str, ...]
) -> None:
    place = clinic.tree["hospital"]
    kinds = ("signed_document", "OML^O21", "data_use")
    with clinic.session() as session:
        numbers = [outbox.put(session, SYSTEM, kind, f"{kind}-{language}", {}, organization_id=place) for kind in kinds]
    browser = clinic.browser("chief", language)
    journal = browser.get("/exchange").text
    for kind, number, title in zip(kinds, numbers, titles, strict=True):
        assert title in journal
        assert title in browser.get(f"/exchange/messages/{number}").text
        assert kind not in re.sub(r"<[^>]*>", "", journal)


def test_every_module_that_writes_messages_names_their_kinds(clinic: Clinic) -> None:
    folder = Path(modules.__file__).parent
    writers = {file.parent.name for file in folder.glob("*/*.py") if "outbox.put(" in file.read_text("utf-8")}
    named = {module.name for module in clinic.app.state.modules if module.messages}
    assert writers
    assert writers <= named
