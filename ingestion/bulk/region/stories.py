"""The stories of the demo district: named people whose dates count back from the demo day.

They are told for a reader in ``docs/user/demo-stories.md``; what this version cannot show yet is
already in the data.
"""

from __future__ import annotations

from typing import Any

from ingestion.bulk.region.days import NULL, workday
from ingestion.bulk.region.district import District
from ingestion.bulk.region.expecting import Expecting
from ingestion.bulk.region.hand import NEVER, Character, introduce
from ingestion.bulk.region.planted.coronary import treated as heart_treated
from ingestion.bulk.region.planted.stroke import unadmitted


def add(district: District) -> None:
    """Bring the people of the stories into the district."""
    _seven_hours(district)
    _no_network(district)
    _stent(district)
    _transient_attack(district)
    _registrar(district)
    _two_records(district)
    _contraindicated(district)
    _wrong_level(district)
    _dead_do_not_attend(district)


def _at(district: District, key: str, turn: int = 0) -> int:
    return district.places.at(key) + turn


def _card(woman: Character, weeks: float, **options: Any) -> Expecting:
    made = Expecting(woman, weeks, registered=round(weeks * 7) - 63, **options)
    made.register()
    made.first_visit()
    return made


def _seven_hours(district: District) -> None:
    """Айгүл, 36 weeks and a fever: three doors before the right one."""
    aigul = introduce(district, _at(district, "sulykol"), female=True, age=29, name="Айгүл", surname="Нұрғалиев")
    card = _card(aigul, 36.3)
    visit = card.visit(12, "10:20")
    card.plan(6, 12, status="done", encounter_id=visit, late=aigul.at(12, "10:40"))
    card.plan(7, -3)
    external, places, staff = district.external, district.places, district.staff
    ambulance = {
        "organization_id": external.organization["ambulance"],
        "practitioner_id": external.practitioner["ambulance"],
    }
    call = aigul.visit(
        aigul.at(1, "08:40"),
        "O75.3",
        encounter_class="emergency",
        purpose="ambulance_call",
        kind="preliminary",
        site_id=NULL,
        known_at=aigul.at(1, "08:55"),
        source="registry",
        disposition="transferred",
        end=aigul.at(1, "09:20"),
        **ambulance,
    )
    aigul.observe(
        call, aigul.at(1, "08:45"), "8310-5", 39.6, "Cel", known_at=aigul.at(1, "08:55"), source="registry", **ambulance
    )
    room = places.departments["admission"]
    aigul.visit(
        aigul.at(1, "09:25"),
        "O75.3",
        encounter_class="emergency",
        purpose="hospitalisation",
        kind="admission",
        site_id=NULL,
        organization_id=places.hospital,
        department_id=room,
        practitioner_id=staff.ward_doctor("admission", room),
        disposition="non_profile",
        end=aigul.at(1, "10:05"),
    )
    aigul.visit(
        aigul.at(1, "13:50"),
        "O75.3",
        encounter_class="emergency",
        purpose="hospitalisation",
        kind="admission",
        site_id=NULL,
        organization_id=external.organization["multiprofile"],
        practitioner_id=external.practitioner["multiprofile"],
        disposition="refused",
        end=aigul.at(1, "14:30"),
        known_at=aigul.at(1, "14:31"),
        source="registry",
    )
    aigul.stay(
        external.organization["perinatal"],
        external.practitioner["perinatal"],
        aigul.at(1, "15:40"),
        None,
        "O75.3",
        known=aigul.at(1, "15:55"),
    )


def _no_network(district: District) -> None:
    """Нұргүл, 31 weeks and hypertension: the visit reached the server an hour and a half after it was made."""
    nurgul = introduce(district, _at(district, "khankol"), female=True, age=34, name="Нұргүл", surname="Сисенов")
    nurgul.card(nurgul.at(700, "11:00"), "I11.9")
    card = _card(nurgul, 31, risk="high", level=3)
    visit = card.visit(20, "11:10")
    card.plan(4, 20, status="done", encounter_id=visit, late=nurgul.at(20, "11:30"))
    at, synced = nurgul.at(0, "11:05"), nurgul.at(0, "12:40")
    owner = card.owner()
    feldsher = int(district.places.nurse[nurgul.place])
    seen = nurgul.visit(
        at,
        "O10",
        encounter_class="home",
        purpose="pregnancy",
        known_at=synced,
        source="device",
        organization_id=owner["organization_id"],
        practitioner_id=feldsher,
    )
    nurgul.pressure(seen, at, 152, 96, known_at=synced, source="device", evidence="measured", practitioner_id=feldsher)
    card.plan(5, 2, status="done", encounter_id=seen, late=synced)
    card.plan(6, -19)


