"""A hand-made district of two ambulatories: every signal has a case, a closed case and a trap.

The day of the data is Friday 20.11.2026, 15:00 in Kazakhstan. Hours below are local.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.dbt.lake_rows import LOCAL, LakeRows, Value

TODAY = dt.date(2026, 11, 20)
AS_OF = dt.datetime(2026, 11, 20, 15, 0, tzinfo=LOCAL)
LOADED = dt.datetime(2026, 11, 20, 14, 55, tzinfo=LOCAL)
REGION, POLYCLINIC, VILLAGE, POLYCLINIC_SITE, VILLAGE_SITE = 1, 10, 20, 11, 21
OUTSIDE, CARDIOLOGY = 90, 91


def at(days_before: int, hour: int = 10, minute: int = 0) -> dt.datetime:
    """A moment so many days before the day of the data."""
    day = TODAY - dt.timedelta(days=days_before)
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=LOCAL)


def day(days_before: int) -> dt.date:
    """A date so many days before the day of the data."""
    return TODAY - dt.timedelta(days=days_before)


class District:
    """Rows of the district and the ids its tests ask for, by story."""

    def __init__(self, root: Path) -> None:
        self.lake = LakeRows(root)
        self.ids: dict[str, int] = {}
        self._tree()
        self._staff()

    def person(self, key: str, age: int = 60, sex: str = "female", village: bool = False, **attachment: Value) -> str:
        """A person attached since 2020; the age is that of the day of the data."""
        born = dt.date(TODAY.year - age, 3, 1)
        self.lake.add("patient", patient_key=key, sex=sex, birth_month=born, kato_district="2750")
        place: dict[str, Value] = {
            "organization_id": VILLAGE if village else POLYCLINIC,
            "site_id": VILLAGE_SITE if village else POLYCLINIC_SITE,
            "start_date": dt.date(2020, 1, 10),
        }
        self.ids[f"attachment {key}"] = self.lake.add("attachment", patient_key=key, **{**place, **attachment})
        return key

    def stay(
        self, person: str, icd10: str, out: int, known: dt.datetime | None, days: int = 9, **columns: Value
    ) -> int:
        """A stay in the cardiology centre, discharged so many days ago; nobody knows of an open one's end."""
        ended = at(out, 12) if known else None
        stay = self.lake.fact(
            "encounter", person, at(out + days, 4), encounter_class="inpatient", purpose="hospitalisation",
            organization_id=CARDIOLOGY, end_at=ended, end_known_at=known, source="registry",
            **{"disposition": "home" if known else None, "status": "finished" if known else "in_progress", **columns},
        )  # fmt: skip
        if known:
            self.lake.fact(
                "condition",
                person,
                at(out, 12),
                known_at=known,
                encounter_id=stay,
                icd10=icd10,
                organization_id=CARDIOLOGY,
            )
        return stay

    def visit(self, person: str, when: dt.datetime, **columns: Value) -> int:
        """A visit at the site of the polyclinic unless said otherwise."""
        values: dict[str, Value] = {"site_id": POLYCLINIC_SITE, "practitioner_code": "p-0001", **columns}
        return self.lake.fact("encounter", person, when, **values)

    def pressure(self, person: str, when: dt.datetime, visit: int) -> int:
        """A blood pressure."""
        return self.lake.fact(
            "observation",
            person,
            when,
            encounter_id=visit,
            code="8480-6",
            value_number=134.5,
            unit="mm[Hg]",
            evidence="measured",
        )

    def service(self, person: str, when: dt.datetime, code: str, **columns: Value) -> int:
        """A service rendered."""
        return self.lake.fact("procedure", person, when, code=code, **columns)

    def medicine(self, person: str, when: dt.datetime, code: str) -> int:
        """A medicine prescribed."""
        return self.lake.fact("medication_request", person, when, code=code, is_free=True)

    def card(self, person: str, when: dt.datetime, icd10: str, **columns: Value) -> int:
        """A dispensary card."""
        return self.lake.fact("episode_of_care", person, when, icd10=icd10, site_id=POLYCLINIC_SITE, **columns)

    def pregnancy(self, person: str, weeks: int, registered: int, **columns: Value) -> int:
        """A pregnancy card, so many weeks on the day of the data."""
        values: dict[str, Value] = {"risk_level": "low", "required_care_level": 1, **columns}
        return self.lake.fact(
            "episode_of_care", person, at(registered, 9, 40), kind="pregnancy", icd10="Z34.8",
            lmp_date=day(weeks * 7), due_date=day(weeks * 7 - 280), site_id=POLYCLINIC_SITE, **values,
        )  # fmt: skip

    def planned(self, person: str, episode: int, step: int, days_before: int, **columns: Value) -> int:
        """A planned antenatal visit."""
        return self.lake.fact(
            "care_plan_activity", person, at(60, 10), programme="pregnancy", step=f"visit_{step}", episode_id=episode,
            planned_date=day(days_before), site_id=POLYCLINIC_SITE, **columns,
        )  # fmt: skip

    def _tree(self) -> None:
        for identifier, parent, kind, name, external in (
            (REGION, None, "region", "Қаратөбе", False),
            (POLYCLINIC, REGION, "organization", "Емхана", False),
            (VILLAGE, REGION, "organization", "Ақтай", False),
            (12, POLYCLINIC, "department", "Терапия", False),
            (POLYCLINIC_SITE, 12, "site", "1-учаске", False),
            (VILLAGE_SITE, VILLAGE, "site", "2-учаске", False),
            (OUTSIDE, None, "region", "Орал", True),
            (CARDIOLOGY, OUTSIDE, "organization", "Кардиология", True),
        ):
            self.lake.add(
                "organization", id=identifier, parent_id=parent, kind=kind, name_kk=name, name_ru=name, name_en=name,
                sort_key=name, is_external=external, latitude=49.69, longitude=53.5,
            )  # fmt: skip

    def _staff(self) -> None:
        for code, position in (("p-0001", "general_practitioner"), ("p-0002", "neurologist"), ("p-0003", "midwife")):
            self.lake.add(
                "practitioner", practitioner_code=code, position=position,
                organization_id=POLYCLINIC, site_id=POLYCLINIC_SITE,
            )  # fmt: skip
        for code, block, title in (("I21", "I20-I25", "MI"), ("J06", "J00-J06", "URTI")):
            self.lake.add(
                "concept", system="icd10", code=code, parent_code=block, kind="category", title_kk=title,
                title_ru=title, title_en=title, search_text=title, is_selectable=True,
            )  # fmt: skip
