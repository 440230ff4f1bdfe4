"""The facts of people as declared programmes see them, read for many people with one query a table."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import any_, select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.kit.among import KEYS
from ops_app.mechanisms.facts import Fact, History
from ops_app.modules.deaths.models import Death
from ops_app.modules.episodes.models import CarePlanActivity, EpisodeOfCare
from ops_app.modules.patients.models import Attachment, Patient, PatientLink
from ops_app.modules.visits.models import Condition, Encounter, Procedure

BY_RULE = ("died", "moved", "on_register", "done_before", "pregnancy_card", "not_in_group")
"""Reasons the rules write; a step cancelled for another one was cancelled by a person and stays so."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person: the record that stands for him, all his records, his facts, his kept steps."""

    patient: Patient
    records: tuple[int, ...]
    history: History
    steps: tuple[CarePlanActivity, ...]


# Composed once: they are asked with every fact that is recorded.
_PATIENTS = select(Patient).where(Patient.id == any_(KEYS))
_STANDING = select(PatientLink.patient_id, PatientLink.other_patient_id).where(
    PatientLink.unlinked_at.is_(None),
    (PatientLink.other_patient_id == any_(KEYS)) | (PatientLink.patient_id == any_(KEYS)),
)
_BEHIND = select(PatientLink.patient_id, PatientLink.other_patient_id).where(
    PatientLink.unlinked_at.is_(None), PatientLink.patient_id == any_(KEYS)
)
_ATTACHMENTS = select(Attachment.patient_id, Attachment.id, Attachment.start_date, Attachment.end_date).where(
    Attachment.patient_id == any_(KEYS), Attachment.entered_in_error_at.is_(None)
)
_CARDS = select(EpisodeOfCare).where(
    EpisodeOfCare.patient_id == any_(KEYS), EpisodeOfCare.entered_in_error_at.is_(None)
)
_DIAGNOSES = select(
    Condition.patient_id, Condition.id, Condition.encounter_id, Condition.icd10, Condition.event_at
).where(Condition.patient_id == any_(KEYS), Condition.icd10.is_not(None), Condition.entered_in_error_at.is_(None))
_VISITS = select(
    Encounter.patient_id, Encounter.id, Encounter.purpose, Encounter.encounter_class, Encounter.event_at
).where(
    Encounter.patient_id == any_(KEYS),
    Encounter.entered_in_error_at.is_(None),
    Encounter.status == "finished",
    Encounter.disposition.is_distinct_from("nobody_home"),
)
_SERVICES = select(
    Procedure.patient_id, Procedure.id, Procedure.encounter_id, Procedure.code, Procedure.event_at
).where(Procedure.patient_id == any_(KEYS), Procedure.status == "completed", Procedure.entered_in_error_at.is_(None))
_DEATHS = select(Death.patient_id, Death.id, Death.event_at).where(
    Death.patient_id == any_(KEYS), Death.entered_in_error_at.is_(None)
)
_STEPS = (
    select(CarePlanActivity)
    .where(CarePlanActivity.patient_id == any_(KEYS), CarePlanActivity.entered_in_error_at.is_(None))
    .order_by(CarePlanActivity.id)
)


def people(session: Session, patient_ids: Iterable[int]) -> list[Person]:
    """Everybody behind these records, once, in the order of their records."""
    standing, records = _records(session, patient_ids)
    everything = [record for found in records.values() for record in found]
    patients = {row.id: row for row in session.scalars(_PATIENTS, {"keys": list(records)})}
    facts: dict[int, set[Fact]] = defaultdict(set)
    for record, fact in _facts(session, everything):
        facts[standing[record]].add(fact)
    steps: dict[int, list[CarePlanActivity]] = defaultdict(list)
    for step in _steps(session, everything):
        person = standing[step.patient_id]
        steps[person].append(step)
        facts[person] |= set(_step_facts(step))
    return [
        Person(
            patients[person],
            tuple(records[person]),
            History(patients[person].birth_date, patients[person].sex or "", frozenset(facts[person])),
            tuple(steps[person]),
        )
        for person in sorted(patients)
        if patients[person].entered_in_error_at is None
    ]