def _stent(district: District) -> None:
    """Серік, stented in Oral; the discharge took two days to arrive."""
    serik = introduce(district, _at(district, "sulykol"), female=False, age=58, name="Серік", surname="Қайырғалиев")
    row = heart_treated(serik, "I21.1", out=3, known=1, known_time="17:00")
    external = district.external
    place = {
        "organization_id": external.organization["cardiology"],
        "practitioner_id": external.practitioner["cardiology"],
    }
    told = serik.at(1, "17:00")
    serik.service(
        serik.at(12, "04:20"),
        "36.07",
        row,
        code_system="icd9cm",
        known_at=told,
        source="registry",
        evidence="presence",
        **place,
    )
    serik.diagnosis(row, serik.at(3, "12:30"), "Z95.5", type="concomitant", known_at=told, source="registry", **place)


def _transient_attack(district: District) -> None:
    """Зейнеп, not admitted with a TIA; the call was due four days ago."""
    zeinep = introduce(district, _at(district, "centre"), female=True, age=67, name="Зейнеп", surname="Досжанов")
    zeinep.card(zeinep.at(800, "10:00"), "I11.9")
    unadmitted(zeinep, "G45.9", 5, 5)


def _registrar(district: District) -> None:
    """Әлия, found as Алия and Aliya; and a doctor's morning of bookings that will have to move."""
    morning = district.span.origin - int(workday(district.span.origin + 1))
    aliya = introduce(district, _at(district, "centre"), female=True, age=45, name="Әлия", surname="Қожахметов")
    aliya.booking(aliya.at(2, "16:00"), aliya.at(morning, "09:00"), status="booked", late=NEVER)
    for turn in range(11):
        person = introduce(district, _at(district, "centre"), female=turn % 2 == 0, age=30 + turn * 4)
        start = person.at(morning, "09:15") + turn * 15
        person.booking(person.at(3, "12:00") + turn, start, status="booked", late=NEVER)


def _two_records(district: District) -> None:
    """Гүлмира, registered twice: both records had a mammogram, one person is counted once."""
    for turn, days_before in enumerate((70, 55)):
        woman = introduce(district, _at(district, "aqtai"), female=True, age=50 + turn * 4, name="Гүлмира")
        people = district.people
        # Her second record loses its attachment with the merge.
        twin = introduce(
            district,
            _at(district, "aqtai"),
            female=True,
            age=50 + turn * 4,
            name="Гүлмира",
            left=district.span.origin - 20,
        )
        for column in (people.birth, people.surname, people.father_name, people.household):
            column[twin.position] = column[woman.position]
        people.merged[twin.position] = woman.position
        for person, shift in ((woman, 0), (twin, 9)):
            at = person.at(days_before + shift, "10:30")
            visit = person.visit(at, "Z12.3", purpose="screening")
            person.service(at + 10, "C03.082.005", visit, programme="breast", evidence="typed", result_code="2")
        linked = woman.at(20, "15:10")
        district.rows.add(
            "patient_link",
            1,
            known=linked,
            patient_id=woman.id,
            other_patient_id=twin.id,
            linked_at=linked,
            linked_by="registrar",
        )


def _contraindicated(district: District) -> None:
    """Мадина, pulmonary hypertension confirmed three months ago."""
    madina = introduce(district, _at(district, "centre", 1), female=True, age=33, name="Мадина", surname="Имашев")
    at = madina.at(90, "11:40")
    visit = madina.visit(at, "I27.0", purpose="dispensary")
    madina.pressure(visit, at, 104, 68)
    madina.card(at + 20, "I27.0")
    madina.service(madina.at(130, "10:30"), "L03.007.000")


def _wrong_level(district: District) -> None:
    """Гүлнар, 34 weeks, 170/112 in a hospital of the first level."""
    gulnar = introduce(district, _at(district, "zhusandoi"), female=True, age=31, name="Гүлнар", surname="Шынтасов")
    card = _card(gulnar, 34.4, risk="moderate", level=2)
    visit = card.visit(9, "12:00")
    card.plan(6, 9, status="done", encounter_id=visit, late=gulnar.at(9, "12:20"))
    card.plan(7, -11)
    ward = district.places.departments["maternity"]
    doctor = district.staff.ward_doctor("maternity", ward)
    row = gulnar.stay(
        district.places.hospital, doctor, gulnar.at(1, "19:50"), None, "O14.1", source="screen", department_id=ward
    )
    for time, systolic, diastolic in (("20:10", 170, 112), ("20:25", 168, 110), ("21:20", 148, 96)):
        gulnar.pressure(
            row,
            gulnar.at(1, time),
            systolic,
            diastolic,
            organization_id=district.places.hospital,
            practitioner_id=doctor,
            evidence="measured",
        )


def _dead_do_not_attend(district: District) -> None:
    """Ержан died six days ago; the clinic learnt of it today, and somebody recorded an ECG in between."""
    erzhan = introduce(district, _at(district, "qaraqamys"), female=False, age=71, name="Ержан", surname="Бисенов")
    erzhan.card(erzhan.at(850, "10:00"), "I20.8")
    erzhan.service(erzhan.at(2, "11:30"), "C02.001.000")
    for ahead, time in ((3, "10:00"), (10, "11:15")):
        erzhan.booking(erzhan.at(9, "09:30"), erzhan.at(-ahead, time), status="booked", late=NEVER)
    erzhan.death(erzhan.at(6, "03:30"), erzhan.at(0, "06:00"), "I25.1", "other", processed=False, source="registry")
