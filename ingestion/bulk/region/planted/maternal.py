"""MAT-10 and MAT-11: registration of a pregnancy and its planned visits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.bulk.region.days import NULL
from ingestion.bulk.region.district import District
from ingestion.bulk.region.expecting import Expecting
from ingestion.bulk.region.hand import Character
from ingestion.bulk.region.planted.case import Case, Cast, case


def plant_registration(district: District) -> Iterator[Case]:
    """MAT-10."""
    cast, signal = Cast(district, 1), "MAT-10"
    fresh = Expecting(cast.person(26, female=True), 10, registered=6, risk=None, level=None)
    yield case(
        signal, "episode_of_care", fresh.register(), fresh.woman.organization, "open", "card without the first package"
    )

    no_risk = Expecting(cast.person(31, female=True), 13, registered=18, risk=None, level=None)
    row = no_risk.register()
    no_risk.first_visit()
    yield case(signal, "episode_of_care", row, no_risk.woman.organization, "open", "no risk and level after two weeks")

    done = Expecting(cast.person(24, female=True), 11, registered=10)
    row = done.register()
    done.first_visit()
    yield case(signal, "episode_of_care", row, done.woman.organization, "closed", "first package, risk and level")

    mistake = Expecting(cast.person(34, female=True), 9, registered=8, risk=None, level=None)
    when = mistake.woman.at(5, "12:00")
    row = mistake.register(
        entered_in_error_at=when, entered_in_error_by="registrar", entered_in_error_reason="another woman"
    )
    yield case(signal, "episode_of_care", row, mistake.woman.organization, "absent", "card entered in error")

    for weeks, icd10, expected, story in (
        (39, "O80.0", "open", "gave birth without a card"),
        (16, "O03.9", "open", "lost a pregnancy of 16 weeks without a card"),
        (8, "O03.9", "absent", "lost a pregnancy of 8 weeks"),
    ):
        woman = cast.person(27, female=True)
        row = _unregistered(woman, weeks, icd10)
        yield case(signal, "encounter", row, woman.organization, expected, story)  # type: ignore[arg-type]


def _unregistered(woman: Character, weeks: int, icd10: str) -> int:
    external = woman.district.external
    doctor = external.practitioner["perinatal"]
    facility = external.organization["perinatal"]
    told = woman.at(4, "11:30")
    row = woman.stay(facility, doctor, woman.at(8, "02:20"), woman.at(5, "12:00"), icd10, end_known=told)
    woman.observe(
        row,
        woman.at(8, "02:40"),
        "18185-9",
        weeks,
        "wk",
        organization_id=facility,
        practitioner_id=doctor,
        source="registry",
        known_at=told,
    )
    if icd10.startswith("O80"):
        woman.diagnosis(
            row,
            woman.at(5, "12:00"),
            "Z37.0",
            type="concomitant",
            known_at=told,
            source="registry",
            organization_id=facility,
            practitioner_id=doctor,
        )
    return row


def _card(person: Character, weeks: float = 31, **options: Any) -> Expecting:
    made = Expecting(person, weeks, registered=round(weeks * 7) - 60, **options)
    made.register()
    made.first_visit()
    return made


def plant_missed(district: District) -> Iterator[Case]:
    """MAT-11."""
    yield from _missed(Cast(district, 3))
    yield from _kept(Cast(district, 7))
    yield from _ended(Cast(district, 11))


def _missed(cast: Cast) -> Iterator[Case]:
    signal, table = "MAT-11", "care_plan_activity"
    silent = _card(cast.person(28, female=True))
    yield case(signal, table, silent.plan(5, 6), silent.woman.organization, "open", "no contact for six days")
    silent.plan(6, -22)

    risky = _card(cast.person(41, female=True), risk="high", level=3)
    yield case(signal, table, risky.plan(5, 3), risky.woman.organization, "open", "high risk, one day of grace")

    empty_house = _card(cast.person(22, female=True))
    row = empty_house.plan(5, 9)
    empty_house.visit(5, "11:10", encounter_class="home", disposition="nobody_home")
    yield case(signal, table, row, empty_house.woman.organization, "open", "nobody home is no contact")

    person = cast.person(30, female=True)
    place = cast.other_place(person)
    owner = person.serve_at(place, 160)
    handed = Expecting(person, 30, registered=150, place=place)
    handed.register()
    handed.first_visit()
    yield case(signal, table, handed.plan(5, 8), owner, "open", "served where she lives")


def _kept(cast: Cast) -> Iterator[Case]:
    signal, table = "MAT-11", "care_plan_activity"
    grace = _card(cast.person(25, female=True))
    yield case(signal, table, grace.plan(5, 2), grace.woman.organization, "absent", "still in the days of grace")

    late = _card(cast.person(33, female=True))
    visit = late.visit(4, "10:25")
    row = late.plan(5, 10, status="done", encounter_id=visit, late=late.woman.at(4, "10:40"))
    yield case(signal, table, row, late.woman.organization, "closed", "came after six days")

    elsewhere = _card(cast.person(29, female=True))
    external = elsewhere.woman.district.external
    facility: dict[str, Any] = {
        "organization_id": external.organization["city_polyclinic"],
        "practitioner_id": external.practitioner["city_polyclinic"],
    }
    row = elsewhere.plan(5, 7)
    elsewhere.visit(6, "09:30", source="registry", known_at=elsewhere.woman.at(5, "18:00"), site_id=NULL, **facility)
    yield case(signal, table, row, elsewhere.woman.organization, "absent", "seen elsewhere")

    phoned = _card(cast.person(27, female=True))
    row = phoned.plan(5, 6)
    phoned.visit(5, "12:15", encounter_class="virtual")
    yield case(signal, table, row, phoned.woman.organization, "absent", "reached by phone")

    in_ward = _card(cast.person(36, female=True))
    perinatal = {"facility": external.organization["perinatal"], "doctor": external.practitioner["perinatal"]}
    in_ward.woman.stay(
        at=in_ward.woman.at(9, "13:00"), end=None, icd10="O47", known=in_ward.woman.at(8, "09:00"), **perinatal
    )
    yield case(signal, table, in_ward.plan(5, 6), in_ward.woman.organization, "absent", "in a hospital ward")


def _ended(cast: Cast) -> Iterator[Case]:
    signal, table = "MAT-11", "care_plan_activity"
    lost = Expecting(cast.person(23, female=True), 15, registered=45)
    when, told = lost.woman.at(9, "20:00"), lost.woman.at(8, "09:30")
    lost.register(
        status="finished",
        end_at=when,
        end_known_at=told,
        close_reason="outcome",
        outcome="miscarriage",
        outcome_at=when,
        outcome_known_at=told,
        late=told,
    )
    lost.first_visit()
    row = lost.plan(2, 6, status="cancelled", cancel_reason="outcome", late=told)
    yield case(signal, table, row, lost.woman.organization, "absent", "miscarriage before the visit")

    moved = Expecting(cast.person(26, female=True, left=int(cast.district.span.origin) - 12), 24, registered=90)
    when = moved.woman.at(12, "10:00")
    moved.register(status="finished", end_at=when, end_known_at=when, close_reason="moved", late=when)
    moved.first_visit()
    row = moved.plan(4, 7, status="cancelled", cancel_reason="moved", late=when)
    yield case(signal, table, row, moved.woman.organization, "absent", "moved to another district")

    born = Expecting(cast.person(30, female=True), 40, registered=190)
    when, told = born.woman.at(2, "07:30"), born.woman.at(1, "09:00")
    born.register(
        status="finished",
        end_at=when,
        end_known_at=told,
        close_reason="outcome",
        outcome="live_birth",
        outcome_at=when,
        outcome_known_at=told,
        late=told,
    )
    born.first_visit()
    row = born.plan(8, 9, status="cancelled", cancel_reason="outcome", late=told)
    yield case(signal, table, row, born.woman.organization, "closed", "the birth closed it")
