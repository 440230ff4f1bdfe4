"""Five lists counted once more: plain Python over the operational tables, from the wording of the lists.

It shares nothing with the models: no SQL of theirs, no seed, no table of the warehouse. Facts are read whole and
walked over person by person. What a signal asks: the population, the event, the clock (when the facility could know),
who owns the person, and which facts close the case.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

Fact = dict[str, Any]
Found = dict[str, tuple[str, int]]
"""Case → (state, organisation)."""

ZONE = ZoneInfo("Asia/Almaty")
DAY = dt.timedelta(days=1)
WINDOW = 30 * DAY
HEART = ("I20.0", "I21", "I22", "I24")
STROKE = ("I60", "I61", "I62", "I63", "I64")
TABLES = {
    "encounter": "visits.encounter",
    "condition": "visits.condition",
    "observation": "visits.observation",
    "procedure": "visits.procedure",
    "medicine": "visits.medication_request",
    "request": "visits.service_request",
    "episode": "episodes.episode_of_care",
    "activity": "episodes.care_plan_activity",
    "death": "deaths.death",
    "booking": "appointments.appointment",
    "attachment": "patients.attachment",
    "serving": "patients.serving_site",
}


@dataclass
class Person:
    """Everything the facility knows of one person at a moment, merged records together."""

    born: dt.date | None = None
    facts: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))

    def owner(self, on: dt.date, nodes: dict[int, Fact]) -> int | None:
        """The organisation that acts for the person: who accepted the handover, else the place of attachment."""

        def lasts(row: Fact) -> bool:
            return bool(row["start_date"] <= on and (row["end_date"] is None or row["end_date"] > on))

        def newest(rows: list[Fact]) -> Fact | None:
            return max(filter(lasts, rows), key=lambda row: (row["start_date"], row["id"]), default=None)

        accepted = newest([row for row in self.facts["serving"] if row["accepted_at"]])
        spells = [row for row in self.facts["attachment"] if not nodes[row["organization_id"]]["is_external"]]
        # an attachment lasts until the next one begins
        last = max(
            (row for row in spells if row["start_date"] <= on),
            key=lambda row: (row["start_date"], row["id"]),
            default=None,
        )
        chosen = accepted or (last if last is not None and lasts(last) else None)
        return None if chosen is None else facility(chosen["organization_id"], nodes)

    @property
    def contacts(self) -> list[Fact]:
        """Meetings that took place."""
        return [
            row
            for row in self.facts["encounter"]
            if row["status"] in ("in_progress", "finished") and row["disposition"] != "nobody_home"
        ]

    @property
    def death(self) -> Fact | None:
        return min(self.facts["death"], key=lambda row: (row["known_at"], row["id"]), default=None)

    def did(self, table: str, since: dt.datetime, fits: Callable[[Fact], bool]) -> bool:
        """Whether a fact of that kind happened since a moment."""
        return any(row["event_at"] >= since and fits(row) for row in self.facts[table])

    def met(self, since: dt.datetime, *classes: str) -> bool:
        return any(row["event_at"] >= since and row["encounter_class"] in classes for row in self.contacts)


def facility(node: int, nodes: dict[int, Fact]) -> int:
    """The organisation a department or a site belongs to."""
    at: int | None = node
    while at is not None and nodes[at]["kind"] != "organization":
        at = nodes[at]["parent_id"]
    return node if at is None else at


def recount(connection: psycopg.Connection[Any], as_of: dt.datetime) -> dict[str, Found]:
    """All five lists as they must stand at a moment."""
    people, nodes = _read(connection, as_of)
    lists: dict[str, Found] = {code: {} for code in ("SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-11")}
    today = as_of.astimezone(ZONE).date()
    for person in people.values():
        owner = person.owner(today, nodes)
        for code, event, closes in (*_discharges(person, as_of), *_unadmitted(person, as_of)):
            if owner is not None and event["known"] >= as_of - WINDOW:
                closed = closes(person, event["at"]) or person.death is not None
                lists[code].setdefault(f"{code}:encounter:{event['id']}", ("closed" if closed else "open", owner))
        lists["SIG-07"] |= _death(person, as_of, nodes)
        if owner is not None:
            lists["MAT-11"] |= _missed(person, as_of, owner)
    return lists


def _read(connection: psycopg.Connection[Any], as_of: dt.datetime) -> tuple[dict[int, Person], dict[int, Fact]]:
    cursor = connection.cursor(row_factory=dict_row)
    nodes = {row["id"]: row for row in cursor.execute("select * from organizations.organization")}
    same: dict[int, int] = {}
    for row in cursor.execute("select * from patients.patient_link where unlinked_at is null order by id"):
        same[max(row["patient_id"], row["other_patient_id"])] = min(row["patient_id"], row["other_patient_id"])
    people: dict[int, Person] = defaultdict(Person)

    def of(patient: int) -> Person:
        while patient in same:
            patient = same[patient]
        return people[patient]

    posts = {
        row["practitioner_id"]: row["position"]
        for row in cursor.execute("select * from organizations.practitioner_role order by id")
    }
    for row in cursor.execute("select id, birth_date from patients.patient"):
        of(row["id"]).born = row["birth_date"]
    for name, table in TABLES.items():
        for row in cursor.execute(f"select * from {table} where entered_in_error_at is null".encode()):
            if row.get("known_at", as_of) <= as_of:
                row["position"] = posts.get(row.get("practitioner_id"))
                of(row["patient_id"]).facts[name].append(row)
    return people, nodes


def _stays(person: Person, as_of: dt.datetime) -> Iterator[list[Fact]]:
    """Treatments in hospital: a stay that begins within a day of another's end continues it."""
    chain: list[Fact] = []
    until: dt.datetime | None = None
    stays = [row for row in person.contacts if row["encounter_class"] == "inpatient"]
    for row in sorted(stays, key=lambda row: (row["event_at"], row["id"])):
        known_end = row["end_at"] if (row["end_known_at"] or row["known_at"]) <= as_of else None
        row["ended"] = known_end
        if chain and until is not None and row["event_at"] > until + DAY:
            yield chain
            chain, until = [], None
        later = known_end or dt.datetime.max.replace(tzinfo=dt.UTC) - 2 * DAY
        chain, until = [*chain, row], max(until or later, later)
    if chain:
        yield chain


