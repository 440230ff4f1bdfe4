"""What happens to rows: inserts, corrections, errors, merges and their undoing, moves, deaths, destruction."""

from __future__ import annotations

import copy
import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

from tests.dbt.district import POLYCLINIC, POLYCLINIC_SITE, VILLAGE, VILLAGE_SITE, District
from tests.dbt.lake_rows import Row, Value

FACTS = (
    "encounter",
    "condition",
    "observation",
    "procedure",
    "medication_request",
    "episode_of_care",
    "care_plan_activity",
    "death",
)


def another(district: District, root: Path) -> District:
    """The same district with a lake of its own, so that the first stays as it was told."""
    twin = copy.deepcopy(district)
    twin.lake.root = root
    return twin


class Stream:
    """Random changes, always the same for one seed."""

    def __init__(self, district: District, seed: int, now: dt.datetime) -> None:
        self.district, self.lake, self.now = district, district.lake, now
        self.chance = random.Random(seed)
        self.destroyed: set[Value] = set()
        self.kinds: tuple[tuple[Callable[[], None], int], ...] = (
            (self.visit, 6),
            (self.redate, 5),
            (self.mark_error, 4),
            (self.undo_error, 2),
            (self.merge, 3),
            (self.undo_merge, 2),
            (self.correct_sex, 2),
            (self.move, 2),
            (self.die, 1),
            (self.plan, 2),
            (self.reparent, 1),
            (self.outside, 1),
            (self.destroy, 1),
        )

    def run(self, changes: int) -> None:
        """Every kind of change once, then so many at random."""
        for kind, _ in self.kinds:
            kind()
        kinds, weights = zip(*self.kinds, strict=True)
        for kind in self.chance.choices(kinds, weights, k=changes):
            kind()

    def visit(self) -> None:
        """A visit of somebody on some day, with a diagnosis and now and then more."""
        person = self._person()
        when = self.now - dt.timedelta(
            days=self.chance.choice((0, 0, 1, 2, 9, 35, 300)), hours=self.chance.randrange(1, 9)
        )
        visit = self.lake.fact(
            "encounter", person, when, purpose=self.chance.choice(("disease", "pregnancy", "dispensary")),
            encounter_class=self.chance.choice(("ambulatory", "home", "virtual", "emergency")),
            organization_id=self.chance.choice((POLYCLINIC, VILLAGE)),
            site_id=self.chance.choice((None, POLYCLINIC_SITE)),
            evidence=self.chance.choice(("typed", "presence", "measured")),
        )  # fmt: skip
        self.lake.fact(
            "condition", person, when, encounter_id=visit, original_code="x",
            icd10=self.chance.choice(("J06.9", "I10", "E11.9", "G45.9", None)),
            character=self.chance.choice(("acute", "chronic_new", "chronic_known", None)),
        )  # fmt: skip
        if self.chance.random() < 0.4:
            self.district.pressure(person, when, visit)
            self.district.medicine(person, when, "C10AA05")
            self.district.service(
                person, when, "C03.082.005", programme="breast", evidence=self.chance.choice(("typed", "measured"))
            )

    def plan(self) -> None:
        """Somebody is listed for a screening, or a booking is made or cancelled."""
        person = self._person()
        self.lake.fact(
            "care_plan_activity",
            person,
            self.now - dt.timedelta(days=200),
            programme="breast",
            step="listed",
            plan_year=2026,
        )
        start = self.now + dt.timedelta(days=3)
        self.lake.fact(
            "appointment",
            person,
            self.now,
            start_at=start,
            end_at=start,
            status=self.chance.choice(("booked", "cancelled")),
        )

    def redate(self) -> None:
        """A fact turns out to have happened on another day."""
        table, row = self._fact()
        moved = dt.timedelta(days=self.chance.randrange(-40, 2))
        event, known = row["event_at"], row["known_at"]
        assert isinstance(event, dt.datetime)
        assert isinstance(known, dt.datetime)
        self.lake.change(table, row["id"], event_at=event + moved, known_at=max(known, event + moved))

    def mark_error(self) -> None:
        """A fact was entered in error."""
        table, row = self._fact()
        self.lake.change(table, row["id"], entered_in_error_at=self.now)

    def undo_error(self) -> None:
        """It was no error after all."""
        for table in FACTS:
            for row in self.lake.newest(table):
                if row.get("entered_in_error_at") and row["patient_key"] not in self.destroyed:
                    self.lake.change(table, row["id"], entered_in_error_at=None)
                    return

    def merge(self) -> None:
        """Two records are found to be one person, also when one of them stands for others already."""
        hidden = {row["other_patient_key"] for row in self._open_links()}
        records = [person for person in self._people() if person not in hidden]
        survivor, other = self.chance.sample(records, 2)
        self.lake.add("patient_link", patient_key=survivor, other_patient_key=other, linked_at=self.now)
        self.lake.change("patient", other, is_live=False)

    def undo_merge(self) -> None:
        """A merge was wrong."""
        links = self._open_links()
        if links:
            link = self.chance.choice(links)
            self.lake.change("patient_link", link["id"], unlinked_at=self.now)
            self.lake.change("patient", link["other_patient_key"], is_live=True)

    def correct_sex(self) -> None:
        """A registrar's mistake is corrected."""
        person = self._person()
        sex = self.lake.rows[("patient", person)]["sex"]
        self.lake.change("patient", person, sex="male" if sex == "female" else "female")

    def move(self) -> None:
        """Somebody is attached elsewhere from today."""
        rows = [row for row in self.lake.newest("attachment") if not row.get("end_date") and self._lives(row)]
        row = self.chance.choice(rows)
        today = self.now.date()
        self.lake.change("attachment", row["id"], end_date=today, end_reason="moved")
        self.lake.add(
            "attachment",
            patient_key=row["patient_key"],
            organization_id=VILLAGE,
            site_id=VILLAGE_SITE,
            start_date=today,
        )

    def die(self) -> None:
        """A death becomes known."""
        dead = {row["patient_key"] for row in self.lake.newest("death")}
        person = self.chance.choice([person for person in self._people() if person not in dead])
        self.lake.fact("death", person, self.now - dt.timedelta(days=self.chance.randrange(1, 9)), known_at=self.now)

    def reparent(self) -> None:
        """The village belongs to another region, and back."""
        parent = self.lake.rows[("organization", VILLAGE)]["parent_id"]
        self.lake.change("organization", VILLAGE, parent_id=90 if parent == 1 else 1)

    def outside(self) -> None:
        """The village leaves the installation, and comes back."""
        self.lake.change(
            "organization", VILLAGE, is_external=not self.lake.rows[("organization", VILLAGE)]["is_external"]
        )

    def destroy(self) -> None:
        """Somebody's data are destroyed; rows of merged records stay those of the other."""
        person = self._person()
        self.destroyed.add(person)
        self.lake.add("tombstone", patient_key=person, destroyed_at=self.now)

    def _open_links(self) -> list[Row]:
        return [
            row
            for row in self.lake.newest("patient_link")
            if not row.get("unlinked_at") and not {row["patient_key"], row["other_patient_key"]} & self.destroyed
        ]

    def _people(self) -> list[str]:
        return [
            str(row["patient_key"]) for row in self.lake.newest("patient") if row["patient_key"] not in self.destroyed
        ]

    def _person(self) -> str:
        return self.chance.choice(self._people())

    def _lives(self, row: Row) -> bool:
        return row["patient_key"] not in self.destroyed

    def _fact(self) -> tuple[str, Row]:
        table = self.chance.choice(FACTS)
        return table, self.chance.choice([row for row in self.lake.newest(table) if self._lives(row)])
