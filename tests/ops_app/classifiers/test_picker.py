"""A code by three letters: any language, any layout, shipped lists loaded once."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from ops_app.kit.keyboard import as_code, readings
from ops_app.modules.classifiers import queries
from ops_app.modules.classifiers.service import load_shipped
from tests.installation import Database
from tests.ops_app.clinic import Clinic


def test_strangers_read_no_codes(clinic: Clinic) -> None:
    browser = clinic.browser("doctor")
    browser.client.cookies.clear()
    assert browser.client.get("/api/codes/icd10?q=I10", headers={"accept": "application/json"}).status_code == 401


@pytest.fixture(scope="module")
def shipped(module_database: Database) -> Database:
    """A database with the shipped lists."""
    with Session(module_database.engine("app")) as session:
        first = load_shipped(session)
        assert first["icd10"][0] > 10_000
        again = load_shipped(session)
        assert {system: written for system, (written, _same) in again.items()} == dict.fromkeys(first, 0)
        session.commit()
    return module_database


@pytest.mark.req("I18N-01")
@pytest.mark.parametrize(
    ("system", "typed", "code"),
    [
        ("icd10", "I21", "I21"),
        ("icd10", "i21.0", "I21.0"),
        ("icd10", "ш21", "I21"),
        ("icd10", "С50", "C50"),
        ("icd10", "вторичная гипер", "I15"),
        ("icd10", "dnjhbxyfz ubgth", "I15"),
        ("service", "маммогр", "C03.082.005"),
        ("service", "mammog", "C03.082.005"),
        ("service", "vfvvju", "C03.082.005"),
        ("atc", "ator", "C10AA05"),
        ("atc", "атор", "C10AA05"),
        ("kato", "Қаратөбе", "275030100"),
        ("kato", "karatobe", "275030100"),
        ("observation", "рэнкин", "75859-9"),
    ],
)
def test_a_code_is_found(shipped: Database, system: str, typed: str, code: str) -> None:
    with Session(shipped.engine("app")) as session:
        assert code in [concept.code for concept in queries.search(session, system, typed)]


@pytest.mark.parametrize("typed", ["", "a", "%%%", "zzzzzz", "' || '"])
def test_nothing_is_found(shipped: Database, typed: str) -> None:
    with Session(shipped.engine("app")) as session:
        assert queries.search(session, "icd10", typed) == []


def test_headings_are_not_offered(shipped: Database) -> None:
    with Session(shipped.engine("app")) as session:
        assert all("-" not in concept.code for concept in queries.search(session, "icd10", "A0", limit=50))


def test_the_picker_answers_options(clinic: Clinic) -> None:
    browser = clinic.browser("doctor", "kk")
    answer = browser.get("/codes/icd10", params={"q": "I10"}, headers={"HX-Request": "true"})
    assert 'data-value="I10"' in answer.text
    assert "гипертензия" in answer.text.lower()
    assert browser.get("/codes/secret", params={"q": "I10"}).status_code in (404, 422)
    assert browser.client.get("/api/codes/atc?q=ator").json()[0]["code"] == "C10AA05"


def test_layouts() -> None:
    assert "голова" in readings("ujkjdf")
    assert "әйгел" in readings("2qutk")
    assert as_code(" с50 ") == "C50"
