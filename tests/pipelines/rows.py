"""About two hundred hand-made rows of a small district, written with plain SQL as the owner."""

from __future__ import annotations

import datetime as dt

import psycopg

IIN_WEIGHTS = (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))

CANARY_FAMILY = "Құпиятегібаев"
CANARY_GIVEN = "Құпияесім"
CANARY_PHONE = "+77011234599"
CANARY_ADDRESS = "Құпия көшесі 77"
CANARY_NOTE = "құпия жазба мәтіні"
CANARIES = (CANARY_FAMILY, CANARY_GIVEN, CANARY_PHONE, CANARY_ADDRESS, CANARY_NOTE)


def iin(birth: dt.date, sex: str, serial: int) -> str:
    """A number that obeys the two-pass checksum."""
    century = {18: 1, 19: 3, 20: 5}[birth.year // 100] + (sex == "female")
    for number in range(serial, 10_000):
        head = f"{birth:%y%m%d}{century}{number:04d}"
        for weights in IIN_WEIGHTS:
            check = sum(w * int(d) for w, d in zip(weights, head, strict=True)) % 11
            if check < 10:
                return f"{head}{check}"
    raise AssertionError("no number left")


def write_district(url: str, people: int = 20) -> list[int]:
    """Write the district; returns the patients' ids."""
    with psycopg.connect(url) as connection:
        organization, site, practitioner = _organizations(connection)
        patients = [_patient(connection, number, organization, site) for number in range(people)]
        for number, patient in enumerate(patients):
            _care(connection, number, patient, organization, site, practitioner)
        return patients


def write_encounter(connection: psycopg.Connection[tuple[object, ...]], patient: int, when: str = "now()") -> int:
    """One more ambulatory visit."""
    [(encounter,)] = connection.execute(
        "insert into visits.encounter (patient_id, organization_id, event_at, known_at, encounter_class, note) "
        f"select %s, min(id), {when}, {when}, 'ambulatory', %s from organizations.organization "
        "where kind = 'organization' returning id",
        [patient, CANARY_NOTE],
    ).fetchall()
    assert isinstance(encounter, int)
    return encounter


def write_observation(
    connection: psycopg.Connection[tuple[object, ...]],
    patient: int,
    code: str,
    value: float,
    unit: str | None,
    when: str = "now()",
) -> int:
    """One measurement."""
    [(observation,)] = connection.execute(
        "insert into visits.observation (patient_id, organization_id, event_at, known_at, code, value_number, unit) "
        f"select %s, min(id), {when}, {when}, %s, %s, %s from organizations.organization "
        "where kind = 'organization' returning id",
        [patient, code, value, unit],
    ).fetchall()
    assert isinstance(observation, int)
    return observation


def _organizations(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[int, int, int]:
    def node(kind: str, parent: int | None, name: str, **more: object) -> int:
        columns = {
            "kind": kind,
            "parent_id": parent,
            "name_kk": name,
            "name_ru": name,
            "name_en": name,
            "sort_key": name.lower(),
            **more,
        }
        [(found,)] = connection.execute(
            f"insert into organizations.organization ({', '.join(columns)}) "
            f"values ({', '.join(['%s'] * len(columns))}) returning id",
            list(columns.values()),
        ).fetchall()
        assert isinstance(found, int)
        return found

    region = node("region", None, "Oblys", kato_code="270000000")
    organization = node("organization", region, "Qaratobe", organization_type="hospital", kato_code="274400000")
    node("organization", region, "Oral", organization_type="cardiology_centre", is_external=True)
    department = node("department", organization, "Emhana")
    site = node("site", department, "Site 1", site_kind="general_practice")
    node("site", department, "Site 2", site_kind="general_practice")
    [(practitioner,)] = connection.execute(
        "insert into organizations.practitioner (family_name, given_name, sort_key) values (%s, %s, 'a') returning id",
        [CANARY_FAMILY, CANARY_GIVEN],
    ).fetchall()
    connection.execute(
        "insert into organizations.practitioner_role (practitioner_id, organization_id, site_id, position, start_date) "
        "values (%s, %s, %s, 'general_practitioner', '2020-01-01')",
        [practitioner, organization, site],
    )
    assert isinstance(practitioner, int)
    return organization, site, practitioner


def _patient(connection: psycopg.Connection[tuple[object, ...]], number: int, organization: int, site: int) -> int:
    birth = dt.date(1950 + number * 2, 1 + number % 12, 1 + number)
    sex = "female" if number % 2 else "male"
    [(patient,)] = connection.execute(
        "insert into patients.patient (iin, family_name, given_name, family_fold, given_fold, sort_key, sex, "
        "birth_date, phone, address_line, kato_code) "
        "values (%s, %s, %s, 'fold', 'fold', 'key', %s, %s, %s, %s, '274400000') returning id",
        [iin(birth, sex, number * 7), CANARY_FAMILY, CANARY_GIVEN, sex, birth, CANARY_PHONE, CANARY_ADDRESS],
    ).fetchall()
    assert isinstance(patient, int)
    connection.execute(
        "insert into patients.attachment (patient_id, organization_id, site_id, start_date) "
        "values (%s, %s, %s, '2024-01-01')",
        [patient, organization, site],
    )
    return patient


def _care(
    connection: psycopg.Connection[tuple[object, ...]],
    number: int,
    patient: int,
    organization: int,
    site: int,
    practitioner: int,
) -> None:
    when = f"now() - interval '{number + 1} days'"
    fact = f"{patient}, {organization}, {practitioner}, {when}, {when}"
    columns = "patient_id, organization_id, practitioner_id, event_at, known_at"
    [(encounter,)] = connection.execute(
        f"insert into visits.encounter ({columns}, encounter_class, site_id, note) "
        f"values ({fact}, 'ambulatory', {site}, %s) returning id",
        [CANARY_NOTE],
    ).fetchall()
    connection.execute(
        f"insert into visits.condition ({columns}, encounter_id, icd10) values ({fact}, {encounter}, 'I10')"
    )
    for code, value, unit in (("8480-6", 120 + number, "mm[Hg]"), ("8462-4", 80, "мм рт. ст.")):
        connection.execute(
            f"insert into visits.observation ({columns}, encounter_id, code, value_number, unit) "
            f"values ({fact}, {encounter}, %s, %s, %s)",
            [code, value, unit],
        )
    if number % 5 == 0:
        connection.execute(
            f"insert into visits.encounter ({columns}, encounter_class, end_at, end_known_at) "
            f"values ({fact}, 'inpatient', {when} + interval '10 hours', {when} + interval '10 hours')"
        )
    if number % 2 and number > 9:
        connection.execute(
            f"insert into episodes.episode_of_care ({columns}, kind, lmp_date, site_id) "
            f"values ({fact}, 'pregnancy', current_date - 120, {site})"
        )
        connection.execute(
            f"insert into episodes.care_plan_activity ({columns}, programme, step, planned_date) "
            f"values ({fact}, 'pregnancy', 'visit_2', current_date - 1)"
        )
