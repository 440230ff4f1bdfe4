"""A woman with a pregnancy card, written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingestion.bulk.region.days import NULL
from ingestion.bulk.region.hand import NEVER, Character

_TERM = 280


@dataclass
class Expecting:
    """Her card and planned visits; days count back from the demo day."""

    woman: Character
    weeks: float
    """Weeks of pregnancy on the demo day."""
    registered: int
    risk: str | None = "low"
    level: int | None = 1
    place: int | None = None
    """The place that serves her, if not her own."""
    episode: int = 0

    def owner(self) -> dict[str, int]:
        """Where and by whom the card is kept."""
        places = self.woman.district.places
        place = self.woman.place if self.place is None else self.place
        women = int(places.women_site[place])
        return {
            "organization_id": int(places.organization[place]),
            "practitioner_id": int(places.obstetrician[place]),
            "site_id": int(places.adult_site[place]) if women == NULL else women,
        }

    def register(self, **columns: Any) -> int:
        """Open the card."""
        lmp = self.woman.day(0) - round(self.weeks * 7)
        values: dict[str, Any] = {"status": "active", "end_at": NULL, **self.owner()} | columns
        self.episode = self.woman.add(
            "episode_of_care",
            self.woman.at(self.registered, "09:40"),
            kind="pregnancy",
            lmp_date=lmp,
            due_date=lmp + _TERM,
            icd10="Z35.9" if self.risk == "high" else "Z34.8",
            risk_level=self.risk,
            required_care_level=NULL if self.level is None else self.level,
            **values,
        )
        return self.episode

    def first_visit(self) -> None:
        """The visit of registration with the first package, as the first step of the plan."""
        encounter = self.visit(self.registered, "09:45")
        owner = self.owner()
        del owner["site_id"]
        self.woman.service(self.woman.at(self.registered, "09:50"), "L03.001.000", encounter, **owner)
        self.plan(
            1, self.registered, status="done", encounter_id=encounter, late=self.woman.at(self.registered, "10:00")
        )

    def visit(self, days_before: int, time: str, icd10: str | None = None, **columns: Any) -> int:
        """An antenatal visit with blood pressure."""
        at = self.woman.at(days_before, time)
        values: dict[str, Any] = {"purpose": "pregnancy", **self.owner()} | columns
        encounter = self.woman.visit(at, icd10 or ("Z35.9" if self.risk == "high" else "Z34.8"), **values)
        if values.get("encounter_class") != "virtual" and values.get("disposition") != "nobody_home":
            shared = {
                key: values[key]
                for key in ("organization_id", "practitioner_id", "source", "known_at")
                if key in values
            }
            self.woman.pressure(encounter, at, 114, 72, **shared)
        return encounter

    def plan(self, step: int, planned: int, **columns: Any) -> int:
        """A planned visit; it stays planned unless said otherwise."""
        values: dict[str, Any] = {"status": "planned", "late": NEVER} | columns
        return self.woman.add(
            "care_plan_activity",
            self.woman.at(self.registered, "10:00"),
            programme="pregnancy",
            step=f"visit_{step}",
            episode_id=self.episode,
            planned_date=self.woman.day(planned),
            **self.owner(),
            **values,
        )
