"""The FHIR API: who reads nothing, and what a read leaves behind."""

from __future__ import annotations

import base64
import re

import pytest
from sqlalchemy import select, text

from ops_app.modules.accounts.models import TrustedNetwork
from ops_app.modules.audit.models import Event
from ops_app.modules.fhir.types import CLINICAL
from ops_app.modules.patients.models import Patient
from ops_app.modules.questionnaires.models import Attachment as File
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.fhir.reading import ALL_TYPES, Reader, reader, token_of


def test_stranger_reads_the_capabilities_and_nothing_else(clinic: Clinic, ill: Patient) -> None:
    nobody = Reader(Browser(clinic.app))
    statement = nobody.get("metadata")
    assert {each["type"] for each in statement["rest"][0]["resource"]} == {*ALL_TYPES, "Binary"}
    for address in (*ALL_TYPES, "Binary/1", f"Patient/{ill.id}", f"Patient/{ill.id}/$everything", "Nothing"):
        assert nobody.get(address, 401)["issue"][0]["code"] == "login"
    html = Browser(clinic.app).client.get("/fhir/Patient", headers={"accept": "text/html"})
    assert html.status_code == 401
    assert html.headers["www-authenticate"] == "Bearer"


def test_role_without_the_permission_is_refused(clinic: Clinic, ill: Patient) -> None:
    official = reader(clinic, "official")
    assert official.get(f"Patient/{ill.id}", 403)["issue"][0]["code"] == "forbidden"


@pytest.mark.req("IAM-17")
def test_foreign_organisation_gets_nothing(clinic: Clinic, ill: Patient) -> None:
    foreign = reader(clinic, "stranger")
    assert foreign.found(f"Patient?identifier=urn:kz:iin|{ill.iin}") == []
    assert foreign.found("Patient?family=Қалиева") == []
    foreign.get(f"Patient/{ill.id}", 403)
    foreign.get(f"Patient/{ill.id}/$everything", 403)
    condition = reader(clinic).found(f"Condition?patient={ill.id}")[0]
    foreign.get(f"Condition/{condition['id']}", 403)
    for name in CLINICAL:
        foreign.get(f"{name}?patient={ill.id}", 403)
        foreign.get(f"{name}?patient.identifier=urn:kz:iin|{ill.iin}", 403)
    staff = {each["name"][0]["family"] for each in foreign.found("Practitioner")}
    assert staff == {"Stranger"}
    assert len(foreign.found("PractitionerRole")) == 1


def test_registrar_sees_the_person_and_no_record_of_care(clinic: Clinic, ill: Patient) -> None:
    registrar = reader(clinic, "registrar")
    assert registrar.get(f"Patient/{ill.id}")["birthDate"] == ill.birth_date.isoformat()
    for name in CLINICAL:
        registrar.get(f"{name}?patient={ill.id}", 403)
    registrar.get(f"Patient/{ill.id}/$everything", 403)


def test_every_read_leaves_an_audit_row_with_its_rule(clinic: Clinic, ill: Patient) -> None:
    doctor = reader(clinic)
    for address, action, rule in (
        (f"Patient/{ill.id}", "fhir:read", "attached"),
        (f"Observation?patient={ill.id}", "fhir:search", "attached"),
        (f"Patient/{ill.id}/$everything", "fhir:everything", "attached"),
        (f"Patient?identifier={ill.iin}", "fhir:search", "search"),
    ):
        with clinic.session() as session:
            newest = session.scalar(select(Event.id).order_by(Event.id.desc()).limit(1)) or 0
        doctor.get(address)
        with clinic.session() as session:
            rows = session.scalars(
                select(Event).where(Event.id > newest, Event.kind == "read", Event.login == "doctor")
            ).all()
            assert [(row.action, row.rule, row.patient_id) for row in rows] == [(action, rule, ill.id)]


def test_token_of_the_openid_provider_opens_what_its_owner_may(clinic: Clinic, ill: Patient) -> None:
    token = token_of(clinic, "doctor")
    program = Reader(Browser(clinic.app))
    assert program.get(f"Patient/{ill.id}", authorization=f"Bearer {token}")["id"] == str(ill.id)
    program.get(f"Patient/{ill.id}", 401, authorization="Bearer wrong")
    # taken along to another network it opens nothing, where the organisation names its own ones
    with clinic.session() as session:
        session.add(TrustedNetwork(organization_id=clinic.tree["hospital"], network="10.20.0.0/16"))
    program.get(f"Patient/{ill.id}", 401, authorization=f"Bearer {token}")
    with clinic.session() as session:
        session.execute(text("delete from accounts.trusted_network"))
    # a wrong token is not made good by the cookie beside it
    reader(clinic).get(f"Patient/{ill.id}", 401, authorization="Bearer wrong")
    with clinic.session() as session:
        session.execute(text("update accounts.oidc_token set revoked_at = now()"))
    program.get(f"Patient/{ill.id}", 401, authorization=f"Bearer {token}")


