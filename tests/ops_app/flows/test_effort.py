"""What the everyday tasks cost the hand: acts and characters, held at the numbers that docs/clicks.md tells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import make_iin
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.hand import Hand
from tests.ops_app.flows.test_tasks_flow import urgent_referral

TABLE = Path(__file__).parents[3] / "docs/clicks.md"

pytestmark = pytest.mark.browser


def find_person(desk: Desk) -> Hand:
    person = desk.clinic.register()
    page = desk.sit("registrar")
    page.goto("/")
    hand = Hand(page)
    hand.key("Control+k")
    hand.write(person.family_name)
    page.locator(f"#palette-list [data-url*='/patients/{person.id}']").wait_for()
    hand.key("Enter")
    page.wait_for_url(f"**/patients/{person.id}**")
    return hand


def register_person(desk: Desk) -> Hand:
    page = desk.sit("registrar")
    page.goto("/patients")
    hand = Hand(page)
    # the list of people takes what is typed at once, so that nobody is registered twice
    hand.write(make_iin(dt.date(1994, 5, 6), "female"))
    hand.click("#found a[href*='/patients/new']")
    page.wait_for_url("**/patients/new**")
    expect(page.locator("#f-birth_date")).to_have_value("06.05.1994")
    hand.click("#f-family_name")
    hand.write("Сейтжанова")
    hand.key("Enter")
    hand.write("Дана")
    hand.key("Control+Enter")
    page.wait_for_url(lambda url: bool(re.search(r"/patients/\d+", url)))
    return hand


def record_vitals(desk: Desk) -> Hand:
    person = desk.clinic.register()
    page = desk.sit("nurse")
    page.goto(f"/patients/{person.id}")
    hand = Hand(page)
    hand.key("n")
    page.wait_for_url("**/visits/new")
    hand.click("#f-systolic")
    for value in ("131", "84", "72", "36,6"):
        hand.write(value)
        hand.key("Enter")
    hand.key("Control+Enter")
    page.wait_for_url(lambda url: not url.endswith("/new"))
    return hand


def record_visit(desk: Desk) -> Hand:
    person = desk.clinic.register()
    page = desk.sit("doctor")
    page.goto(f"/patients/{person.id}")
    hand = Hand(page)
    hand.key("n")
    page.wait_for_url("**/visits/new")
    hand.click("#f-systolic")
    hand.write("131")
    hand.key("Enter")
    hand.write("84")
    hand.click("#f-diagnoses-0-icd10")
    hand.code("diagnoses-0-icd10", "J06")
    hand.choose("#f-referrals-0-category", "consultation")
    hand.choose("#f-referrals-0-performer_organization_id", str(desk.clinic.tree["hospital"]))
    hand.click("#f-note")
    hand.write("37,4")
    hand.key("Control+Enter")
    page.wait_for_url(lambda url: not url.endswith("/new"))
    return hand


def hand_task_over(desk: Desk) -> Hand:
    person = desk.clinic.register()
    _request, task = urgent_referral(desk.clinic, person)
    page = desk.sit("doctor")
    page.goto("/tasks")
    hand = Hand(page)
    hand.click(f"tr:has-text('{person.family_name}') a.btn")
    page.wait_for_url(f"**/tasks/{task}")
    form = f"form[action$='/tasks/{task}/hand-over']"
    hand.choose(f"{form} select", str(desk.clinic.practitioners["second"]))
    hand.click(f"{form} [data-submit]")
    page.wait_for_load_state()
    return hand


def open_account(desk: Desk) -> Hand:
    make_account(desk.clinic.app.state.engine, f"effort.{desk.language}", [(Role.ADMINISTRATOR, None)])
    page = desk.sit(f"effort.{desk.language}")
    page.goto("/users")
    hand = Hand(page)
    hand.key("n")
    page.wait_for_url("**/users/new")
    hand.write("Омарова А.")
    hand.key("Enter")
    hand.write(f"a.omarova.{desk.language}")
    hand.choose("#f-role", "nurse")
    hand.choose("#f-organization_id", str(desk.clinic.tree["hospital"]))
    hand.key("Control+Enter")
    page.locator(".secret").wait_for()
    return hand


TASKS: tuple[Callable[[Desk], Hand], ...] = (
    find_person,
    register_person,
    record_vitals,
    record_visit,
    hand_task_over,
    open_account,
)


def test_no_task_costs_more_than_is_told(desk: Desk) -> None:
    told = {name: (int(acts), int(typed)) for name, acts, typed in _rows()}
    spent = {}
    for task in TASKS:
        hand = task(desk)
        spent[task.__name__] = (hand.acts, hand.characters)
    assert told.keys() == spent.keys(), spent
    over = {
        name: (cost, told[name])
        for name, cost in spent.items()
        if cost[0] > told[name][0] or cost[1] > told[name][1] + 3
    }
    assert not over, spent


def _rows() -> list[tuple[str, str, str]]:
    return re.findall(r"^\| `(\w+)` \|.*\| (\d+) \| (\d+) \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
