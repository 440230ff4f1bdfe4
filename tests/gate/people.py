"""Rows of identified care for tests of the gate, written as the owner role."""

from __future__ import annotations

import psycopg

FAMILY_NAME = "Құпиябекова"
FREE_TEXT = "көршісі айтты: құпия жазба"


def iin_for(birth: str, century_sex: int, serial: int) -> str | None:
    """Return a valid IIN or nothing where the rule issues none; ``birth`` is YYMMDD."""
    digits = [int(c) for c in f"{birth}{century_sex}{serial:04d}"]
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        check = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
        if check < 10:
            return "".join(map(str, digits)) + str(check)
    return None


def add_organization(connection: psycopg.Connection[tuple[int]]) -> int:
    """Insert a region and one organisation; return the organisation's id."""
    region = connection.execute(
        "insert into organizations.organization (kind, name_kk, name_ru, name_en, sort_key) "
        "values ('region', 'Өңір', 'Регион', 'Region', 'a') returning id"
    ).fetchone()
    assert region is not None
    row = connection.execute(
        "insert into organizations.organization (kind, parent_id, organization_type, name_kk, name_ru, name_en, "
        "sort_key) "
        "values ('organization', %s, 'polyclinic', 'Емхана', 'Поликлиника', 'Polyclinic', 'b') returning id",
        (region[0],),
    ).fetchone()
    assert row is not None
    return row[0]


def add_patient(
    connection: psycopg.Connection[tuple[int]],
    birth_date: str = "1985-03-17",
    sex: str = "female",
    iin: str | None = None,
    temporary_id: str | None = None,
) -> int:
    """Insert a person; return the internal id."""
    if iin is None and temporary_id is None:
        serials = (iin_for(birth_date[2:].replace("-", ""), 4 if sex == "female" else 3, n) for n in range(9999))
        iin = next(number for number in serials if number)
    row = connection.execute(
        "insert into patients.patient (iin, temporary_id, family_name, given_name, family_fold, given_fold, sort_key, "
        "sex, birth_date, phone, address_line, kato_code) values (%s, %s, %s, 'Айгүл', 'kupiabekova', 'aigul', 'k', "
        "%s, %s, '+77010000000', 'Құпия көшесі 7', '274230100') returning id",
        (iin, temporary_id, FAMILY_NAME, sex, birth_date),
    ).fetchone()
    assert row is not None
    return row[0]


def add_encounter(connection: psycopg.Connection[tuple[int]], patient: int, organization: int, event_at: str) -> int:
    """Insert a finished visit with a free-text note; return its id."""
    row = connection.execute(
        "insert into visits.encounter (patient_id, organization_id, event_at, known_at, encounter_class, note) "
        "values (%s, %s, %s, %s, 'ambulatory', %s) returning id",
        (patient, organization, event_at, event_at, FREE_TEXT),
    ).fetchone()
    assert row is not None
    return row[0]
