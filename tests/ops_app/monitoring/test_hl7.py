"""Measurements that come by HL7 over a real socket: judged, alerted and passed up exactly as any others."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from ingestion.interpreter import Interpreter
from ops_app.kit import clock
from ops_app.mechanisms.task import escalation
from ops_app.modules.devices.models import Device
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.monitoring.models import Binding, Value
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Observation
from tests.ingestion.hl7.mllp import Sender, gateway
from tests.installation import Database
from tests.ops_app.clinic import Clinic
from tests.ops_app.monitoring.test_monitoring import alerts, enrol, tasks, told


class Cuff:
    """A device of the register that sends by HL7, and a patient watched at home."""

    def __init__(self, clinic: Clinic, database: Database, kind: str = "wearable", *, certified: bool = True):
        self.clinic, self.database = clinic, database
        self.patient: Patient = clinic.register(birth_date=dt.date(1960, 6, 1))
        assert enrol(clinic, self.patient).status_code == 303
        with clinic.session() as session:
            device = Device(
                kind=kind,
                name="Cuff",
                protocol="hl7",
                sender=f"CUFF{self.patient.id}",
                organization_id=clinic.tree["hospital"],
                is_certified=certified,
                certificate_number="KZ-1" if certified else None,
                registered_by="admin",
            )
            session.add(device)
            session.flush()
            self.id = device.id
        self.sent = 0

    def bind(self, login: str = "doctor") -> int:
        address = f"/patients/{self.patient.id}/monitoring/devices"
        return self.clinic.browser(login).post(address, {"device_id": str(self.id)}).status_code

    def send(self, *observed: str, pid: str | None = None, at: dt.datetime | None = None) -> list[str]:
        """One message for each, over one connection; what became of them."""
        moment = f"{clock.local(at or clock.now()):%Y%m%d%H%M%S%z}"
        with gateway(self.database) as port:
            sender = Sender(port)
            for each in observed:
                self.sent += 1
                head = f"MSH|^~\\&|CUFF{self.patient.id}|HOME|SAULYQ|KZ|{moment}||ORU^R01|m{self.sent}|P|2.5.1"
                person = f"PID|1||{f'{self.patient.iin}^^^IIN^NI' if pid is None else pid}"
                result = f"OBX|1|NM|{each}|||||F|||{moment}"
                answer = sender.send("\r".join((head, person, "OBR|1|||VITALS^x", result, "")))
                assert b"MSA|AA|" in answer
            sender.close()
        Interpreter(self.clinic.app.state.engine).run_waiting()
        with self.clinic.session() as session:
            chosen = select(InboundMessage).where(InboundMessage.sender == f"CUFF{self.patient.id}")
            rows = session.scalars(chosen.order_by(InboundMessage.id)).all()[-len(observed) :]
            return [f"{row.error['segment']}-{row.error['field']}" if row.error else row.state for row in rows]

    def values(self) -> list[Value]:
        with self.clinic.session() as session:
            chosen = select(Value).where(Value.patient_id == self.patient.id).order_by(Value.id)
            return list(session.scalars(chosen))


SYSTOLIC = "8480-6^Systolic^LN||{}|{}"


def systolic(number: float, unit: str = "mm[Hg]") -> str:
    return SYSTOLIC.format(number, unit)


def test_what_cannot_be_tied_to_a_person_or_understood_is_refused(clinic: Clinic, module_database: Database) -> None:
    cuff = Cuff(clinic, module_database)
    another = clinic.register(birth_date=dt.date(1961, 6, 1))
    assert cuff.send(systolic(128), pid="") == ["PID-3"], "nobody has it"
    assert cuff.send(systolic(128, "bar"), systolic(900)) == ["OBX-6", "OBX-5"]
    assert cuff.bind("nurse") == 403
    assert cuff.bind() == 303
    assert cuff.send(systolic(210), pid=f"{another.iin}^^^IIN^NI") == ["PID-3"], "another than the device is with"
    assert cuff.values() == []
    assert alerts(clinic, cuff.patient) == alerts(clinic, another) == []


@pytest.mark.req("MONITOR-02", "MONITOR-04", "MONITOR-05", "INT-WEARABLE-03")
def test_personal_limits_alerts_and_escalation_hold_for_values_sent_by_hl7(
    clinic: Clinic, module_database: Database
) -> None:
    cuff = Cuff(clinic, module_database, "monitor")
    own = {"low": "100", "high": "135", "critical_low": "80", "critical_high": "150"}
    address = f"/patients/{cuff.patient.id}/monitoring/limits/8480-6"
    assert clinic.browser("doctor").post(address, own).status_code == 303
    # kilopascals; 152 mm Hg is critical for this patient only
    assert cuff.send(systolic(16.7, "kPa"), systolic(152)) == ["done", "done"]
    [alert] = alerts(clinic, cuff.patient)
    assert (alert.level, alert.worst_number, alert.worst_limit) == ("critical", 152, 150)
    [task] = tasks(clinic, cuff.patient)
    for login in ("doctor", "nurse", "second"):
        assert told(clinic, login, task) == ["monitoring:crisis"]
    assert told(clinic, "chief", task) == []
    with clock.frozen(task.due_at + dt.timedelta(seconds=1)):
        escalation.sweep(clinic.app.state.engine)
    assert told(clinic, "chief", task) == ["tasks:overdue"]
    with clinic.session() as session:
        facts = session.scalars(
            select(Observation).where(Observation.patient_id == cuff.patient.id).order_by(Observation.id)
        ).all()
        assert [(row.unit, row.evidence, row.source, row.source_system) for row in facts] == [
            ("mm[Hg]", "measured", "device", f"device:{cuff.id}")
        ] * 2
    assert [round(row.number) for row in cuff.values()] == [125, 152]


def test_a_repeated_value_is_one_and_an_unwatched_quantity_stays_a_fact_of_the_card(
    clinic: Clinic, module_database: Database
) -> None:
    cuff = Cuff(clinic, module_database)
    at = clock.now() - dt.timedelta(minutes=5)
    assert cuff.bind() == 303
    with clinic.session() as session:
        session.scalars(select(Binding).where(Binding.device_id == cuff.id)).one().from_at = at
    assert cuff.send(systolic(130), systolic(130), "76270-8^Rhythm^LN||1|", at=at, pid="") == ["done"] * 3
    assert [row.number for row in cuff.values()] == [130]
    with clinic.session() as session:
        codes = session.scalars(select(Observation.code).where(Observation.patient_id == cuff.patient.id)).all()
        assert sorted(codes) == ["76270-8", "8480-6"]


@pytest.mark.req("MONITOR-02")
def test_without_a_certificate_it_is_shown_but_alerts_nobody(clinic: Clinic, module_database: Database) -> None:
    cuff = Cuff(clinic, module_database, certified=False)
    assert cuff.send(systolic(210)) == ["done"]
    assert alerts(clinic, cuff.patient) == []
    assert [(row.counts, row.observation_id) for row in cuff.values()] == [(False, None)]
