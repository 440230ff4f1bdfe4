"""Help: a stranger reads none, each role finds its own work, in each language."""

from __future__ import annotations

import re

import pytest

from ops_app.modules.help.pages import pages
from ops_app.permissions import Role
from tests.ops_app.clinic import Clinic

KAZAKH = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)


def test_strangers_read_no_help(clinic: Clinic) -> None:
    browser = clinic.browser("doctor")
    browser.client.cookies.clear()
    assert browser.client.get("/help", headers={"accept": "application/json"}).status_code == 401


@pytest.mark.req("I18N-02")
def test_each_role_has_help_in_three_languages() -> None:
    assert {role for page in pages() for role in page.roles} == set(Role)
    assert len({page.id for page in pages()}) == len(pages())
    for page in pages():
        for kk, ru, en in zip(page.steps.kk, page.steps.ru, page.steps.en, strict=True):
            assert KAZAKH.search(kk), f"not Kazakh: {kk}"
            assert not KAZAKH.search(ru.replace("ҚР", "").replace("НҚ", "")), f"not Russian: {ru}"
            assert re.search("[а-я]", ru)
            assert re.fullmatch(r"[^а-яё]*", en.replace("НҚ", "").replace("ҚР ДСМ", ""), re.IGNORECASE), en


@pytest.mark.req("I18N-02")
@pytest.mark.parametrize(("language", "words"), [("kk", "Мейіргер"), ("ru", "Медсестра"), ("en", "Nurse")])
def test_ones_own_work_stands_first(clinic: Clinic, language: str, words: str) -> None:
    page = clinic.browser("nurse", language).get("/help").text
    first = page.index("<section")
    assert page.index(words, first) < page.index("<details", first)
    assert "/help" in clinic.browser("nurse", language).get("/").text
