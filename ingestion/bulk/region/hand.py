"""People whose stories are written by hand: planted cases, traps and the stories of the demo."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from ingestion.bulk.region import names
from ingestion.bulk.region.days import FAR, NULL, local_day, moment
from ingestion.bulk.region.district import VISIT_MINUTES, District

HISTORY = 900
"""Days before the demo day since which these people are attached."""
NEVER = FAR * 1440
"""The moment of what does not come."""


def clock(text: str) -> int:
    """Minutes of ``09:25``."""
    time = dt.time.fromisoformat(text)
    return time.hour * 60 + time.minute


@dataclass
class Character:
    """One person written by hand; times are days before the demo day and an hour."""

    district: District
    position: int

    @property
    def id(self) -> int:
        """Number of the patient."""
        return int(self.district.people.id[self.position])

    @property
    def place(self) -> int:
        """Place of attachment."""
        return int(self.district.people.place[self.position])

    @property
    def organization(self) -> int:
        """Organisation of attachment."""
        return int(self.district.places.organization[self.place])

    @property
    def site(self) -> int:
        """Adult site of attachment."""
        return int(self.district.places.adult_site[self.place])

    def at(self, days_before: float, time: str) -> int:
        """The moment so many days before the demo day."""
        return int(moment(int(self.district.span.origin - days_before), clock(time)))

    def day(self, days_before: int) -> int:
        """The day so many days before the demo day; negative ones lie ahead."""
        return int(self.district.span.origin - days_before)

    def add(self, table: str, at: int, **columns: Any) -> int:
        """One fact; where and by whom defaults to the site doctor."""
        who = np.array([self.position])
        values = {name: value for name, value in columns.items() if not (value is None and name == "late")}
        return int(self.district.facts(table, who, np.array([at]), **_arrays(values))[0])

    def visit(self, at: int, icd10: str, *, kind: str = "final", end: int | None = None, **columns: Any) -> int:
        """A contact with its main diagnosis."""
        known = columns.get("known_at", at)
        ended = end if end is not None else at + VISIT_MINUTES
        values: dict[str, Any] = {
            "encounter_class": "ambulatory",
            "purpose": "active",
            "site_id": self.site,
            "end_at": ended,
            "end_known_at": max(known, ended),
            "evidence": "presence",
            "payer": "guaranteed_package",
        } | columns
        values.setdefault("late", values["end_known_at"])
        encounter = self.add("encounter", at, **values)
        self.diagnosis(encounter, at, icd10, kind=kind, **_shared(columns))
        return encounter

    def stay(
        self,
        facility: int,
        doctor: int,
        at: int,
        end: int | None,
        icd10: str,
        *,
        known: int | None = None,
        end_known: int | None = None,
        **columns: Any,
    ) -> int:
        """A hospital stay; the final diagnosis becomes known with the discharge."""
        known = at if known is None else known
        discharged = end if end_known is None else end_known
        values: dict[str, Any] = {
            "encounter_class": "inpatient",
            "purpose": "hospitalisation",
            "organization_id": facility,
            "department_id": facility,
            "practitioner_id": doctor,
            "site_id": NULL,
            "known_at": known,
            "end_at": NULL if end is None else end,
            "end_known_at": NULL if discharged is None else discharged,
            "late": NEVER if discharged is None else discharged,
            "payer": "insurance",
            "evidence": "presence",
            "disposition": "home",
            "source": "registry",
        }
        values |= columns
        encounter = self.add("encounter", at, **values)
        told = known if discharged is None else discharged
        kind = "admission" if discharged is None else "final"
        self.diagnosis(encounter, at if end is None else end, icd10, kind=kind, **_shared(values) | {"known_at": told})
        return encounter

    def diagnosis(self, encounter: int, at: int, icd10: str, **columns: Any) -> int:
        """A diagnosis of an encounter."""
        return self.add("condition", at, encounter_id=encounter, icd10=icd10, **columns)

    def pressure(self, encounter: int, at: int, systolic: int, diastolic: int, **columns: Any) -> None:
        """Blood pressure measured in an encounter."""
        for code, value in (("8480-6", systolic), ("8462-4", diastolic)):
            self.observe(encounter, at, code, value, "mm[Hg]", **columns)

    def observe(self, encounter: int, at: int, code: str, value: float, unit: str, **columns: Any) -> None:
        """One measurement."""
        self.add(
            "observation",
            at,
            encounter_id=encounter,
            code=code,
            value_number=np.array([float(value)]),
            unit=unit,
            **columns,
        )

    def prescribe(self, encounter: int, at: int, *medicines: str, **columns: Any) -> None:
        """Medicines for three months."""
        for medicine in medicines:
            self.add(
                "medication_request",
                at,
                encounter_id=encounter,
                code=medicine,
                is_free=True,
                end_date=int(local_day(at)) + 90,
                **columns,
            )

    def service(self, at: int, code: str, encounter: int | None = None, **columns: Any) -> int:
        """A service rendered."""
        return self.add("procedure", at, code=code, encounter_id=NULL if encounter is None else encounter, **columns)

    def card(self, at: int, icd10: str, **columns: Any) -> int:
        """A dispensary card."""
        return self.add("episode_of_care", at, kind="dispensary", icd10=icd10, site_id=self.site, **columns)

    def booking(self, made: int, start: int, **columns: Any) -> int:
        """An appointment; kept at its time unless said otherwise."""
        return self.add("appointment", made, start_at=start, end_at=start + 15, **({"late": start} | columns))

    def death(self, at: int, known: int, cause: str, place: str, *, processed: bool = True, **columns: Any) -> int:
        """A death; the attachment ends the day after it is known, unless nobody sees to it."""
        people = self.district.people
        people.death[self.position] = local_day(at)
        if processed:
            self.district.known_dead[self.position] = local_day(known)
        return self.add("death", at, known_at=known, cause_icd10=cause, place=place, **columns)

    def serve_at(self, place: int, days_before: int) -> int:
        """Hand the person over to the site of another place, which accepts; return its organisation."""
        places = self.district.places
        women = int(self.district.people.female[self.position]) == 1 and places.women_site[place] != NULL
        site = places.women_site[place] if women else places.adult_site[place]
        self.district.rows.add(
            "serving_site",
            1,
            known=self.at(days_before, "10:00"),
            patient_id=self.id,
            organization_id=int(places.organization[place]),
            site_id=int(site),
            start_date=self.day(days_before),
            accepted_at=self.at(days_before, "16:00"),
        )
        return int(places.organization[place])


def _arrays(columns: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers that may be times travel as arrays of one."""
    return {
        name: np.array([value], dtype=np.int64) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in columns.items()
    }


