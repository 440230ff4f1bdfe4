"""What the signal lists of the hand-made district say: cases, clocks, owners, closings, traps."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tests.dbt.conftest import Told
from tests.dbt.district import POLYCLINIC, REGION, VILLAGE, at, day

TABLES = {"SIG-07": "death", "MAT-11": "care_plan_activity"}


def signal(told: Told, code: str, story: str) -> dict[str, object] | None:
    """The case of a story, or None when the list does not have it."""
    columns = told.warehouse.columns("signals.signal_case")
    kinds = ("episode_of_care", "encounter") if code == "MAT-10" else (TABLES.get(code, "encounter"),)
    for kind in kinds:
        case_id = f"{code}:{kind}:{told.ids[story]}"
        found = told.rows(f"select * from signals.signal_case where case_id = '{case_id}'")
        if found:
            return dict(zip(columns, found[0], strict=True))
    return None


def end_of(days_before: int) -> dt.datetime:
    """Midnight after a day."""
    return at(days_before - 1, 0)


OPEN = [
    # story, next step, due, overdue, severity, escalated to
    pytest.param("SIG-02", "stent", "call", at(0, 17), False, "red", None, id="told at 17:00, due at 17:00"),
    pytest.param("SIG-02", "called", "visit", at(-2, 9), False, "red", None, id="called, to be seen in three days"),
    pytest.param("SIG-02", "forgotten", "call", at(11, 9), True, "red", "region", id="nobody home closes nothing"),
    pytest.param("SIG-02", "weekend", "call", at(4, 11), True, "red", "region", id="told on Saturday, due on Monday"),
    pytest.param("SIG-02", "no card", "visit", at(7, 9), True, "red", "region", id="seen, but no dispensary card"),
    pytest.param("SIG-02", "rehabilitated", "call", at(1, 9), True, "red", "head", id="the last ward counts"),
    pytest.param("SIG-02", "handed over", "call", at(1, 9), True, "red", "head", id="served elsewhere"),
    pytest.param("SIG-02", "offered", "call", at(1, 9), True, "red", "head", id="nobody accepted her"),
    pytest.param("SIG-03", "stroke", "home_visit", at(-1, 9), False, "amber", None, id="home visit in three days"),
    pytest.param("SIG-03", "visited", "neurologist", at(-6, 9), False, "amber", None, id="neurologist in fourteen"),
    pytest.param("SIG-04", "sent home", "visit", at(4, 21), True, "red", "deputy_director", id="not admitted, weekend"),
    pytest.param("SIG-04", "no duplex", "duplex", at(5, 9), True, "red", "region", id="duplex in seven days"),
    pytest.param("SIG-07", "at home", "stop_bookings", at(1, 9), True, "red", None, id="a booking lives"),
    pytest.param("SIG-07", "mother", "review", at(-13, 12), False, "red", None, id="ten working days"),
    pytest.param("MAT-10", "new card", "first_package", at(-8, 9, 40), False, "amber", None, id="two weeks"),
    pytest.param("MAT-10", "no risk", "first_package", at(4, 9, 40), True, "amber", None, id="no risk and level"),
    pytest.param("MAT-10", "born", "first_package", at(-10, 11), False, "red", None, id="birth without a card"),
    pytest.param("MAT-10", "lost late", "first_package", at(-10, 11), False, "red", None, id="lost at 16 weeks"),
    pytest.param("MAT-11", "silent", "phone", end_of(2), True, "amber", None, id="three days of grace"),
    pytest.param("MAT-11", "risky", "phone", end_of(0), False, "red", None, id="high risk, one day of grace"),
    pytest.param("MAT-11", "empty house", "escalation", end_of(4), True, "red", None, id="two failed attempts"),
]


@pytest.mark.req("SIG-01", "SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-10", "MAT-11")
@pytest.mark.parametrize(("code", "story", "step", "due", "overdue", "severity", "escalated"), OPEN)
def test_open_case_names_the_next_step_and_its_deadline(
    told: Told,
    code: str,
    story: str,
    step: str,
    due: dt.datetime,
    overdue: bool,
    severity: str,
    escalated: str | None,
) -> None:
    case = signal(told, code, story)
    assert case is not None
    assert case["state"] == "open"
    assert (case["next_step"], case["due_at"], case["overdue"]) == (step, due, overdue)
    assert case["severity"] == severity
    assert json.loads(str(case["evidence"])).get("escalated_to") == escalated
    assert case["closed_at"] is None
    assert case["closed_by"] is None


CLOSED = [
    pytest.param("SIG-02", "followed", at(12, 11), None, id="visit, pressure, medicines, card"),
    pytest.param("SIG-02", "elsewhere", at(8, 11), None, id="seen elsewhere, an old card stands"),
    pytest.param("SIG-03", "recovering", at(12, 12), "neurologist_visit", id="the neurologist came last"),
    pytest.param("SIG-04", "examined", at(11, 9), "duplex", id="duplex within the week"),
    pytest.param("SIG-07", "infant", at(2, 15), "death_review", id="no bookings, reviewed"),
    pytest.param("SIG-07", "very old", at(0, 14, 55), "bookings_cancelled", id="cancelled, no review needed"),
    pytest.param("MAT-10", "complete", at(10, 9, 40), None, id="first package, risk, level"),
    pytest.param("MAT-11", "came late", at(4, 10), "contact", id="came after the grace"),
    pytest.param("MAT-11", "delivered", at(2, 7), "pregnancy_outcome", id="the birth closed it"),
]


@pytest.mark.req("SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-10", "MAT-11")
@pytest.mark.parametrize(("code", "story", "closed_at", "closed_by"), CLOSED)
def test_closed_case_stays_on_the_list_with_what_closed_it(
    told: Told, code: str, story: str, closed_at: dt.datetime, closed_by: str | None
) -> None:
    case = signal(told, code, story)
    assert case is not None
    assert (case["state"], case["closed_at"], case["next_step"]) == ("closed", closed_at, None)
    assert case["closed_by"] == (closed_by or case["closed_by"])
    assert not case["overdue"]
    assert json.loads(str(case["evidence"]))["met"]


TRAPS = [
    pytest.param("SIG-02", "transferred", id="a transfer is no discharge"),
    pytest.param("SIG-02", "died in ward", id="died in hospital"),
    pytest.param("SIG-02", "old stent", id="a stent of years ago"),
    pytest.param("SIG-02", "left", id="moved away before"),
    pytest.param("SIG-02", "wrong", id="entered in error"),
    pytest.param("SIG-03", "still in rehabilitation", id="rehabilitation goes on"),
    pytest.param("SIG-04", "amnesia", id="transient global amnesia"),
    pytest.param("SIG-07", "namesake", id="she is alive"),
    pytest.param("MAT-10", "lost early", id="lost before twelve weeks"),
    pytest.param("MAT-11", "in grace", id="days of grace"),
    pytest.param("MAT-11", "seen elsewhere", id="seen in another town, known late"),
    pytest.param("MAT-11", "came early", id="came a few days early"),
    pytest.param("MAT-11", "in ward", id="in hospital"),
    pytest.param("MAT-11", "miscarried", id="miscarriage known late"),
]


@pytest.mark.req("SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-10", "MAT-11")
@pytest.mark.parametrize(("code", "story"), TRAPS)
def test_trap_is_no_case(told: Told, code: str, story: str) -> None:
    assert signal(told, code, story) is None


@pytest.mark.parametrize(
    ("code", "story", "organization"),
    [
        ("SIG-02", "stent", POLYCLINIC),
        ("SIG-02", "forgotten", VILLAGE),
        ("SIG-02", "handed over", VILLAGE),
        ("SIG-02", "offered", POLYCLINIC),
        ("SIG-07", "very old", POLYCLINIC),
    ],
)
def test_owner_is_who_accepted_the_person_else_the_place_of_attachment(
    told: Told, code: str, story: str, organization: int
) -> None:
    case = signal(told, code, story)
    assert case is not None
    assert (case["region_id"], case["organization_id"]) == (REGION, organization)


@pytest.mark.req("DWH-02")
def test_evidence_holds_codes_and_dates_only(told: Told) -> None:
    case = signal(told, "SIG-02", "forgotten")
    assert case is not None
    assert json.loads(str(case["evidence"])) == {
        "icd10": "I21.9",
        "discharge_date": day(14).isoformat(),
        "known_date": day(12).isoformat(),
        "facility": 91,
        "owner_basis": "attachment",
        "owner_role": "site_doctor",
        "escalated_to": "region",
        "met": [],
    }


def test_dead_person_visits_and_bookings_stand_in_the_evidence(told: Told) -> None:
    case = signal(told, "SIG-07", "at home")
    assert case is not None
    told_so = json.loads(str(case["evidence"]))
    assert (told_so["visits_after_death"], told_so["live_bookings"]) == (1, 1)


@pytest.mark.req("I18N-01")
def test_catalogue_names_every_signal_in_three_languages(told: Told) -> None:
    codes = {code for (code,) in told.rows("select distinct signal_code from signals.signal_case")}
    rows = told.rows("select * from signals.catalog")
    assert {row[0] for row in rows} == codes
    assert all(all(row) for row in rows)
