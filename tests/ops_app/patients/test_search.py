"""One person under every spelling; nobody from another organisation by name."""

from __future__ import annotations

import datetime as dt
import random
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, literal, select, text
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.kit.spelling import fold
from ops_app.kit.words import folded
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.name_index import index_names
from ops_app.modules.patients.names import folded_parts, one_typo_apart, spellings
from ops_app.modules.patients.search import read, search
from ops_app.modules.patients.service import mark_patient_in_error
from tests.ops_app.clinic import Clinic

BIRTH = dt.date(1991, 3, 8)
CYRILLIC = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"


@pytest.fixture(scope="module")
def aliya(clinic: Clinic) -> Patient:
    """Қожахметова Әлия Ахметқызы."""
    return clinic.register(
        family_name="Қожахметова", given_name="Әлия", patronymic="Ахметқызы", birth_date=BIRTH, sex="female"
    )


def ids(clinic: Clinic, line: str, *places: str) -> list[int]:
    scope = Scope(False, frozenset(clinic.tree[place] for place in places)) if places else None
    with clinic.session() as session:
        return [person.id for person in search(session, line, scope)]


@pytest.mark.req("IAM-17")
def test_another_organisation_finds_nobody_by_name(clinic: Clinic, aliya: Patient) -> None:
    assert aliya.id in ids(clinic, "Қожахметова Әлия", "hospital")
    assert ids(clinic, "Қожахметова Әлия", "other") == []
    assert ids(clinic, aliya.iin or "", "other") == []


@pytest.mark.req("REG-02")
@pytest.mark.parametrize(
    "line",
    [
        "Қожахметова Әлия Ахметқызы",
        "Кожахметова Алия",
        "Алия Кожахметова",
        "Kozhakhmetova Aliya",
        "aliya kozhakhmetova",
        "Әлия Ахметқызы",
        "Ахметқызы Қожахметова",
        "Ахмет қызы Әлия",
        "қожахм әли",
        "Кажахметова Алия",
        "Кожахметва Алиа",
        "Кожахмеотва Аляи",
        "08.03.1991",
        "Алия 08.03.1991",
        "Кожахметова 1991",
        "1991-03-08 Қожахметова",
        # day and month changed round; a family name that was changed since
        "Қожахметова 03.08.1991",
        "Петрова Алия 08.03.1991",
    ],
)
def test_the_person_is_found_by(clinic: Clinic, aliya: Patient, line: str) -> None:
    assert aliya.id in ids(clinic, line, "hospital")


@pytest.mark.req("REG-02")
def test_the_person_is_found_by_number(clinic: Clinic, aliya: Patient) -> None:
    assert aliya.iin is not None
    assert ids(clinic, aliya.iin) == [aliya.id]
    assert ids(clinic, f"{aliya.iin[:6]} {aliya.iin[6:]}") == [aliya.id]
    assert aliya.id in ids(clinic, aliya.iin[:6])


@pytest.mark.parametrize(
    "line", ["", "Ә", "1991", "12", "Қожахметова 1892", "Петрова Алия", "' or 1=1 --", "%", "_____"]
)
def test_nobody_is_found_by(clinic: Clinic, aliya: Patient, line: str) -> None:
    assert aliya.id not in ids(clinic, line)


def test_two_typos_in_one_part_are_another_name(clinic: Clinic, aliya: Patient) -> None:
    assert aliya.id not in ids(clinic, "Кажахмутова Алия")


def test_exact_finds_come_before_similar_ones(clinic: Clinic) -> None:
    exact = clinic.register(family_name="Сериков", given_name="Нурлан", sex="male")
    similar = clinic.register(family_name="Берикова", given_name="Нурлан", sex="female")
    with clinic.session() as session:
        found = {person.id: person for person in search(session, "Сериков Нурлан")}
    assert next(iter(found)) == exact.id
    assert similar.id not in found or not found[similar.id].is_exact


def test_a_record_marked_as_error_is_not_found(clinic: Clinic) -> None:
    ghost = clinic.register(family_name="Жоқбаева")
    assert ids(clinic, "Жоқбаева") == [ghost.id]
    with clinic.session() as session:
        mark_patient_in_error(session, clinic.actor(session, "registrar"), ghost.id, "registered twice")
    assert ids(clinic, "Жоқбаева") == []


