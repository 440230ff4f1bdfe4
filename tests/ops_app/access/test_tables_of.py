"""The conditions of closed topics reach a table wherever a statement reads it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import exists, func, literal, select, union_all
from sqlalchemy.orm import aliased

from ops_app.mechanisms.closed_topics.veil import tables_of
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Condition, Encounter, Observation

OTHER = aliased(Encounter)
OF_A_PERSON = select(Condition).where(Condition.patient_id == Patient.id)
LAST = select(Condition.encounter_id).order_by(Condition.id.desc()).limit(1)
COMMON = select(Condition.patient_id).cte("ill")
EVENTS = union_all(
    select(literal("visit").label("kind"), Encounter.id), select(literal("diagnosis"), Condition.id)
).subquery()

SHAPES: dict[str, tuple[Any, set[str]]] = {
    "rows": (select(Encounter), {"visits.encounter"}),
    "one column": (select(Encounter.id), {"visits.encounter"}),
    "inside a function": (select(func.max(Encounter.id)), {"visits.encounter"}),
    "from": (select(func.count()).select_from(Encounter), {"visits.encounter"}),
    "only in a condition": (
        select(Patient.id).where(Condition.patient_id == Patient.id),
        {"patients.patient", "visits.condition"},
    ),
    "alias": (select(OTHER), {"visits.encounter"}),
    "column of an alias": (select(OTHER.id), {"visits.encounter"}),
    "join": (
        select(Patient.id).join(Condition, Condition.patient_id == Patient.id),
        {"patients.patient", "visits.condition"},
    ),
    "join of an alias": (
        select(Patient.id).join(OTHER, OTHER.patient_id == Patient.id),
        {"patients.patient", "visits.encounter"},
    ),
    "exists": (select(Patient).where(OF_A_PERSON.exists()), {"patients.patient", "visits.condition"}),
    "not exists": (
        select(Patient).where(~exists().where(Condition.patient_id == Patient.id)),
        {"patients.patient", "visits.condition"},
    ),
    "in": (select(Encounter).where(Encounter.id.in_(LAST)), {"visits.encounter", "visits.condition"}),
    "value of a subquery": (
        select(Encounter.id, LAST.scalar_subquery()),
        {"visits.encounter", "visits.condition"},
    ),
    "count of rows": (select(func.count()).select_from(select(Observation).subquery()), {"visits.observation"}),
    "column of a subquery": (select(EVENTS.c.kind), {"visits.encounter", "visits.condition"}),
    "union": (union_all(select(Encounter.id), select(Condition.id)), {"visits.encounter", "visits.condition"}),
    "common table": (
        select(Patient).where(Patient.id.in_(select(COMMON.c.patient_id))),
        {"patients.patient", "visits.condition"},
    ),
    "lateral": (
        select(Patient.id, OF_A_PERSON.lateral("newest").c.icd10),
        {"patients.patient", "visits.condition"},
    ),
    "order": (select(Patient.id).order_by(LAST.scalar_subquery()), {"patients.patient", "visits.condition"}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_table_of_a_statement_is_overlooked(shape: str) -> None:
    statement, read = SHAPES[shape]
    assert tables_of(statement) == read
