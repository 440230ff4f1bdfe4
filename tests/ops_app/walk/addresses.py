"""Addresses of every route, their parameters filled by name from what the database holds of one person.

Nothing here names a route: a parameter ``death_id`` becomes the newest row of the table ``death``, that of the person
where the table tells one. A module that is added later is walked without a word.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import Engine, Table, select

from ops_app.models import load_all

MISSING = 1
"""For a table that is empty: refusals need no row."""

OTHER_NAMES = {
    "link": "patient_link",
    "request": "service_request",
    "response": "questionnaire_response",
    "step": "care_plan_activity",
    "grant": "access_grant",
    "group": "access_group",
    "member": "group_member",
    "row": "condition",
    "template": "answer_template",
}
"""Parameters that say a table's name shortly; when no table is found either way, the person's own number is taken."""

WORDS = {
    "code": "doctor",
    "group": "diagnoses",
    "item_id": "file",
    "key": "phq_9",
    "kind": "condition",
    "resource_type": "Patient",
    "system": "icd10",
    "version": "0.1.0",
}
"""Parameters that are words and no numbers."""


def every_route(app: FastAPI) -> list[APIRoute]:
    """All routes of the app."""
    return [route for route in app.routes if isinstance(route, APIRoute)]


class Addresses:
    """Fills the addresses of routes with what belongs to one person."""

    def __init__(self, engine: Engine, patient_id: int, case_id: str):
        self.engine = engine
        self.patient_id = patient_id
        self.known: dict[str, str] = {"patient_id": str(patient_id), "case_id": case_id} | WORDS

    def of(self, route: APIRoute) -> str:
        """The address of a route."""
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: self._value(found[1]), route.path)

    def _value(self, parameter: str) -> str:
        if parameter not in self.known:
            self.known[parameter] = str(self._newest(parameter.removesuffix("_id")))
        return self.known[parameter]

    def _newest(self, name: str) -> int:
        tables = [table for table in _tables() if table.name == OTHER_NAMES.get(name, name) and "id" in table.c]
        with self.engine.connect() as connection:
            for table in tables:
                statement = select(table.c.id).order_by(table.c.id.desc()).limit(1)
                if "patient_id" in table.c:
                    statement = statement.where(table.c.patient_id == self.patient_id)
                if (found := connection.scalar(statement)) is not None:
                    return int(found)
        return MISSING if tables else self.patient_id


@lru_cache(maxsize=1)
def _tables() -> list[Table]:
    return list(load_all().metadata.sorted_tables)