Event = tuple[str, dict[str, Any], Callable[[Person, dt.datetime], bool]]


def _discharges(person: Person, as_of: dt.datetime) -> Iterator[Event]:
    for chain in _stays(person, as_of):
        if any(row["ended"] is None for row in chain):
            continue
        last = max(chain, key=lambda row: (row["ended"], row["event_at"], row["id"]))
        ids = {row["id"] for row in chain}
        codes = [
            row["icd10"]
            for row in person.facts["condition"]
            if row["encounter_id"] in ids and row["icd10"] and (row["type"], row["kind"]) == ("main", "final")
        ]
        if last["disposition"] in ("died", "transferred") or _died_before(person, last["ended"]):
            continue
        event = {"id": last["id"], "at": last["ended"], "known": last["end_known_at"] or last["known_at"]}
        yield from _opened(codes, event)


def _unadmitted(person: Person, as_of: dt.datetime) -> Iterator[Event]:
    """A TIA told at a door that let the person go home; a later door for the same illness is the one that counts."""
    doors = [row for row in person.contacts if row["encounter_class"] in ("emergency", "inpatient")]
    codes_of: dict[int, list[str]] = defaultdict(list)
    for row in person.facts["condition"]:
        if row["icd10"] and row["encounter_id"]:
            codes_of[row["encounter_id"]].append(row["icd10"])
    for door in doors:
        if door["encounter_class"] != "emergency" or (door["end_known_at"] or door["known_at"]) > as_of:
            continue
        main = [
            row["icd10"]
            for row in person.facts["condition"]
            if row["encounter_id"] == door["id"] and row["type"] == "main" and row["icd10"]
        ]

        def replaces(other: Fact, door: Fact = door) -> bool:
            if other["id"] == door["id"] or not door["event_at"] <= other["event_at"] <= door["event_at"] + DAY:
                return False
            if other["encounter_class"] == "inpatient":
                return True
            return other["event_at"] > door["event_at"] and any(code[:3] == "G45" for code in codes_of[other["id"]])

        if door["disposition"] in ("died", "transferred") or any(map(replaces, doors)):
            continue
        if _died_before(person, door["event_at"]):
            continue
        event = {"id": door["id"], "at": door["event_at"], "known": door["end_known_at"] or door["known_at"]}
        yield from (found for found in _opened(main, event) if found[0] == "SIG-04")


