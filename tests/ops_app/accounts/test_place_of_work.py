"""Whoever works in several places chooses one; rights and lists then hold there only, in that browser."""

from __future__ import annotations

import re

from fastapi import FastAPI

from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account, signed_in

Tree = dict[str, int]


def users_seen(browser: Browser) -> set[str]:
    return set(re.findall(r'data-title="Login">([^<]+)<', browser.get("/users").text))


def test_a_place_of_others_is_not_chosen(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, tree["hospital"])])
    browser = signed_in(app, "boss")
    assert str(tree["other"]) not in re.findall(r'name="place_id" value="(\d+)"', browser.get("/account/place").text)
    for place in (tree["other"], tree["region"], 10**20, "-1", "x", 0):
        assert browser.post("/account/place", {"place_id": place}).status_code == 404


def test_rights_hold_at_the_chosen_place_only_and_in_one_browser(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    make_account(app.state.engine, "inside", [(Role.NURSE, tree["site"])])
    make_account(app.state.engine, "outside", [(Role.NURSE, tree["other"])])
    browser, second = signed_in(app, "boss"), signed_in(app, "boss")
    everybody = users_seen(browser)
    assert {"inside", "outside"} <= everybody
    assert browser.post("/account/place", {"place_id": tree["hospital"]}).status_code == 303
    assert "inside" in users_seen(browser) and "outside" not in users_seen(browser)
    page = browser.get("/account/place").text
    assert re.search(rf'value="{tree["hospital"]}"[^>]*aria-current="true"', page)
    assert str(tree["other"]) in page
    assert users_seen(second) == everybody
    assert browser.post("/account/place", {"place_id": ""}).status_code == 303
    assert users_seen(browser) == everybody


def test_a_place_that_is_taken_away_counts_as_not_chosen(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    make_account(app.state.engine, "two", [(Role.ADMINISTRATOR, tree["hospital"]), (Role.NURSE, tree["other"])])
    browser = signed_in(app, "two")
    assert browser.post("/account/place", {"place_id": tree["other"]}).status_code == 303
    assert browser.get("/users").status_code == 403
    assert browser.post("/account/place", {"place_id": tree["hospital"]}).status_code == 303
    assert browser.get("/users").status_code == 200
