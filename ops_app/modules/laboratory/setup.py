"""What a laboratory sets for itself: ranges, workplaces, the numbering of its orders."""

from __future__ import annotations

import hashlib
import re

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.laboratory import queries
from ops_app.modules.laboratory.forms import RangeForm, SchemeForm, WorkplaceForm
from ops_app.modules.laboratory.models import NumberScheme, RangeApproval, ReferenceRange, Workplace, WorkplaceService
from ops_app.modules.laboratory.ranges import days_of
from ops_app.permissions import Permission


def _check(actor: Actor, laboratory_id: int) -> None:
    if not actor.scope(Permission.LABORATORY_CATALOGUE_MANAGE).allows(laboratory_id):
        raise Forbidden(_("This laboratory belongs to another organisation"))


def may_judge(actor: Actor, laboratory_id: int) -> bool:
    """Whether the actor says what is usual in this laboratory: who confirms its results, not who keeps the system."""
    may = (Permission.LABORATORY_CATALOGUE_MANAGE, Permission.LABORATORY_RESULT_CONFIRM)
    return all(actor.scope(each).allows(laboratory_id) for each in may)


def _check_judge(actor: Actor, laboratory_id: int) -> None:
    _check(actor, laboratory_id)
    if not may_judge(actor, laboratory_id):
        raise Forbidden(_("Reference ranges are set by whoever confirms results of the laboratory"))


def add_range(session: Session, actor: Actor, parameter_id: int, data: RangeForm, laboratory_id: int) -> ReferenceRange:
    """Add the laboratory's own range; one of the same people that held until now ends the day it begins."""
    _check_judge(actor, laboratory_id)
    parameter = queries.parameter_or_404(session, parameter_id)
    if parameter.kind != "numeric":
        raise Conflict(_("Only numbers have reference ranges"))
    start, end = _days(data.age_from), _days(data.age_to) if data.age_to else None
    if end is not None and end <= start:
        raise Invalid(_("The upper age comes after the lower"), field="age_to")
    limits = [data.critical_low, data.low, data.high, data.critical_high]
    told = [limit for limit in limits if limit is not None]
    if not told:
        raise Invalid(_("Give at least one limit"), field="low")
    if told != sorted(told):
        raise Invalid(_("The limits must go upwards: critical low, low, high, critical high"), field="low")
    if data.trimester is not None and data.sex == "male":
        raise Invalid(_("A trimester belongs to women"), field="trimester")
    for old in session.scalars(
        select(ReferenceRange).where(
            ReferenceRange.parameter_id == parameter_id,
            ReferenceRange.organization_id == laboratory_id,
            ReferenceRange.age_from_days == start,
            ReferenceRange.sex.is_not_distinct_from(data.sex),
            ReferenceRange.age_to_days.is_not_distinct_from(end),
            ReferenceRange.trimester.is_not_distinct_from(data.trimester),
            ReferenceRange.method.is_not_distinct_from(data.method),
            ReferenceRange.valid_to.is_(None),
        )
    ):
        if old.valid_from >= data.valid_from:
            raise Invalid(_("A range for these people begins then or later already"), field="valid_from")
        old.valid_to = data.valid_from
    row = ReferenceRange(
        parameter_id=parameter_id,
        organization_id=laboratory_id,
        age_from_days=start,
        age_to_days=end,
        recorded_by=actor.login,
        **data.model_dump(exclude={"age_from", "age_to"}),
    )
    session.add(row)
    session.flush()
    audit.changed(session, actor, entity="laboratory.reference_range", entity_id=row.id, after=audit.snapshot(row))
    return row


def shipped_digests(session: Session) -> dict[int, str]:
    """Of each parameter's shipped ranges a digest, so that changed ones are looked at again."""
    told: dict[int, list[str]] = {}
    names = [column.name for column in ReferenceRange.__table__.columns if column.name not in _NOT_COMPARED]
    columns = [ReferenceRange.__table__.c[name] for name in names]
    for row in session.execute(select(*columns).where(ReferenceRange.is_shipped)).mappings():
        told.setdefault(row["parameter_id"], []).append(str(dict(row)))
    return {key: hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest() for key, rows in told.items()}


_NOT_COMPARED = ("id", "row_xid", "recorded_at", "recorded_by")


