"""Working hours of staff: who may not keep them, what is refused, and that bookings follow them."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from ops_app.kit import clock
from ops_app.kit.shifts import minutes_of, parse_shifts, show_shifts
from ops_app.modules.organizations.models import Practitioner, PractitionerRole
from ops_app.modules.resources import staff_hours
from ops_app.modules.resources.models import WEEKDAYS
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account, signed_in
from tests.ops_app.clinic import Clinic

MONDAY = clock.today() + dt.timedelta(days=7 - clock.today().weekday())
while any(staff_hours.working_days.exceptions().get(MONDAY + dt.timedelta(days=day)) is False for day in range(7)):
    MONDAY += dt.timedelta(days=7)


@pytest.fixture(scope="module")
def keeper(clinic: Clinic) -> Browser:
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    return signed_in(clinic.app, "keeper")


@pytest.fixture
def doctor(clinic: Clinic) -> PractitionerRole:
    """The only position of somebody whose hours nobody has written yet."""
    with clinic.session() as session:
        person = Practitioner(family_name="Сағатов", given_name="Ерлан", sort_key="сағатов")
        session.add(person)
        session.flush()
        held = PractitionerRole(
            practitioner_id=person.id,
            organization_id=clinic.tree["hospital"],
            position="therapist",
            start_date=dt.date(2020, 1, 1),
        )
        session.add(held)
    return held


def rows(clinic: Clinic, table: str, doctor: PractitionerRole) -> list[Any]:
    sql = text(f"select * from resources.{table} where practitioner_role_id = :role order by id")
    with clinic.session() as session:
        return list(session.execute(sql, {"role": doctor.id}))


def week(clinic: Clinic, doctor: PractitionerRole, **changed: Any) -> dict[str, Any]:
    days = dict.fromkeys(WEEKDAYS[:5], "8-12, 13:00–17.00")
    given = {
        "organization_id": clinic.tree["hospital"],
        "practitioner_role_id": doctor.id,
        "start_date": "today",
    }
    return given | days | changed


def leave(
    clinic: Clinic, doctor: PractitionerRole, first: dt.date, back: dt.date | None, **changed: Any
) -> dict[str, Any]:
    return {
        "organization_id": clinic.tree["hospital"],
        "practitioner_role_id": doctor.id,
        "kind": "leave",
        "start_date": f"{first:%d.%m.%Y}",
        "end_date": f"{back:%d.%m.%Y}" if back else "",
    } | changed


def book(clinic: Clinic, doctor: PractitionerRole, day: dt.date, time: str, minutes: int = 20) -> Any:
    form = {
        "practitioner_id": doctor.practitioner_id,
        "date": f"{day:%d.%m.%Y}",
        "time": time,
        "minutes": minutes,
    }
    return clinic.browser("registrar").post(f"/patients/{clinic.register().id}/appointments", form)


def test_a_nurse_reads_hours_but_does_not_write_them(clinic: Clinic, keeper: Browser, doctor: PractitionerRole) -> None:
    nurse = clinic.browser("nurse")
    assert nurse.get("/journals/staff_hours").status_code == 200
    for register in ("staff_hours", "staff_changes"):
        assert nurse.get(f"/resources/{register}/new").status_code == 403
        assert nurse.post(f"/resources/{register}/new", week(clinic, doctor)).status_code == 403
    assert clinic.browser("official").get("/journals/staff_hours").status_code == 403
    assert clinic.browser("official").get("/appointments/hours").status_code == 403
    elsewhere = week(clinic, doctor, organization_id=clinic.tree["other"])
    assert keeper.post("/resources/staff_hours/new", elsewhere).status_code == 422


@pytest.mark.req("RES-02")
def test_hours_stand_on_the_page_of_the_person_and_a_later_week_keeps_the_former(
    clinic: Clinic, keeper: Browser, doctor: PractitionerRole
) -> None:
    person = f"/staff/{doctor.practitioner_id}"
    before = keeper.get(person).text
    assert "bookings are taken at any time" in before
    assert f"practitioner_role_id={doctor.id}" in before
    # the same hours are typed once: a day that is "=" is as the day before
    same = dict.fromkeys(WEEKDAYS[1:5], "=")
    assert keeper.post("/resources/staff_hours/new", week(clinic, doctor) | same).status_code == 303
    shown = keeper.get(person).text
    assert shown.count("08:00–12:00,</span>") == 5
    assert "08:00–12:00, 13:00–17:00" in keeper.get("/journals/staff_hours").text
    (row,) = rows(clinic, "staff_hours", doctor)
    later = week(clinic, doctor, start_date=f"{MONDAY:%d.%m.%Y}", monday="14-20")
    assert keeper.post(f"/resources/staff_hours/{row.id}", later).status_code == 303
    shown = keeper.get(person).text
    assert "14:00–20:00" in shown and shown.count("08:00–12:00,</span>") == 9
    assert "Versions" in keeper.get(f"/resources/staff_hours/{row.id}").text
    assert [(each.start_date, each.end_date, each.monday) for each in rows(clinic, "staff_hours", doctor)] == [
        (clock.today(), MONDAY, "08:00–12:00, 13:00–17:00"),
        (MONDAY, None, "14:00–20:00"),
    ]
    with clinic.session() as session:
        ids = [str(each.id) for each in rows(clinic, "staff_hours", doctor)]
        sql = text("select count(*) from audit.event where entity = 'resources.staff_hours' and entity_id = any(:ids)")
        assert session.execute(sql, {"ids": ids}).scalar_one() == 3


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"monday": "8-25"}, "do not overlap"),
        ({"monday": "8-12, 11-15"}, "do not overlap"),
        ({"monday": "morning"}, "do not overlap"),
        ({"monday": "="}, "do not overlap"),
        ({"monday": "20-9"}, "night shift"),
        (dict.fromkeys(WEEKDAYS, ""), "at least one day"),
        ({"start_date": "01.01.1990"}, "begins on"),
        ({"practitioner_role_id": "999999"}, "one of the listed"),
    ],
)
def test_wrong_hours_are_refused_with_the_reason(
    clinic: Clinic, keeper: Browser, doctor: PractitionerRole, changed: dict[str, str], told: str
) -> None:
    answer = keeper.post("/resources/staff_hours/new", week(clinic, doctor, **changed))
    assert answer.status_code == 422
    assert told in answer.text


def test_two_weeks_or_absences_of_one_position_do_not_overlap(
    clinic: Clinic, keeper: Browser, doctor: PractitionerRole
) -> None:
    assert keeper.post("/resources/staff_hours/new", week(clinic, doctor)).status_code == 303
    assert keeper.post("/resources/staff_hours/new", week(clinic, doctor)).status_code == 422
    days = [MONDAY + dt.timedelta(days=number) for number in range(30)]
    new = "/resources/staff_changes/new"
    assert keeper.post(new, leave(clinic, doctor, days[7], days[14])).status_code == 303
    assert keeper.post(new, leave(clinic, doctor, days[10], days[20])).status_code == 422
    assert keeper.post(new, leave(clinic, doctor, days[0], None)).status_code == 422
    assert keeper.post(new, leave(clinic, doctor, days[0], days[7])).status_code == 303
    assert "back lies after" in keeper.post(new, leave(clinic, doctor, days[20], days[20])).text
    assert "no hours" in keeper.post(new, leave(clinic, doctor, days[20], days[21], hours="8-9")).text
    assert "Write the hours" in keeper.post(new, leave(clinic, doctor, days[20], days[21], kind="other_hours")).text
    row = rows(clinic, "staff_change", doctor)[0]
    # Back earlier than was planned, then the plan again: an absence is corrected, not closed for good.
    page = f"/resources/staff_changes/{row.id}"
    assert keeper.post(f"{page}/close", {"end_date": f"{days[9]:%d.%m.%Y}"}).status_code == 303
    assert keeper.post(f"{page}/close", {"end_date": f"{days[12]:%d.%m.%Y}"}).status_code == 422
    assert keeper.post(page, leave(clinic, doctor, days[7], days[12])).status_code == 303


@pytest.mark.req("RES-02")
def test_bookings_are_taken_within_the_hours(clinic: Clinic, keeper: Browser, doctor: PractitionerRole) -> None:
    sunday, tuesday = MONDAY - dt.timedelta(days=1), MONDAY + dt.timedelta(days=1)
    assert book(clinic, doctor, sunday, "6:00").status_code == 303
    assert keeper.post("/resources/staff_hours/new", week(clinic, doctor, tuesday="20-8")).status_code == 303
    for day, time, told in (
        (sunday, "9:00", "does not work"),
        (MONDAY, "7:50", "works at 08:00–12:00, 13:00–17:00"),
        (MONDAY, "11:50", "works at"),
        (tuesday, "9:00", "works at 20:00–08:00"),
    ):
        answer = book(clinic, doctor, day, time)
        assert answer.status_code == 422 and told in answer.text
    for day, time in (
        (MONDAY, "11:40"),
        (MONDAY, "13:00"),
        (tuesday, "23:50"),
        (tuesday + dt.timedelta(days=1), "7:40"),
    ):
        assert book(clinic, doctor, day, time).status_code == 303
    asked = {"practitioner_id": doctor.practitioner_id, "date": f"{MONDAY:%d.%m.%Y}"}
    registrar = clinic.browser("registrar")
    assert "08:00–12:00, 13:00–17:00" in registrar.get("/appointments/hours", params=asked).text
    shown = registrar.get("/appointments", params={"day": asked["date"], "practitioner_id": asked["practitioner_id"]})
    assert "08:00–12:00, 13:00–17:00" in shown.text
    assert "works at" not in registrar.get("/appointments/hours").text


def test_who_is_away_is_not_booked_and_bookings_of_these_days_are_counted(
    clinic: Clinic, keeper: Browser, doctor: PractitionerRole
) -> None:
    back = MONDAY + dt.timedelta(days=7)
    assert book(clinic, doctor, MONDAY, "9:00").status_code == 303
    assert keeper.post("/resources/staff_changes/new", leave(clinic, doctor, MONDAY, back)).status_code == 303
    assert f"back on {back:%d.%m.%Y}" in book(clinic, doctor, MONDAY, "10:00").text
    assert book(clinic, doctor, back, "10:00").status_code == 303
    assert "1 booking to move" in keeper.get(f"/staff/{doctor.practitioner_id}").text
    (row,) = rows(clinic, "staff_change", doctor)
    other = leave(clinic, doctor, MONDAY, back, kind="other_hours", hours="15-18")
    assert keeper.post(f"/resources/staff_changes/{row.id}", other).status_code == 303
    # The week itself is not written down: nobody knows the hours of other positions, but these days are known.
    assert "15:00–18:00" in book(clinic, doctor, MONDAY, "10:00").text
    assert book(clinic, doctor, MONDAY, "15:00").status_code == 303


def test_a_public_holiday_is_a_day_off_unless_the_position_works_then(
    clinic: Clinic, keeper: Browser, doctor: PractitionerRole
) -> None:
    holiday = next(
        day
        for day, works in sorted(staff_hours.working_days.exceptions().items())
        if not works and day > clock.today() + dt.timedelta(days=1) and day.weekday() < 5
    )
    assert keeper.post("/resources/staff_hours/new", week(clinic, doctor)).status_code == 303
    assert "does not work" in book(clinic, doctor, holiday, "9:00").text
    (row,) = rows(clinic, "staff_hours", doctor)
    assert keeper.post(f"/resources/staff_hours/{row.id}", week(clinic, doctor, on_holidays="1")).status_code == 303
    assert book(clinic, doctor, holiday, "9:00").status_code == 303


times = st.integers(0, 24 * 60 - 1).map(lambda minute: dt.time(minute // 60, minute % 60))


@given(st.lists(st.tuples(times, times), min_size=1, max_size=4))
def test_hours_read_back_as_they_are_shown_and_never_overlap(shifts: list[tuple[dt.time, dt.time]]) -> None:
    found = parse_shifts(show_shifts(shifts))
    spans = sorted(minutes_of(shift) for shift in shifts)
    overlaps = any(later[0] < earlier[1] for earlier, later in pairwise(spans))
    assert (found is None) == overlaps
    if found is not None:
        assert parse_shifts(show_shifts(found)) == found
