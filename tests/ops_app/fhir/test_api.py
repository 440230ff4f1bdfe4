"""The FHIR API: who reads nothing, and that what is read is R4, audited and searchable."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from ops_app.auth import token_hash
from ops_app.errors import BadRequest
from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.loading import shipped
from ops_app.modules.accounts.models import TrustedNetwork
from ops_app.modules.audit.models import Event
from ops_app.modules.fhir.parameters import span
from ops_app.modules.fhir.search import REGISTERS
from ops_app.modules.fhir.types import CLINICAL
from ops_app.modules.oidc.models import OidcToken
from ops_app.modules.patients import merge
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Immunization, MedicationRequest, Observation, Procedure, ServiceRequest
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.questionnaire.posting import as_fields, moment

JSON = {"accept": "application/fhir+json"}
ALL_TYPES = (*REGISTERS, *CLINICAL)


class Reader:
    """A program with a session; every answer is checked against the R4 models."""

    def __init__(self, browser: Browser):
        self.browser = browser

    def get(self, address: str, expected: int = 200, **headers: str) -> dict[str, Any]:
        answer = self.browser.client.get(f"/fhir/{address}", headers=JSON | headers)
        assert answer.status_code == expected, answer.text
        assert answer.headers["content-type"].startswith("application/fhir+json")
        resource: dict[str, Any] = answer.json()
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        for entry in resource.get("entry", []):
            get_fhir_model_class(entry["resource"]["resourceType"]).model_validate(entry["resource"])
        return resource

    def found(self, address: str) -> list[dict[str, Any]]:
        return [entry["resource"] for entry in self.get(address).get("entry", [])]


def reader(clinic: Clinic, login: str = "doctor") -> Reader:
    return Reader(clinic.browser(login))


@pytest.fixture(scope="module")
def ill(clinic: Clinic) -> Patient:
    """A person with one row of every kind of fact."""
    patient = clinic.register(
        family_name="Қалиева", given_name="Әлия", patronymic="Ерланқызы", phone="+77011234567", kato_code="275030100"
    )
    visit = clinic.visit(
        patient.id, diagnoses=[{"icd10": "I10", "kind": "final"}, {"icd10": "J06.9", "type": "concomitant"}]
    )
    with clinic.session() as session:
        about = {
            "patient_id": patient.id,
            "organization_id": clinic.tree["hospital"],
            "practitioner_id": clinic.practitioners["doctor"],
            "encounter_id": visit.id,
            "event_at": clock.now() - dt.timedelta(hours=1),
        }
        session.add_all(
            [
                Observation(code="8480-6", value_number=141.0, unit="mm[Hg]", evidence="measured", **about),
                Observation(code="72166-2", value_code="never", **about),
                Procedure(code="C03.082.005", programme="breast", result_code="M1", **about),
                ServiceRequest(
                    category="imaging", code="C03.082.005", status="cancelled", cancel_reason="refused",
                    priority="emergency", performer_organization_id=clinic.tree["other"], reason_icd10="I10", **about,
                ),
                MedicationRequest(
                    code="C10AA05", dosage="20 mg", end_date=dt.date(2030, 1, 1), is_free=True, **about
                ),
                Immunization(code="140", dose_number=2, lot_number="A1", **about),
                Immunization(code="140", status="refused", **about),
            ]
        )  # fmt: skip
        session.execute(
            text(
                "insert into episodes.episode_of_care (kind, patient_id, organization_id, event_at, lmp_date, due_date,"
                " risk_level, icd10) values ('pregnancy', :person, :place, now(), '2026-05-01', '2027-02-05', 'high',"
                " 'Z35.9')"
            ),
            {"person": patient.id, "place": clinic.tree["hospital"]},
        )
        session.execute(
            text(
                "insert into appointments.appointment (patient_id, organization_id, practitioner_id, event_at,"
                " start_at, end_at) values (:person, :place, :doctor, now(), now() + interval '1 day',"
                " now() + interval '1 day 15 minutes')"
            ),
            {
                "person": patient.id,
                "place": clinic.tree["hospital"],
                "doctor": clinic.practitioners["doctor"],
            },
        )
    doctor = clinic.browser("doctor")
    example = shipped()["apgar"].compiled.definition.examples[0]
    form = doctor.post(f"/patients/{patient.id}/questionnaires", {"key": "apgar"}).headers["location"]
    form = form.removesuffix("/edit")
    state = re.search(r'name="version" value="(\d+)"', doctor.get(f"{form}/edit").text)
    assert state is not None
    answers = as_fields(dict(example.answers)) | moment() | {"version": state[1]}
    assert doctor.post(f"{form}/complete", answers).status_code == 303
    return patient


def test_stranger_reads_the_capabilities_and_nothing_else(clinic: Clinic, ill: Patient) -> None:
    nobody = Reader(Browser(clinic.app))
    statement = nobody.get("metadata")
    assert {each["type"] for each in statement["rest"][0]["resource"]} == set(ALL_TYPES)
    for address in (*ALL_TYPES, f"Patient/{ill.id}", f"Patient/{ill.id}/$everything", "Nothing"):
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


def token_of(clinic: Clinic, login: str) -> str:
    """An access token of somebody who is signed in."""
    clinic.browser(login)
    token = secrets.token_urlsafe(32)
    with clinic.session() as session:
        session_id = session.execute(
            text(
                "select s.id from accounts.sign_in_session s join accounts.account a on a.id = s.account_id"
                " where a.login = :login order by s.id desc limit 1"
            ),
            {"login": login},
        ).scalar_one()
        session.add(
            OidcToken(
                token_hash=token_hash(token),
                code_hash=b"code",
                session_id=session_id,
                client_id="dashboards",
                scope="openid",
                expires_at=clock.now() + dt.timedelta(hours=1),
            )
        )
    return token


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


def test_person_with_name_number_and_place(clinic: Clinic, ill: Patient) -> None:
    person = reader(clinic).get(f"Patient/{ill.id}")
    assert person["identifier"] == [{"system": "urn:kz:iin", "value": ill.iin}]
    assert person["name"][0]["given"] == ["Әлия", "Ерланқызы"]
    assert person["gender"] == "female"
    assert person["address"][0]["district"] == "275030100"
    assert person["managingOrganization"] == {
        "reference": f"Organization/{clinic.tree['hospital']}",
        "display": "hospital",
    }
    assert person["meta"]["versionId"]


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("family=калиева", True),
        ("family=Kalieva&given=alia", True),
        ("name=Ерлан", True),
        ("given=Болат", False),
        ("birthdate=1985-06-12&name=Қалиева", True),
        ("birthdate=ge1985-06-13&name=Қалиева", False),
        ("birthdate=1985&name=Қалиева", True),
        ("gender=male&name=Қалиева", False),
        ("name=Қалиева&_lastUpdated=gt2090", False),
        ("name=Қалиева&_lastUpdated=ge2020-01-01", True),
        ("name=Қалиева,Жоқ", True),
    ],
)
def test_people_are_found_by(clinic: Clinic, ill: Patient, query: str, finds: bool) -> None:
    found = [each["id"] for each in reader(clinic).found(f"Patient?{query}")]
    assert (str(ill.id) in found) is finds


def test_facts_are_drawn_with_codes_values_and_references(clinic: Clinic, ill: Patient) -> None:
    doctor = reader(clinic)
    pressure = doctor.found(f"Observation?patient={ill.id}&code=http://loinc.org|8480-6")[0]
    assert pressure["valueQuantity"] == {
        "value": 141.0,
        "unit": "mm[Hg]",
        "system": "http://unitsofmeasure.org",
        "code": "mm[Hg]",
    }
    assert pressure["code"]["coding"][0]["display"] == "Systolic pressure"
    assert pressure["performer"][0]["display"] == "Doctor А."
    referral = doctor.found(f"ServiceRequest?subject=Patient/{ill.id}&status=revoked")[0]
    assert (referral["priority"], referral["performer"][0]["display"]) == ("stat", "other")
    refused, given_ = sorted(
        doctor.found(f"Immunization?patient={ill.id}"), key=lambda each: each["status"], reverse=True
    )
    assert (refused["status"], given_["protocolApplied"][0]["doseNumberPositiveInt"]) == ("not-done", 2)
    card = doctor.found(f"EpisodeOfCare?patient={ill.id}&type=pregnancy")[0]
    assert {"url": "urn:saulyq:extension:due-date", "valueDate": "2027-02-05"} in card["extension"]
    visit = doctor.found(f"Encounter?patient.identifier=urn:kz:iin|{ill.iin}")[0]
    assert visit["class"]["code"] == "AMB"
    for kind in ("Condition", "Observation", "Procedure", "MedicationRequest"):
        of_visit = doctor.found(f"{kind}?patient={ill.id}&encounter={visit['id']}")
        assert of_visit
        assert all(each["encounter"]["reference"] == f"Encounter/{visit['id']}" for each in of_visit)
    assert doctor.found(f"Condition?patient={ill.id}&code=http://hl7.org/fhir/sid/icd-10|I10")
    assert not doctor.found(f"Condition?patient={ill.id}&code=http://snomed.info/sct|I10")
    assert len(doctor.found(f"Appointment?patient={ill.id}")) == 1


def test_search_without_a_person_or_with_nonsense_is_explained(clinic: Clinic, ill: Patient) -> None:
    doctor = reader(clinic)
    assert "patient" in doctor.get("Observation", 400)["issue"][0]["details"]["text"]
    for address in (
        f"Observation?patient={ill.id}&date=yesterday",
        f"Observation?patient={ill.id}&date=2026-13-01",
        f"Observation?patient={ill.id}&encounter=abc",
        "Patient?_count=many",
        "Patient?_format=xml",
        "Observation?patient=99999999999999999999",
    ):
        assert doctor.get(address, 400)["issue"][0]["code"] == "invalid"
    for address in ("Device", "Patient/999999", "Patient/abc", "Observation/999999", "Observation?patient=999999"):
        assert doctor.get(address, 404)["issue"][0]["code"] == "not-found"
    doctor.get("Patient?colour=red&name=Қалиева", 400, prefer="handling=strict")
    assert "colour" not in str(doctor.get("Patient?colour=red&name=Қалиева")["link"])


def test_pages_lead_through_all_and_back(clinic: Clinic, ill: Patient) -> None:
    doctor = reader(clinic)
    address: str | None = f"Condition?patient={ill.id}&_count=1&_include=Condition:encounter&_include=Condition:patient"
    seen: list[str] = []
    while address:
        page = doctor.get(address)
        modes = [(entry["search"]["mode"], entry["resource"]["resourceType"]) for entry in page["entry"]]
        assert modes == [("match", "Condition"), ("include", "Patient"), ("include", "Encounter")]
        seen.append(page["entry"][0]["resource"]["id"])
        assert page["total"] == 2
        following = {link["relation"]: link["url"] for link in page["link"]}
        address = following["next"].partition("/fhir/")[2] if "next" in following else None
    assert len(set(seen)) == 2
    assert "previous" in following
    counted = doctor.get(f"Condition?patient={ill.id}&_summary=count")
    assert counted["total"] == 2
    assert "entry" not in counted


def test_everything_holds_the_person_places_staff_and_all_facts(clinic: Clinic, ill: Patient) -> None:
    whole = reader(clinic).get(f"Patient/{ill.id}/$everything")
    kinds = [entry["resource"]["resourceType"] for entry in whole["entry"]]
    assert kinds[0] == "Patient"
    # this person has no relative on record; the tests of person facts hold that
    assert set(kinds) == {*CLINICAL, "Patient", "Organization", "Practitioner"} - {"RelatedPerson"}
    assert whole["total"] == len(kinds)


def test_error_of_entry_is_kept_and_marked(clinic: Clinic) -> None:
    patient = clinic.register()
    visit = clinic.visit(patient.id)
    doctor = reader(clinic)
    before = doctor.get(f"Encounter/{visit.id}")
    answer = clinic.browser("doctor").post(f"/visits/{visit.id}/error", {"reason": "another person"})
    assert answer.status_code == 303, answer.text
    after = doctor.get(f"Encounter/{visit.id}")
    assert after["status"] == "entered-in-error"
    assert after["meta"]["lastUpdated"] > before["meta"]["lastUpdated"]
    condition = doctor.found(f"Condition?patient={patient.id}&verification-status=entered-in-error")[0]
    assert "clinicalStatus" not in condition
    assert doctor.found(f"Condition?patient={patient.id}&clinical-status=active") == []
    # whoever copied the rows before asks what changed since and learns to withdraw them
    since = before["meta"]["lastUpdated"]
    assert [each["id"] for each in doctor.found(f"Encounter?patient={patient.id}&_lastUpdated=gt{since}")] == [
        str(visit.id)
    ]


def test_merged_records_point_at_each_other(clinic: Clinic) -> None:
    kept = clinic.register()
    hidden = clinic.register(iin=None, kind="undocumented")
    clinic.visit(hidden.id)
    with clinic.session() as session:
        link = merge.merge(session, clinic.actor(session, "registrar"), kept.id, hidden.id)
    doctor = reader(clinic)
    assert doctor.get(f"Patient/{kept.id}")["link"] == [
        {"other": {"reference": f"Patient/{hidden.id}"}, "type": "replaces"}
    ]
    replaced = doctor.get(f"Patient/{hidden.id}")
    assert replaced["active"] is False
    assert replaced["link"][0]["type"] == "replaced-by"
    assert len(doctor.found(f"Encounter?patient={kept.id}")) == 1
    assert len(doctor.found(f"Encounter?patient={hidden.id}")) == 1
    with clinic.session() as session:
        merge.unmerge(session, clinic.actor(session, "registrar"), link.id)
    assert doctor.found(f"Encounter?patient={kept.id}") == []
    assert "link" not in doctor.get(f"Patient/{kept.id}")


def test_places_and_staff_are_found(clinic: Clinic) -> None:
    doctor = reader(clinic)
    assert [each["name"] for each in doctor.found("Organization?type=site")] == ["site"]
    assert {each["name"] for each in doctor.found(f"Organization?partof={clinic.tree['region']}")} == {
        "hospital",
        "other",
    }
    roles = doctor.found(f"PractitionerRole?organization={clinic.tree['hospital']}&role=nurse&_include=*")
    assert [each["code"][0]["coding"][0]["code"] for each in roles] == ["nurse"]
    included = doctor.found("PractitionerRole?role=nurse&_include=PractitionerRole:practitioner")
    assert included[1]["name"][0]["family"] == "Nurse"
    assert "iin" not in str(included)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2098, 12, 30)))
def test_a_day_a_month_and_a_year_cover_their_days(day: dt.date) -> None:
    noon = clock.from_local(day, dt.time(12))
    for value in (f"{day:%Y-%m-%d}", f"{day:%Y-%m}", f"{day:%Y}"):
        _prefix, start, end = span(value)
        assert start <= noon < end


@given(st.text(max_size=20))
def test_any_text_is_a_date_or_refused(value: str) -> None:
    try:
        prefix, start, end = span(value)
    except BadRequest:
        return
    assert len(prefix) == 2
    assert start < end


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
