"""Pages say who it was by name; records keep logins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from ops_app.ui import people
from tests.ops_app.clinic import Clinic

MODULES = Path(people.__file__).parents[1] / "modules"


def test_no_page_shows_a_login_as_it_is_recorded() -> None:
    bare = re.compile(r"\{\{ [a-z_.]*_by \}\}|who=[a-z_.]*_by[ ,%]|\.get\([a-z_.]*_by[,)]")
    found = [(page.name, match) for page in MODULES.rglob("*.html") for match in bare.findall(page.read_text("utf-8"))]
    # what met a signal case is a code, not a person
    assert [each for each in found if "case.closed_by" not in each[1]] == []


@pytest.fixture
def statements(clinic: Clinic) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(clinic.app.state.engine, "before_cursor_execute", note)
    yield asked
    event.remove(clinic.app.state.engine, "before_cursor_execute", note)


def test_all_names_of_a_page_are_found_at_once(clinic: Clinic, statements: list[str]) -> None:
    rows = [people.who(login) for login in ("doctor", "nurse", "registrar", "doctor") for _again in range(50)]
    with clinic.session() as session:
        page = people.named(" ".join(rows), session)
    assert "Doctor" in page and "[" not in page
    assert len([asked for asked in statements if "accounts.account" in asked]) == 1


def test_what_is_no_account_is_said_in_words(clinic: Clinic) -> None:
    with clinic.session() as session:
        told = [people.named(people.who(login), session) for login in ("system", "shell:root", "nobody", None, "")]
    assert told == ["the system itself", "command line (root)", "nobody", "", ""]


def test_what_a_user_types_is_no_mark_and_no_markup(clinic: Clinic) -> None:
    typed = "[0123456789abcdef-doctor] <b>"
    with clinic.session() as session:
        assert people.named(typed, session) == typed
        assert people.named(people.who("<script>"), session) == "&lt;script&gt;"


@pytest.mark.parametrize(
    ("language", "word"),
    [("en", "general practitioner"), ("ru", "врач общей практики"), ("kk", "жалпы практика дәрігері")],
)
def test_the_position_stands_in_the_readers_language(clinic: Clinic, language: str, word: str) -> None:
    clinic.visit(clinic.register().id)
    page = clinic.browser("chief", language).get("/audit?user=doctor").text
    assert f'<span title="doctor">Doctor, {word}</span>' in page
