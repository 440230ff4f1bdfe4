"""One district while its history is made: people, places, staff and the rows so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ingestion.bulk.region.calibration import figure
from ingestion.bulk.region.days import FAR, NULL, Ints, local_day, moment
from ingestion.bulk.region.draws import chance, stream
from ingestion.bulk.region.families import Span
from ingestion.bulk.region.identity import IinSeries
from ingestion.bulk.region.places import External, Places
from ingestion.bulk.region.population import People
from ingestion.bulk.region.rows import Coded, Column, Rows
from ingestion.bulk.region.staff import Staff

VISIT_MINUTES = 15


@dataclass
class District:
    """What the processes share."""

    number: int
    seed: int
    span: Span
    rows: Rows
    places: Places
    external: External
    staff: Staff
    people: People
    series: IinSeries
    onset: dict[str, Ints] = field(default_factory=dict)
    """Day each person's disease is found, by register."""
    known_dead: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Day a death became known to the organisation of attachment."""
    death_at: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Moment of a death that a hospital stay ended in."""
    death_cause: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Its cause, as a position in ``vascular.CAUSES``."""
    due_births: list[dict[str, Ints]] = field(default_factory=list)
    """Children who are to be born."""

    def stream(self, *names: str | int) -> np.random.Generator:
        """Random numbers of one process of this district."""
        return stream(self.seed, self.number, *names)

    def grow(self) -> None:
        """Give the arrays beside ``people`` a place for those who were added."""
        missing = len(self.people) - len(self.known_dead)
        tail = np.full(missing, FAR, dtype=np.int64)
        self.known_dead = np.concatenate([self.known_dead, tail])
        self.death_at = np.concatenate([self.death_at, np.full(missing, NULL)])
        self.death_cause = np.concatenate([self.death_cause, np.full(missing, -1)])
        for key, days in self.onset.items():
            self.onset[key] = np.concatenate([days, tail])

    def living(self, on: int) -> Ints:
        """Positions of those who live here on a day and are not written by hand."""
        everyone = np.arange(len(self.people))
        return everyone[self.people.here(everyone, on) & (self.people.quiet == 0)]

    def organization(self, who: Ints, on: Ints | int) -> Ints:
        """Organisation of attachment."""
        return self.places.organization[self.people.place_on(who, on)]

    def site(self, who: Ints, on: Ints | int) -> Ints:
        """Site of attachment; children have their own where there is a paediatrician."""
        place = self.people.place_on(who, on)
        adult = self.people.age(who, on) >= 18
        return np.where(adult, self.places.adult_site[place], self.places.child_site[place])

    def women_site(self, who: Ints, on: Ints | int) -> Ints:
        """Site that follows a pregnancy: the gynaecological one, or the village's own."""
        place = self.people.place_on(who, on)
        return np.where(
            self.places.women_site[place] == NULL, self.places.adult_site[place], self.places.women_site[place]
        )

    def doctor(self, who: Ints, on: Ints | int) -> Ints:
        """Doctor of the site; a feldsher where there is none."""
        place = self.people.place_on(who, on)
        adult = self.people.age(who, on) >= 18
        return np.where(adult, self.places.doctor_adult[place], self.places.doctor_child[place])

    def facts(self, table: str, who: Ints, at: Ints, **columns: Column | Ints) -> Ints:
        """Add facts about people; where and by whom defaults to their own site."""
        days = local_day(at)
        values: dict[str, Any] = {
            "patient_id": self.people.id[who],
            "event_at": at,
            "organization_id": self.organization(who, days),
            "practitioner_id": self.doctor(who, days),
        }
        return self.rows.add(table, len(who), **(values | columns))

    def visits(
        self,
        rng: np.random.Generator,
        who: Ints,
        at: Ints,
        diagnosis: Column,
        *,
        character: Column = None,
        kind: Column = "final",
        **columns: Any,
    ) -> Ints:
        """Contacts with their main diagnosis; a few are later marked as entered in error."""
        size = len(who)
        wrong = chance(rng, figure("visits.entered_in_error_share"), size)
        corrected = np.where(wrong, at + rng.integers(1, 12, size) * 1440, NULL)
        error: dict[str, Any] = {
            "entered_in_error_at": corrected,
            "entered_in_error_by": Coded(np.where(wrong, 0, -1), ("registrar",)),
            "entered_in_error_reason": Coded(
                np.where(wrong, rng.integers(0, 2, size), -1), ("wrong patient", "entered twice")
            ),
        }
        if "evidence" not in columns:
            columns["evidence"] = self.presence(rng, size)
        place: dict[str, Any] = {
            key: columns[key] for key in ("organization_id", "practitioner_id", "source", "known_at") if key in columns
        }
        values: dict[str, Any] = {
            "encounter_class": "ambulatory",
            "purpose": "disease",
            "site_id": self.site(who, local_day(at)),
            "end_at": at + VISIT_MINUTES,
            "known_at": at,
            "payer": Coded((rng.random(size) < 0.3).astype(np.int64), ("guaranteed_package", "insurance")),
        }
        values |= error | columns
        values.setdefault("end_known_at", np.maximum(values["end_at"], values["known_at"]))
        encounter = self.facts("encounter", who, at, late=values["end_known_at"], **values)
        self.facts(
            "condition",
            who,
            at,
            encounter_id=encounter,
            icd10=diagnosis,
            kind=kind,
            character=character,
            **(error | place),
        )
        return encounter

    def booked_at(self, who: Ints, wanted: Ints) -> Ints:
        """When bookings were made: nobody is booked before there is a record of them."""
        return np.maximum(wanted, moment(self.people.birth[who]))

    def presence(self, rng: np.random.Generator, size: int) -> Coded:
        """Half of the visits have the patient's presence confirmed, the rest is typing."""
        return Coded(chance(rng, figure("visits.presence_share"), size).astype(np.int64), ("typed", "presence"))

    def pressure(
        self, rng: np.random.Generator, who: Ints, at: Ints, encounter: Ints, systolic: np.ndarray, **columns: Any
    ) -> None:
        """Blood pressure as two observations."""
        diastolic = np.round(systolic * 0.45 + 24 + rng.normal(0, 5, len(who)))
        columns = {"evidence": "typed"} | columns
        for code, value in (("8480-6", np.round(systolic)), ("8462-4", diastolic)):
            self.facts(
                "observation",
                who,
                at,
                encounter_id=encounter,
                code=code,
                value_number=value.astype(float),
                unit="mm[Hg]",
                **columns,
            )

    def systolic(self, rng: np.random.Generator, who: Ints, on: int) -> np.ndarray:
        """A plausible systolic pressure by age and hypertension."""
        age = self.people.age(who, on)
        high = self.onset["hypertension"][who] <= on
        return np.clip(rng.normal(108 + age * 0.22 + high * 14, 10), 85, 220)


def is_winter(month: Ints) -> np.ndarray:
    """November to March."""
    return (month >= 11) | (month <= 3)
