"""Every SELECT about the catalogue, orders and material."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.modules.laboratory.models import (
    DeliverySheet,
    LabOrder,
    OrderChange,
    OrderService,
    Parameter,
    ReferenceRange,
    Result,
    Service,
    ServiceParameter,
    Specimen,
    Workplace,
    WorkplaceService,
)
from ops_app.modules.laboratory.numbers import order_of_barcode
from ops_app.modules.organizations.models import Organization

OPEN_SERVICES = ("ordered", "in_progress", "partial", "entered")
"""Services whose results are not all confirmed."""


def order_or_404(session: Session, order_id: int) -> LabOrder:
    """An order."""
    order = session.get(LabOrder, order_id)
    if order is None:
        raise NotFound(_("There is no such order"))
    return order


def locked_order(session: Session, order_id: int) -> LabOrder:
    """An order nobody else changes until the commit."""
    order_or_404(session, order_id)
    return session.get_one(LabOrder, order_id, with_for_update=True, populate_existing=True)


def order_by_number(session: Session, scanned: str) -> LabOrder | None:
    """The order behind its number, a tube's barcode or the laboratory's own number."""
    number = order_of_barcode(scanned)
    if number is not None:
        return session.scalar(select(LabOrder).where(LabOrder.order_number == number))
    found = session.scalars(select(LabOrder).where(LabOrder.lab_number == scanned.strip()).limit(2)).all()
    return found[0] if len(found) == 1 else None


def specimen_or_404(session: Session, specimen_id: int) -> Specimen:
    """A tube."""
    specimen = session.get(Specimen, specimen_id)
    if specimen is None:
        raise NotFound(_("There is no such specimen"))
    return specimen


def order_service_or_404(session: Session, order_service_id: int) -> OrderService:
    """A service of an order."""
    row = session.get(OrderService, order_service_id)
    if row is None:
        raise NotFound(_("There is no such test"))
    return row


def services_of(session: Session, order_id: int) -> Sequence[Row[OrderService, Service]]:
    """Services of an order in the order they were asked."""
    return session.execute(
        select(OrderService, Service)
        .join(Service, Service.id == OrderService.service_id)
        .where(OrderService.order_id == order_id)
        .order_by(OrderService.id)
    ).all()


def specimens_of(session: Session, order_id: int) -> Sequence[Specimen]:
    """Tubes of an order."""
    return session.scalars(select(Specimen).where(Specimen.order_id == order_id).order_by(Specimen.id)).all()


def changes_of(session: Session, order_id: int) -> Sequence[OrderChange]:
    """What was replaced and added."""
    return session.scalars(select(OrderChange).where(OrderChange.order_id == order_id).order_by(OrderChange.id)).all()


def catalogue(session: Session) -> Sequence[Service]:
    """Services that can be ordered."""
    return session.scalars(select(Service).where(Service.is_active).order_by(Service.code)).all()


def services_by_code(session: Session, codes: Collection[str]) -> dict[str, Service]:
    """Services by their code."""
    found = session.scalars(select(Service).where(Service.code.in_(codes), Service.is_active))
    return {service.code: service for service in found}


def services_by_id(session: Session, ids: Iterable[int]) -> dict[int, Service]:
    """Services by their key."""
    return {row.id: row for row in session.scalars(select(Service).where(Service.id.in_(set(ids))))}


def interchangeable(session: Session, service: Service) -> Sequence[Service]:
    """Services that may stand for this one."""
    if service.interchange_group is None:
        return []
    return session.scalars(
        select(Service)
        .where(Service.interchange_group == service.interchange_group, Service.id != service.id, Service.is_active)
        .order_by(Service.code)
    ).all()


def parameters_of(session: Session, service_id: int) -> Sequence[Row[Parameter, ServiceParameter]]:
    """Parameters of a service in the order they are printed."""
    return session.execute(
        select(Parameter, ServiceParameter)
        .join(ServiceParameter, ServiceParameter.parameter_id == Parameter.id)
        .where(ServiceParameter.service_id == service_id)
        .order_by(ServiceParameter.position)
    ).all()


def parameters(session: Session) -> Sequence[Parameter]:
    """The whole catalogue."""
    return session.scalars(select(Parameter).where(Parameter.is_active).order_by(Parameter.id)).all()


def parameter_or_404(session: Session, parameter_id: int) -> Parameter:
    """A parameter."""
    found = session.get(Parameter, parameter_id)
    if found is None:
        raise NotFound(_("There is no such parameter"))
    return found


def ranges_of(session: Session, parameter_ids: Iterable[int]) -> dict[int, list[ReferenceRange]]:
    """Reference ranges by parameter."""
    ids = list(parameter_ids)
    found: dict[int, list[ReferenceRange]] = {parameter_id: [] for parameter_id in ids}
    for row in session.scalars(select(ReferenceRange).where(ReferenceRange.parameter_id.in_(ids))):
        found[row.parameter_id].append(row)
    return found


def current_results(session: Session, order_service_ids: Collection[int]) -> Sequence[Row[Result, Parameter]]:
    """The newest version of each value of these services, in the order they are printed."""
    return session.execute(
        select(Result, Parameter)
        .join(Parameter, Parameter.id == Result.parameter_id)
        .join(OrderService, OrderService.id == Result.order_service_id)
        .outerjoin(
            ServiceParameter,
            (ServiceParameter.service_id == OrderService.service_id)
            & (ServiceParameter.parameter_id == Result.parameter_id),
        )
        .where(Result.order_service_id.in_(order_service_ids), Result.is_current, Result.status != "removed")
        .order_by(Result.order_service_id, ServiceParameter.position, Result.id)
    ).all()


def laboratories(session: Session) -> Sequence[Organization]:
    """Organisations with at least one workplace."""
    listed = select(Workplace.organization_id).where(Workplace.is_active)
    return session.scalars(
        select(Organization).where(Organization.id.in_(listed)).order_by(Organization.sort_key, Organization.id)
    ).all()


def workplaces(session: Session, scope: Scope) -> Sequence[Workplace]:
    """Workplaces of a scope."""
    return session.scalars(
        select(Workplace)
        .where(Workplace.is_active, scope.condition(Workplace.organization_id))
        .order_by(Workplace.organization_id, Workplace.name)
    ).all()


def workplace_for(session: Session, laboratory_id: int, service_id: int) -> int | None:
    """The first workplace of a laboratory that does a service."""
    return session.scalar(
        select(Workplace.id)
        .join(WorkplaceService, WorkplaceService.workplace_id == Workplace.id)
        .where(
            Workplace.organization_id == laboratory_id, Workplace.is_active, WorkplaceService.service_id == service_id
        )
        .order_by(Workplace.id)
        .limit(1)
    )


def waiting_count(session: Session, scope: Scope) -> int:
    """Tests of the scope's laboratories whose material is there and whose results are not confirmed."""
    return (
        session.scalar(
            select(func.count())
            .select_from(OrderService)
            .join(LabOrder, LabOrder.id == OrderService.order_id)
            .join(Specimen, Specimen.id == OrderService.specimen_id)
            .where(scope.condition(LabOrder.laboratory_id), OrderService.status.in_(OPEN_SERVICES))
            .where(Specimen.status == "received")
        )
        or 0
    )


