"""How long each of the seven stages of a test takes in working time, and which tests are late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from ops_app.i18n import N_
from ops_app.kit import clock
from ops_app.kit.working_days import is_working
from ops_app.modules.laboratory.models import LabOrder, OrderService, Service, Specimen

OPENS, CLOSES = dt.time(8), dt.time(18)

STAGES = (
    ("collecting", N_("order to material")),
    ("sending", N_("material to dispatch")),
    ("travelling", N_("dispatch to acceptance")),
    ("waiting", N_("acceptance to start")),
    ("measuring", N_("start to values")),
    ("confirming", N_("values to confirmation")),
    ("reading", N_("confirmation to reading")),
)


def working_minutes(start: dt.datetime, end: dt.datetime) -> float:
    """Minutes between two moments that lie in the working hours of working days."""
    start, end = clock.local(start), clock.local(end)
    total, day = 0.0, start.date()
    while day <= end.date():
        if is_working(day):
            opens = max(start, dt.datetime.combine(day, OPENS, tzinfo=start.tzinfo))
            closes = min(end, dt.datetime.combine(day, CLOSES, tzinfo=start.tzinfo))
            total += max(0.0, (closes - opens).total_seconds() / 60)
        day += dt.timedelta(days=1)
    return total


def moments(order: LabOrder, line: OrderService, tube: Specimen | None) -> Sequence[dt.datetime | None]:
    """The eight moments between which the stages lie."""
    return (
        order.ordered_at,
        tube.collected_at if tube else None,
        tube.sent_at if tube else None,
        tube.received_at if tube else None,
        line.started_at,
        line.entered_at,
        line.confirmed_at,
        line.seen_at,
    )


def stages(order: LabOrder, line: OrderService, tube: Specimen | None) -> list[float | None]:
    """Working minutes of each stage; a tube taken in the laboratory travels nowhere, a stage not ended is None."""
    found: list[float | None] = []
    begun: dt.datetime | None = None
    for place, moment in enumerate(moments(order, line, tube)):
        if place:
            found.append(working_minutes(begun, moment) if begun is not None and moment is not None else None)
        begun = moment if moment is not None else begun if place == 2 else None
    return found


def allowed_minutes(order: LabOrder, service: Service) -> int:
    """How long the laboratory may take."""
    return service.turnaround_minutes if order.priority == "routine" else service.urgent_minutes


def is_late(order: LabOrder, line: OrderService, service: Service, tube: Specimen | None, now: dt.datetime) -> bool:
    """Whether the time from acceptance to confirmation is longer than the service allows.

    Urgent tests are counted around the clock: a laboratory that takes them does not close.
    """
    if tube is None or tube.received_at is None:
        return False
    end = line.confirmed_at or now
    if order.priority == "routine":
        return working_minutes(tube.received_at, end) > allowed_minutes(order, service)
    return (end - tube.received_at).total_seconds() / 60 > allowed_minutes(order, service)
