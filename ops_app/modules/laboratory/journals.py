"""The laboratory's lists: orders by any criterion, turnaround by stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.i18n import N_, _
from ops_app.kit import clock
from ops_app.kit.day_range import within_days
from ops_app.kit.privacy import Privacy
from ops_app.mechanisms.journal.declaration import Asked, ChoiceFilter, Choices, Column, DateFilter, Journal
from ops_app.modules.laboratory import queries, turnaround
from ops_app.modules.laboratory.models import LabOrder, OrderService, Service, Specimen
from ops_app.modules.laboratory.titles import ORDER_STATES, SERVICE_STATES, SPECIMENS
from ops_app.modules.laboratory.values import title_of
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.journal_columns import BIRTH_DATE, name_column
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Permission
from ops_app.ui.render import local_name

_WORK = Permission.LABORATORY_WORK_DO


def _rows(scope: Scope, asked: Asked) -> Select[OrderService, LabOrder, Service, Specimen, Patient]:
    statement = (
        select(OrderService, LabOrder, Service, Specimen, Patient)
        .join(LabOrder, LabOrder.id == OrderService.order_id)
        .join(Service, Service.id == OrderService.service_id)
        .outerjoin(Specimen, Specimen.id == OrderService.specimen_id)
        .join(Patient, Patient.id == LabOrder.patient_id)
        .where(scope.condition(LabOrder.laboratory_id))
        .where(*within_days(LabOrder.ordered_at, asked.get("since"), asked.get("until")))
    )
    for name, column in (
        ("state", LabOrder.status),
        ("test", OrderService.status),
        ("material", Specimen.specimen_type),
    ):
        if name in asked:
            statement = statement.where(column == asked[name])
    for name, key in (
        ("service", Service.id),
        ("workplace", OrderService.workplace_id),
        ("requester", LabOrder.organization_id),
    ):
        if name in asked:
            statement = statement.where(key == int(asked[name]))
    return statement


def _services(session: Session, actor: Actor, scope: Scope) -> Choices:
    return [(str(service.id), title_of(service)) for service in queries.catalogue(session)]


def _workplaces(session: Session, actor: Actor, scope: Scope) -> Choices:
    return [(str(place.id), place.name) for place in queries.workplaces(session, scope)]


def _requesters(session: Session, actor: Actor, scope: Scope) -> Choices:
    asked = select(LabOrder.organization_id).where(scope.condition(LabOrder.laboratory_id)).distinct()
    found = session.scalars(select(Organization).where(Organization.id.in_(asked)).order_by(Organization.sort_key))
    return [(str(place.id), local_name(place)) for place in found]


def _places(session: Session, rows: Sequence[Any]) -> dict[int, str]:
    ids = {row.LabOrder.organization_id for row in rows}
    return {
        place.id: local_name(place) for place in session.scalars(select(Organization).where(Organization.id.in_(ids)))
    }


def _order(row: Any) -> tuple[str, dict[str, Any]]:
    return "laboratory:order", {"order_id": row.LabOrder.id}


def _stage(index: int) -> Callable[[Any, Any], Any]:
    def value(row: Any, more: Any) -> Any:
        minutes = turnaround.stages(row.LabOrder, row.OrderService, row.Specimen)[index]
        return round(minutes) if minutes is not None else None

    return value


def _late(row: Any, more: Any) -> str:
    late = turnaround.is_late(row.LabOrder, row.OrderService, row.Service, row.Specimen, clock.now())
    return _("late") if late else ""


_FILTERS = (
    DateFilter("since", N_("From"), default=-7),
    DateFilter("until", N_("To")),
    ChoiceFilter("state", N_("Laboratory order"), choices=tuple(ORDER_STATES.items())),
    ChoiceFilter("test", N_("Test"), choices=tuple(SERVICE_STATES.items())),
    ChoiceFilter("service", N_("Service"), options=_services),
    ChoiceFilter("workplace", N_("Workplace"), options=_workplaces),
    ChoiceFilter("requester", N_("Who asks"), options=_requesters),
    ChoiceFilter("material", N_("Material"), choices=tuple(SPECIMENS.items())),
)
_NUMBER = Column(
    "number",
    N_("Order number"),
    lambda row, more: row.LabOrder.order_number,
    privacy=Privacy.DIRECT,
    sort=LabOrder.id,
    link=_order,
)
_SERVICE = Column("service", N_("Service"), lambda row, more: title_of(row.Service), privacy=Privacy.SENSITIVE)

JOURNALS = (
    Journal(
        name="orders",
        title=N_("Laboratory orders"),
        about=N_("Tests ordered from your laboratory."),
        permission=_WORK,
        query=_rows,
        columns=(
            Column(
                "at", N_("Order placed"), lambda row, more: row.LabOrder.ordered_at, "moment", sort=LabOrder.ordered_at
            ),
            _NUMBER,
            Column("lab", N_("Laboratory number"), lambda row, more: row.LabOrder.lab_number, privacy=Privacy.DIRECT),
            name_column(N_("Patient"), _order),
            BIRTH_DATE,
            _SERVICE,
            Column(
                "material",
                N_("Material"),
                lambda row, more: _(SPECIMENS[row.Specimen.specimen_type]) if row.Specimen else "",
            ),
            Column("state", N_("State"), lambda row, more: _(SERVICE_STATES[row.OrderService.status])),
            Column("requester", N_("Who asks"), lambda row, more: more.get(row.LabOrder.organization_id, "")),
        ),
        default_sort=(LabOrder.ordered_at.desc(), OrderService.id.desc()),
        person=lambda row: row.Patient.id,
        filters=_FILTERS,
        empty=N_("A test stands here as soon as it is ordered from your laboratory."),
        look_up=_places,
        order=27,
    ),
    Journal(
        name="turnaround",
        title=N_("Turnaround of tests"),
        about=N_("Working minutes of each stage, from the order to the reading of the result."),
        permission=_WORK,
        query=_rows,
        columns=(
            _NUMBER,
            _SERVICE,
            *(Column(name, title, _stage(index), "number") for index, (name, title) in enumerate(turnaround.STAGES)),
            Column("late", N_("Against the norm"), _late),
        ),
        default_sort=(LabOrder.ordered_at.desc(), OrderService.id.desc()),
        person=lambda row: row.Patient.id,
        filters=_FILTERS,
        empty=N_("A test stands here as soon as it is ordered from your laboratory."),
        order=28,
    ),
)