def approvals(session: Session, laboratory_id: int) -> dict[int, RangeApproval]:
    """What a laboratory answers for, by parameter; ranges that changed since are not among it."""
    digests = shipped_digests(session)
    rows = session.scalars(select(RangeApproval).where(RangeApproval.organization_id == laboratory_id))
    return {row.parameter_id: row for row in rows if row.digest == digests.get(row.parameter_id)}


def unconfirmed(session: Session, laboratory_id: int) -> set[int]:
    """Parameters whose shipped ranges nobody of the laboratory has confirmed."""
    return set(shipped_digests(session)) - set(approvals(session, laboratory_id))


def approve_ranges(session: Session, actor: Actor, parameter_id: int, laboratory_id: int) -> RangeApproval:
    """Answer for the shipped ranges of a parameter: they fit the methods and people of this laboratory."""
    _check_judge(actor, laboratory_id)
    queries.parameter_or_404(session, parameter_id)
    digest = shipped_digests(session).get(parameter_id)
    if digest is None:
        raise Conflict(_("This parameter has no shipped ranges"))
    row = session.scalar(
        select(RangeApproval).where(
            RangeApproval.organization_id == laboratory_id, RangeApproval.parameter_id == parameter_id
        )
    )
    before = audit.snapshot(row) if row is not None else None
    if row is None:
        row = RangeApproval(organization_id=laboratory_id, parameter_id=parameter_id)
        session.add(row)
    row.digest, row.approved_at, row.approved_by = digest, clock.now(), actor.login
    session.flush()
    audit.changed(
        session,
        actor,
        entity="laboratory.range_approval",
        entity_id=row.id,
        before=before,
        after=audit.snapshot(row),
    )
    return row


def _days(text: str) -> int:
    match = re.fullmatch(r"(\d+)([dmy]?)", text)
    assert match is not None
    return days_of(int(match[1]), match[2] or "y")


def add_workplace(session: Session, actor: Actor, data: WorkplaceForm, laboratory_id: int) -> Workplace:
    """Set up a workplace, or say anew which services one does."""
    _check(actor, laboratory_id)
    row = session.scalar(
        select(Workplace).where(Workplace.organization_id == laboratory_id, Workplace.name == data.name)
    )
    if row is None:
        row = Workplace(organization_id=laboratory_id, name=data.name)
        session.add(row)
    row.analyser_id, row.is_active = data.analyser_id, True
    session.flush()
    session.execute(delete(WorkplaceService).where(WorkplaceService.workplace_id == row.id))
    known = {service.id for service in queries.catalogue(session)}
    if not set(data.services) <= known:
        raise Invalid(_("Choose one of the listed values"), field="services")
    session.add_all(WorkplaceService(workplace_id=row.id, service_id=service) for service in sorted(set(data.services)))
    session.flush()
    audit.changed(
        session,
        actor,
        entity="laboratory.workplace",
        entity_id=row.id,
        after=audit.snapshot(row) | {"services": sorted(set(data.services))},
    )
    return row


def scheme_of(session: Session, laboratory_id: int) -> NumberScheme | None:
    """How a laboratory numbers its orders."""
    return session.scalar(select(NumberScheme).where(NumberScheme.organization_id == laboratory_id))


def set_scheme(session: Session, actor: Actor, data: SchemeForm, laboratory_id: int) -> NumberScheme:
    """Set the numbering; the counter goes on within its period."""
    _check(actor, laboratory_id)
    row = scheme_of(session, laboratory_id)
    before = audit.snapshot(row) if row is not None else None
    if row is None:
        row = NumberScheme(organization_id=laboratory_id)
        session.add(row)
    row.prefix, row.width, row.reset, row.changed_by = data.prefix, data.width, data.reset, actor.login
    session.flush()
    audit.changed(
        session,
        actor,
        entity="laboratory.number_scheme",
        entity_id=row.id,
        before=before,
        after=audit.snapshot(row),
    )
    return row


def age_text(days: int) -> str:
    """An age limit as people write it."""
    for unit, divisor in (("y", 365.25), ("m", 365.25 / 12)):
        number = round(days / divisor)
        if number and days_of(number, unit) == days:
            return _("%(n)s y", n=number) if unit == "y" else _("%(n)s m", n=number)
    return _("%(n)s d", n=days)
