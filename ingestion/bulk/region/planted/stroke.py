"""SIG-03 and SIG-04: after a stroke, after a TIA."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.bulk.region.days import NULL
from ingestion.bulk.region.district import District
from ingestion.bulk.region.hand import Character
from ingestion.bulk.region.planted.case import Case, Cast, case


def treated(person: Character, icd10: str, *, days: int, out: int, known: int, **columns: Any) -> int:
    """A stay in the stroke centre, discharged and made known so many days before the demo day."""
    external = person.district.external
    at = person.at(out + days, "05:15")
    return person.stay(
        external.organization["stroke"],
        external.practitioner["stroke"],
        at,
        person.at(out, "11:45"),
        icd10,
        known=at + 400,
        end_known=person.at(known, "08:50"),
        **columns,
    )


def _neurologist(person: Character, days_before: int) -> None:
    polyclinic = person.district.places.polyclinic
    doctor = person.district.staff.one("neurologist", polyclinic)
    at = person.at(days_before, "12:10")
    visit = person.visit(at, "I69.3", organization_id=polyclinic, practitioner_id=doctor)
    person.service(at, "A02.018.000", visit, organization_id=polyclinic, practitioner_id=doctor)


def _home_visit(person: Character, days_before: int) -> None:
    at = person.at(days_before, "14:30")
    visit = person.visit(at, "I69.3", encounter_class="home")
    person.pressure(visit, at, 142, 86)
    person.observe(visit, at, "75859-9", 2, "{score}")
    person.add(
        "service_request", at, encounter_id=visit, category="rehabilitation", code="L07.003.000", status="active"
    )
    person.card(at, "I69.3")


def plant_stroke(district: District) -> Iterator[Case]:
    """SIG-03."""
    cast, signal = Cast(district, 2), "SIG-03"
    fresh = cast.person(69)
    row = treated(fresh, "I63.4", days=12, out=3, known=2)
    yield case(signal, "encounter", row, fresh.organization, "open", "nothing done yet")

    clinic_only = cast.person(64, female=True)
    row = treated(clinic_only, "I63.9", days=11, out=12, known=11)
    visit = clinic_only.visit(clinic_only.at(9, "10:10"), "I69.3")
    clinic_only.pressure(visit, clinic_only.at(9, "10:10"), 150, 90)
    yield case(signal, "encounter", row, clinic_only.organization, "open", "came to the clinic, nobody went to her")

    empty_house = cast.person(75)
    row = treated(empty_house, "I61.9", days=16, out=9, known=8)
    empty_house.visit(empty_house.at(6, "15:20"), "I69.3", encounter_class="home", disposition="nobody_home")
    yield case(signal, "encounter", row, empty_house.organization, "open", "nobody home does not close")

    done = cast.person(62)
    row = treated(done, "I63.5", days=11, out=20, known=19)
    _home_visit(done, 17)
    _neurologist(done, 12)
    yield case(signal, "encounter", row, done.organization, "closed", "done in time")

    old = cast.person(71, female=True)
    row = treated(old, "I69.3", days=10, out=6, known=5)
    yield case(signal, "encounter", row, old.organization, "absent", "consequences of an old stroke")

    died = cast.person(81)
    row = treated(died, "I61.9", days=4, out=8, known=7, disposition="died")
    died.death(died.at(8, "11:45"), died.at(7, "08:50"), "I61.9", "hospital", source="registry")
    yield case(signal, "encounter", row, died.organization, "absent", "died in hospital")

    corrected = cast.person(66)
    when = corrected.at(2, "10:00")
    row = treated(
        corrected,
        "I63.3",
        days=9,
        out=5,
        known=4,
        entered_in_error_at=when,
        entered_in_error_by="registry",
        entered_in_error_reason="wrong patient",
    )
    yield case(signal, "encounter", row, corrected.organization, "absent", "discharge entered in error")


def unadmitted(person: Character, icd10: str, days_before: int, known: int) -> int:
    """Seen in the admission room of the stroke centre and sent home."""
    external = person.district.external
    told = person.at(known, "10:20")
    return person.visit(
        person.at(days_before, "19:30"),
        icd10,
        encounter_class="emergency",
        purpose="hospitalisation",
        organization_id=external.organization["stroke"],
        practitioner_id=external.practitioner["stroke"],
        site_id=NULL,
        source="registry",
        known_at=told,
        end=person.at(days_before, "21:40"),
        disposition="not_indicated",
    )


def plant_tia(district: District) -> Iterator[Case]:
    """SIG-04."""
    cast, signal = Cast(district, 4), "SIG-04"
    fresh = cast.person(65)
    row = treated(fresh, "G45.9", days=4, out=3, known=2)
    yield case(signal, "encounter", row, fresh.organization, "open", "nothing done yet")

    sent_home = cast.person(70, female=True)
    yield case(
        signal, "encounter", unadmitted(sent_home, "G45.0", 6, 5), sent_home.organization, "open", "not admitted"
    )

    no_duplex = cast.person(68)
    row = treated(no_duplex, "G45.1", days=5, out=13, known=12)
    _tia_visit(no_duplex, 11)
    yield case(signal, "encounter", row, no_duplex.organization, "open", "seen, no duplex within a week")

    done = cast.person(59)
    row = treated(done, "G45.8", days=5, out=16, known=15)
    _tia_visit(done, 15)
    done.service(done.at(11, "09:20"), "C03.002.003", evidence="measured", source="device")
    yield case(signal, "encounter", row, done.organization, "closed", "done in time")

    amnesia = cast.person(61, female=True)
    row = treated(amnesia, "G45.4", days=3, out=4, known=3)
    yield case(signal, "encounter", row, amnesia.organization, "absent", "transient global amnesia")

    gone = cast.person(67, left=int(district.span.origin) - 25)
    row = treated(gone, "G45.9", days=4, out=6, known=5)
    yield case(signal, "encounter", row, gone.organization, "absent", "moved away before")


def _tia_visit(person: Character, days_before: int) -> None:
    at = person.at(days_before, "16:40")
    visit = person.visit(at, "I67.8", encounter_class="home")
    person.pressure(visit, at, 148, 88)
    person.prescribe(visit, at, "B01AC06", "C10AA05")
    person.service(at + 10, "C02.001.000", visit, evidence="measured", source="device")
