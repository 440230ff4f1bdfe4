"""A small clinic for tests: places, staff with accounts, codes, people; everything through the services."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.kit.business_number import NEVER_ISSUED, control_digit
from ops_app.modules.accounts import queries as accounts
from ops_app.modules.classifiers.loading import ConceptRow, store_concepts
from ops_app.modules.organizations.models import Practitioner, PractitionerRole
from ops_app.modules.organizations.queries import Workplace, place_of
from ops_app.modules.patients import service as patients
from ops_app.modules.patients.forms import RegistrationForm
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits import service as visits
from ops_app.modules.visits.forms import VisitInput
from ops_app.modules.visits.models import Encounter
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account, signed_in
from tests.ops_app.conftest import plant_tree

CODES = {
    "icd10": (
        ("I", "chapter", "Тарау", "Глава", "Chapter"),
        ("I10", "category", "Гипертензия", "Гипертензия", "Essential hypertension"),
        ("I21.0", "subcategory", "Миокард инфаркты", "Острый инфаркт миокарда", "Acute myocardial infarction"),
        ("J06.9", "subcategory", "ЖРВИ", "ОРВИ", "Acute upper respiratory infection"),
        ("O14.1", "subcategory", "Преэклампсия", "Тяжёлая преэклампсия", "Severe pre-eclampsia"),
        ("Z34.9", "subcategory", "Жүктілік", "Беременность", "Supervision of normal pregnancy"),
        ("Z35.9", "subcategory", "Қауіпті жүктілік", "Беременность высокого риска", "High-risk pregnancy"),
    ),
    "service": (
        ("A02.001.000", "consultation", "Терапевт қабылдауы", "Приём терапевта", "Visit to the physician"),
        ("C03.082.005", "screening", "Маммография", "Маммография", "Mammography"),
        ("L03.001.000", "obstetric", "Жүкті әйелді есепке алу", "Постановка на учёт", "Pregnancy registration"),
        ("L03.002.000", "obstetric", "Жүкті әйелді қарау", "Осмотр беременной", "Antenatal visit"),
        ("L08.001.000", "review", "Жағдайды талдау", "Разбор случая", "Review of the case"),
    ),
    "atc": (("C10AA05", "heart", "Аторвастатин", "Аторвастатин", "Atorvastatin"),),
    "observation": (("8480-6", "vital", "Систолалық қысым", "Систолическое давление", "Systolic pressure"),),
    "kato": (("275030100", "level_3", "Қаратөбе", "Каратобе", "Qaratobe"),),
}

_serial = itertools.count(1)


def make_iin(birth_date: dt.date, sex: str) -> str:
    """A valid number nobody bears."""
    marker = {18: 1, 19: 3, 20: 5}[birth_date.year // 100] + (sex == "female")
    for number in itertools.count(next(_serial) * 7):
        eleven = f"{birth_date:%y%m%d}{marker}{number % 10000:04d}"
        digit = control_digit(eleven)
        if digit != NEVER_ISSUED:
            return f"{eleven}{digit}"
    raise AssertionError


@dataclass
class Clinic:
    """The clinic of one database."""

    app: FastAPI
    tree: dict[str, int]
    practitioners: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session of the app, committed at the end."""
        with Session(self.app.state.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    def actor(self, session: Session, login: str) -> Actor:
        """The actor behind an account."""
        account = accounts.account_by_login(session, login)
        assert account is not None
        return accounts.actor_of(session, account, 0)

    def place(self, session: Session, login: str) -> Workplace:
        """Where an account works."""
        return place_of(session, self.actor(session, login))

    def browser(self, login: str, language: str = "en") -> Browser:
        """A browser in which the account is signed in."""
        return signed_in(self.app, login, language)

    def register(self, login: str = "registrar", **values: Any) -> Patient:
        """A registered person; a fresh name and number unless given."""
        birth_date = values.pop("birth_date", dt.date(1985, 6, 12))
        sex = values.pop("sex", "female")
        number = next(_serial)
        letters = "абвгдежзиклмнопрст"
        unique = letters[number // 18 % 18] + letters[number % 18] + letters[number // 324 % 18]
        known: dict[str, Any] = {
            "iin": make_iin(birth_date, sex),
            "family_name": f"Тест{unique}ова",
            "given_name": f"Ай{unique}гүл",
            "birth_date": birth_date,
            "sex": sex,
            "organization_id": self.tree["hospital"],
            "site_id": self.tree["site"],
            "is_another_person": True,
        }
        with self.session() as session:
            form = RegistrationForm.model_validate(known | values)
            return patients.register(session, self.actor(session, login), form)

    def visit(self, patient_id: int, login: str = "doctor", **values: Any) -> Encounter:
        """A recorded visit."""
        with self.session() as session:
            actor = self.actor(session, login)
            return visits.record_visit(session, actor, patient_id, visit_input(**values), place_of(session, actor))


def visit_input(**values: Any) -> VisitInput:
    """A visit of this moment for a cold, unless said otherwise."""
    now = clock.local(clock.now())
    known: dict[str, Any] = {
        "date": now.date(),
        "time": now.time().replace(second=0, microsecond=0),
        "diagnoses": [{"icd10": "J06.9"}],
    }
    return VisitInput.model_validate(known | values)


STAFF = (
    ("doctor", Role.DOCTOR, "hospital", "general_practitioner", "site"),
    ("second", Role.DOCTOR, "hospital", "therapist", None),
    ("nurse", Role.NURSE, "hospital", "nurse", "site"),
    ("registrar", Role.REGISTRAR, "hospital", "registrar", None),
    ("chief", Role.CHIEF_PHYSICIAN, "hospital", "chief_physician", None),
    ("stranger", Role.DOCTOR, "other", "therapist", None),
)


def plant_codes(session: Session) -> None:
    """The few codes the tests use."""
    for system, rows in CODES.items():
        concepts = [
            ConceptRow(
                code=code,
                parent_code=None,
                kind=kind,
                title_kk=kk,
                title_ru=ru,
                title_en=en,
                unit="mm[Hg]" if system == "observation" else None,
                is_selectable=kind != "chapter",
            )
            for code, kind, kk, ru, en in rows
        ]
        store_concepts(session.connection(), system, concepts)


def open_clinic(app: FastAPI) -> Clinic:
    """Plant everything."""
    with Session(app.state.engine, expire_on_commit=False) as session:
        tree = plant_tree(session)
        plant_codes(session)
        clinic = Clinic(app, tree)
        for login, _role, place, position, site in STAFF:
            person = Practitioner(family_name=login.title(), given_name="Асан", sort_key=login)
            session.add(person)
            session.flush()
            session.add(
                PractitionerRole(
                    practitioner_id=person.id,
                    organization_id=tree[place],
                    site_id=tree[site] if site else None,
                    position=position,
                    start_date=dt.date(2020, 1, 1),
                )
            )
            clinic.practitioners[login] = person.id
        session.commit()
    for login, role, place, _position, _site in STAFF:
        make_account(app.state.engine, login, [(role, tree[place])], practitioner_id=clinic.practitioners[login])
    make_account(app.state.engine, "official", [(Role.OFFICIAL, tree["region"])])
    return clinic