def test_a_file_of_a_form_is_read_with_a_token_by_the_rule_of_the_form(clinic: Clinic) -> None:
    patient, doctor = clinic.register(), clinic.browser("doctor")
    form = doctor.post(f"/patients/{patient.id}/questionnaires", {"key": "therapist_examination"}).headers["location"]
    form = form.removesuffix("/edit")
    content = b"%PDF-1.7\n" + b"x" * 100
    [state] = re.findall(r'name="version" value="(\d+)"', doctor.get(f"{form}/edit").text)[:1]
    sent = {"file-documents": ("эпикриз.pdf", content, "application/pdf")}
    assert doctor.post(f"{form}/files/documents", {"version": state}, files=sent).status_code == 303
    with clinic.session() as session:
        file = session.scalars(select(File).where(File.response_id == int(form.rpartition("/")[2]))).one()
    address = f"Binary/{file.id}"
    reader(clinic, "stranger").get(address, 403)
    reader(clinic, "registrar").get(address, 403)
    program = Reader(Browser(clinic.app))
    program.get(address, 401)
    bearer = {"authorization": f"Bearer {token_of(clinic, 'doctor')}"}
    got = program.browser.client.get(f"/fhir/{address}", headers=bearer)
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, content, "application/pdf")
    told = program.get(address, **bearer)
    assert base64.b64decode(told["data"]) == content
    assert told["securityContext"] == {"reference": f"QuestionnaireResponse/{file.response_id}"}
    program.get("Binary/999999999", 404, **bearer)
    with clinic.session() as session:
        rows = session.scalars(select(Event).where(Event.patient_id == patient.id, Event.action == "fhir:binary"))
        assert [(row.kind, row.login, row.rule) for row in rows][:1] == [("read", "doctor", "attached")]


def test_new_account_must_change_its_password_first(clinic: Clinic) -> None:
    make_account(clinic.app.state.engine, "fresh", [(Role.DOCTOR, clinic.tree["hospital"])])
    with clinic.session() as session:
        session.execute(text("update accounts.account set must_change_password = true where login = 'fresh'"))
    reader(clinic, "fresh").get("Patient", 403)


@pytest.mark.req("PDATA-31")
def test_what_a_facility_withholds_no_application_is_told(clinic: Clinic, ill: Patient) -> None:
    make_account(clinic.app.state.engine, "officer", [(Role.DATA_OFFICER, clinic.tree["hospital"])])
    officer, url = clinic.browser("officer"), "/personal-data/application"
    shown = officer.get(url).text
    assert shown.count("checked") == len(CLINICAL)
    given = [name for name in CLINICAL if name not in ("Condition", "Encounter")]
    about = {"organization_id": str(clinic.tree["hospital"]), "given": given}
    for login, place in (("doctor", "hospital"), ("officer", "other")):
        refused = clinic.browser(login).post(url, about | {"organization_id": str(clinic.tree[place])})
        assert refused.status_code == 403, login
    assert officer.post(url, about | {"given": ["Nothing"]}).headers["location"].endswith(url)
    assert officer.get(url).text.count("checked") == len(CLINICAL)
    staff = reader(clinic)
    told = staff.found(f"Condition?patient={ill.id}")
    assert officer.post(url, about).status_code == 303
    assert officer.get(url).text.count("checked") == len(given)

    program = Reader(Browser(clinic.app))
    bearer = {"authorization": f"Bearer {token_of(clinic, 'doctor')}"}
    assert "entry" not in program.get(f"Condition?patient={ill.id}", **bearer)
    program.get(f"Condition/{told[0]['id']}", 404, **bearer)
    everything = program.get(f"Patient/{ill.id}/$everything", **bearer)
    kinds = {entry["resource"]["resourceType"] for entry in everything["entry"]}
    assert "Observation" in kinds
    assert not kinds & {"Condition", "Encounter"}
    included = program.get(f"Observation?patient={ill.id}&_include=Observation:encounter", **bearer)
    assert {entry["resource"]["resourceType"] for entry in included["entry"]} == {"Observation"}
    assert staff.found(f"Condition?patient={ill.id}") == told, "staff see what they saw"
    assert officer.post(url, about | {"given": list(CLINICAL)}).status_code == 303
    assert program.get(f"Condition?patient={ill.id}", **bearer)["total"] == len(told)
