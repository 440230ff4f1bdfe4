"""SIG-02: discharged after a heart attack or unstable angina."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.bulk.region.days import NULL
from ingestion.bulk.region.district import District
from ingestion.bulk.region.hand import Character
from ingestion.bulk.region.planted.case import Case, Cast, case

SIGNAL = "SIG-02"


def treated(person: Character, icd10: str, *, out: int, known: int, known_time: str = "09:10", **columns: Any) -> int:
    """Nine days in the cardiology centre, discharged and made known so many days before the demo day."""
    external = person.district.external
    at = person.at(out + 9, "03:40")
    return person.stay(
        external.organization["cardiology"],
        external.practitioner["cardiology"],
        at,
        person.at(out, "12:30"),
        icd10,
        known=at + 500,
        end_known=person.at(known, known_time),
        **columns,
    )


def followed(
    person: Character,
    days_before: int,
    *,
    card: str | None = "I25.2",
    medicines: tuple[str, ...] = ("B01AC06", "C10AA05"),
    time: str = "11:20",
    **columns: Any,
) -> int:
    """A home visit with blood pressure, medicines and a card."""
    at = person.at(days_before, time)
    encounter = person.visit(at, "I25.2", **({"encounter_class": "home"} | columns))
    person.pressure(encounter, at, 134, 82)
    person.prescribe(encounter, at, *medicines)
    if card:
        person.card(at, card)
    return encounter


def plant(district: District) -> Iterator[Case]:
    """Cases and traps."""
    yield from _open(Cast(district, 0))
    yield from _closed(Cast(district, 5))
    yield from _traps(Cast(district, 8))


def _open(cast: Cast) -> Iterator[Case]:
    fresh = cast.person(61)
    yield case(
        SIGNAL, "encounter", treated(fresh, "I21.1", out=2, known=1), fresh.organization, "open", "nothing done yet"
    )

    empty_house = cast.person(66)
    row = treated(empty_house, "I20.0", out=14, known=12)
    empty_house.visit(empty_house.at(9, "10:40"), "I25.2", encounter_class="home", disposition="nobody_home")
    yield case(SIGNAL, "encounter", row, empty_house.organization, "open", "nobody home does not close")

    called = cast.person(58, female=True)
    row = treated(called, "I21.4", out=8, known=7)
    called.visit(called.at(7, "15:05"), "I25.2", encounter_class="virtual")
    yield case(SIGNAL, "encounter", row, called.organization, "open", "called, never seen")

    no_card = cast.person(70)
    row = treated(no_card, "I21.0", out=11, known=10)
    followed(no_card, 8, card=None)
    yield case(SIGNAL, "encounter", row, no_card.organization, "open", "seen, no dispensary card")

    earlier = cast.person(63, female=True)
    followed(earlier, 15)
    row = treated(earlier, "I22.0", out=4, known=3)
    yield case(SIGNAL, "encounter", row, earlier.organization, "open", "the visit was before the admission")

    late_news = cast.person(55)
    row = treated(late_news, "I20.0", out=21, known=2)
    yield case(SIGNAL, "encounter", row, late_news.organization, "open", "discharge known late")

    handed = cast.person(68)
    owner = handed.serve_at(cast.other_place(handed), 60)
    yield case(SIGNAL, "encounter", treated(handed, "I21.9", out=3, known=2), owner, "open", "served elsewhere")


def _closed(cast: Cast) -> Iterator[Case]:
    in_time = cast.person(64)
    row = treated(in_time, "I21.0", out=15, known=14)
    in_time.visit(in_time.at(14, "16:30"), "I25.2", encounter_class="virtual")
    followed(in_time, 12)
    yield case(SIGNAL, "encounter", row, in_time.organization, "closed", "done in time")

    too_late = cast.person(59, female=True)
    row = treated(too_late, "I24.8", out=18, known=17)
    followed(too_late, 6)
    yield case(SIGNAL, "encounter", row, too_late.organization, "closed", "done late")

    elsewhere = cast.person(62)
    row = treated(elsewhere, "I20.0", out=10, known=9)
    external = elsewhere.district.external
    facility: dict[str, Any] = {
        "organization_id": external.organization["city_polyclinic"],
        "practitioner_id": external.practitioner["city_polyclinic"],
    }
    at, told = elsewhere.at(8, "09:40"), elsewhere.at(7, "08:00")
    visit = elsewhere.visit(at, "I25.2", source="registry", known_at=told, site_id=NULL, **facility)
    elsewhere.pressure(visit, at, 128, 80, source="registry", known_at=told, **facility)
    elsewhere.prescribe(visit, at, "B01AC06", source="registry", known_at=told, **facility)
    elsewhere.card(elsewhere.at(7, "10:15"), "I25.2")
    yield case(SIGNAL, "encounter", row, elsewhere.organization, "closed", "done elsewhere")

    reasoned = cast.person(73, female=True)
    row = treated(reasoned, "I21.4", out=9, known=8)
    visit = followed(reasoned, 6, medicines=())
    reasoned.add(
        "observation", reasoned.at(6, "11:25"), encounter_id=visit, code="X-NO-MEDICINE", value_code="contraindicated"
    )
    yield case(SIGNAL, "encounter", row, reasoned.organization, "closed", "no medicine, with a reason")


def _traps(cast: Cast) -> Iterator[Case]:
    old_stent = cast.person(67)
    row = treated(old_stent, "J18.9", out=5, known=4)
    old_stent.diagnosis(row, old_stent.at(5, "12:30"), "Z95.5", type="concomitant", known_at=old_stent.at(4, "09:10"))
    yield case(SIGNAL, "encounter", row, old_stent.organization, "absent", "a stent of years ago")

    beside = cast.person(72, female=True)
    row = treated(beside, "K80.2", out=6, known=5)
    beside.diagnosis(row, beside.at(6, "12:30"), "I20.0", type="concomitant", known_at=beside.at(5, "09:10"))
    yield case(SIGNAL, "encounter", row, beside.organization, "absent", "angina is not the main diagnosis")

    corrected = cast.person(60)
    wrong: dict[str, Any] = {
        "entered_in_error_at": corrected.at(3, "14:00"),
        "entered_in_error_by": "registry",
        "entered_in_error_reason": "wrong patient",
    }
    row = treated(corrected, "I21.9", out=6, known=5, **wrong)
    yield case(SIGNAL, "encounter", row, corrected.organization, "absent", "discharge entered in error")

    died = cast.person(78)
    row = treated(died, "I21.1", out=7, known=6, disposition="died")
    died.death(died.at(7, "12:30"), died.at(6, "09:10"), "I21.9", "hospital", source="registry")
    yield case(SIGNAL, "encounter", row, died.organization, "absent", "died in hospital")

    gone = cast.person(57, left=int(cast.district.span.origin) - 20)
    row = treated(gone, "I20.0", out=5, known=4)
    yield case(SIGNAL, "encounter", row, gone.organization, "absent", "moved away before")
