"""SIG-07: a person attached or served has died."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.bulk.region.days import FAR
from ingestion.bulk.region.district import District
from ingestion.bulk.region.hand import Character
from ingestion.bulk.region.planted.case import Case, Cast, case

SIGNAL = "SIG-07"


def _booked(person: Character, made: int, ahead: int, **columns: Any) -> None:
    person.booking(person.at(made, "11:00"), person.at(-ahead, "09:30"), **columns)


def plant(district: District) -> Iterator[Case]:
    """Cases and traps."""
    cast = Cast(district, 6)
    late = cast.person(71)
    _booked(late, 12, 4)
    row = late.death(late.at(6, "04:20"), late.at(1, "16:45"), "I25.1", "other", processed=False, source="registry")
    yield case(SIGNAL, "death", row, late.organization, "open", "known five days late, still booked")

    at_home = cast.person(52)
    _booked(at_home, 9, 6)
    row = at_home.death(at_home.at(3, "22:10"), at_home.at(2, "09:00"), "I50.0", "home", processed=False)
    yield case(SIGNAL, "death", row, at_home.organization, "open", "at home at working age, still booked")

    seen_to = cast.person(84, female=True)
    known = seen_to.at(12, "10:00")
    _booked(seen_to, 20, -8, status="cancelled", cancel_reason="died", late=known + 120)
    row = seen_to.death(seen_to.at(13, "06:00"), known, "I67.8", "hospital", source="registry")
    _review(seen_to, 9)
    yield case(SIGNAL, "death", row, seen_to.organization, "closed", "booking cancelled, death reviewed")

    mistaken = cast.person(66, female=True)
    row = mistaken.death(
        mistaken.at(8, "03:00"),
        mistaken.at(7, "12:00"),
        "J18.9",
        "hospital",
        processed=False,
        source="registry",
        entered_in_error_at=mistaken.at(5, "11:00"),
        entered_in_error_by="registry",
        entered_in_error_reason="a namesake",
    )
    mistaken.district.people.death[mistaken.position] = FAR
    mistaken.visit(mistaken.at(4, "10:30"), "I11.9", purpose="disease")
    yield case(SIGNAL, "death", row, mistaken.organization, "absent", "she is alive: entered in error")

    gone = cast.person(69, left=int(district.span.origin) - 45)
    row = gone.death(gone.at(5, "13:00"), gone.at(4, "09:00"), "C34.9", "other", processed=False, source="registry")
    yield case(SIGNAL, "death", row, gone.organization, "absent", "moved away before")


def _review(person: Character, days_before: int) -> None:
    polyclinic = person.district.places.polyclinic
    head = person.district.staff.one("chief_physician", polyclinic)
    person.service(person.at(days_before, "15:00"), "L08.001.000", organization_id=polyclinic, practitioner_id=head)