def _records(session: Session, patient_ids: Iterable[int]) -> tuple[dict[int, int], dict[int, list[int]]]:
    asked = list(patient_ids)
    links = session.execute(_STANDING, {"keys": asked}).all()
    hidden = {link.other_patient_id: link.patient_id for link in links}
    people = {hidden.get(patient_id, patient_id) for patient_id in asked}
    records = {person: [person] for person in people}
    for link in session.execute(_BEHIND, {"keys": list(people)}):
        records[link.patient_id].append(link.other_patient_id)
    return {record: person for person, found in records.items() for record in found}, records


def _day(moment: dt.datetime) -> dt.date:
    return clock.local(moment).date()


def _facts(session: Session, records: list[int]) -> Iterator[tuple[int, Fact]]:
    yield from _attachments(session, records)
    yield from _cards(session, records)
    yield from _care(session, records)
    for row in session.execute(_DEATHS, {"keys": records}):
        yield row.patient_id, Fact("death", _day(row.event_at), id=row.id)


def _attachments(session: Session, records: list[int]) -> Iterator[tuple[int, Fact]]:
    for row in session.execute(_ATTACHMENTS, {"keys": records}):
        yield row.patient_id, Fact("attachment", row.start_date, id=row.id, until=row.end_date)


def _cards(session: Session, records: list[int]) -> Iterator[tuple[int, Fact]]:
    for card in session.scalars(_CARDS, {"keys": records}):
        tags = {f"reason:{card.close_reason}"} if card.close_reason else set()
        if card.lmp_date:
            tags.add(f"anchor:{card.lmp_date.isoformat()}")
        yield (
            card.patient_id,
            Fact(
                f"{card.kind}_card",
                _day(card.event_at),
                code=card.icd10 or "",
                id=card.id,
                until=_day(card.end_at) if card.end_at and card.status != "active" else None,
                tags=frozenset(tags),
            ),
        )


def _care(session: Session, records: list[int]) -> Iterator[tuple[int, Fact]]:
    """Visits where the person was seen, services rendered, diagnoses."""
    diagnoses: dict[int, set[str]] = defaultdict(set)
    for row in session.execute(_DIAGNOSES, {"keys": records}):
        diagnoses[row.encounter_id].add(row.icd10)
        yield row.patient_id, Fact("diagnosis", _day(row.event_at), row.icd10, row.id, ref=row.encounter_id or -row.id)
    for visit in session.execute(_VISITS, {"keys": records}):
        kind = "call" if visit.encounter_class == "virtual" else "visit"
        tags = frozenset({f"class:{visit.encounter_class}", *diagnoses[visit.id]})
        yield visit.patient_id, Fact(kind, _day(visit.event_at), visit.purpose, visit.id, ref=visit.id, tags=tags)
    for service in session.execute(_SERVICES, {"keys": records}):
        ref = service.encounter_id or -service.id
        yield service.patient_id, Fact("service", _day(service.event_at), service.code, service.id, ref=ref)


def _steps(session: Session, records: list[int]) -> Sequence[CarePlanActivity]:
    return session.scalars(_STEPS, {"keys": records}).all()


def _step_facts(step: CarePlanActivity) -> Iterator[Fact]:
    if step.status == "cancelled" and step.cancel_reason in BY_RULE:
        return
    kinds: Mapping[str, str] = {"planned": "planned", "done": "completed", "cancelled": "excluded"}
    yield Fact(
        kinds[step.status],
        _day(step.event_at),
        f"{step.programme}/{step.step}",
        step.id,
        until=step.planned_date,
        group=step.episode_id or step.plan_year or 0,
        ref=step.encounter_id or 0,
        tags=frozenset({f"reason:{step.cancel_reason}"}) if step.cancel_reason else frozenset(),
    )
