"""Seven stages of a test in working time."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from ops_app.kit import clock
from ops_app.modules.laboratory.models import LabOrder, OrderService, Service, Specimen
from ops_app.modules.laboratory.turnaround import STAGES, is_late, stages, working_minutes

FRIDAY, MONDAY = dt.date(2026, 11, 20), dt.date(2026, 11, 23)
MINUTES = st.integers(0, 364 * 24 * 60)
MOMENTS = MINUTES.map(lambda minutes: dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes))


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return clock.from_local(day, dt.time(hour, minute))


def way(**changed: object) -> tuple[LabOrder, OrderService, Specimen]:
    """Ordered on a Friday afternoon, confirmed on Monday."""
    order = LabOrder(ordered_at=at(FRIDAY, 14), priority=changed.get("priority", "routine"))
    tube = Specimen(collected_at=at(FRIDAY, 14, 30), sent_at=at(FRIDAY, 16), received_at=at(FRIDAY, 17))
    line = OrderService(
        started_at=at(FRIDAY, 17, 30), entered_at=at(MONDAY, 8, 20), confirmed_at=at(MONDAY, 9), seen_at=at(MONDAY, 12)
    )
    return order, line, tube


def test_each_stage_is_counted_in_working_time() -> None:
    order, line, tube = way()
    assert len(STAGES) == 7
    # from Friday 17:30 to Monday 8:20 only half an hour and twenty minutes were worked
    assert stages(order, line, tube) == [30, 90, 60, 30, 50, 40, 180]


def test_a_tube_that_was_not_sent_travels_from_where_it_was_taken() -> None:
    order, line, tube = way()
    tube.sent_at = None
    assert stages(order, line, tube) == [30, None, 150, 30, 50, 40, 180]
    line.confirmed_at = line.seen_at = None
    assert stages(order, line, tube)[-2:] == [None, None]


def test_routine_waits_for_the_laboratory_to_open_and_urgent_does_not() -> None:
    service = Service(turnaround_minutes=120, urgent_minutes=60)
    now = at(MONDAY, 9)
    for priority, late in (("routine", False), ("urgent", True)):
        order, line, tube = way(priority=priority)
        assert is_late(order, line, service, tube, now) is late


@given(MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up(one: dt.datetime, two: dt.datetime, three: dt.datetime) -> None:
    first, second, third = sorted((one, two, three))
    whole = working_minutes(first, third)
    assert abs(whole - working_minutes(first, second) - working_minutes(second, third)) < 1e-6
    assert 0 <= whole <= (third - first).total_seconds() / 60
