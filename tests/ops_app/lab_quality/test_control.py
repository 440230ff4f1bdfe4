"""From a new lot to a failure that a person closes, over HTTP; who may not is first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.devices.models import Device
from ops_app.modules.lab_quality import queries, service
from ops_app.modules.lab_quality.models import Hold, Run, Target
from ops_app.permissions import Role
from tests.installation import Database
from tests.ops_app.browser import Browser, make_account, signed_in
from tests.ops_app.conftest import plant_tree

DAY = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def places(module_database: Database) -> dict[str, int]:
    """An analyser of the hospital, its laboratory doctor and technician, and the laboratory doctor of another."""
    engine = module_database.engine("app")
    with Session(engine) as session:
        ids = plant_tree(session)
        device = Device(
            kind="analyser",
            name="Chemistry",
            protocol="astm",
            sender="CHEM",
            organization_id=ids["hospital"],
            registered_by="test",
        )
        session.add(device)
        session.commit()
        ids["device"] = device.id
    make_account(engine, "technician", [(Role.LABORATORY_DOCTOR, ids["hospital"])])
    make_account(engine, "helper", [(Role.LABORATORY_TECHNICIAN, ids["hospital"])])
    make_account(engine, "stranger", [(Role.LABORATORY_DOCTOR, ids["other"])])
    make_account(engine, "chief", [(Role.CHIEF_PHYSICIAN, ids["hospital"])])
    make_account(engine, "registrar", [(Role.REGISTRAR, ids["hospital"])])
    return ids


@pytest.fixture
def technician(module_app: FastAPI, places: dict[str, int]) -> Browser:
    return signed_in(module_app, "technician")


class Control:
    """A lot with one target, and its chart."""

    def __init__(self, browser: Browser, places: dict[str, int], parameter: str, level: int = 1):
        self.browser, self.code = browser, f"QC-{parameter}-{level}"
        expires = clock.today() + dt.timedelta(days=90)
        lot = {
            "organization_id": places["hospital"],
            "material": "Multi",
            "level": level,
            "lot_number": "77",
            "specimen_code": self.code,
            "expires_on": f"{expires:%d.%m.%Y}",
        }
        self.lot = browser.post("/laboratory/quality/lots", lot).headers["location"]
        target = {"device_id": places["device"], "parameter_code": parameter, "mean": "5,0", "sd": "0,2"}
        assert browser.post(f"{self.lot}/targets", target).status_code == 303
        page = browser.get(self.lot).text
        self.chart = page.split("/laboratory/quality/charts/")[1].split('"')[0]
        self.url = f"/laboratory/quality/charts/{self.chart}"

    def run(self, value: str, hour: int = 8, minute: int = 0, **more: Any) -> Any:
        at = {"date": f"{DAY:%d.%m.%Y}", "time": f"{hour:02d}:{minute:02d}", "value": value}
        return self.browser.post(f"{self.url}/runs", at | more)


def test_only_the_laboratory_keeps_quality_control(
    module_app: FastAPI, technician: Browser, places: dict[str, int]
) -> None:
    control = Control(technician, places, "ALB")
    registrar = signed_in(module_app, "registrar")
    assert registrar.get("/laboratory/quality").status_code == 403
    chief = signed_in(module_app, "chief")
    assert "Albumin" in chief.get("/laboratory/quality").text
    assert chief.post(f"{control.url}/runs", {"value": "5"}).status_code == 403
    assert chief.post(f"{control.lot}/targets", {}).status_code == 403
    stranger = signed_in(module_app, "stranger")
    assert stranger.get(control.url).status_code == 404
    assert stranger.post(f"{control.url}/runs", {"value": "5"}).status_code == 404
    assert "Albumin" not in stranger.get("/laboratory/quality").text


@pytest.mark.req("LAB-24")
def test_runs_stand_on_the_chart_with_their_verdict(technician: Browser, places: dict[str, int]) -> None:
    control = Control(technician, places, "GLU")
    assert control.run("5,1").status_code == 303
    for slip in ("-5,1", "5,1,0", "glucose", ""):
        assert control.run(slip).status_code == 422, slip
    control.run("4,9", 9)
    control.run("5,45", 10)
    page = technician.get(control.url).text
    assert page.count('class="lj-in_control"') == 2 and page.count('class="lj-warning"') == 1
    assert "1-2s: one value beyond 2 SD" in page and "5,60" in page and "4,40" in page
    assert "Coefficient of variation" in page and "5,150" in page
    assert "lucose" in technician.get("/laboratory/quality").text


@pytest.mark.req("LAB-24")
def test_a_failed_rule_holds_results_until_a_person_closes_it(
    module_app: FastAPI, technician: Browser, places: dict[str, int]
) -> None:
    control = Control(technician, places, "K")
    control.run("5,0", 7)
    failed_at = clock.from_local(DAY, dt.time(8))
    with Session(module_app.state.engine) as session:
        assert service.holds(session, places["device"], "K", failed_at) is None
    control.run("5,8", 8)
    control.run("5,9", 8, 30)
    with Session(module_app.state.engine) as session:
        assert service.holds(session, places["device"], "K", clock.now()) == "1-3s"
        assert service.holds(session, places["device"], "K", failed_at - dt.timedelta(minutes=1)) is None
        assert service.holds(session, places["device"], "NA", clock.now()) is None
        assert service.holds(session, None, "K", clock.now()) is None
        hold = session.scalars(select(Hold).where(Hold.parameter_code == "K")).one()
    told = technician.get("/laboratory/quality").text
    assert "results held" in told and "1 failure holds results back" in told
    close = f"/laboratory/quality/holds/{hold.id}/close"
    answer = {"cause": "Reagent expired", "corrective_action": "New reagent, calibrated"}
    assert technician.post(close, {}).status_code == 422
    early = technician.post(close, answer)
    assert early.status_code == 422 and "Measure the control again" in early.text
    control.run("5,1", 9)
    assert signed_in(module_app, "helper").post(close, answer).status_code == 403
    assert signed_in(module_app, "stranger").post(close, answer).status_code == 404
    assert technician.post(close, answer).status_code == 303
    assert technician.post(close, answer).status_code == 409
    with Session(module_app.state.engine) as session:
        assert service.holds(session, places["device"], "K", clock.now()) is None
        assert service.holds(session, places["device"], "K", failed_at + dt.timedelta(minutes=1)) == "1-3s"
    assert "Reagent expired" in technician.get("/laboratory/quality/holds?closed=true").text


def test_levels_of_one_series_are_judged_together(technician: Browser, places: dict[str, int]) -> None:
    low, high = Control(technician, places, "UREA", 1), Control(technician, places, "UREA", 2)
    low.run("5,45", 8)
    high.run("4,55", 8, 20)
    assert "R-4s" in technician.get(high.url).text
    assert "Urea" in technician.get("/laboratory/quality/holds").text


def test_what_was_measured_before_a_failure_does_not_count_after_it(
    module_app: FastAPI, technician: Browser, places: dict[str, int]
) -> None:
    control = Control(technician, places, "CA")
    for minute in range(0, 45, 5):
        control.run("5,05", 7, minute)
    control.run("5,05", 7, 50)
    control.run("5,05", 8)
    with Session(module_app.state.engine) as session:
        verdicts = session.scalars(
            select(Run.verdict).where(Run.target_id == int(control.chart)).order_by(Run.at)
        ).all()
    assert verdicts == ["in_control"] * 9 + ["rejected", "in_control"]


def test_a_withdrawn_run_leaves_the_reckoning(technician: Browser, places: dict[str, int]) -> None:
    control = Control(technician, places, "TP")
    control.run("5,45", 7)
    page = technician.get(control.url).text
    run = page.split("/laboratory/quality/runs/")[1].split("/")[0]
    assert technician.post(f"/laboratory/quality/runs/{run}/withdraw", {"reason": ""}).status_code == 303
    withdraw = {"reason": "wrong tube was measured"}
    assert technician.post(f"/laboratory/quality/runs/{run}/withdraw", withdraw).status_code == 303
    assert technician.post(f"/laboratory/quality/runs/{run}/withdraw", withdraw).status_code == 409
    control.run("5,45", 8)
    page = technician.get(control.url).text
    assert "2-2s" not in page and "wrong tube was measured" in page and "lj-withdrawn" in page


def test_wrong_values_are_named(technician: Browser, places: dict[str, int]) -> None:
    control = Control(technician, places, "NA")
    assert control.run("five").status_code == 422
    assert control.run("nan").status_code == 422
    future = clock.today() + dt.timedelta(days=2)
    assert "lies in the future" in control.run("5", date=f"{future:%d.%m.%Y}").text
    target = {"device_id": places["device"], "parameter_code": "NA", "mean": "5", "sd": "0"}
    assert technician.post(f"{control.lot}/targets", target).status_code == 422
    assert technician.post(f"{control.lot}/targets", target | {"sd": "1", "device_id": 0}).status_code == 422
    # under a name of one's own the control would hold nothing back
    stray = technician.post(f"{control.lot}/targets", target | {"sd": "1", "parameter_code": "sodium"})
    assert stray.status_code == 422 and "Choose one of the listed values" in stray.text
    page = technician.get(control.lot).text
    assert "Sodium, mmol/l<" in page and "Basophils, %<" in page
    assert "Sodium" in technician.get("/laboratory/quality").text
    known = {"organization_id": places["hospital"], "material": "M", "level": 1, "lot_number": "1"}
    taken = known | {"specimen_code": control.code, "expires_on": "+30"}
    assert "already bears this code" in technician.post("/laboratory/quality/lots", taken).text
    expired = known | {"specimen_code": "X", "expires_on": "01.01.2020"}
    assert "has expired" in technician.post("/laboratory/quality/lots", expired).text


def test_a_new_target_begins_a_new_chart_and_a_closed_lot_takes_nothing(
    technician: Browser, places: dict[str, int]
) -> None:
    control = Control(technician, places, "IRON")
    target = {"device_id": places["device"], "parameter_code": "IRON", "mean": "6", "sd": "0,3"}
    assert technician.post(f"{control.lot}/targets", target).status_code == 303
    assert control.run("5").status_code == 409
    assert "The target was replaced" in technician.get(control.url).text
    assert technician.post(f"{control.lot}/close").status_code == 303
    assert technician.post(f"{control.lot}/close").status_code == 409
    assert technician.post(f"{control.lot}/targets", target).status_code == 409


@pytest.mark.req("LAB-24")
def test_a_control_that_the_analyser_measured_counts_once(
    module_app: FastAPI, technician: Browser, places: dict[str, int]
) -> None:
    control = Control(technician, places, "ALT")
    at = clock.from_local(DAY, dt.time(8))
    with Session(module_app.state.engine) as session:
        device = session.get_one(Device, places["device"])

        def sent(parameter: str, value: float, key: str) -> Run | None:
            return service.record_from_device(session, device, control.code, parameter, value, at, key)

        first = sent("ALT", 5.7, "m1:1")
        assert first is not None and first.verdict == "rejected"
        again = sent("ALT", 5.7, "m1:1")
        assert again is not None and again.id == first.id
        assert sent("AST", 5.7, "m1:2") is None
        assert queries.open_hold(session, device.id, "ALT") is not None
        assert session.get_one(Target, first.target_id).parameter_code == "ALT"
        session.commit()
    assert "analyser" in technician.get(control.url).text