def to_send(session: Session, scope: Scope) -> Sequence[Row[Specimen, LabOrder]]:
    """Tubes taken here that are on no sheet yet."""
    return session.execute(
        select(Specimen, LabOrder)
        .join(LabOrder, LabOrder.id == Specimen.order_id)
        .where(scope.condition(LabOrder.organization_id), Specimen.status == "collected", Specimen.sheet_id.is_(None))
        .order_by(Specimen.collected_at, Specimen.id)
        .limit(500)
    ).all()


def sheet_or_404(session: Session, sheet_id: int) -> DeliverySheet:
    """An accompanying sheet."""
    sheet = session.get(DeliverySheet, sheet_id)
    if sheet is None:
        raise NotFound(_("There is no such sheet"))
    return sheet


def on_sheet(session: Session, sheet_id: int) -> Sequence[Row[Specimen, LabOrder]]:
    """Tubes of a sheet."""
    return session.execute(
        select(Specimen, LabOrder)
        .join(LabOrder, LabOrder.id == Specimen.order_id)
        .where(Specimen.sheet_id == sheet_id)
        .order_by(Specimen.id)
    ).all()


def worklist(workplace_id: int | None, scope: Scope) -> Select[OrderService, LabOrder, Service, Specimen]:
    """What is to be done at a workplace with the material that is there; the urgent first."""
    conditions: list[ColumnElement[bool]] = [
        scope.condition(LabOrder.laboratory_id),
        OrderService.status.in_(OPEN_SERVICES),
        or_(Specimen.status == "received", OrderService.status == "entered"),
    ]
    if workplace_id is not None:
        conditions.append(OrderService.workplace_id == workplace_id)
    return (
        select(OrderService, LabOrder, Service, Specimen)
        .join(LabOrder, LabOrder.id == OrderService.order_id)
        .join(Service, Service.id == OrderService.service_id)
        .join(Specimen, Specimen.id == OrderService.specimen_id)
        .where(*conditions)
    )
