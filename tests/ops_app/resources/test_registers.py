"""Registers of a facility: kept by whoever may, inside his own facility, with former versions left as they were."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account, signed_in

Tree = dict[str, int]
BIN = "310140000011"


@pytest.fixture
def keeper(app: FastAPI, tree: Tree) -> Browser:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, tree["hospital"])])
    return signed_in(app, "boss")


def school(tree: Tree, **changed: Any) -> dict[str, Any]:
    return {
        "organization_id": tree["hospital"],
        "kind": "school",
        "name_kk": "№ 3 мектеп",
        "name_ru": "Школа № 3",
        "pupils": "410",
        "site_id": tree["site"],
        "start_date": "01.09.2026",
    } | changed


def service(tree: Tree, **changed: Any) -> dict[str, Any]:
    return {
        "organization_id": tree["hospital"],
        "kind": "service",
        "local_code": "K-12",
        "name_kk": "Кардиолог қабылдауы",
        "name_ru": "Приём кардиолога",
        "tariff_code": "A02.005.000",
        "price_tenge": "5400",
        "start_date": "01.01.2026",
    } | changed


def rows(app: FastAPI, table: str) -> list[Any]:
    with app.state.engine.connect() as connection:
        return list(connection.execute(text(f"select * from resources.{table} order by id")))


def test_nurse_reads_but_does_not_write_and_official_sees_nothing(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "nurse", [(Role.NURSE, tree["hospital"])])
    make_account(app.state.engine, "official", [(Role.OFFICIAL, tree["region"])])
    nurse, official = signed_in(app, "nurse"), signed_in(app, "official")
    assert nurse.get("/resources").status_code == 200
    assert "Add a bed" not in nurse.get("/journals/beds").text
    assert nurse.get("/resources/beds/new").status_code == 403
    assert nurse.post("/resources/schools/new", school(tree)).status_code == 403
    for address in ("/resources", "/journals/schools", "/resources/schools/1"):
        assert official.get(address).status_code == 403


def test_rows_of_another_facility_are_neither_seen_nor_made(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    make_account(app.state.engine, "other", [(Role.ADMINISTRATOR, tree["other"])])
    other = signed_in(app, "other")
    assert other.post("/resources/schools/new", school(tree, site_id="")).status_code == 422
    assert keeper.post("/resources/schools/new", school(tree)).status_code == 303
    (row,) = rows(app, "educational_institution")
    assert "№ 3" not in other.get("/journals/schools").text
    assert other.get(f"/resources/schools/{row.id}").status_code == 404
    assert other.post(f"/resources/schools/{row.id}", school(tree)).status_code == 404
    assert other.post(f"/resources/schools/{row.id}/close", {"end_date": "today"}).status_code == 404


@pytest.mark.req("RES-04")
def test_school_is_added_found_changed_and_closed(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    assert keeper.post("/resources/schools/new", school(tree)).status_code == 303
    (row,) = rows(app, "educational_institution")
    page = keeper.get("/journals/schools?kind=school")
    assert "№ 3 мектеп" in page.text and "410" in page.text
    for typed in ("школа", "Мектеп 3", "mektep", "irjkf", "site"):
        assert "№ 3 мектеп" in keeper.get("/journals/schools", params={"q": typed}).text, typed
    for typed in ("лицей", "3%", "\\", "№ 4"):
        nothing = keeper.get("/journals/schools", params={"q": typed}).text
        assert "№ 3 мектеп" not in nothing, typed
        # how the first row comes is told only where there is none, not where a search finds none
        assert "Nothing fits these filters" in nothing and "button above" not in nothing
    assert "mektep" in keeper.get("/journals/schools/print?q=mektep").text
    assert keeper.post(f"/resources/schools/{row.id}", school(tree, pupils="455")).status_code == 303
    assert rows(app, "educational_institution")[0].pupils == 455
    assert keeper.post(f"/resources/schools/{row.id}/close", {"end_date": "01.01.2020"}).status_code == 422
    assert keeper.post(f"/resources/schools/{row.id}/close", {"end_date": "01.10.2026"}).status_code == 303
    assert "№ 3 мектеп" not in keeper.get("/journals/schools").text
    assert "№ 3 мектеп" in keeper.get("/journals/schools?state=closed").text
    assert keeper.post(f"/resources/schools/{row.id}", school(tree)).status_code == 422
    with app.state.engine.connect() as connection:
        changes = connection.execute(
            text("select after from audit.event where entity = 'resources.educational_institution' order by id")
        ).scalars()
        assert [each.get("pupils") for each in changes] == [410, 455, None]


@pytest.mark.req("RES-05", "RES-07")
def test_enterprise_and_insurer_with_a_bin_that_is_checked(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    names = {"organization_id": tree["hospital"], "name_kk": "Қаратөбе жолдары", "name_ru": "Каратобе дороги"}
    works = names | {"workers": "120", "harmful_factor": "dust", "start_date": "today"}
    for wrong in ("123", "310149000011", "31014000001a", "310140000012"):
        answer = keeper.post("/resources/enterprises/new", works | {"bin": wrong})
        assert answer.status_code == 422 and "BIN" in answer.text
    number = valid_bin("31014000001")
    assert keeper.post("/resources/enterprises/new", works | {"bin": number}).status_code == 303
    assert "120" in keeper.get("/journals/enterprises?harmful_factor=dust").text
    contract = names | {"bin": number, "contract_number": "С-7/2026", "start_date": "01.02.2026"}
    assert keeper.post("/resources/insurers/new", contract).status_code == 303
    assert "С-7/2026" in keeper.get("/journals/insurers").text


def valid_bin(first_eleven: str) -> str:
    from ops_app.kit.business_number import control_digit

    return next(
        f"{start}{digit}"
        for start in (f"{first_eleven[:-1]}{last}" for last in range(10))
        if (digit := control_digit(start)) < 10
    )


@pytest.mark.req("RES-06")
def test_new_price_leaves_the_former_one_to_the_days_before(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    assert keeper.post("/resources/services/new", service(tree)).status_code == 303
    assert keeper.post("/resources/services/new", service(tree)).status_code == 422
    (row,) = rows(app, "service_item")
    later = service(tree, price_tenge="6000", start_date="01.07.2026")
    assert (
        keeper.post(f"/resources/services/{row.id}", service(tree, local_code="K-13", start_date="today")).status_code
        == 422
    )
    assert keeper.post(f"/resources/services/{row.id}", later).status_code == 303
    old, new = rows(app, "service_item")
    assert (old.price_tenge, old.end_date) == (5400, dt.date(2026, 7, 1))
    assert (new.price_tenge, new.end_date) == (6000, None)
    page = keeper.get(f"/resources/services/{new.id}").text
    assert "Versions" in page and re.search(r"5\s?400", page)


@pytest.mark.req("RES-08")
def test_beds_by_department_and_profile(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    bed = {
        "organization_id": tree["hospital"],
        "department_id": tree["department"],
        "number": "12",
        "profile": "cardiological",
        "state": "working",
        "start_date": show_date(clock.today()),
    }
    assert keeper.post("/resources/beds/new", bed | {"department_id": tree["other"]}).status_code == 422
    assert keeper.post("/resources/beds/new", bed).status_code == 303
    assert keeper.post("/resources/beds/new", bed).status_code == 422
    assert keeper.post("/resources/beds/new", bed | {"number": "13", "profile": "stroke"}).status_code == 303
    # what is wrong stands in the order of the page, in words that fit the field
    page = keeper.post("/resources/beds/new", {"organization_id": tree["hospital"], "number": "№ 7 у окна"}).text
    summary = re.findall(r'href="#f-(\w+)">([^<]+)<', page.split("error-summary")[1].split("</ul>")[0])
    choose = "Choose one of the listed values"
    assert [name for name, _said in summary] == ["department_id", "number", "profile", "state", "start_date"]
    assert [said for _name, said in summary if said == choose] == [choose] * 3
    assert "for example 12-3" in dict(summary)["number"]
    shown = keeper.get("/journals/beds?profile=stroke").text
    assert ">13<" in shown and ">12<" not in shown
    assert keeper.get("/journals/beds/xlsx").status_code == 200
    # found by what it stands in, and the line of a list opens its row
    named = keeper.get("/journals/beds?q=13+depart").text
    assert ">13<" in named and ">12<" not in named and 'data-href="/resources/beds/' in named
    (first, _second) = rows(app, "bed")
    assert keeper.post(f"/resources/beds/{first.id}", bed | {"state": "repair"}).status_code == 303


@pytest.mark.req("RES-09")
def test_posts_and_stores_with_who_answers_for_them(app: FastAPI, tree: Tree, keeper: Browser) -> None:
    post = {
        "organization_id": tree["hospital"],
        "kind": "nurse_post",
        "name_kk": "1-бекет",
        "name_ru": "Пост 1",
        "department_id": tree["department"],
        "start_date": "today",
    }
    assert keeper.post("/resources/stores/new", post | {"responsible_id": "999"}).status_code == 422
    assert keeper.post("/resources/stores/new", post).status_code == 303
    assert "1-бекет" in keeper.get("/journals/stores?kind=nurse_post").text


def test_unknown_register_and_row_are_not_found(keeper: Browser) -> None:
    for address in ("/resources/houses/new", "/resources/beds/77", "/resources/houses/1"):
        assert keeper.get(address).status_code == 404