def _shared(columns: dict[str, Any]) -> dict[str, Any]:
    names_of_place = (
        "organization_id",
        "practitioner_id",
        "source",
        "known_at",
        "evidence",
        "entered_in_error_at",
        "entered_in_error_by",
        "entered_in_error_reason",
    )
    return {key: columns[key] for key in names_of_place if key in columns}


def introduce(
    district: District,
    place: int,
    *,
    female: bool,
    age: int,
    name: str | None = None,
    surname: str | None = None,
    left: int = FAR,
    birth_shift: int = 100,
) -> Character:
    """Add a person who has lived here for years and whom chance leaves alone."""
    rng = district.stream("character", len(district.people))
    kk = names.kazakh()
    givens = kk.women if female else kk.men
    people, first = district.people, len(district.people)
    position = people.append(
        1,
        id=district.rows.base + first + 1,
        female=int(female),
        birth=district.span.origin - int(age * 365.25) - birth_shift,
        joined=district.span.origin - HISTORY,
        left=left,
        place=place,
        household=10_000_000 + first,
        given=givens.index(name) if name else int(rng.integers(0, len(givens))),
        surname=kk.surnames_male.index(surname) if surname else int(rng.integers(0, len(kk.surnames_male))),
        father_name=int(rng.integers(0, len(kk.men))),
        russian_patronymic=int(age > 33),
        quiet=1,
    )
    district.grow()
    return Character(district, int(position[0]))