def test_a_line_is_read() -> None:
    assert read("870101 300 123").digits == "870101300123"
    assert read("Ахметов 12.06.1985").birth_date == dt.date(1985, 6, 12)
    assert read("Ахметов 31.02.1985").birth_date is None
    assert read("Ахметов 12.31.1985").birth_date == dt.date(1985, 12, 31)
    assert read("T-000123456").temporary_id == "T-000123456"
    assert folded_parts("Ахмет қызы") == ["ahmetkizi"]
    assert read("один два три четыре").parts[2] == fold("три") + fold("четыре")


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("serik", "serik", True),
        ("serik", "berik", True),
        ("serik", "serk", True),
        ("serik", "seriik", True),
        ("serik", "sreik", True),
        ("irina", "irian", True),
        (fold("Шолпан"), fold("Болпан"), True),
        (fold("Яна"), fold("Ана"), True),
        ("serik", "berika", False),
        ("aigul", "aigerim", False),
    ],
)
def test_one_typo(one: str, other: str, apart: bool) -> None:
    assert one_typo_apart(one, other) is apart
    assert one_typo_apart(other, one) is apart
    if apart:
        assert spellings(one) & spellings(other)


def test_indexing_again_adds_nothing(clinic: Clinic, aliya: Patient) -> None:
    count = text("select count(*) from patients.name_deletion")
    with clinic.session() as session:
        before = session.scalar(count)
        index_names(session.connection(), ["kojahmetova", "alia", ""])
        assert session.scalar(count) == before


def _plant_many(session: Session, number: int) -> None:
    """People with made-up names, straight into the tables, as a loader does."""
    random_names = random.Random(7)
    syllables = ["ал", "бе", "ди", "жан", "ке", "мұ", "нұр", "са", "та", "ер", "ша", "гү"]

    def name() -> str:
        return "".join(random_names.choice(syllables) for _ in range(3)).title()

    families, givens = sorted({name() for _ in range(900)}), sorted({name() for _ in range(500)})
    rows = []
    for serial in range(number):
        family, given = random_names.choice(families), random_names.choice(givens)
        rows.append((f"T-X{serial:08d}", family, given, fold(family), fold(given), fold(family + given)))
    connection = session.connection()
    cursor = connection.connection.cursor()
    with cursor.copy(  # type: ignore[attr-defined]
        "copy patients.patient (temporary_id, family_name, given_name, family_fold, given_fold, sort_key, sex,"
        " birth_date) from stdin"
    ) as copy:
        for row in rows:
            copy.write_row((*row, "female", dt.date(1970, 1, 1)))
    index_names(connection, {name for row in rows for name in row[3:5]})


@pytest.mark.req("REG-02")
def test_names_are_searched_through_indexes(clinic: Clinic, aliya: Patient, full_size: bool) -> None:
    with clinic.session() as session:
        _plant_many(session, 200_000 if full_size else 30_000)
    with clinic.session() as session:
        plans: list[str] = []
        for line in ("Қожахметова Әлия", "Кажахметова Алия", "Әлия Ахметқызы"):
            plans += explain_search(session, line)
        assert not [plan for plan in plans if "Seq Scan on patient" in plan]
        assert aliya.id in [person.id for person in search(session, "Кажахметова Алия")]


def explain_search(session: Session, line: str) -> list[str]:
    """Plans of every statement a search sends that reads people."""
    plans: list[str] = []
    connection = session.connection()

    def explain(conn: object, cursor: object, statement: str, parameters: dict[str, object], *_rest: object) -> None:
        if "patients.patient" in statement and not statement.startswith("explain"):
            rows = connection.exec_driver_sql("explain " + statement, parameters)
            plans.append("\n".join(row[0] for row in rows))

    event.listen(connection, "before_cursor_execute", explain)
    try:
        search(session, line)
    finally:
        event.remove(connection, "before_cursor_execute", explain)
    return plans


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.text(alphabet=string.ascii_letters + "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюяӘЩЮ ıöüñş-№5", max_size=24)
)
def test_the_database_folds_a_name_as_the_program_does(clinic: Clinic, name: str) -> None:
    with clinic.session() as session:
        told = session.scalar(select(folded(literal(name))))
    assert told is not None and told.split() == [fold(word) for word in name.split() if fold(word)]
