"""Who may not see, and how much of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards import counts, identity
from ops_app.actor import Actor, RoleGrant
from ops_app.actor import Scope as ActorScope
from ops_app.modules.oidc.claims import authority
from ops_app.permissions import Role
from tests.dashboards.conftest import CHIEF, COUNTER, DOCTOR, ENGINEER, OFFICIAL, REGISTRAR, Opener, words
from tests.dashboards.served import ALPHA, BETA, REGION
from warehouse.query import current_file

pytestmark = pytest.mark.usefixtures("home")
FIGURE_PAGES = ("overview", "visits", "screening", "signals", "maternal", "indicators")


def test_stranger_sees_a_sign_in_button_and_nothing_else(as_viewer: Opener) -> None:
    at = as_viewer(None)
    assert [button.label for button in at.button] == ["Кіру"]
    assert "Альфа" not in words(at)
    assert "<table" not in words(at)


def test_ended_session_is_told_to_sign_in_again(as_viewer: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    at = as_viewer(None)
    monkeypatch.setattr(identity, "has_cookie", lambda: True)
    at.run()
    assert "Сеансыңыз аяқталды" in words(at)


def test_nobody_is_recognised_while_the_operational_app_is_silent(
    as_viewer: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = as_viewer(OFFICIAL, "visits")

    def silent() -> None:
        raise identity.Unreachable

    monkeypatch.setattr(identity, "current_viewer", silent)
    at.run()
    assert "жауап бермейді" in words(at)
    assert "Альфа" not in words(at)


def test_registrar_is_told_that_the_role_has_no_dashboards(as_viewer: Opener) -> None:
    at = as_viewer(REGISTRAR)
    assert "рөліңізге тақталар қарастырылмаған" in words(at)
    assert "Альфа" not in words(at)


@pytest.mark.parametrize("page", FIGURE_PAGES)
def test_engineer_opens_no_page_about_people(as_viewer: Opener, page: str) -> None:
    at = as_viewer(ENGINEER, page)
    assert "рөліңізге арналмаған" in words(at)
    assert "Альфа" not in words(at)


@pytest.mark.req("DWH-08")
@pytest.mark.parametrize("page", FIGURE_PAGES)
def test_chief_sees_nothing_of_another_organisation(as_viewer: Opener, page: str) -> None:
    for address in ({}, {"region": str(REGION)}, {"region": str(REGION), "organization": str(BETA)}):
        at = as_viewer(CHIEF, page, **address)
        assert "Бета" not in words(at), address


@pytest.mark.req("DWH-08")
@pytest.mark.parametrize("rows", ["denominator", "numerator", "rest", "excluded"])
def test_another_organisations_rows_do_not_open_by_address(as_viewer: Opener, rows: str) -> None:
    at = as_viewer(CHIEF, "visits", region=str(REGION), organization=str(BETA), rows=rows)
    assert "<table" not in words(at)


@pytest.mark.req("DWH-08")
def test_doctor_sees_one_site(as_viewer: Opener) -> None:
    at = as_viewer(DOCTOR, "visits")
    assert "Альфа" not in words(at)
    assert "Бета учаскесі" in words(at)


def test_figures_without_the_right_to_cases_open_no_row(as_viewer: Opener, home: Path) -> None:
    at = as_viewer(COUNTER, "visits", rows="denominator")
    assert "encounter" not in words(at)
    assert "<table" not in words(at)
    assert "Тізімін ашу" not in words(at)
    at = as_viewer(COUNTER, "signals")
    assert "I21.0" not in words(at)
    assert not (home / "dashboards" / "case_reading.jsonl").exists()


@pytest.mark.parametrize("is_counted", [False, True])
def test_one_viewers_answers_do_not_reach_the_next(as_viewer: Opener, is_counted: bool) -> None:
    if is_counted:
        assert counts.of_file(str(current_file())).result(timeout=60) is not None
    assert "Бета" in words(as_viewer(OFFICIAL, "visits"))
    assert "Бета" not in words(as_viewer(CHIEF, "visits"))
    assert "Бета" in words(as_viewer(OFFICIAL, "visits"))


def test_no_page_offers_a_table_with_its_own_export_button(as_viewer: Opener) -> None:
    for page in (*FIGURE_PAGES, "freshness"):
        at = as_viewer(OFFICIAL, page, region=str(REGION), organization=str(ALPHA))
        assert not at.dataframe
        assert not at.get("download_button")


def test_only_who_decides_is_led_to_the_decision(as_viewer: Opener) -> None:
    assert "http://ops/signals/cases/SIG-02:encounter:1" in words(as_viewer(OFFICIAL, "signals"))
    assert "http://ops" not in words(as_viewer(CHIEF, "signals"))


def test_rights_come_from_the_answer_of_the_operational_app() -> None:
    claims = {
        "preferred_username": "chief", "name": "N", "locale": "ru", "roles": ["chief_physician"],
        "permissions": ["dashboards:page:read"], "everywhere": False, "organization_ids": [1, 2],
        "cases_everywhere": False, "case_organization_ids": [2],
    }  # fmt: skip
    viewer = identity.viewer_of(claims)
    assert viewer.figures.nodes == {1, 2}
    assert viewer.cases.nodes == {2}
    assert viewer.sees_figures
    assert not viewer.decides


def test_an_engineer_who_is_also_a_doctor_sees_the_doctors_place_only() -> None:
    grants = (
        RoleGrant(Role.DATA_ENGINEER, None, ActorScope(everywhere=True)),
        RoleGrant(Role.DOCTOR, BETA, ActorScope(organization_ids=frozenset({BETA}))),
    )
    actor = Actor(account_id=1, session_id=1, login="two", display_name="Two", language="kk", grants=grants)
    viewer = identity.viewer_of(authority(actor))
    assert viewer.figures == identity.Scope(nodes=frozenset({BETA}))
    assert viewer.cases == identity.Scope(nodes=frozenset({BETA}))
    assert viewer.sees_freshness
