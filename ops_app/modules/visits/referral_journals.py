"""Referrals addressed to an organisation, and those written in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.i18n import N_, _
from ops_app.kit.day_range import within_days
from ops_app.kit.privacy import Privacy
from ops_app.mechanisms.journal.declaration import Asked, ChoiceFilter, Column, DateFilter, Journal
from ops_app.mechanisms.service_request.transitions import OPEN
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.journal_columns import BIRTH_DATE, name_column
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.forms import PAYERS, PRIORITIES, REFERRAL_CATEGORIES, REFERRAL_STATES
from ops_app.modules.visits.models import ServiceRequest
from ops_app.permissions import Permission
from ops_app.ui.render import local_name

_PERFORMER = func.coalesce(ServiceRequest.performer_organization_id, ServiceRequest.organization_id)
_URGENCY = case((ServiceRequest.priority == "emergency", 0), (ServiceRequest.priority == "urgent", 1), else_=2)


@dataclass(frozen=True, slots=True)
class _More:
    codes: dict[tuple[str, str], str]
    places: dict[int, Organization]


def _filtered(asked: Asked) -> Select[ServiceRequest, Patient]:
    statement = (
        select(ServiceRequest, Patient)
        .join(Patient, Patient.id == ServiceRequest.patient_id)
        .where(ServiceRequest.entered_in_error_at.is_(None))
    )
    if asked.get("state") == "open":
        statement = statement.where(ServiceRequest.status.in_(OPEN))
    elif "state" in asked:
        statement = statement.where(ServiceRequest.status == asked["state"])
    statement = statement.where(*within_days(ServiceRequest.event_at, asked.get("since"), asked.get("until")))
    for name, column in (("category", ServiceRequest.category), ("payer", ServiceRequest.payer)):
        if name in asked:
            statement = statement.where(column == asked[name])
    return statement


def _incoming(scope: Scope, asked: Asked) -> Select[ServiceRequest, Patient]:
    return _filtered(asked).where(scope.condition(_PERFORMER), ServiceRequest.status != "draft")


def _written(scope: Scope, asked: Asked) -> Select[ServiceRequest, Patient]:
    return _filtered(asked).where(scope.condition(ServiceRequest.organization_id))


def _look_up(session: Session, rows: Sequence[Any]) -> _More:
    places = {row.ServiceRequest.organization_id for row in rows}
    places |= {row.ServiceRequest.performer_organization_id for row in rows}
    found = session.scalars(select(Organization).where(Organization.id.in_(place for place in places if place)))
    return _More(
        titles(session, [("service", row.ServiceRequest.code) for row in rows]), {place.id: place for place in found}
    )


def _service(row: Any, more: _More) -> str:
    code = row.ServiceRequest.code
    return f"{code} {more.codes.get(('service', code), '')}".strip() if code else ""


def _columns(place: str, place_title: str) -> tuple[Column, ...]:
    return (
        Column(
            "at",
            N_("Written on"),
            lambda row, more: row.ServiceRequest.event_at,
            "moment",
            sort=ServiceRequest.event_at,
            link=lambda row: ("visits:referral", {"request_id": row.ServiceRequest.id}),
        ),
        name_column(N_("Patient"), lambda row: ("visits:referral", {"request_id": row.ServiceRequest.id})),
        BIRTH_DATE,
        Column(
            "category",
            N_("Referral for"),
            lambda row, more: _(dict(REFERRAL_CATEGORIES)[row.ServiceRequest.category]),
        ),
        Column("service", N_("Service"), _service, privacy=Privacy.SENSITIVE),
        Column("priority", N_("How soon"), lambda row, more: _(dict(PRIORITIES)[row.ServiceRequest.priority])),
        Column(
            "place", place_title, lambda row, more: local_name(more.places.get(getattr(row.ServiceRequest, place) or 0))
        ),
        Column(
            "payer",
            N_("Who pays"),
            lambda row, more: _(dict(PAYERS)[row.ServiceRequest.payer]) if row.ServiceRequest.payer else "",
        ),
        Column(
            "day",
            N_("Day"),
            lambda row, more: row.ServiceRequest.occurrence_date,
            "date",
            sort=ServiceRequest.occurrence_date,
        ),
        Column("state", N_("State"), lambda row, more: _(REFERRAL_STATES[row.ServiceRequest.status])),
    )


_FILTERS = (
    ChoiceFilter(
        "state",
        N_("State"),
        choices=(("open", N_("not done yet")), *REFERRAL_STATES.items()),
        default="open",
    ),
    DateFilter("since", N_("From")),
    DateFilter("until", N_("To")),
    ChoiceFilter("category", N_("Referral for"), choices=REFERRAL_CATEGORIES),
    ChoiceFilter("payer", N_("Who pays"), choices=PAYERS),
)

JOURNALS = (
    Journal(
        name="referrals-in",
        title=N_("Incoming referrals"),
        about=N_("Referrals addressed to your organisation that are not done yet; the urgent ones first."),
        permission=Permission.REFERRALS_REQUEST_PERFORM,
        query=_incoming,
        columns=_columns("organization_id", N_("From where")),
        default_sort=(_URGENCY, ServiceRequest.event_at, ServiceRequest.id),
        person=lambda row: row.Patient.id,
        filters=_FILTERS,
        empty=N_("A referral stands here as soon as a doctor writes it to your organisation."),
        look_up=_look_up,
        order=25,
    ),
    Journal(
        name="referrals-out",
        title=N_("Referrals written here"),
        about=N_("Referrals written in your organisation, to itself and to others."),
        permission=Permission.VISITS_RECORD_READ,
        query=_written,
        columns=_columns("performer_organization_id", N_("Where to")),
        default_sort=(ServiceRequest.event_at.desc(), ServiceRequest.id.desc()),
        person=lambda row: row.Patient.id,
        filters=_FILTERS,
        empty=N_("A referral stands here as soon as it is written at a visit."),
        look_up=_look_up,
        order=26,
    ),
)
