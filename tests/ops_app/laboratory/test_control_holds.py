"""A control that fails holds the results of that analyser and parameter, whichever way they come."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.modules.devices.models import Device
from ops_app.modules.lab_quality import service as quality
from ops_app.modules.lab_quality.models import ControlLot, Hold, Target
from ops_app.modules.laboratory.models import Result, Workplace
from ops_app.modules.patients.models import Patient
from tests.ops_app.clinic import Clinic
from tests.ops_app.lab_quality.planted import plant_analyser, plant_target
from tests.ops_app.laboratory.lab import CREATININE, POTASSIUM, Bench


@pytest.fixture(scope="module")
def analysers(clinic: Clinic, bench: Bench) -> list[int]:
    """Two analysers; the first has a control of potassium in use."""
    hospital = clinic.tree["hospital"]
    with clinic.session() as session:
        first = plant_analyser(session, hospital, "BS-240")
        second = plant_analyser(session, hospital, "AU-480", protocol="astm")
        plant_target(session, first, "K", 4.0, 0.1)
        return [first.id, second.id]


def control(clinic: Clinic, analyser: int, value: float, key: str) -> str:
    """A control measured now; the verdict."""
    with clinic.session() as session:
        device = session.get_one(Device, analyser)
        run = quality.record_from_device(session, device, "QC-L1", "K", value, clock.now(), key)
        assert run is not None
        return run.verdict


@pytest.mark.req("LAB-24")
def test_a_failed_rule_holds_what_was_measured_before_and_after_it(
    clinic: Clinic, bench: Bench, analysers: list[int]
) -> None:
    patient: Patient = clinic.register()
    first, second = analysers
    assert control(clinic, first, 4.05, "morning") == "in_control"
    orders = {name: bench.order(patient, POTASSIUM, CREATININE) for name in ("before", "after", "other")}
    tubes = {name: bench.receive(order)[0] for name, order in orders.items()}
    measured = {"K": 4.2, "CREA": 80.0}
    bench.report(tubes["before"], measured, analyser=first)
    assert control(clinic, first, 4.5, "noon") == "rejected"
    bench.report(tubes["after"], measured, analyser=first)
    bench.report(tubes["other"], measured, analyser=second, channel="astm", sender="AU-480")

    held = {name: bench.result(order, "K").held_reason for name, order in orders.items()}
    assert held == {"before": None, "after": "quality_control", "other": None}
    assert {bench.result(order, "CREA").held_reason for order in orders.values()} == {None}
    doctor = clinic.browser("labdoctor")
    for name in ("before", "after"):
        # the value that came before the failure waits too: nobody knows since when it is wrong
        line = bench.lines(orders[name])[POTASSIUM]
        url = f"/laboratory/tests/{line.id}/confirm"
        assert "quality control of the analyser failed" in doctor.get(f"/laboratory/orders/{orders[name].id}").text
        refused = doctor.post(url, {})
        assert refused.status_code == 422 and "f-held_because" in refused.text
        # all at once leaves it out
        assert doctor.post(f"/laboratory/orders/{orders[name].id}/confirm").status_code == 303
        assert bench.result(orders[name], "CREA").status == "confirmed"
        assert bench.result(orders[name], "K").status == "entered"
    assert doctor.post(url, {"held_because": "перемерено на другом приборе"}).status_code == 303
    assert "перемерено" in (bench.result(orders["after"], "K").held_reason or "")
    line = bench.lines(orders["other"])[POTASSIUM]
    assert doctor.post(f"/laboratory/tests/{line.id}/confirm", {}).status_code == 303
    assert [row.status for row in bench.all(Result, order_service_id=line.id)] == ["confirmed"]


@pytest.mark.req("LAB-24")
def test_a_failed_control_holds_typed_values_and_what_is_worked_out_of_held_ones(
    clinic: Clinic, bench: Bench, analysers: list[int]
) -> None:
    patient: Patient = clinic.register(birth_date=dt.date(1980, 5, 5))
    analyser = analysers[1]
    with clinic.session() as session:
        lot = session.scalars(select(ControlLot)).first()
        assert lot is not None
        session.add(Target(lot_id=lot.id, device_id=analyser, parameter_code="CREA", mean=90, sd=3, set_by="test"))
        session.scalars(select(Workplace).filter_by(name="Chemistry")).one().analyser_id = analyser
    sent, typed = bench.order(patient, CREATININE), bench.order(patient, CREATININE)
    bench.report(bench.receive(sent)[0], {"CREA": 80.0}, analyser=analyser, sender="AU-480")
    bench.receive(typed)
    bench.enter(typed, CREATININE, CREA="82")
    with clinic.session() as session:
        device = session.get_one(Device, analyser)
        run = quality.record_from_device(session, device, "QC-L1", "CREA", 120.0, clock.now(), "creatinine")
        assert run is not None and run.verdict == "rejected"
    doctor = clinic.browser("labdoctor")
    for order in (sent, typed):
        page = doctor.get(f"/laboratory/orders/{order.id}").text
        # the creatinine and the filtration rate
        assert page.count("quality control of the analyser failed") == 2
        line = bench.lines(order)[CREATININE]
        assert doctor.post(f"/laboratory/tests/{line.id}/confirm", {}).status_code == 422


@pytest.mark.req("LAB-24")
def test_what_was_released_before_the_failure_is_listed(clinic: Clinic, bench: Bench) -> None:
    hospital = clinic.tree["hospital"]
    with clinic.session() as session:
        device = plant_analyser(session, hospital, "C-311")
        plant_target(session, device, "K", 4.0, 0.1, level=2)
        analyser = device.id
    now, people = clock.now(), [clinic.register() for _number in range(3)]

    def measured(patient: Patient, hours: float) -> str:
        with clock.frozen(now - dt.timedelta(hours=hours)):
            order = bench.order(patient, POTASSIUM)
            bench.report(bench.receive(order)[0], {"K": 4.2}, analyser=analyser, sender="C-311")
            bench.confirm(order, POTASSIUM)
        return str(order.order_number)

    def controlled(value: float, hours: float) -> str:
        with clock.frozen(now - dt.timedelta(hours=hours)), clinic.session() as session:
            device = session.get_one(Device, analyser)
            run = quality.record_from_device(session, device, "QC-L2", "K", value, clock.now(), f"{hours}")
            assert run is not None
            return run.verdict

    before = measured(people[0], 9)
    assert controlled(4.0, 8) == "in_control"
    doubtful = measured(people[1], 6)
    assert controlled(4.5, 4) == "rejected"
    with clinic.session() as session:
        hold = session.scalars(select(Hold).where(Hold.device_id == analyser)).one()
    url = f"/laboratory/quality/holds/{hold.id}"
    for login in ("technician", "doctor", "elsewhere"):
        assert clinic.browser(login).get(f"{url}/released").status_code in (403, 404)
    doctor = clinic.browser("labdoctor")
    assert f"{url}/released" in doctor.get(url).text
    page = doctor.get(f"{url}/released").text
    assert doubtful in page and before not in page and "Potassium, C-311" in page
