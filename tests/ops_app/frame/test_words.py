"""What stands on a page is in the reader's language: no codes of the program, no header of a catalogue."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from ops_app import i18n
from ops_app.kit.browsers import browser_name
from ops_app.kit.form_fields import message_of
from ops_app.modules.audit.titles import RULES, rule_title
from ops_app.modules.laboratory.forms import age_limit
from ops_app.permissions import Permission, Role
from tests.ops_app.browser import make_account, signed_in

OPS_APP = Path(__file__).resolve().parents[3] / "ops_app"


def test_a_refused_page_names_the_missing_permission_in_words(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.NURSE, None)], language="kk")
    answer = signed_in(app, "aigul", "kk").get("/users")
    assert answer.status_code == 403
    assert "Есептік жазба құру" in answer.text
    assert "accounts:user" not in answer.text


def test_a_role_is_read_by_what_its_permissions_mean(app: FastAPI) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)], language="ru")
    text = re.sub(r'(title|value)="[^"]*"', "", signed_in(app, "boss", "ru").get("/roles/doctor").text)
    assert "Открывать клиническую карту" in text
    assert not [each for each in Permission if each.value in text]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_nothing_translates_to_nothing(language: str) -> None:
    with i18n.speaking(language):
        assert i18n.gettext("") == ""


def test_every_rule_that_opens_a_person_has_words() -> None:
    named = {
        keyword.value.value
        for file in OPS_APP.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "rule" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    }
    assert len(named) > 10
    assert not named - RULES.keys()
    with i18n.speaking("kk"):
        assert rule_title("journal deaths") == rule_title("journal") != "journal"


def test_a_text_that_is_too_long_is_not_called_a_choice() -> None:
    with i18n.speaking("en"):
        told = message_of({"type": "too_long", "input": "1" * 30, "ctx": {"max_length": 20}})
        assert told == "Too long: at most 20 characters"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36", "Chrome 141, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge 141, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari 18, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox 143, Linux"),
        ("curl/8.5", "curl/8.5"),
        (None, ""),
    ],
)
def test_browsers_are_named_as_people_name_them(sent: str | None, shown: str) -> None:
    assert browser_name(sent) == shown


@pytest.mark.parametrize(
    ("written", "meant"),
    [("28 күн", "28d"), ("6 мес.", "6m"), ("12y", "12y"), ("12 лет", "12y"), ("5", "5"), ("5x", "5x")],
)
def test_ages_are_written_in_the_words_of_the_page(written: str, meant: str) -> None:
    assert age_limit(written) == meant
