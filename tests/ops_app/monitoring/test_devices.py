"""Measurements sent by devices: who may not, once by identifier, to the right patient, never guessed at."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from ingestion.interpreter import Interpreter
from ops_app.kit import clock
from ops_app.modules.devices.models import Device
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.monitoring import device_intake
from ops_app.modules.monitoring.models import Binding, Value
from ops_app.modules.monitoring.observation import Unreadable, read
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Observation
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.monitoring.test_monitoring import alerts, enrol, tasks, told

PLACE = "/fhir/Observation"


class Home:
    """A patient, a device with him, and its key."""

    def __init__(self, clinic: Clinic, *, certified: bool = True, until: dt.date | None = None, bound: bool = True):
        self.clinic = clinic
        self.patient: Patient = clinic.register(birth_date=dt.date(1960, 6, 1))
        assert enrol(clinic, self.patient, "8480-6", "8462-4", "15074-8").status_code == 303
        self.serial = f"SN{self.patient.id}"
        with clinic.session() as session:
            device = Device(
                kind="wearable",
                name="Cuff",
                manufacturer="Maker",
                model="M7",
                serial_number=self.serial,
                protocol="fhir",
                sender=f"cuff-{self.patient.id}",
                organization_id=clinic.tree["hospital"],
                is_certified=certified,
                certificate_number="KZ-1" if certified else None,
                certificate_until=until,
                registered_by="admin",
            )
            session.add(device)
            session.flush()
            self.device_id = device.id
            self.key = device_intake.give_key(session, clinic.actor(session, "doctor"), device)
        if bound:
            self.bind()
            with clinic.session() as session:
                row = session.scalars(select(Binding).where(Binding.device_id == self.device_id)).one()
                row.from_at = clock.now() - dt.timedelta(days=2)

    def bind(self, login: str = "doctor") -> Response:
        address = f"/patients/{self.patient.id}/monitoring/devices"
        return self.clinic.browser(login).post(address, {"device_id": str(self.device_id)})

    def send(self, body: Any, key: str | None = None) -> Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.key if key is None else key}"}
        return TestClient(self.clinic.app).post(PLACE, content=content, headers=headers)

    def messages(self) -> list[InboundMessage]:
        with self.clinic.session() as session:
            sender = f"cuff-{self.patient.id}"
            chosen = select(InboundMessage).where(InboundMessage.sender == sender).order_by(InboundMessage.id)
            return list(session.scalars(chosen))

    def values(self) -> list[Value]:
        with self.clinic.session() as session:
            chosen = select(Value).where(Value.patient_id == self.patient.id).order_by(Value.id)
            return list(session.scalars(chosen))


def pressure(number: str, systolic: float = 128, diastolic: float = 82, unit: str = "mm[Hg]", **more: Any) -> Any:
    """A blood pressure as FHIR has it: one panel, two components."""

    def part(code: str, value: float) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        }

    known = {
        "resourceType": "Observation",
        "status": "final",
        "identifier": [{"system": "urn:cuff", "value": number}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "effectiveDateTime": clock.now().isoformat(),
        "component": [part("8480-6", systolic), part("8462-4", diastolic)],
    }
    return known | more


def glucose(number: str, value: float, unit: str, **more: Any) -> Any:
    body = pressure(number, **more)
    del body["component"]
    code = {"coding": [{"system": "http://loinc.org", "code": "2339-0" if unit == "mg/dL" else "15074-8"}]}
    return body | {"code": code, "valueQuantity": {"value": value, "code": unit}}


@pytest.fixture(scope="module")
def home(clinic: Clinic) -> Home:
    return Home(clinic)


def test_who_may_not_send(clinic: Clinic, home: Home) -> None:
    before = len(home.messages())
    for key in ("", "wrong", "x" * 500):
        refused = home.send(pressure("a"), key=key)
        assert refused.status_code == 401
        assert refused.json()["resourceType"] == "OperationOutcome"
    assert TestClient(clinic.app).post(PLACE, json=pressure("a")).status_code == 401
    assert clinic.browser("doctor").post(PLACE, json=pressure("a")).status_code == 401, "a session is no key"
    assert len(home.messages()) == before


@pytest.mark.parametrize("login", ["nurse", "chief", "registrar", "doctor"])
def test_who_gives_no_keys(clinic: Clinic, home: Home, login: str) -> None:
    assert clinic.browser(login).get("/monitoring/devices").status_code == 403
    assert clinic.browser(login).post(f"/monitoring/devices/{home.device_id}/key").status_code == 403


def test_who_gives_no_devices(clinic: Clinic) -> None:
    other = Home(clinic, bound=False)
    assert other.bind("nurse").status_code == 403
    assert other.send(pressure("a")).status_code == 422


def test_a_key_is_shown_once_and_the_new_one_ends_the_old(clinic: Clinic) -> None:
    here = Home(clinic)
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    make_account(clinic.app.state.engine, "keeper-elsewhere", [(Role.ADMINISTRATOR, clinic.tree["other"])])
    away = clinic.browser("keeper-elsewhere")
    assert away.post(f"/monitoring/devices/{here.device_id}/key").status_code == 404
    keeper = clinic.browser("keeper")
    shown = keeper.post(f"/monitoring/devices/{here.device_id}/key")
    assert shown.headers["cache-control"] == "no-store"
    key = shown.text.split("<code>")[1].split("</code>")[0]
    assert key not in keeper.get("/monitoring/devices").text
    assert here.send(pressure("a")).status_code == 401
    assert here.send(pressure("a"), key=key).status_code == 201
    assert keeper.post(f"/monitoring/devices/{here.device_id}/key/end").status_code == 303
    assert here.send(pressure("b"), key=key).status_code == 401


@pytest.mark.req("INT-WEARABLE-01", "INT-WEARABLE-03", "MONITOR-01", "MONITOR-02")
def test_from_the_device_to_the_card(clinic: Clinic, home: Home) -> None:
    body = pressure("first", 18.0, 11.0, unit="kPa")
    assert home.send(body).status_code == 201
    systolic, diastolic = home.values()
    assert (systolic.number, systolic.sent_number, systolic.sent_unit) == (135.01, 18.0, "kPa")
    assert (systolic.entry, systolic.counts, systolic.device_id) == ("device", True, home.device_id)
    with clinic.session() as session:
        fact = session.get_one(Observation, systolic.observation_id)
        assert (fact.source, fact.evidence, fact.unit) == ("device", "measured", "mm[Hg]")
        assert fact.source_key == "urn:cuff|first#8480-6"
    [message] = home.messages()
    assert (message.state, message.patient_id, json.loads(message.raw)) == ("done", home.patient.id, body)
    assert message.outcome == [{"kind": "monitoring.value", "id": row.id} for row in (systolic, diastolic)]
    page = clinic.browser("nurse").get(f"/patients/{home.patient.id}/monitoring").text
    assert f"sent by the device: Cuff {home.serial}" in page
    assert clinic.browser("nurse").get("/monitoring").text.count("135 mm Hg")


def test_a_repeated_message_changes_nothing_and_another_content_is_a_conflict(clinic: Clinic) -> None:
    here = Home(clinic)
    body = pressure("once")
    assert [here.send(body).status_code for _again in range(3)] == [201, 200, 200]
    assert len(here.values()) == 2
    other = here.send(body | {"note": [{"text": "x"}]})
    assert other.status_code == 409
    assert other.json()["issue"][0]["expression"] == ["Observation.identifier"]
    assert len(here.values()) == 2
    assert [row.state for row in here.messages()] == ["done", "failed"]


def test_glucose_in_either_unit_and_beyond_the_range_of_the_meter(clinic: Clinic) -> None:
    here = Home(clinic)
    assert here.send(glucose("a", 180, "mg/dL")).status_code == 201
    assert here.send(glucose("b", 9.9, "mmol/L")).status_code == 201
    over = glucose("c", 33.3, "mmol/L")
    over["valueQuantity"]["comparator"] = ">"
    assert here.send(over).status_code == 201
    assert [row.number for row in here.values()] == [9.991, 9.9, 33.3]
    assert here.values()[-1].device_text == ">"
    assert [alert.level for alert in alerts(clinic, here.patient)] == ["critical"]


def refusals(home: Home) -> list[tuple[Any, str]]:
    later = (clock.now() + dt.timedelta(hours=1)).isoformat()
    earlier = (clock.now() - dt.timedelta(days=5)).isoformat()
    naive = clock.now().replace(tzinfo=None).isoformat()
    return [
        (b"\xff\xfe", "Observation"),
        (b"[]", "Observation.resourceType"),
        (b"[" * 100_000, "Observation"),
        ({"resourceType": "Patient"}, "Observation.resourceType"),
        (pressure("r1", status="preliminary"), "Observation.status"),
        (pressure("r2", identifier=[]), "Observation.identifier"),
        (pressure("r3", effectiveDateTime="yesterday"), "Observation.effective"),
        (pressure("r4", effectiveDateTime=naive), "Observation.effective"),
        (pressure("r5", effectiveDateTime=later), "Observation.effective"),
        (pressure("r6", effectiveDateTime=earlier), "Observation.device"),
        (pressure("r7", unit="bar"), "Observation.component[0].valueQuantity.code"),
        (pressure("r8", 900), "Observation.component[0].valueQuantity.value"),
        (pressure("r9", component=[]), "Observation.value"),
        (glucose("r10", 9.9, ""), "Observation.valueQuantity.code"),
        (glucose("r11", 9.9, "mmol/L") | {"code": {"coding": [{"code": "x"}]}}, "Observation.code"),
        (pressure("r12", subject={"identifier": {"value": "850612400123"}}), "Observation.subject"),
        (pressure("r13", subject={"reference": f"Patient/{home.patient.id + 1}"}), "Observation.subject"),
        (pressure("r14", device={"identifier": {"value": "another"}}), "Observation.device"),
    ]


def test_what_is_refused_is_kept_and_says_where(clinic: Clinic) -> None:
    here = Home(clinic)
    for body, element in refusals(here):
        refused = here.send(body)
        assert refused.status_code == 422, element
        assert refused.json()["issue"][0]["expression"] == [element]
    assert here.values() == []
    assert {row.state for row in here.messages()} == {"failed"}
    assert all(row.error and row.error["text"] for row in here.messages())
    right = pressure(
        "ok", subject={"identifier": {"value": here.patient.iin}}, device={"identifier": {"value": here.serial}}
    )
    assert here.send(right).status_code == 201


def test_a_message_too_large_is_not_read(home: Home) -> None:
    refused = home.send(b'{"x": "' + b"a" * 300_000 + b'"}')
    assert refused.status_code == 400


@pytest.mark.parametrize(("certified", "until"), [(False, None), (True, dt.date(2026, 1, 1))])
@pytest.mark.req("MONITOR-02")
def test_without_a_valid_certificate_it_is_shown_but_alerts_nobody(
    clinic: Clinic, certified: bool, until: dt.date | None
) -> None:
    here = Home(clinic, certified=certified, until=until)
    assert here.send(pressure("a", 210, 125)).status_code == 201
    assert alerts(clinic, here.patient) == []
    assert [(row.counts, row.observation_id) for row in here.values()] == [(False, None)] * 2
    page = clinic.browser("doctor").get(f"/patients/{here.patient.id}/monitoring").text
    assert "device without a valid certificate" in page
    visit = clinic.visit(here.patient.id)
    form = {"encounter_id": str(visit.id), "value_ids": [str(row.id) for row in here.values()]}
    applied = clinic.browser("doctor").post(f"/patients/{here.patient.id}/monitoring/apply", form)
    assert applied.status_code == 303
    assert f"Cuff {here.serial}" in clinic.browser("doctor").get(f"/visits/{visit.id}").text
    with clinic.session() as session:
        facts = session.scalars(select(Observation).where(Observation.encounter_id == visit.id)).all()
        assert {(row.source, row.evidence, row.recorded_by) for row in facts} == {("device", "typed", "doctor")}


@pytest.mark.req("MONITOR-05")
def test_a_crisis_sent_at_night_reaches_all_who_take_part(clinic: Clinic) -> None:
    here = Home(clinic)
    assert here.send(pressure("a", 214, 126)).status_code == 201
    [alert] = alerts(clinic, here.patient)
    assert (alert.level, alert.values_count) == ("critical", 2)
    [task] = tasks(clinic, here.patient)
    for login in ("doctor", "nurse", "second"):
        assert told(clinic, login, task) == ["monitoring:crisis"]


@pytest.mark.req("INT-WEARABLE-03")
def test_a_device_passes_from_one_patient_to_another(clinic: Clinic) -> None:
    here = Home(clinic)
    assert here.send(pressure("a")).status_code == 201
    assert here.bind().status_code == 303
    with clinic.session() as session:
        assert session.scalar(select(func.count()).where(Binding.device_id == here.device_id)) == 1, "with him already"
    with clinic.session() as session:
        binding = session.scalars(select(Binding).where(Binding.device_id == here.device_id)).one()
    ended = f"/patients/{here.patient.id}/monitoring/devices/{binding.id}/end"
    assert clinic.browser("nurse").post(ended).status_code == 403
    assert clinic.browser("doctor").post(ended).status_code == 303
    assert here.send(pressure("b")).status_code == 422, "with nobody now"
    late = (clock.now() - dt.timedelta(minutes=30)).isoformat()
    assert here.send(pressure("c", effectiveDateTime=late)).status_code == 201, "measured while he had it"
    following = clinic.register(birth_date=dt.date(1970, 1, 1))
    assert enrol(clinic, following).status_code == 303
    address = f"/patients/{following.id}/monitoring/devices"
    assert clinic.browser("doctor").post(address, {"device_id": str(here.device_id)}).status_code == 303
    assert here.send(pressure("d")).status_code == 201
    with clinic.session() as session:
        newest = session.scalars(select(Value).where(Value.patient_id == following.id)).all()
        assert len(newest) == 2
    assert len(here.values()) == 4


def test_a_refused_message_is_sent_through_again_once_its_reason_is_gone(clinic: Clinic) -> None:
    here = Home(clinic, bound=False)
    assert here.send(pressure("early", 210, 126)).status_code == 422
    assert here.bind().status_code == 303
    with clinic.session() as session:
        row = session.scalars(select(Binding).where(Binding.device_id == here.device_id)).one()
        row.from_at = clock.now() - dt.timedelta(hours=1)
        session.get_one(InboundMessage, here.messages()[0].id).state = "received"
    Interpreter(clinic.app.state.engine).run_waiting()
    [message] = here.messages()
    assert (message.state, message.patient_id) == ("done", here.patient.id)
    assert [row.number for row in here.values()] == [210, 126]
    assert [alert.level for alert in alerts(clinic, here.patient)] == ["critical"]
    assert here.send(pressure("early", 118)).status_code == 409


def test_a_retired_device_sends_nothing_more(clinic: Clinic) -> None:
    here = Home(clinic)
    with clinic.session() as session:
        device = session.get_one(Device, here.device_id)
        device.is_active, device.retired_at, device.retired_reason = False, clock.now(), "broken"
    assert here.send(pressure("a")).status_code == 401


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(key=st.sampled_from(sorted(pressure("x"))), value=json_values, deeper=st.booleans())
def test_no_shape_of_a_message_breaks_the_reader(key: str, value: Any, deeper: bool) -> None:
    body = pressure("x")
    if deeper:
        body["component"][0]["valueQuantity"] = value
        body["component"][1]["code"] = {"coding": value}
    body[key] = value if not deeper else body[key]
    assert _element(json.dumps(body).encode()).startswith("Observation")


def _element(raw: bytes) -> str:
    try:
        return read(raw).quantities[0].element
    except Unreadable as refused:
        return refused.element
