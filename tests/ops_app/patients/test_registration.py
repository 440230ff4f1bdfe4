"""Registering and correcting people: who may not, what is refused, what is filled in."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.errors import Conflict, Invalid
from ops_app.kit import clock
from ops_app.modules.audit.models import Event
from ops_app.modules.patients import attachment, service
from ops_app.modules.patients.forms import EditForm
from ops_app.modules.patients.models import Attachment, Patient
from ops_app.modules.patients.queries import current_attachment, current_serving_site
from tests.ops_app.clinic import Clinic, make_iin

BIRTH = dt.date(1990, 5, 17)


def form(clinic: Clinic, **values: Any) -> dict[str, str]:
    known: dict[str, Any] = {
        "kind": "confirmed",
        "iin": make_iin(BIRTH, "female"),
        "family_name": "Сапарова",
        "given_name": "Гүлнар",
        "relation": "attached",
        "organization_id": clinic.tree["hospital"],
        "site_id": clinic.tree["site"],
        "citizenship": "KZ",
    }
    return {name: str(value) for name, value in (known | values).items() if value is not None}


@pytest.mark.parametrize("login", ["chief", "official"])
def test_who_may_not_register(clinic: Clinic, login: str) -> None:
    assert clinic.browser(login).post("/patients", form(clinic)).status_code == 403
    assert clinic.browser(login).get("/patients/new").status_code == 403


def test_a_doctor_of_elsewhere_does_not_attach_here(clinic: Clinic) -> None:
    answer = clinic.browser("stranger").post("/patients", form(clinic))
    assert answer.status_code == 422
    assert "own organisation" in answer.text


@pytest.mark.req("REG-04", "REG-06", "REG-07")
def test_the_number_fills_birth_date_and_sex(clinic: Clinic) -> None:
    browser = clinic.browser("registrar")
    number = make_iin(BIRTH, "female")
    told = browser.get("/patients/number", params={"iin": number}, headers={"HX-Request": "true"}).text
    assert 'value="17.05.1990"' in told
    assert '<option value="female" selected>' in told
    answer = browser.post("/patients", form(clinic, iin=number, phone="8 701 123 45 67"))
    assert answer.status_code == 303, answer.text
    with clinic.session() as session:
        patient = session.scalars(select(Patient).where(Patient.iin == number)).one()
        assert (patient.birth_date, patient.sex, patient.phone) == (BIRTH, "female", "+77011234567")
        attached = current_attachment(session, [patient.id])
        assert attached is not None
        assert (attached.organization_id, attached.site_id) == (clinic.tree["hospital"], clinic.tree["site"])
        written = session.scalars(select(Event).where(Event.patient_id == patient.id, Event.kind == "write")).all()
        lists = {"episodes.care_plan_activity"}
        assert {event.entity for event in written} - lists == {"patients.patient", "patients.attachment"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"iin": "900517400123"}, "last digit"),
        ({"iin": "12345"}, "twelve digits"),
        ({"iin": None}, "Enter the IIN"),
        ({"birth_date": "18.05.1990"}, "does not agree"),
        ({"sex": "male"}, "does not agree"),
        ({"family_name": "Петров1"}, "letters only"),
        ({"given_name": None}, "given name"),
        ({"phone": "завтра"}, "phone number"),
        ({"site_id": 1}, "does not belong"),
        ({"kind": "newborn", "iin": None}, "mother"),
        ({"kind": "foreign", "iin": None}, "birth date"),
        ({"kind": "foreign", "iin": None, "birth_date": "01.01.2999"}, "future"),
    ],
)
def test_a_wrong_value_is_named_at_its_field(clinic: Clinic, change: dict[str, Any], told: str) -> None:
    answer = clinic.browser("registrar").post("/patients", form(clinic, is_another_person=1, **change))
    assert answer.status_code == 422
    assert told in answer.text
    assert "Гүлнар" in answer.text or "given_name" in change


@pytest.mark.req("REG-08")
def test_the_same_number_is_refused_with_a_link(clinic: Clinic) -> None:
    known = clinic.register(family_name="Есімова", given_name="Дана")
    answer = clinic.browser("registrar").post(
        "/patients", form(clinic, iin=known.iin, family_name="Есимова", given_name="Дана")
    )
    assert answer.status_code == 422
    assert "already registered" in answer.text
    assert f"/patients/{known.id}/identity" in answer.text


@pytest.mark.req("REG-08")
def test_similar_people_are_shown_before_saving(clinic: Clinic) -> None:
    known = clinic.register(family_name="Нұрланова", given_name="Жанар", birth_date=BIRTH)
    browser = clinic.browser("registrar")
    twin = form(clinic, family_name="Нурланова", given_name="Жансая", birth_date="17.05.1990")
    near = form(clinic, family_name="Нурланова", given_name="Жонар", birth_date="17.05.1990")
    assert browser.post("/patients", twin).status_code == 303
    answer = browser.post("/patients", near)
    assert answer.status_code == 422
    assert known.iin is not None
    assert known.iin in answer.text
    assert browser.post("/patients", near | {"is_another_person": "1"}).status_code == 303


def test_two_registrars_at_once_make_one_record(clinic: Clinic) -> None:
    number = make_iin(BIRTH, "female")

    def register(_turn: int) -> str:
        try:
            clinic.register(iin=number, birth_date=BIRTH, family_name="Одновременна")
        except service.AlreadyRegistered:
            return "refused"
        return "registered"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(register, range(4))) == ["refused", "refused", "refused", "registered"]


@pytest.mark.req("REG-05")
def test_without_documents_a_temporary_identifier(clinic: Clinic) -> None:
    browser = clinic.browser("registrar")
    answer = browser.post(
        "/patients",
        form(
            clinic,
            kind="undocumented",
            iin=None,
            family_name=None,
            given_name=None,
            birth_date="1.1.1970",
            relation="served",
        ),
    )
    assert answer.status_code == 303, answer.text
    with clinic.session() as session:
        patient = session.scalars(select(Patient).order_by(Patient.id.desc())).first()
        assert patient is not None
        assert (patient.temporary_id or "").startswith("T-")
        assert patient.iin is None
        serving = current_serving_site(session, [patient.id])
        assert serving is not None
        assert serving.organization_id == clinic.tree["hospital"]


@pytest.mark.req("REG-05")
def test_a_newborn_is_named_after_the_mother(clinic: Clinic) -> None:
    mother = clinic.register(family_name="Аналықова", address_line="Абай 1")
    today = clock.today()
    children = [
        clinic.register(
            kind="newborn",
            iin=None,
            mother=mother.iin,
            birth_date=today,
            sex="female",
            family_name=None,
            given_name=None,
        )
        for _ in range(2)
    ]
    assert [child.temporary_id for child in children] == [
        f"N-{mother.iin}-{today:%Y%m%d}-{number}" for number in (1, 2)
    ]
    assert {child.family_name for child in children} == {"Аналықова"}
    assert children[0].address_line == "Абай 1"
    father = clinic.register(sex="male")
    with pytest.raises(Invalid, match="man"):
        clinic.register(kind="newborn", iin=None, mother=father.iin, birth_date=today, sex="male")


def edit_form(patient: Patient, **values: Any) -> EditForm:
    names = ("iin", "family_name", "given_name", "patronymic", "birth_date", "sex", "citizenship", "phone")
    known = {name: getattr(patient, name) for name in names}
    return EditForm.model_validate(known | {"kind": patient.identity_status, "version": patient.row_xid} | values)


def test_two_editors_the_second_is_told(clinic: Clinic) -> None:
    patient = clinic.register(family_name="Редакторова", given_name="Айша", patronymic=None)
    browser = clinic.browser("registrar")
    version = patient.row_xid
    first = form(clinic, iin=patient.iin, family_name="Редакторова", given_name="Айша", phone="+77010000001") | {
        "birth_date": "12.06.1985",
        "version": str(version),
    }
    assert browser.post(f"/patients/{patient.id}/edit", first).status_code == 303
    answer = browser.post(f"/patients/{patient.id}/edit", first | {"phone": "+77010000002"})
    assert answer.status_code == 422
    assert "Somebody changed this record" in answer.text
    assert "+77010000001" in answer.text
    newest = answer.text.split('name="version" value="')[1].split('"')[0]
    assert (
        browser.post(f"/patients/{patient.id}/edit", first | {"phone": "+77010000002", "version": newest}).status_code
        == 303
    )
    with clinic.session() as session:
        assert session.get_one(Patient, patient.id).phone == "+77010000002"


def test_a_new_name_is_found_at_once(clinic: Clinic) -> None:
    patient = clinic.register(family_name="Ескіатова")
    with clinic.session() as session:
        service.edit(
            session, clinic.actor(session, "registrar"), patient.id, edit_form(patient, family_name="Жаңаатова")
        )
    page = clinic.browser("doctor").get("/patients", params={"q": "Жанаатоав"})
    assert "Жаңаатова" in page.text


def test_an_edit_does_not_take_another_ones_number(clinic: Clinic) -> None:
    one, other = clinic.register(), clinic.register()
    with clinic.session() as session, pytest.raises(service.AlreadyRegistered):
        service.edit(session, clinic.actor(session, "registrar"), other.id, edit_form(other, iin=one.iin))


def test_attachment_has_a_history_without_overlaps(clinic: Clinic) -> None:
    patient = clinic.register()
    with clinic.session() as session:
        first = current_attachment(session, [patient.id])
        assert first is not None
        first.start_date = clock.today() - dt.timedelta(days=100)
        session.flush()
        actor = clinic.actor(session, "registrar")
        attachment.attach(session, actor, patient.id, clinic.tree["hospital"], None, clock.today(), "moved")
    with clinic.session() as session:
        rows = session.scalars(
            select(Attachment).where(Attachment.patient_id == patient.id).order_by(Attachment.id)
        ).all()
        assert [(row.end_date, row.end_reason) for row in rows] == [(clock.today(), "moved"), (None, None)]
        actor = clinic.actor(session, "registrar")
        for start, told in ((clock.today() + dt.timedelta(days=1), "future"), (dt.date(1800, 1, 1), "birth")):
            with pytest.raises(Invalid, match=told):
                attachment.attach(session, actor, patient.id, clinic.tree["hospital"], clinic.tree["site"], start)
        with pytest.raises(Invalid, match="already"):
            attachment.attach(session, actor, patient.id, clinic.tree["hospital"], None, clock.today())


def test_a_record_with_visits_is_not_an_error(clinic: Clinic) -> None:
    patient = clinic.register()
    clinic.visit(patient.id)
    with clinic.session() as session, pytest.raises(Conflict, match="visits"):
        service.mark_patient_in_error(session, clinic.actor(session, "registrar"), patient.id, "never existed")


def test_json_registers_under_the_same_rules(clinic: Clinic) -> None:
    browser = clinic.browser("registrar")
    number = make_iin(BIRTH, "female")
    body = {"iin": number, "family_name": "Жейсонова", "given_name": "Аяна", "organization_id": clinic.tree["hospital"]}
    headers = {"accept": "application/json", "X-CSRF-Token": browser.csrf}
    answer = browser.client.post("/api/patients", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["birth_date"] == "1990-05-17"
    again = browser.client.post("/api/patients", json=body, headers=headers)
    assert again.status_code == 409
    assert again.json()["fields"][0]["field"] == "iin"


def test_a_refused_attachment_leaves_no_person(clinic: Clinic) -> None:
    answer = clinic.browser("registrar").post(
        "/patients", form(clinic, family_name="Призракова", site_id=clinic.tree["other"])
    )
    assert answer.status_code == 422
    with clinic.session() as session:
        assert session.scalar(select(Patient.id).where(Patient.family_name == "Призракова")) is None