def _died_before(person: Person, moment: dt.datetime) -> bool:
    death = person.death
    return death is not None and death["event_at"].astimezone(ZONE).date() < moment.astimezone(ZONE).date()


def _opened(codes: list[str], event: dict[str, Any]) -> Iterator[Event]:
    if any(code.startswith(HEART) for code in codes):
        yield "SIG-02", event, _heart_closes
    if any(code.startswith(STROKE) for code in codes):
        yield "SIG-03", event, _stroke_closes
    if any(code.startswith("G45") and not code.startswith("G45.4") for code in codes):
        yield "SIG-04", event, _tia_closes


def _heart_closes(person: Person, since: dt.datetime) -> bool:
    """Seen (a call is then behind it), blood pressure, medicines or why not, a dispensary card."""
    medicines = person.did("medicine", since, lambda row: _active(row) and row["code"].startswith(("B01A", "C10")))
    why_not = person.did("observation", since, lambda row: _active(row) and row["code"] == "X-NO-MEDICINE")
    card = any(
        row["kind"] == "dispensary"
        and _active(row)
        and (row["icd10"] or "")[:3] in ("I20", "I21", "I22", "I24", "I25")
        and (row["end_at"] is None or row["end_at"] >= since)
        for row in person.facts["episode"]
    )
    return person.met(since, "ambulatory", "home") and _pressed(person, since) and (medicines or why_not) and card


def _stroke_closes(person: Person, since: dt.datetime) -> bool:
    """Seen at home, Rankin, blood pressure, a referral to rehabilitation, the neurologist."""
    rankin = person.did("observation", since, lambda row: _active(row) and row["code"] == "75859-9")
    referred = person.did(
        "request",
        since,
        lambda row: row["status"] not in ("draft", "cancelled") and row["category"] == "rehabilitation",
    )
    neurologist = _done(person, since, "A02.018.000") or any(
        row["event_at"] >= since and row["position"] == "neurologist" for row in person.contacts
    )
    return person.met(since, "home") and rankin and _pressed(person, since) and referred and neurologist


def _tia_closes(person: Person, since: dt.datetime) -> bool:
    """Seen, ECG, duplex, an antithrombotic."""
    antithrombotic = person.did("medicine", since, lambda row: _active(row) and row["code"].startswith("B01A"))
    examined = _done(person, since, "C02.001.000") and _done(person, since, "C03.002.003")
    return person.met(since, "ambulatory", "home") and examined and antithrombotic


def _active(row: Fact) -> bool:
    return bool(row["status"] != "cancelled")


def _pressed(person: Person, since: dt.datetime) -> bool:
    return person.did("observation", since, lambda row: _active(row) and row["code"] == "8480-6")


def _done(person: Person, since: dt.datetime, code: str) -> bool:
    return person.did("procedure", since, lambda row: row["status"] == "completed" and row["code"] == code)


def _death(person: Person, as_of: dt.datetime, nodes: dict[int, Fact]) -> Found:
    death = person.death
    if death is None or death["known_at"] < as_of - WINDOW:
        return {}
    died = death["event_at"].astimezone(ZONE).date()
    # who answered on the day itself; an attachment ended by the death is still one
    owner = person.owner(died, nodes) or person.owner(died - DAY, nodes)
    if owner is None:
        return {}
    live = any(
        row["start_at"] > death["event_at"] and row["status"] in ("booked", "arrived")
        for row in person.facts["booking"]
    )
    reviewed = not _needs_review(person, death, died) or _done(person, death["event_at"], "L08.001.000")
    return {f"SIG-07:death:{death['id']}": ("open" if live or not reviewed else "closed", owner)}


