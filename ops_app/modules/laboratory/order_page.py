"""What the page of an order shows: tubes, tests with their values, what may be done now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.devices.models import Device
from ops_app.modules.laboratory import confirming, correcting, queries, results, titles
from ops_app.modules.laboratory.analyser_files import files_of
from ops_app.modules.laboratory.models import (
    CriticalCall,
    LabOrder,
    OrderService,
    Parameter,
    Report,
    Result,
    Service,
    Specimen,
)
from ops_app.modules.laboratory.opening import is_laboratory
from ops_app.modules.laboratory.ranges import CRITICAL
from ops_app.modules.laboratory.specimens import may_collect
from ops_app.modules.laboratory.values import field_text, show_range, show_value, title_of
from ops_app.modules.visits.vitals import show_unit
from ops_app.permissions import Permission


@dataclass(frozen=True)
class Row:
    """A parameter of a test with its value, when there is one to be seen."""

    parameter: Parameter
    is_optional: bool
    result: Result | None
    versions: list[Result]
    calls: list[CriticalCall]
    held_reason: str | None = None

    @property
    def held(self) -> list[str]:
        """Why it waits, in words."""
        return [_(titles.HELD.get(each, each)) for each in (self.held_reason or "").split("; ") if each]

    @property
    def title(self) -> str:
        """Its title."""
        return title_of(self.parameter)

    @property
    def unit(self) -> str:
        """Its unit as it is written here."""
        return show_unit(self.parameter.unit)

    def value(self, result: Result | None = None) -> str:
        """Its value, or that of an earlier version."""
        shown = result or self.result
        return show_value(self.parameter, shown) if shown is not None else ""

    @property
    def limits(self) -> str:
        """What it was judged by."""
        return show_range(self.parameter, self.result) if self.result is not None else ""

    @property
    def typed(self) -> str:
        """What stands in its field."""
        return field_text(self.parameter, self.result)

    @property
    def is_critical(self) -> bool:
        """Whether somebody has to be called."""
        return self.result is not None and self.result.flag in CRITICAL


@dataclass(frozen=True)
class Test:
    """A service of the order."""

    line: OrderService
    service: Service
    tube: Specimen | None
    rows: list[Row]
    exchange: list[Service]

    @property
    def title(self) -> str:
        """Its title."""
        return title_of(self.service)

    @property
    def is_typed(self) -> bool:
        """Whether some of its values are typed into the table."""
        return any(row.parameter.kind not in ("record", "image") and not row.parameter.formula for row in self.rows)

    @property
    def has_unconfirmed(self) -> bool:
        """Whether there is something to confirm."""
        return any(row.result is not None and row.result.status == "entered" for row in self.rows)

    @property
    def seen(self) -> str:
        """What of the values to be confirmed whoever confirms them has seen."""
        return confirming.fingerprint(row.result for row in self.rows if row.result is not None)

    @property
    def is_ready(self) -> bool:
        """Whether it can be confirmed as it is: everything entered, nothing held."""
        return self.line.status == "entered" and self.has_unconfirmed and not self.is_held

    @property
    def is_held(self) -> bool:
        """Whether a value waits for a word about why it may stand."""
        return any(row.result is not None and row.held_reason and row.result.status == "entered" for row in self.rows)


def order_context(session: Session, actor: Actor, order: LabOrder) -> dict[str, Any]:
    """Everything the page draws."""
    inside = is_laboratory(actor, order)
    tubes = {tube.id: tube for tube in queries.specimens_of(session, order.id)}
    tests = tests_of(session, order, tubes, inside=inside)
    changes = queries.changes_of(session, order.id)
    open_now = order.status not in ("completed", "cancelled")
    return {
        "order": order,
        "tubes": list(tubes.values()),
        "first_to_accept": next(
            (tube.id for tube in tubes.values() if inside and tube.status in ("collected", "sent")), None
        ),
        "tests": tests,
        "changes": changes,
        "services": queries.services_by_id(
            session,
            [key for change in changes for key in (change.old_service_id, change.new_service_id) if key],
        ),
        "inside": inside,
        "disputed": disputed(session, order) if inside else [],
        "analysers": _analysers(session, tests),
        "files": files_of(session, actor, order),
        "may_collect": may_collect(actor, order) and open_now,
        "may_enter": results.may_enter(actor, order) and order.status != "cancelled",
        "may_confirm": actor.scope(Permission.LABORATORY_RESULT_CONFIRM).allows(order.laboratory_id),
        "may_cancel": open_now
        and (inside or actor.scope(Permission.LABORATORY_ORDER_WRITE).allows(order.organization_id)),
        "words": titles,
        "title_of": title_of,
    }


def disputed(session: Session, order: LabOrder) -> Sequence[Report]:
    """Reports that bring other values for what is confirmed here; somebody has to compare."""
    return session.scalars(
        select(Report).where(Report.order_id == order.id, Report.state == "unmatched").order_by(Report.id)
    ).all()


def _analysers(session: Session, tests: Sequence[Test]) -> dict[int, str]:
    """Names of the analysers that measured."""
    ids = {row.result.analyser_id for test in tests for row in test.rows if row.result and row.result.analyser_id}
    return {row.id: row.name for row in session.scalars(select(Device).where(Device.id.in_(ids)))} if ids else {}


def tests_of(session: Session, order: LabOrder, tubes: Mapping[int, Specimen], *, inside: bool) -> list[Test]:
    """The tests of an order; outside the laboratory only what is confirmed."""
    found = []
    lines = queries.services_of(session, order.id)
    values = queries.current_results(session, [line.id for line, _service in lines])
    calls: dict[int, list[CriticalCall]] = {}
    for call in session.scalars(
        select(CriticalCall).where(CriticalCall.result_id.in_([result.id for result, _parameter in values]))
    ):
        calls.setdefault(call.result_id, []).append(call)
    for line, service in lines:
        there = {
            result.parameter_id: result
            for result, _parameter in values
            if result.order_service_id == line.id and (inside or result.status == "confirmed")
        }
        rows = []
        for parameter, place in queries.parameters_of(session, service.id):
            result = there.get(parameter.id)
            earlier = correcting.versions(session, result)[1:] if result is not None and result.version > 1 else []
            told = calls.get(result.id, []) if result else []
            held = confirming.why_held(session, result, parameter) if result is not None and inside else None
            rows.append(Row(parameter, place.is_optional, result, list(earlier), told, held))
        exchange = list(queries.interchangeable(session, service)) if inside else []
        found.append(Test(line, service, tubes.get(line.specimen_id or 0), rows, exchange))
    return found


def seen_by_requester(session: Session, actor: Actor, order: LabOrder) -> None:
    """Note that somebody of the requesting side opened the confirmed results."""
    if is_laboratory(actor, order) or not actor.scope(Permission.WORKLIST_TASK_ANSWER).allows(order.organization_id):
        return
    for line, _service in queries.services_of(session, order.id):
        if line.confirmed_at is not None and line.seen_at is None:
            line.seen_at, line.seen_by = clock.now(), actor.login
    session.flush()
