"""Doubles at registration: each error of a registrar is recognised, a lookalike is not, and the form says why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_app.kit.spelling import fold
from ops_app.modules.patients.duplicates import REASONS, Entered, blocks_of, compare, doubles_of, entered
from tests.ops_app.clinic import Clinic, make_iin

BORN = dt.date(1988, 3, 7)
KNOWN: dict[str, Any] = {
    "family_name": "Құспанова",
    "given_name": "Жанар",
    "patronymic": "Ерланқызы",
    "birth_date": BORN,
    "sex": "female",
}
NAMES = st.text("абвгдеийклмнорстуқғәө", min_size=3, max_size=10)


def typed(**change: Any) -> Entered:
    return entered(**(KNOWN | change))


@pytest.mark.req("REG-08")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "family"),
        ({"family_name": "Куспанова", "given_name": "Жанар", "patronymic": "Ерланкызы"}, "family"),
        ({"family_name": "Kuspanova", "given_name": "Zhanar", "patronymic": "Yerlankyzy"}, "given"),
        ({"patronymic": "Ерлановна"}, "patronymic"),
        ({"patronymic": None}, "patronymic_missing"),
        ({"family_name": "Дәулетова"}, "family_other"),
        ({"family_name": "Құспан"}, "family_ending"),
        ({"family_name": "Құсанова"}, "family_typo"),
        ({"given_name": "Жанра"}, "given_typo"),
        ({"birth_date": dt.date(1988, 7, 3)}, "birth_swapped"),
        ({"birth_date": dt.date(1988, 3, 17)}, "birth_slip"),
        ({"family_name": "Жанар", "given_name": "Құспанова"}, "names_swapped"),
    ],
)
def test_an_error_of_entry_is_recognised_with_its_reason(clinic: Clinic, change: dict[str, Any], reason: str) -> None:
    with clinic.session() as session:
        if not doubles_of(session, typed()):
            clinic.register(**KNOWN, iin=make_iin(BORN, "female"))
        [double] = doubles_of(session, typed(**change))
        assert double.person.given_name == "Жанар"
        assert reason in double.match.reasons


@pytest.mark.req("REG-08")
@pytest.mark.parametrize(
    "change",
    [
        {"given_name": "Айгүл"},  # a twin
        {"given_name": "Айгүл", "birth_date": dt.date(1991, 3, 7)},  # a sister
        {"birth_date": dt.date(1961, 11, 20)},  # a namesake
        {"patronymic": "Болатқызы"},  # born on the same day
        {"family_name": "Дәулетова", "patronymic": None},  # a common given name and a birth date
        {"sex": "male", "family_name": "Құспанов", "given_name": "Жанат", "patronymic": "Ерланұлы"},  # a twin brother
    ],
)
def test_who_only_looks_alike_is_somebody_else(change: dict[str, Any]) -> None:
    assert not compare(typed(), typed(**change)).is_likely


@pytest.mark.req("REG-08")
def test_the_form_shows_whom_it_found_and_why(clinic: Clinic) -> None:
    born = dt.date(1979, 2, 5)
    known = clinic.register(
        family_name="Сағынғалиева", given_name="Ботагөз", patronymic="Маратқызы", birth_date=born, sex="female"
    )
    form = {
        "kind": "undocumented",
        "family_name": "Сагынгалиева",
        "given_name": "Ботагоз",
        "birth_date": "02.05.1979",
        "sex": "female",
        "relation": "attached",
        "organization_id": str(clinic.tree["hospital"]),
        "citizenship": "KZ",
    }
    answer = clinic.browser("registrar").post("/patients", form)
    assert answer.status_code == 422
    assert known.iin is not None
    for told in (known.iin, "same family name", "day and month exchanged", "patronymic missing"):
        assert told in answer.text
    kazakh = clinic.browser("registrar", "kk").post("/patients", form)
    assert "күні мен айы алмасқан" in kazakh.text
    assert clinic.browser("registrar").post("/patients", form | {"is_another_person": "1"}).status_code == 303


def test_every_reason_has_words() -> None:
    assert all(text == text.strip() and text for text in REASONS.values())


@given(NAMES, NAMES, NAMES, st.dates(dt.date(1930, 1, 1), dt.date(2025, 12, 31)))
def test_a_record_is_its_own_double_and_order_does_not_matter(
    family: str, name: str, father: str, born: dt.date
) -> None:
    one = entered(family, name, father, born, "female")
    if not fold(family) or not fold(name) or not fold(father):
        return
    assert compare(one, one).is_likely
    other = entered(name, family, None, born, "female")
    assert compare(one, other).points == compare(other, one).points
    assert blocks_of(one) & blocks_of(other)
