"""Who works in the `ops` benchmark: doctors signed in, each with people of the own organisation, and what they send."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, cycle, islice
from urllib.parse import quote, urlencode

from _http_load import Request
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

PASSWORD = "a password nobody types"
PEOPLE_OF_EACH = 60
_DOCTORS = """
select distinct on (r.practitioner_id) r.practitioner_id, r.organization_id
from organizations.practitioner_role r join organizations.organization o on o.id = r.organization_id
where r.position in ('general_practitioner', 'therapist') and r.end_date is null and not o.is_external
  and exists (select from patients.attachment a where a.organization_id = o.id and a.end_date is null)
order by r.practitioner_id limit :most
"""
_PEOPLE = """
select p.iin, p.family_name, p.given_name, p.birth_date, p.id from patients.patient p
join patients.attachment a on a.patient_id = p.id and a.end_date is null and a.entered_in_error_at is null
where a.organization_id = :organization and p.is_live and p.iin is not null
  and p.birth_date < current_date - interval '18 years'
  and not exists (select from deaths.death d where d.patient_id = p.id)
order by hashint8(p.id) limit :most
"""
_CODE = """
select code from classifiers.concept where system = :system and is_selectable and length(code) > 4 order by code limit 1
"""


@dataclass(frozen=True)
class Person:
    """A patient, as a search would name him."""

    id: int
    iin: str
    family_name: str
    given_name: str
    birth_date: dt.date


class Doctor:
    """A signed-in doctor who goes through the own people, one after another."""

    def __init__(self, session_token: str, people: Sequence[Person], medicine: str, service: str) -> None:
        self.session_token = session_token
        self._people = people
        self._next = cycle(people)
        self._turns = count()
        self._visits = count()
        self._medicine = medicine
        self._service = service

    def next_person(self) -> Person:
        """Whose turn it is."""
        return next(self._next)

    def keep_to(self, number: int) -> None:
        """From here on only the first so many people have a turn."""
        self._next = cycle(self._people[:number])

    def search(self, person: Person, path: str) -> Request:
        """By number, by two names, by a name with a letter left out and the year of birth, in turn."""
        line = (
            person.iin,
            f"{person.family_name} {person.given_name}",
            f"{person.given_name} {person.family_name[:2]}{person.family_name[3:]} {person.birth_date.year}",
        )[next(self._turns) % 3]
        return Request("GET", f"{path}?q={quote(line)}")

    def visit(self) -> dict[str, str]:
        """A visit with measurements, a diagnosis, a service, a medicine and a referral; never the same minute twice."""
        number = next(self._visits)
        day = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1 + number % 300)
        minute = number // 300
        return {
            "encounter_class": "ambulatory",
            "purpose": "disease",
            "date": f"{day:%d.%m.%Y}",
            "time": f"{8 + minute // 60 % 12:02d}:{minute % 60:02d}",
            "systolic": "128",
            "diastolic": "82",
            "pulse": "74",
            "temperature": "36.9",
            "presence_confirmed": "true",
            "diagnoses-0-icd10": "J06.9",
            "diagnoses-0-character": "acute",
            "services-0-code": self._service,
            "prescriptions-0-code": self._medicine,
            "referrals-0-category": "laboratory",
        }

    def visit_by_form(self, person: Person) -> Request:
        """The visit as the page posts it."""
        body = urlencode(self.visit()).encode()
        return Request("POST", f"/patients/{person.id}/visits", body, "application/x-www-form-urlencoded")


def doctors(engine: Engine, wanted: int) -> list[Doctor]:
    """So many signed-in doctors; several may be one person at several browsers, but their people differ."""
    from ops_app.modules.accounts import service
    from ops_app.permissions import Role

    with Session(engine, expire_on_commit=False) as session:
        codes = {system: str(session.scalar(text(_CODE), {"system": system})) for system in ("atc", "service")}
        found = session.execute(text(_DOCTORS), {"most": wanted}).all()
        accounts = []
        for number, (practitioner, organization) in enumerate(found):
            login, places = f"bench{number}.{secrets.token_hex(3)}", [(Role.DOCTOR, organization)]
            account, _ = service.create_account(
                session, login, login, places, practitioner_id=practitioner, password=PASSWORD
            )
            accounts.append((account, organization))
        people = {
            organization: [
                Person(row.id, row.iin, row.family_name, row.given_name, row.birth_date)
                for row in session.execute(
                    text(_PEOPLE), {"organization": organization, "most": wanted * PEOPLE_OF_EACH}
                )
            ]
            for organization in {organization for _, organization in accounts}
        }
        made = []
        for number, (account, organization) in enumerate(islice(cycle(accounts), wanted)):
            token = service.open_sign_in_session(session, account, "benchmark")
            # every wanted-th person of the organisation, so that no two browsers record for one person
            own = people[organization][number::wanted] or people[organization]
            made.append(Doctor(token, own, codes["atc"], codes["service"]))
        session.commit()
    return made


def csrf_token(page: str) -> str:
    """The token that a page carries for scripts."""
    found = re.search(r'name="csrf-token" content="([0-9a-f]+)"', page)
    assert found is not None, "the page has no CSRF token"
    return found[1]
