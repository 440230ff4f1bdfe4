"""Inbound messages on the screen: who may see them, the place of the error, the corrected copy, reading again."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from ops_app.modules.audit.models import Event
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.ingest.titles import FAULTS
from ops_app.permissions import Role
from tests.ingestion.hl7.reading import interpret, take_in
from tests.installation import ROOT, Database
from tests.ops_app.browser import Browser, make_account, signed_in
from tests.ops_app.clinic import Clinic

count = iter(range(1_000_000))


def message(birth_date: str = "19850317", number: str = "", sender: str = "HIS") -> str:
    control = f"s{next(count)}"
    return (
        f"MSH|^~\\&|{sender}|hospital|SAULYQ|KZ|20261120101500||ADT^A28|{control}|P|2.5\n"
        f"EVN|A28|20261120\nPID|1||{number or control}^^^HIS^MR||Құпиябаева^Айгүл||{birth_date}|F\n"
    )


@pytest.fixture
def chief(clinic: Clinic) -> Browser:
    login = f"chief{next(count)}"
    make_account(clinic.app.state.engine, login, [(Role.CHIEF_PHYSICIAN, clinic.tree["hospital"])])
    return signed_in(clinic.app, login)


def row(clinic: Clinic, number: int) -> InboundMessage:
    with clinic.session() as session:
        return session.get_one(InboundMessage, number)


class TestWhoMayNot:
    def test_a_doctor_sees_no_journal(self, clinic: Clinic) -> None:
        assert clinic.browser("doctor").get("/journals/inbound").status_code == 403

    def test_another_organisation_does_not_see_the_message(self, clinic: Clinic, module_database: Database) -> None:
        [sent] = take_in(module_database, message())
        make_account(clinic.app.state.engine, "otherinbound", [(Role.CHIEF_PHYSICIAN, clinic.tree["other"])])
        browser = signed_in(clinic.app, "otherinbound")
        assert f"/inbound/{sent['id']}" not in browser.get("/journals/inbound").text
        for path in ("", "/contents"):
            assert browser.get(f"/inbound/{sent['id']}{path}").status_code == 404
        assert browser.post(f"/inbound/{sent['id']}/replay", {"reason": "because"}).status_code == 404

    def test_an_administrator_sees_that_a_message_came_and_not_whom_it_names(
        self, clinic: Clinic, module_database: Database
    ) -> None:
        [sent] = take_in(module_database, message())
        make_account(clinic.app.state.engine, "inboundadmin", [(Role.ADMINISTRATOR, None)])
        browser = signed_in(clinic.app, "inboundadmin")
        shown = browser.get(f"/inbound/{sent['id']}").text
        assert "HIS" in shown
        assert "Құпиябаева" not in shown
        assert browser.get(f"/inbound/{sent['id']}/contents").status_code == 403
        assert browser.post(f"/inbound/{sent['id']}/correct", {"reason": "because", "body": "MSH"}).status_code == 403


@pytest.mark.req("INT-LIS-02")
def test_the_place_of_the_error_is_marked_and_a_corrected_copy_becomes_a_record(
    clinic: Clinic, module_database: Database, chief: Browser
) -> None:
    [sent] = take_in(module_database, message("17031985"))
    assert sent["state"] == "failed"
    listed = chief.get("/journals/inbound?state=failed").text
    assert f"/inbound/{sent['id']}" in listed
    assert "PID-7: The birth date is not a date" in listed
    shown = chief.get(f"/inbound/{sent['id']}/contents").text
    marked = re.findall(r"table-danger.*?</tr>", shown, re.DOTALL)
    assert len(marked) == 1
    assert "PID-7" in marked[0] and "17031985" in marked[0] and "birth" in marked[0]
    body = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", shown, re.DOTALL)[1])  # type: ignore[index]
    form = {"body": body.replace("17031985", "19850317"), "reason": "day and month were swapped"}
    refused = chief.post(f"/inbound/{sent['id']}/correct", form | {"body": body.replace("|P|", "||")})
    assert refused.status_code == 422
    assert "MSH-11: Required field missing" in refused.text
    assert chief.post(f"/inbound/{sent['id']}/correct", form | {"body": body}).status_code == 422
    answer = chief.post(f"/inbound/{sent['id']}/correct", form)
    assert answer.status_code == 303
    interpret(module_database)
    copy = row(clinic, int(answer.headers["location"].rsplit("/", 1)[1]))
    original = row(clinic, sent["id"])
    assert (copy.state, copy.corrects_id, original.state) == ("done", sent["id"], "archived")
    assert b"17031985" in original.raw
    page = chief.get(f"/inbound/{copy.id}").text
    assert f"/patients/{copy.patient_id}" in page
    assert f"/inbound/{sent['id']}" in page
    assert chief.post(f"/inbound/{sent['id']}/correct", form).status_code == 422
    with clinic.session() as session:
        written = session.scalars(
            select(Event).where(Event.entity == "ingest.message", Event.entity_id == str(sent["id"]))
        ).all()
    assert any("swapped" in str(event.after) for event in written)


def test_a_record_leads_to_the_page_of_its_person(clinic: Clinic, module_database: Database, chief: Browser) -> None:
    patient = clinic.register()
    [sent] = take_in(
        module_database,
        f"MSH|^~\\&|LAB|hospital|SAULYQ|KZ|20261120101500||ORU^R01|s{next(count)}|P|2.5.1\n"
        f"PID|1||{patient.iin}^^^IIN^NI||{patient.family_name}\n"
        "OBR|1||F1|58410-2^Blood count^LN|||20261120\nOBX|1|NM|718-7^Hb^LN||120|g/L|||||F\n",
    )
    assert f"/patients/{patient.id}/laboratory" in chief.get(f"/inbound/{sent['id']}").text


def test_reading_again_makes_nothing_twice(clinic: Clinic, module_database: Database, chief: Browser) -> None:
    [sent] = take_in(module_database, message())
    before = row(clinic, sent["id"]).patient_id
    assert chief.post(f"/inbound/{sent['id']}/replay", {"reason": "no"}).status_code == 422
    assert chief.post(f"/inbound/{sent['id']}/replay", {"reason": "the profile was changed"}).status_code == 303
    assert chief.post(f"/inbound/{sent['id']}/replay", {"reason": "the profile was changed"}).status_code == 409
    interpret(module_database)
    again = row(clinic, sent["id"])
    assert (again.state, again.patient_id) == ("done", before)


def test_opening_the_contents_leaves_an_audit_row(clinic: Clinic, module_database: Database, chief: Browser) -> None:
    done, failed = take_in(module_database, message(), message("1"))
    assert failed["state"] == "failed"
    for sent in (done, failed):
        assert chief.get(f"/inbound/{sent['id']}/contents").status_code == 200
    with clinic.session() as session:
        opened = session.scalars(select(Event).where(Event.action == "ingest:contents")).all()
    assert done["patient_id"] in {event.patient_id for event in opened}
    assert {"message": failed["id"]} in [event.after for event in opened]


def test_a_message_refused_at_the_door_is_seen_by_its_organisation(
    clinic: Clinic, module_database: Database, chief: Browser
) -> None:
    [sent] = take_in(module_database, message().replace("|P|2.5", "|P|9.9"))
    assert sent["answer"] == "AR"
    shown = chief.get(f"/inbound/{sent['id']}/contents").text
    assert "MSH-12" in shown and "Unsupported version id" in shown


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_the_pages_speak_the_language(clinic: Clinic, module_database: Database, language: str) -> None:
    [sent] = take_in(module_database, message("1"))
    login = f"speaks{language}"
    make_account(clinic.app.state.engine, login, [(Role.CHIEF_PHYSICIAN, clinic.tree["hospital"])], language=language)
    browser = signed_in(clinic.app, login, language)
    text = browser.get("/journals/inbound").text + browser.get(f"/inbound/{sent['id']}/contents").text
    expected = {
        "kk": "Туған күнісіз адамды тіркеуге болмайды",
        "ru": "Человека нельзя зарегистрировать без даты рождения",
    }
    assert expected[language] in text


def test_every_reason_an_interpretation_gives_is_translated() -> None:
    given = set()
    for file in Path(ROOT, "ingestion").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if isinstance(node, ast.Call) and name == "NotInterpreted" and isinstance(node.args[0], ast.Constant):
                given.add(node.args[0].value)
    assert len(given) > 10
    assert given <= set(FAULTS)
