"""People who work in the organisations."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from ingestion.bulk.region import names
from ingestion.bulk.region.days import NULL, day
from ingestion.bulk.region.draws import stream
from ingestion.bulk.region.identity import IinSeries
from ingestion.bulk.region.rows import Rows
from ops_app.kit.spelling import sort_key

_SINCE = day(dt.date(2015, 1, 5))
_SPECIALISTS = ("obstetrician", "neurologist", "cardiologist", "surgeon", "radiologist", "oncologist")
_WARDS = {
    "admission": "surgeon",
    "therapy": "therapist",
    "surgery": "surgeon",
    "paediatrics": "paediatrician",
    "maternity": "obstetrician",
}
_MEN_SHARE = 0.22


class Staff:
    """Hires practitioners and remembers who holds which position."""

    def __init__(self, rows: Rows, seed: int, district: int, series: IinSeries) -> None:
        self.rows, self.rng, self.series = rows, stream(seed, "staff", district), series
        self.held: dict[tuple[str, int], list[int]] = {}

    def hire(self, position: str, organization: int, site: int = NULL) -> int:
        """A new practitioner with one role; a department takes the place of the organisation in it."""
        female = int(self.rng.random() >= _MEN_SHARE)
        family, given, patronymic = self._name(female)
        birth = np.array([day(dt.date(1962, 1, 1)) + int(self.rng.integers(0, 36 * 365))])
        number = int(self.rows.reserve("practitioner", 1)[0])
        self.rows.add(
            "practitioner",
            1,
            ids=np.array([number]),
            known=0,
            source="import",
            family_name=family,
            given_name=given,
            patronymic=patronymic,
            sort_key=sort_key(f"{family} {given} {patronymic}"),
            sex="female" if female else "male",
            iin=pl.Series(self.series.issue(birth, np.array([female]))),
        )
        self.rows.add(
            "practitioner_role",
            1,
            known=0,
            practitioner_id=number,
            organization_id=organization,
            site_id=site,
            position=position,
            start_date=_SINCE + int(self.rng.integers(0, 2500)),
        )
        self.held.setdefault((position, organization), []).append(number)
        return number

    def hire_hospital(self, hospital: int, departments: dict[str, int]) -> None:
        """The chief, heads and doctors of the hospital's wards."""
        self.hire("chief_physician", hospital)
        for ward, position in _WARDS.items():
            self.hire("department_head", departments[ward])
            self.hire(position, departments[ward])

    def hire_polyclinic(self, polyclinic: int, departments: dict[str, int]) -> dict[str, int]:
        """Specialists and the office of the polyclinic."""
        self.hire("chief_physician", polyclinic)
        self.hire("statistician", polyclinic)
        for _ in range(2):
            self.hire("registrar", polyclinic)
        for key in ("therapeutic", "paediatric", "women"):
            self.hire("department_head", departments[key])
        return {position: self.hire(position, polyclinic) for position in _SPECIALISTS}

    def ward_doctor(self, ward: str, department: int) -> int:
        """The doctor of a ward."""
        return self.held[_WARDS[ward], department][0]

    def one(self, position: str, organization: int) -> int:
        """Somebody in this position."""
        return self.held[position, organization][0]

    def _name(self, female: int) -> tuple[str, str, str]:
        listed = names.kazakh()
        family = self._pick(listed.surnames_female if female else listed.surnames_male)
        given = self._pick(listed.women if female else listed.men)
        father = self._pick(listed.men)
        make = names.russian_patronymic if self.rng.random() < 0.5 else names.kazakh_patronymic
        return family, given, make(father, bool(female))

    def _pick(self, listed: tuple[str, ...]) -> str:
        return listed[int(self.rng.integers(0, len(listed)))]
