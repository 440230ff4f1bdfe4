"""People and their cards as JSON, under the same rules as the pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from ops_app import audit
from ops_app.db import Db
from ops_app.kit.paging import Paging
from ops_app.modules.patients import queries, service
from ops_app.modules.patients.forms import RegistrationForm
from ops_app.modules.patients.permissions import CardReader, IdentityReader, PatientFinder, PatientRegistrar
from ops_app.modules.patients.search import search
from ops_app.modules.patients.timeline import TimelineFilter, as_json, timeline
from ops_app.permissions import Permission

router = APIRouter(prefix="/api")


class FoundPerson(BaseModel):
    """A person a search found."""

    id: int
    iin: str | None
    temporary_id: str | None
    family_name: str
    given_name: str
    patronymic: str | None
    sex: str
    birth_date: dt.date
    identity_status: str
    is_exact: bool


class PersonOut(BaseModel):
    """A person's passport part; ``version`` goes back with an edit."""

    id: int
    iin: str | None
    temporary_id: str | None
    identity_status: str
    family_name: str
    given_name: str
    patronymic: str | None
    sex: str
    birth_date: dt.date
    phone: str | None
    address_line: str | None
    kato_code: str | None
    is_live: bool
    attached_organization_id: int | None
    attached_site_id: int | None
    died_on: dt.date | None
    version: int


class FactOut(BaseModel):
    """One place on the timeline."""

    kind: str
    id: int
    at: dt.datetime
    known_at: dt.datetime
    evidence: str
    in_error: bool
    values: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]


class TimelinePage(BaseModel):
    """One page of a card."""

    page: int
    has_next: bool
    total: int | None
    items: list[FactOut]


@router.get("/patients", name="patients:api_search")
def find(actor: PatientFinder, db: Db, q: str = "", limit: int = 20) -> list[FoundPerson]:
    """People of the actor's organisations by number, name, birth date."""
    found = search(db, q, actor.scope(Permission.PATIENTS_IDENTITY_READ), limit=max(1, min(limit, 50)))
    audit.read_many(db, actor, [person.id for person in found], rule="search")
    return [FoundPerson.model_validate(person, from_attributes=True) for person in found]


@router.post("/patients", name="patients:api_register", status_code=201)
def register(actor: PatientRegistrar, db: Db, data: RegistrationForm) -> PersonOut:
    """Register a person; 409 names the record that stands in the way."""
    return _person(db, service.register(db, actor, data).id)


@router.get("/patients/{patient_id}", name="patients:api_person")
def person(access: IdentityReader, db: Db) -> PersonOut:
    """The passport part of a person."""
    return _person(db, access.patient_id)


def _person(db: Db, patient_id: int) -> PersonOut:
    patient = queries.patient_or_404(db, patient_id)
    records = queries.record_ids(db, patient_id)
    attachment = queries.current_attachment(db, records)
    death = queries.live_death(db, records)
    known = {name: getattr(patient, name) for name in PersonOut.model_fields if hasattr(patient, name)}
    return PersonOut(
        **known,
        attached_organization_id=attachment.organization_id if attachment else None,
        attached_site_id=attachment.site_id if attachment else None,
        died_on=death.event_at.date() if death else None,
        version=patient.row_xid,
    )


@router.get("/patients/{patient_id}/timeline", name="patients:api_timeline")
def card(access: CardReader, db: Db, paging: Paging, kind: str | None = None) -> TimelinePage:
    """The card, newest first."""
    shown = timeline(db, access.records, paging, TimelineFilter(kind=kind))
    items = [
        FactOut(
            kind=entry.kind,
            id=entry.row.id,
            at=entry.at,
            known_at=entry.row.known_at,
            evidence=entry.row.evidence,
            in_error=entry.row.entered_in_error_at is not None,
            values=as_json(entry.kind, entry.row),
            rows={kind: [as_json(kind, row) for row in rows] for kind, rows in entry.rows.items()},
        )
        for entry in shown.items
    ]
    return TimelinePage(page=shown.number, has_next=shown.has_next, total=shown.total, items=items)
