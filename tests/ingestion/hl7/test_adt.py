"""People and visits as another hospital system tells of them."""

from __future__ import annotations

import psycopg
import pytest

from tests.gate.people import add_organization, add_patient, iin_for
from tests.ingestion.hl7.reading import query, take_in
from tests.installation import Database

count = iter(range(1_000_000))


def adt(event: str, pid: str, *more: str, sender: str = "HIS") -> str:
    lines = [
        f"MSH|^~\\&|{sender}|H1|SAULYQ|KZ|20261120101500||ADT^{event}|a{next(count)}|P|2.5",
        f"EVN|{event}|20261120101500",
        f"PID|1||{pid}",
        *more,
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module", autouse=True)
def organization(module_database: Database) -> int:
    with psycopg.connect(module_database.libpq("owner")) as connection:
        return add_organization(connection)


def number() -> str:
    return f"M{next(count)}"


def person(number: str, family: str = "Сейтқали", birth: str = "19800105", sex: str = "M") -> str:
    return f"{number}^^^HIS^MR||{family}^Ерлан^Маратұлы||{birth}|{sex}"


def test_nobody_is_found_by_a_name(module_database: Database) -> None:
    take_in(module_database, adt("A28", person(number(), "Жалғыз")))
    [row] = take_in(module_database, adt("A03", person(number(), "Жалғыз"), "PV1|1|I|||||||||||||||||V1"))
    assert row["state"] == "failed"
    assert (row["error"]["segment"], row["error"]["field"], row["error"]["code"]) == ("PID", 3, "204")


def test_numbers_of_two_senders_are_two_people(module_database: Database) -> None:
    mrn = number()
    first, second = take_in(
        module_database,
        adt("A28", person(mrn)),
        adt("A28", person(mrn, "Басқа", "19700202").replace("^^^HIS^", "^^^^"), sender="OTHER"),
    )
    assert first["state"] == second["state"] == "done"
    assert first["patient_id"] != second["patient_id"]


def test_an_iin_finds_the_person_whatever_the_name_says(module_database: Database) -> None:
    iin = iin_for("850317", 4, 17)
    assert iin
    with psycopg.connect(module_database.libpq("owner")) as connection:
        known = add_patient(connection, iin=iin)
    mrn = number()
    rows = take_in(
        module_database,
        adt("A28", f"{iin}^^^IIN^NI~{mrn}^^^HIS^MR||Other^Name||19850317|F"),
        adt("A08", person(mrn, birth="19850317", sex="F")),
    )
    assert [row["patient_id"] for row in rows] == [known, known]
    [(family,)] = query(module_database, "select family_name from patients.patient where id = %s", known)
    assert family == "Құпиябекова"


@pytest.mark.parametrize(
    ("pid", "field"),
    [
        ("123456789012^^^IIN^NI||A^B||19800101|M", 3),
        ("M9^^^HIS^MR||A^B||198|M", 7),
        ("M9^^^HIS^MR||A^B||19801399|M", 7),
        ("M9^^^HIS^MR||123^B||19800101|M", 5),
        ("M9^^^HIS^MR||A||19800101|M", 5),
    ],
)
def test_what_cannot_be_registered_fails_with_its_field(module_database: Database, pid: str, field: int) -> None:
    [row] = take_in(module_database, adt("A28", pid))
    assert row["state"] == "failed"
    assert (row["error"]["segment"], row["error"]["field"]) == ("PID", field)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Тест^Асан2.1", ("Тест", "Асан")),
        ("О'Нил  - Ким^И. О.", ("О'Нил-Ким", "И.О.")),
        ("-Серг\u0438\u0306^*Анна*, мл.", ("Сергй", "Анна мл.")),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_one(module_database: Database, sent: str, kept: tuple[str, str]) -> None:
    [row] = take_in(module_database, adt("A28", f"{number()}^^^HIS^MR||{sent}||19800105|M"))
    assert row["state"] == "done", row["error"]
    asked = "select family_name, given_name from patients.patient where id = %s"
    assert query(module_database, asked, row["patient_id"]) == [kept]


def test_a_stay_from_admission_to_discharge_and_back(module_database: Database) -> None:
    mrn, visit = person(number()), f"V{next(count)}"
    pv1 = f"PV1|1|I|W1^1^1||||||||||||||||{visit}"
    pv1 += "|" * 25 + "20261118083000"
    admitted, changed, discharged, undone, left = take_in(
        module_database,
        adt("A01", mrn, pv1),
        adt("A08", mrn, pv1),
        adt("A03", mrn, f"{pv1}|20261119120000"),
        adt("A13", mrn, pv1),
        adt("A03", mrn, f"{pv1}|20261120120000"),
    )
    assert {row["state"] for row in (admitted, changed, discharged, undone, left)} == {"done"}
    found = query(
        module_database,
        "select encounter_class, status, event_at::text, end_at::text, disposition, source from visits.encounter "
        "where patient_id = %s",
        admitted["patient_id"],
    )
    assert len(found) == 1
    kind, status, started, ended, disposition, source = found[0]
    assert (kind, status, disposition, source) == ("inpatient", "finished", "home", "registry")
    assert started.startswith("2026-11-18 03:30")
    assert ended.startswith("2026-11-20 07:00")


def test_a_cancelled_admission_and_a_visit_nobody_knows(module_database: Database) -> None:
    mrn, visit = person(number()), f"V{next(count)}"
    pv1 = f"PV1|1|E|||||||||||||||||{visit}"
    started, cancelled, unknown = take_in(
        module_database, adt("A01", mrn, pv1), adt("A11", mrn, pv1), adt("A03", mrn, pv1.replace(visit, "V-none"))
    )
    assert (started["state"], cancelled["state"], unknown["state"]) == ("done", "done", "failed")
    assert (unknown["error"]["segment"], unknown["error"]["field"]) == ("PV1", 19)
    [(status,)] = query(
        module_database, "select status from visits.encounter where patient_id = %s", started["patient_id"]
    )
    assert status == "cancelled"


def test_a_merge_is_a_link_that_its_sender_can_undo(module_database: Database) -> None:
    kept, hidden = number(), number()
    first, second, merged = take_in(
        module_database,
        adt("A28", person(kept)),
        adt("A28", person(hidden)),
        adt("A40", person(kept), f"MRG|{hidden}^^^HIS^MR"),
    )
    assert merged["state"] == "done"
    [after] = take_in(module_database, adt("A31", person(hidden)))
    assert after["patient_id"] == first["patient_id"]
    [again] = take_in(module_database, adt("A40", person(kept), f"MRG|{hidden}^^^HIS^MR"))
    assert again["outcome"][-1] == {"note": "already_known"}
    [undone] = take_in(module_database, adt("A37", person(kept), f"PID|2||{person(hidden)}"))
    assert undone["state"] == "done"
    [apart] = take_in(module_database, adt("A31", person(hidden)))
    assert apart["patient_id"] == second["patient_id"]
    [nothing] = take_in(module_database, adt("A37", person(kept), f"PID|2||{person(hidden)}"))
    assert nothing["state"] == "failed"


def test_doses_come_in_once_and_can_be_taken_back(module_database: Database) -> None:
    mrn, order = person(number()), f"O{next(count)}"

    def vxu(action: str = "A", status: str = "CP") -> str:
        return adt(
            "V04",
            mrn,
            f"ORC|RE||{order}^HIS",
            f"RXA|0|2|20261020||03^MMR^CVX|0.5|mL|||||||||LOT7||||{status}|{action}",
        ).replace("ADT^V04", "VXU^V04")

    # the person is known already, so the first question about the place comes with the dose
    take_in(module_database, adt("A28", mrn))
    rows = take_in(module_database, vxu(), vxu("U", "RE"))
    assert [row["state"] for row in rows] == ["done", "done"], rows
    asked = (
        "select code, dose_number, status, entered_in_error_at is null from visits.immunization where patient_id = %s"
    )
    assert query(module_database, asked, rows[0]["patient_id"]) == [("03", 2, "refused", True)]
    take_in(module_database, vxu("D"))
    assert query(module_database, asked, rows[0]["patient_id"])[0][3] is False


def test_other_kinds_are_archived(module_database: Database) -> None:
    [row] = take_in(module_database, adt("P03", person(number()), "FT1|1").replace("ADT^P03", "DFT^P03"))
    assert (row["state"], row["answer"]) == ("archived", "AA")


def test_what_a_message_changed_stands_in_the_audit_journal_under_its_sender(module_database: Database) -> None:
    [row] = take_in(module_database, adt("A28", person(number())))
    found = query(
        module_database, "select login, action from audit.event where patient_id = %s order by id", row["patient_id"]
    )
    assert ("hl7:HIS", "ingest:interpret") in found
