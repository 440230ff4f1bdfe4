"""The register of devices: who may keep it, what it refuses, what the gateways read from it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.modules.audit.models import Event
from ops_app.modules.devices import queries
from ops_app.modules.devices.models import Device
from ops_app.modules.organizations.models import Location
from ops_app.permissions import Role
from tests.installation import Database
from tests.ops_app.browser import Browser, make_account, signed_in
from tests.ops_app.conftest import plant_tree


@pytest.fixture(scope="module")
def places(module_database: Database) -> dict[str, int]:
    engine = module_database.engine("app")
    with Session(engine) as session:
        ids = plant_tree(session)
        session.add(Location(organization_id=ids["other"], kind="room", name_kk="5", name_ru="5", name_en="5"))
        session.commit()
    make_account(engine, "keeper", [(Role.ADMINISTRATOR, ids["hospital"])])
    make_account(engine, "neighbour", [(Role.ADMINISTRATOR, ids["other"])])
    make_account(engine, "chief", [(Role.CHIEF_PHYSICIAN, ids["hospital"])])
    make_account(engine, "registrar", [(Role.REGISTRAR, ids["hospital"])])
    return ids


@pytest.fixture
def keeper(module_app: FastAPI, places: dict[str, int]) -> Browser:
    return signed_in(module_app, "keeper")


def device(places: dict[str, int], **values: Any) -> dict[str, Any]:
    known = {
        "kind": "analyser",
        "name": "Haematology",
        "manufacturer": "Sysmex",
        "model": "XN-550",
        "serial_number": "22723",
        "protocol": "astm",
        "sender": "XN-550",
        "organization_id": places["hospital"],
    }
    return known | values


def registered(browser: Browser, places: dict[str, int], **values: Any) -> int:
    answer = browser.post("/devices/new", device(places, **values))
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rsplit("/", 1)[1])


def test_the_register_is_kept_by_administrators_of_the_place(module_app: FastAPI, places: dict[str, int]) -> None:
    registrar = signed_in(module_app, "registrar")
    assert registrar.get("/devices").status_code == 403
    chief = signed_in(module_app, "chief")
    assert chief.get("/devices").status_code == 200
    assert chief.post("/devices/new", device(places)).status_code == 403
    neighbour = signed_in(module_app, "neighbour")
    refused = neighbour.post("/devices/new", device(places))
    assert refused.status_code == 422 and "not yours to administer" in refused.text


@pytest.mark.req("LABEQ-04", "PACS-02", "INT-WEARABLE-03")
def test_a_device_is_found_by_how_it_names_itself(module_app: FastAPI, keeper: Browser, places: dict[str, int]) -> None:
    analyser = registered(keeper, places, sender="XN-A")
    scanner = registered(keeper, places, kind="modality", name="CT", protocol="dicom", sender="CT_ROOM_1", model="Go")
    cuff = registered(keeper, places, kind="wearable", name="Cuff", protocol="fhir", sender="cuff-7")
    listed = keeper.get("/devices?kind=modality").text
    assert "CT_ROOM_1" in listed and "XN-A" not in listed
    assert "Go" in keeper.get(f"/devices/{scanner}").text
    with Session(module_app.state.engine) as session:
        found = queries.by_sender(session, "astm", "XN-A")
        assert found is not None and found.id == analyser
        assert queries.by_sender(session, "hl7", "XN-A") is None
        assert session.get_one(Device, cuff).kind == "wearable"
    hidden = signed_in(module_app, "neighbour")
    assert hidden.get(f"/devices/{analyser}").status_code == 404
    assert "XN-A" not in hidden.get("/devices").text


def test_two_active_devices_never_share_a_name(keeper: Browser, module_app: FastAPI, places: dict[str, int]) -> None:
    first = registered(keeper, places, sender="TWIN")
    again = keeper.post("/devices/new", device(places, sender="TWIN"))
    assert again.status_code == 422 and "already calls itself so" in again.text
    assert keeper.post(f"/devices/{first}/retire", {"reason": ""}).status_code == 422
    assert keeper.post(f"/devices/{first}/retire", {"reason": "sold"}).status_code == 303
    assert keeper.post(f"/devices/{first}/retire", {"reason": "sold again"}).status_code == 409
    second = registered(keeper, places, sender="TWIN")
    with Session(module_app.state.engine) as session:
        found = queries.by_sender(session, "astm", "TWIN")
        assert found is not None and found.id == second
    assert f"/devices/{first}" not in keeper.get("/devices").text
    assert f"/devices/{first}" in keeper.get("/devices?retired=1").text


@pytest.mark.req("INT-WEARABLE-03")
def test_a_certificate_has_a_number_and_a_term(keeper: Browser, places: dict[str, int]) -> None:
    wearable = device(places, kind="wearable", protocol="fhir", sender="watch", is_certified="1")
    refused = keeper.post("/devices/new", wearable)
    assert refused.status_code == 422 and "number of its certificate" in refused.text
    term_only = keeper.post("/devices/new", device(places, sender="x", certificate_until="01.02.2026"))
    assert term_only.status_code == 422
    wearable |= {"certificate_number": "KZ-17", "certificate_until": "01.02.2026"}
    made = keeper.post("/devices/new", wearable)
    shown = keeper.get(made.headers["location"]).text
    assert "KZ-17" in shown and "01.02.2026" in shown and "certificate expired" in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [("sender", "../etc"), ("sender", "a|b"), ("address", "host:port"), ("address", "10.0.0.1:70000"), ("name", "")],
)
def test_a_wrong_value_is_named_at_its_field(keeper: Browser, places: dict[str, int], field: str, value: str) -> None:
    answer = keeper.post("/devices/new", device(places, **{field: value}))
    assert answer.status_code == 422 and f'id="e-{field}"' in answer.text


def test_a_room_of_another_organisation_is_refused(
    keeper: Browser, module_app: FastAPI, places: dict[str, int]
) -> None:
    with Session(module_app.state.engine) as session:
        room = session.scalars(select(Location)).one()
    answer = keeper.post("/devices/new", device(places, sender="roomy", location_id=room.id))
    assert answer.status_code == 422 and "another organisation" in answer.text


@pytest.mark.req("LABEQ-04")
def test_codes_and_units_of_a_device(keeper: Browser, module_app: FastAPI, places: dict[str, int]) -> None:
    number = registered(keeper, places, sender="CODES")
    page = f"/devices/{number}"
    glucose = {"their_code": "GLU", "their_unit": "mg/dL", "parameter_code": "glucose", "unit": "mmol/L"}
    assert keeper.post(f"{page}/codes", glucose | {"factor": "0"}).status_code == 422
    assert keeper.post(f"{page}/codes", glucose | {"factor": "0,05"}).status_code == 303
    assert keeper.post(f"{page}/codes", glucose | {"factor": "0,0555"}).status_code == 303
    assert keeper.post(f"{page}/codes", {"their_code": "SCAT_WDF"}).status_code == 303
    with Session(module_app.state.engine) as session:
        held = {row.their_code: row for row in queries.mappings(session, number)}
        assert held["GLU"].factor == 0.0555 and held["SCAT_WDF"].parameter_code is None
        assert queries.mapping_of(session, number, "GLU", "mmol/L") is None
        change = session.scalars(
            select(Event).where(Event.entity == "devices.code_mapping", Event.entity_id == str(held["GLU"].id))
        ).one()
        assert change.login == "keeper" and change.before == {"factor": 0.05} and change.after == {"factor": 0.0555}
    shown = keeper.get(page).text
    assert "0,0555" in shown and "left out" in shown
    stranger = signed_in(module_app, "chief")
    assert stranger.post(f"{page}/codes", glucose).status_code == 403
    assert keeper.post(f"{page}/codes/{held['GLU'].id}/remove").status_code == 303
    assert keeper.post(f"{page}/codes/{held['GLU'].id}/remove").status_code == 404
    with Session(module_app.state.engine) as session:
        assert [row.their_code for row in queries.mappings(session, number)] == ["SCAT_WDF"]


def test_a_change_is_written_with_what_it_changed(keeper: Browser, module_app: FastAPI, places: dict[str, int]) -> None:
    number = registered(keeper, places, sender="CHANGE")
    assert "Haematology" in keeper.get(f"/devices/{number}/change").text
    answer = keeper.post(
        f"/devices/{number}/change", device(places, sender="CHANGE", name="Haematology 2", address="10.0.0.5:5100")
    )
    assert answer.status_code == 303
    with Session(module_app.state.engine) as session:
        event = session.scalars(
            select(Event)
            .where(Event.entity == "devices.device", Event.entity_id == str(number))
            .order_by(Event.id.desc())
            .limit(1)
        ).one()
        assert event.before == {"name": "Haematology", "address": None}
        found = queries.by_address(session, "astm", "10.0.0.5")
        assert found is not None and found.id == number
