"""Likely doubles: who may not see them, why a pair stands there, what takes it off, in three languages."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient, PatientLink, TwoPeople
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic

WHY = {"reason": "Жеке куәлігін көрсетті"}


def two(clinic: Clinic, family: str) -> tuple[Patient, Patient]:
    """A registered woman, and the record made when she came without papers."""
    kept = clinic.register(family_name=f"{family}ова", given_name="Гүлмира")
    hidden = clinic.register(kind="undocumented", iin=None, family_name=f"{family}ова", given_name="Гульмира")
    return kept, hidden


def asked(kept: Patient, hidden: Patient) -> dict[str, str]:
    return {"kept": kept.iin or "", "hidden": hidden.temporary_id or ""}


def queue(browser: Browser) -> str:
    """The part of the page with those who wait."""
    answer = browser.get("/merge-records")
    assert answer.status_code == 200
    return answer.text.split("<h2>")[1]


def queue_page(browser: Browser) -> str:
    return browser.get("/merge-records").text


@pytest.fixture(scope="module", autouse=True)
def other_registrar(clinic: Clinic) -> None:
    """Who may link records of another hospital."""
    make_account(clinic.app.state.engine, "other_registrar", [(Role.REGISTRAR, clinic.tree["other"])])


def test_who_may_not(clinic: Clinic) -> None:
    kept, hidden = two(clinic, "Бөтен")
    for login in ("doctor", "nurse", "official", "stranger"):
        browser = clinic.browser(login)
        assert browser.get("/merge-records").status_code == 403
        assert browser.post("/merge-records", asked(kept, hidden) | WHY | {"verdict": "two"}).status_code == 403
        assert browser.post("/two-people/1/take-back").status_code == 403
    with clinic.session() as session:
        assert session.scalars(select(TwoPeople)).all() == []


@pytest.mark.req("REG-08")
@pytest.mark.parametrize(
    ("language", "reason"), [("kk", "туған күні бірдей"), ("ru", "та же дата рождения"), ("en", "same birth date")]
)
def test_a_pair_stands_there_with_its_reasons(clinic: Clinic, language: str, reason: str) -> None:
    kept, hidden = two(clinic, f"Кезек{language}")
    other = clinic.register(family_name=f"Кезек{language}ова", given_name="Ботакөз", kind="undocumented", iin=None)
    browser = clinic.browser("registrar", language)
    waiting = queue(browser)
    assert str(hidden.temporary_id) in waiting
    assert str(other.temporary_id) not in waiting
    compared = browser.get("/merge-records", params=asked(kept, hidden)).text
    assert reason in compared
    with clinic.session() as session:
        read = select(Event.rule).where(Event.kind == "read", Event.patient_id == hidden.id)
        assert "merge_list" in session.scalars(read).all()


@pytest.mark.req("REG-08")
def test_a_link_takes_the_pair_off_and_undoing_brings_it_back(clinic: Clinic) -> None:
    kept, hidden = two(clinic, "Байланыс")
    browser = clinic.browser("chief", "kk")
    assert browser.post("/merge-records", asked(kept, hidden) | WHY | {"is_sure": "1"}).status_code == 303
    assert str(hidden.temporary_id) not in queue(browser)
    with clinic.session() as session:
        link = session.scalars(select(PatientLink).where(PatientLink.patient_id == kept.id)).one()
        assert link.reason == WHY["reason"]
    assert browser.post(f"/merge-records/{link.id}/undo").status_code == 303
    assert str(hidden.temporary_id) in queue(browser)


def test_two_people_leave_the_queue_for_good(clinic: Clinic) -> None:
    kept, hidden = two(clinic, "Егіз")
    browser = clinic.browser("chief")
    assert browser.post("/merge-records", asked(kept, hidden) | {"verdict": "two"}).status_code == 422
    assert browser.post("/merge-records", asked(kept, hidden) | WHY | {"verdict": "two"}).status_code == 303
    assert str(hidden.temporary_id) not in queue(browser)
    swapped = {"kept": str(hidden.temporary_id), "hidden": str(kept.iin)}
    again = browser.post("/merge-records", swapped | WHY | {"verdict": "two"})
    assert "judged these two records already" in again.text
    with clinic.session() as session:
        entries = select(Event).where(Event.entity == "patients.two_people", Event.patient_id == hidden.id)
        assert len(session.scalars(entries).all()) == 1


@pytest.mark.req("REG-08")
@pytest.mark.parametrize(("language", "offered"), [("kk", "Қайтару"), ("ru", "Отменить"), ("en", "Take back")])
def test_who_judged_in_error_takes_it_back_and_the_pair_waits_again(
    clinic: Clinic, language: str, offered: str
) -> None:
    kept, hidden = two(clinic, f"Қайта{language}")
    browser = clinic.browser("chief", language)
    browser.post("/merge-records", asked(kept, hidden) | WHY | {"verdict": "two"})
    with clinic.session() as session:
        judged = session.scalars(select(TwoPeople).order_by(TwoPeople.id.desc())).first()
    assert judged is not None
    address = f"/two-people/{judged.id}/take-back"
    assert address in queue_page(browser)
    assert offered in queue_page(browser)
    # another hospital neither sees nor undoes it
    other = clinic.browser("other_registrar", language)
    assert WHY["reason"] not in queue_page(other)
    assert other.post(address).status_code == 403
    assert browser.post(address).status_code == 303
    assert str(hidden.temporary_id) in queue(browser)
    assert address not in queue_page(browser)
    assert browser.post(address).status_code == 409
    assert browser.post("/two-people/999999/take-back").status_code == 404
    with clinic.session() as session:
        entries = select(Event).where(Event.entity == "patients.two_people", Event.patient_id == hidden.id)
        undone = session.scalars(entries.order_by(Event.id)).all()[-1]
        assert undone.after is not None
        assert undone.after["taken_back_by"] == "chief"
    # and may be judged anew
    assert browser.post("/merge-records", asked(kept, hidden) | WHY | {"verdict": "two"}).status_code == 303
    assert str(hidden.temporary_id) not in queue(browser)
