"""Streams of what happens to records: new facts, corrections, merges and their undoing."""

from __future__ import annotations

import random
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

_COPY_WITH_NEW_CODE = """
insert into visits.condition (patient_id, organization_id, practitioner_id, encounter_id, event_at, known_at, icd10,
  kind, type, character, evidence)
select patient_id, organization_id, practitioner_id, id, event_at, now(), %s, 'final', 'main', 'acute', 'typed'
from visits.encounter where id = %s
"""


def _some(connection: Connection, dice: random.Random, table: str, count: int, condition: str = "true") -> list[int]:
    rows = connection.execute(f"select id from {table} where {condition} order by id").fetchall()  # type: ignore[arg-type]
    return dice.sample([row[0] for row in rows], min(count, len(rows)))


def apply(connection: Connection, dice: random.Random) -> None:
    """Change a few dozen records in every way the operational app can."""
    _new_facts(connection, dice)
    _corrections(connection, dice)
    _people(connection, dice)


def _new_facts(connection: Connection, dice: random.Random) -> None:
    for patient in _some(connection, dice, "patients.patient", 12, "is_live"):
        connection.execute(
            "insert into visits.encounter (patient_id, organization_id, event_at, known_at, encounter_class, "
            "purpose, end_at, end_known_at) select %s, organization_id, now() - interval '2 days', now(), "
            "'ambulatory', 'disease', now() - interval '2 days', now() from patients.attachment "
            "where patient_id = %s limit 1",
            (patient, patient),
        )
    for encounter in _some(connection, dice, "visits.encounter", 12, "encounter_class = 'inpatient'"):
        connection.execute(_COPY_WITH_NEW_CODE, (dice.choice(["I21.9", "I63.9", "G45.9", "J18.9"]), encounter))
    for patient in _some(
        connection, dice, "patients.patient", 2, "is_live and id not in (select patient_id from deaths.death)"
    ):
        connection.execute(
            "insert into deaths.death (patient_id, organization_id, event_at, known_at, place) select %s, "
            "organization_id, now() - interval '5 days', now(), 'home' from patients.attachment "
            "where patient_id = %s limit 1",
            (patient, patient),
        )


def _corrections(connection: Connection, dice: random.Random) -> None:
    error = "entered_in_error_at = now(), entered_in_error_by = 'test', entered_in_error_reason = 'test'"
    for table in ("visits.encounter", "visits.condition", "visits.procedure", "episodes.care_plan_activity"):
        for row in _some(connection, dice, table, 5, "entered_in_error_at is null"):
            connection.execute(f"update {table} set {error} where id = %s", (row,))  # type: ignore[arg-type]
    for row in _some(connection, dice, "visits.condition", 5, "icd10 is not null"):
        connection.execute("update visits.condition set icd10 = 'I10' where id = %s", (row,))
    for row in _some(connection, dice, "visits.procedure", 5, "programme is not null"):
        connection.execute("update visits.procedure set evidence = 'measured' where id = %s", (row,))
    for row in _some(connection, dice, "episodes.episode_of_care", 2, "kind = 'pregnancy' and status = 'active'"):
        connection.execute(
            "update episodes.episode_of_care set status = 'finished', end_at = now(), end_known_at = now(), "
            "close_reason = 'outcome', outcome = 'live_birth', outcome_at = now(), outcome_known_at = now() "
            "where id = %s",
            (row,),
        )


def _people(connection: Connection, dice: random.Random) -> None:
    for first, second in zip(*[iter(_some(connection, dice, "patients.patient", 4, "is_live"))] * 2, strict=True):
        connection.execute(
            "insert into patients.patient_link (patient_id, other_patient_id, linked_by) values (%s, %s, 'test')",
            (first, second),
        )
        connection.execute("update patients.patient set is_live = false where id = %s", (second,))
    undone = connection.execute(
        "update patients.patient_link set unlinked_at = now(), unlinked_by = 'test' where id = "
        "(select min(id) from patients.patient_link where unlinked_at is null) returning other_patient_id"
    ).fetchone()
    if undone:
        connection.execute("update patients.patient set is_live = true where id = %s", undone)
    for patient in _some(connection, dice, "patients.patient", 3, "iin is null and is_live"):
        connection.execute(
            "update patients.patient set birth_date = birth_date - interval '400 days' where id = %s", (patient,)
        )
    for row in _some(connection, dice, "patients.attachment", 4, "end_date is null and start_date < current_date - 40"):
        connection.execute(
            "update patients.attachment set end_date = current_date - 30, end_reason = 'moved' where id = %s", (row,)
        )
