"""Facilities, their structure and staff: kept inside one's own part of the tree, nothing lost that others still use."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account, signed_in
from tests.ops_app.clinic import make_iin

Tree = dict[str, int]


@pytest.fixture
def keeper(app: FastAPI, tree: Tree) -> Browser:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, tree["hospital"])])
    return signed_in(app, "boss")


def rows(app: FastAPI, sql: str, **values: Any) -> list[Any]:
    with app.state.engine.connect() as connection:
        return list(connection.execute(text(sql), values))


def staff(tree: Tree, **changed: Any) -> dict[str, Any]:
    return {
        "family_name": "Әбенова",
        "given_name": "Гүлнар",
        "position": "cardiologist",
        "organization_id": tree["hospital"],
        "specialty": "Кардиология",
        "rate": "0,5",
        "start_date": "01.02.2026",
    } | changed


def test_nobody_else_keeps_the_tree(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    make_account(app.state.engine, "doctor", [(Role.DOCTOR, tree["hospital"])])
    doctor = signed_in(app, "doctor")
    for address in ("/organizations", f"/organizations/{tree['hospital']}", "/journals/staff", "/staff/new"):
        assert doctor.get(address).status_code == 403
    names = {"name_kk": "Басқа", "name_ru": "Другое"}
    for node in (tree["other"], tree["region"], 999):
        assert keeper.get(f"/organizations/{node}").status_code == 404
        assert keeper.post(f"/organizations/{node}", names).status_code in (404, 422)
        assert keeper.post(f"/organizations/{node}/close").status_code == 404
    assert keeper.post("/staff/new", staff(tree, organization_id=tree["other"])).status_code == 422
    assert rows(app, "select 1 from organizations.practitioner") == []


@pytest.mark.req("RES-01", "OID-01", "OID-02")
def test_facility_with_its_bin_oid_and_licence(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    page = f"/organizations/{tree['hospital']}"
    form = {
        "name_kk": "Қаратөбе аудандық ауруханасы",
        "name_ru": "Каратобинская районная больница",
        "organization_type": "hospital",
        "address_line": "Құрманғалиев көшесі, 1",
        "licence_number": "14-2026",
        "licence_date": "03.02.2026",
    }
    for wrong in ({"oid": "1.2..3"}, {"oid": "9.1"}, {"bin": "123456789012"}, {"kato_code": "27"}):
        assert keeper.post(page, form | wrong).status_code == 422
    assert keeper.post(page, form | {"oid": "1.2.398.1.7.15"}).status_code == 303
    assert "1.2.398.1.7.15" in keeper.get(page).text
    (stored,) = rows(app, "select oid, licence_date from organizations.organization_profile")
    assert stored == ("1.2.398.1.7.15", dt.date(2026, 2, 3))


@pytest.mark.req("RES-03")
def test_structure_grows_and_is_closed_only_when_empty(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    site = {"kind": "site", "name_kk": "5-учаске", "name_ru": "Участок 5", "site_kind": "general_practice"}
    assert keeper.post(f"/organizations/{tree['department']}/new", site | {"kind": "organization"}).status_code == 422
    made = keeper.post(f"/organizations/{tree['department']}/new", site)
    assert made.status_code == 303
    number = int(re.findall(r"\d+", made.headers["location"])[-1])
    ward = {"kind": "ward", "name_kk": "3-палата", "name_ru": "Палата 3"}
    assert keeper.post(f"/organizations/{tree['department']}/locations", ward).status_code == 303
    shown = keeper.get(f"/organizations/{tree['department']}").text
    assert "Палата 3" in shown and "Участок 5" in shown
    named = keeper.get("/organizations?q=uchastok").text
    assert "Участок 5" in named and f'/organizations/{tree["department"]}"' in named and named.count("data-href") == 3
    assert "Nothing found" in keeper.get("/organizations?q=other").text
    assert keeper.post(f"/organizations/{tree['department']}/close").status_code == 409
    assert keeper.post("/staff/new", staff(tree, organization_id=tree["department"], site_id=number)).status_code == 303
    assert keeper.post(f"/organizations/{number}/close").status_code == 409
    (role,) = rows(app, "select id, practitioner_id from organizations.practitioner_role")
    end = f"/staff/{role.practitioner_id}/positions/{role.id}/end"
    assert keeper.post(end, {"end_date": "01.01.2020"}).status_code == 422
    assert keeper.post(end, {"end_date": "today"}).status_code == 303
    assert keeper.post(end, {"end_date": "today"}).status_code == 422
    assert keeper.post(f"/organizations/{number}/close").status_code == 303
    assert "Участок 5" not in keeper.get("/organizations").text


def test_site_with_attached_people_is_not_closed(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    columns = "family_name, given_name, family_fold, given_fold, sort_key, birth_date, sex, temporary_id"
    with app.state.engine.begin() as connection:
        person = connection.scalar(
            text(
                f"insert into patients.patient ({columns}) "
                "values ('А', 'Б', 'a', 'b', 'ab', '2000-01-01', 'female', 'T1')"
                " returning id"
            )
        )
        connection.execute(
            text(
                "insert into patients.attachment (patient_id, organization_id, site_id, start_date)"
                " values (:person, :hospital, :site, '2026-01-01')"
            ),
            {"person": person, "hospital": tree["hospital"], "site": tree["site"]},
        )
    assert keeper.post(f"/organizations/{tree['site']}/close").status_code == 409


@pytest.mark.req("RES-02")
def test_member_of_staff_with_positions_specialty_and_rate(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    iin = make_iin(dt.date(1985, 4, 9), "female")
    wrong = (
        {"rate": "3"},
        {"position": "astronaut"},
        {"iin": "123"},
        {"sex": "male", "iin": iin},
        {"site_id": tree["other"]},
    )
    for each in wrong:
        assert keeper.post("/staff/new", staff(tree) | each).status_code == 422
    assert keeper.post("/staff/new", staff(tree, iin=iin)).status_code == 303
    second = staff(tree, iin=iin, position="therapist", rate="0,25", organization_id=tree["department"])
    assert keeper.post("/staff/new", second).status_code == 303
    (person,) = rows(app, "select id, iin from organizations.practitioner")
    assert person.iin == iin
    shown = keeper.get("/journals/staff?position=cardiologist").text
    assert "Әбенова Гүлнар" in shown and "Кардиология" in shown
    page = keeper.get(f"/staff/{person.id}").text
    assert "0,25" in page and "0,5" in page
    change = {"family_name": "Әбенова-Серік", "given_name": "Гүлнар", "iin": iin}
    assert keeper.post(f"/staff/{person.id}", change).status_code == 303
    assert "Әбенова-Серік" in keeper.get("/journals/staff").text
    for typed, is_found in (
        ("абенова серик", True),
        ("gulnar hospital", True),
        ("кардиолог", True),
        ("ахметова", False),
    ):
        assert ("Әбенова-Серік" in keeper.get("/journals/staff", params={"q": typed}).text) is is_found, typed
    assert keeper.get("/journals/staff/xlsx").status_code == 200
    (held,) = rows(app, "select count(*) from audit.event where entity like 'organizations.practitioner%'")
    assert held[0] == 4