def _needs_review(person: Person, death: Fact, died: dt.date) -> bool:
    born = person.born
    age = 200 if born is None else died.year - born.year - ((died.month, died.day) < (born.month, born.day))
    pregnant = any(
        row["kind"] == "pregnancy"
        and row["close_reason"] != "mistake"
        and row["event_at"].astimezone(ZONE).date() <= died
        and died - (row["outcome_at"] or row["end_at"] or death["event_at"]).astimezone(ZONE).date() <= 42 * DAY
        for row in person.facts["episode"]
    )
    delivered = any(
        row["icd10"]
        and row["kind"] == "final"
        and row["icd10"].startswith(("O80", "O81", "O82", "O83", "O84", "Z37"))
        and dt.timedelta() <= died - row["event_at"].astimezone(ZONE).date() <= 42 * DAY
        for row in person.facts["condition"]
    )
    left_hospital = any(
        row["encounter_class"] == "inpatient"
        and row["disposition"] != "died"
        and row["end_at"] is not None
        and row["end_at"] < death["event_at"]
        and died - row["end_at"].astimezone(ZONE).date() <= 30 * DAY
        for row in person.contacts
    )
    return pregnant or delivered or age < 5 or (death["place"] == "home" and 18 <= age <= 64) or left_hospital


def _missed(person: Person, as_of: dt.datetime, owner: int) -> Found:
    today = as_of.astimezone(ZONE).date()
    cards = {row["id"]: row for row in person.facts["episode"] if row["kind"] == "pregnancy"}
    cases: Found = {}
    for step in person.facts["activity"]:
        card = cards.get(step["episode_id"])
        if card is None or card["close_reason"] == "mistake" or not step["planned_date"]:
            continue
        planned: dt.date = step["planned_date"]
        last_day = planned + (1 if card["risk_level"] == "high" else 3) * DAY
        if last_day >= today:
            continue
        if step["status"] == "cancelled" and step["cancel_reason"] not in ("outcome", "moved", "died"):
            continue
        if step["status"] == "done" and step["encounter_id"] is None:
            continue
        ended = _card_ended(card, as_of)
        if ended is not None and ended.astimezone(ZONE).date() <= last_day:
            continue
        if any(_keeps(contact, planned, last_day, today, step) for contact in person.contacts):
            continue
        since = dt.datetime.combine(last_day + DAY, dt.time(), ZONE)
        reached = [row["event_at"] for row in person.contacts if row["event_at"] >= since]
        reached += [
            row["event_at"]
            for row in person.facts["procedure"]
            if row["event_at"] >= since and row["code"] == "L01.006.000" and row["status"] == "completed"
        ]
        reached += [moment for moment in (ended, person.death and person.death["known_at"]) if moment]
        if not reached:
            cases[f"MAT-11:care_plan_activity:{step['id']}"] = ("open", owner)
        elif min(reached) >= as_of - WINDOW:
            cases[f"MAT-11:care_plan_activity:{step['id']}"] = ("closed", owner)
    return cases


def _card_ended(card: Fact, as_of: dt.datetime) -> dt.datetime | None:
    known = card["outcome_known_at"] or card["end_known_at"] or card["known_at"]
    return (card["outcome_at"] or card["end_at"]) if known <= as_of else None


def _keeps(contact: Fact, planned: dt.date, last_day: dt.date, today: dt.date, step: Fact) -> bool:
    """Whether a meeting is the planned visit: any facility within the days of grace, an antenatal one a week before."""
    begun = contact["event_at"].astimezone(ZONE).date()
    if begun > last_day:
        return False
    over = begun
    if contact["encounter_class"] == "inpatient":
        over = contact["end_at"].astimezone(ZONE).date() if contact["end_at"] else today
    early = contact["purpose"] == "pregnancy" and begun >= planned - 7 * DAY
    return bool(over >= planned or early or contact["id"] == step["encounter_id"])
