"""Assigning a report that no order was found for, or setting it aside with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, not_, or_, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.devices.models import Device
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.laboratory import external, incoming, queries, titles
from ops_app.modules.laboratory.forms import MatchForm
from ops_app.modules.laboratory.incoming_report import IncomingPerson, IncomingReport, IncomingResult
from ops_app.modules.laboratory.matching import NoMatch, mismatch, person_by_identifier
from ops_app.modules.laboratory.models import LabOrder, Report
from ops_app.permissions import Permission


def reachable(actor: Actor) -> Select[Report]:
    """Reports of the actor's analysers, and those of other laboratories, which no place here owns."""
    scope = actor.scope(Permission.LABORATORY_REPORT_MATCH)
    elsewhere = select(Device.id).where(not_(scope.condition(Device.organization_id)))
    return select(Report).where(or_(Report.analyser_id.is_(None), Report.analyser_id.not_in(elsewhere)))


def open_report(session: Session, actor: Actor, report_id: int) -> Report:
    """A report; that its person was looked at is kept."""
    row = session.scalar(reachable(actor).where(Report.id == report_id))
    if row is None:
        raise NotFound(_("There is no such laboratory report"))
    # whom it names is what was sent, nobody's card
    named = {"report_id": row.id, "rule": "unmatched_queue"}
    audit.security(session, actor.login, "laboratory:unmatched_opened", account_id=actor.account_id, **named)
    return row


def message_of(session: Session, row: Report) -> int | None:
    """The inbound message that a report was read from; of one that was read much later than it came, none."""
    return session.scalar(
        select(InboundMessage.id)
        .where(
            InboundMessage.channel == row.channel,
            InboundMessage.sender == row.sender,
            InboundMessage.received_at.between(
                row.recorded_at - dt.timedelta(days=1), row.recorded_at + dt.timedelta(minutes=1)
            ),
            InboundMessage.outcome.contains([{"kind": "laboratory.report", "id": row.id}]),
        )
        .order_by(InboundMessage.id)
        .limit(1)
    )


def as_sent(content: Mapping[str, Any]) -> IncomingReport:
    """The report as it was handed over."""
    whole = dict(content)
    person = whole.pop("person")
    told = [
        IncomingResult(**{**result, "observed_at": _moment(result.get("observed_at"))})
        for result in whole.pop("results")
    ]
    for name in ("collected_at", "reported_at"):
        whole[name] = _moment(whole.get(name))
    return IncomingReport(**whole, person=_person(person), results=tuple(told))


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _person(told: Mapping[str, Any] | None) -> IncomingPerson | None:
    if told is None:
        return None
    known = dict(told)
    known["identifiers"] = tuple(tuple(pair) for pair in known.get("identifiers", ()))
    born = known.get("birth_date")
    known["birth_date"] = dt.date.fromisoformat(born) if born else None
    return IncomingPerson(**known)


def suggested(session: Session, actor: Actor, row: Report) -> Sequence[LabOrder]:
    """Open orders of the person whose IIN the report names, in the actor's laboratories."""
    patient_id = person_by_identifier(session, _person(row.content.get("person")))
    if patient_id is None or row.state != "unmatched":
        return []
    scope = actor.scope(Permission.LABORATORY_REPORT_MATCH)
    return session.scalars(
        select(LabOrder)
        .where(LabOrder.patient_id == patient_id, LabOrder.status.in_(("registered", "in_progress")))
        .where(scope.condition(LabOrder.laboratory_id))
        .order_by(LabOrder.ordered_at.desc())
        .limit(10)
    ).all()


def _waiting(session: Session, actor: Actor, report_id: int) -> Report:
    row = session.scalar(reachable(actor).where(Report.id == report_id).with_for_update())
    if row is None:
        raise NotFound(_("There is no such laboratory report"))
    if row.state != "unmatched":
        raise Conflict(_("Somebody dealt with this report already"))
    return row


def assign(session: Session, actor: Actor, report_id: int, data: MatchForm) -> Report:
    """Put the values into the tests of an order, to be reviewed there."""
    row = _waiting(session, actor, report_id)
    order = queries.order_by_number(session, data.order_number)
    if order is None:
        raise Invalid(_("No order has the number %(code)s", code=data.order_number), field="order_number")
    if not actor.scope(Permission.LABORATORY_REPORT_MATCH).allows(order.laboratory_id):
        raise Forbidden(_("This order belongs to another laboratory"))
    report = as_sent(row.content)
    if report.person is not None and mismatch(session, order.patient_id, report.person):
        raise Invalid(_("The report names another person than this order"), field="order_number")
    before = audit.snapshot(row)
    if row.analyser_id is None:
        external.give(session, actor, row, report, order.patient_id, order)
    else:
        try:
            incoming.fill(session, actor, row, report, queries.locked_order(session, order.id), None)
        except NoMatch as reason:
            raise Invalid(_(titles.UNMATCHED[reason.code]), field="order_number") from reason
    _settled(session, actor, row, data.reason, before)
    return row


def dismiss(session: Session, actor: Actor, report_id: int, reason: str) -> Report:
    """Set a report aside; it stays stored."""
    row = _waiting(session, actor, report_id)
    before = audit.snapshot(row)
    row.state = "dismissed"
    _settled(session, actor, row, reason, before)
    return row


def _settled(session: Session, actor: Actor, row: Report, reason: str, before: dict[str, Any]) -> None:
    row.settled_at, row.settled_by, row.settle_reason = clock.now(), actor.login, reason
    session.flush()
    after = audit.snapshot(row)
    # the content is the sender's and never changes; the journal needs only what happened to it
    del before["content"], after["content"]
    audit.changed(
        session,
        actor,
        entity="laboratory.report",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=after,
    )
