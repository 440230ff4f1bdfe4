"""Results and orders of other systems: every type of value, whose they are, repeated and corrected."""

from __future__ import annotations

import base64

import psycopg
import pytest

from ingestion.hl7.observed import observed
from ingestion.outcome import NotInterpreted
from ops_app.mechanisms.device_messages import hl7
from tests.gate.people import add_organization, add_patient, iin_for
from tests.ingestion.hl7.reading import query, take_in
from tests.installation import Database

count = iter(range(1_000_000))
PDF = base64.b64encode(b"%PDF-1.4 small").decode()


def oru(*lines: str, pid: str = "", kind: str = "ORU^R01", control: str = "") -> str:
    head = [f"MSH|^~\\&|EXTLAB|H1|SAULYQ|KZ|20261120101500||{kind}|{control or f'r{next(count)}'}|P|2.5.1"]
    return "\n".join([*head, *([f"PID|1||{pid}"] if pid else []), *lines]) + "\n"


def obx(line: str) -> hl7.Segment:
    segment = hl7.read(f"MSH|^~\\&|A\r{line}".encode()).first("OBX")
    assert segment is not None
    return segment


@pytest.fixture(scope="module", autouse=True)
def organization(module_database: Database) -> int:
    with psycopg.connect(module_database.libpq("owner")) as connection:
        made = add_organization(connection)
        connection.execute(
            "insert into classifiers.concept (system, code, title_kk, title_ru, title_en, search_text, is_selectable) "
            "values ('service', 'B02.114.002', 'Қан', 'ОАК', 'Blood count', 'oak', true)"
        )
        return made


@pytest.mark.req("INT-LIS-02")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OBX|1|NM|1^a||5.2|mmol/L", (5.2, None, None, None)),
        ("OBX|1|NM|1^a||5,2|mmol/L", (5.2, None, None, None)),
        ("OBX|1|NM|1^a||<0.1|mmol/L", (0.1, "<", None, None)),
        ("OBX|1|NM|1^a||haemolysed|mmol/L", (None, None, None, "haemolysed")),
        ("OBX|1|SN|1^a||>^100", (100.0, ">", None, None)),
        ("OBX|1|SN|1^a||^1^:^128", (None, None, None, "1:128")),
        ("OBX|1|SN|1^a||=^7", (7.0, None, None, None)),
        ("OBX|1|ST|1^a||negative", (None, None, None, "negative")),
        ("OBX|1|ST|1^a||12|10*9/L", (12.0, None, None, None)),
        ("OBX|1|ST|1^a||12", (None, None, None, "12")),
        ("OBX|1|TX|1^a||first~second", (None, None, None, "first\nsecond")),
        (r"OBX|1|FT|1^a||one\.br\two", (None, None, None, "one\ntwo")),
        ("OBX|1|CE|1^a||260373001^Detected^SCT", (None, None, "260373001", "Detected")),
        ("OBX|1|CWE|1^a||^^^^^^^^free", (None, None, None, "free")),
        ("OBX|1|DT|1^a||20261120", (None, None, None, "2026-11-20")),
        ("OBX|1|TS|1^a||20261120101500", (None, None, None, "2026-11-20T05:15:00+00:00")),
        ("OBX|1|TM|1^a||1015", (None, None, None, "10:15")),
        ("OBX|1|RP|1^a||http://pacs/1^PACS^AP^PDF", (None, None, None, "http://pacs/1 PACS AP PDF")),
        ("OBX|1|NM|1^a||", (None, None, None, None)),
    ],
)
def test_every_type_of_value(line: str, expected: tuple[object, ...]) -> None:
    seen = observed(obx(line), 1)
    assert (seen.number, seen.comparator, seen.code, seen.text) == expected


def test_files_come_out_as_they_went_in() -> None:
    seen = observed(obx(f"OBX|1|ED|PDF^Report||LAB^application^PDF^Base64^{PDF}"), 1)
    assert (seen.file, seen.file_type) == (b"%PDF-1.4 small", "application/pdf")
    for broken in ("LAB^application^PDF^Base64^%%%", "LAB^application^PDF^Base64^QUJD", "LAB^application^PDF^Hex^0g"):
        with pytest.raises(NotInterpreted) as refused:
            observed(obx(f"OBX|1|ED|PDF||{broken}"), 4)
        assert (refused.value.segment, refused.value.sequence, refused.value.field) == ("OBX", 4, 5)


@pytest.mark.req("INT-LIS-02")
def test_a_report_comes_in_once_and_a_correction_beside_it(module_database: Database, organization: int) -> None:
    iin = iin_for("800105", 3, 321)
    assert iin
    with psycopg.connect(module_database.libpq("owner")) as connection:
        patient = add_patient(connection, "1980-01-05", "male", iin=iin)
        connection.execute("update organizations.organization set bin = '990140000017' where id = %s", [organization])
    pid = f"{iin}^^^IIN^NI||Серіков^Асан||19800105|M"
    lines = (
        "OBR|1||F-100|58410-2^Blood count^LN|||20261120090000",
        "OBX|1|NM|718-7^Hb^LN||120|g/L|120-160|N|||F",
        "OBX|2|ST|X1^Remark^99LAB||fine||||||F",
        "NTE|1||checked by hand",
    )
    first, again, corrected = take_in(
        module_database,
        oru(*lines, pid=pid),
        oru(*lines, pid=pid),
        oru(lines[0], lines[1].replace("|120|g", "|95|g").replace("|||F", "|||C"), pid=pid).replace(
            "|H1|", "|990140000017|"
        ),
    )
    assert [row["state"] for row in (first, again, corrected)] == ["done"] * 3
    assert first["patient_id"] == patient
    reports = [row["outcome"][0]["id"] for row in (first, again, corrected)]
    assert reports[0] == reports[1] != reports[2]
    [(content,)] = query(module_database, "select content from laboratory.report where id = %s", reports[0])
    [(named,)] = query(module_database, "select performer from laboratory.report where id = %s", reports[2])
    assert (content["performer"], named) == ("H1", "Поликлиника")
    assert ["iin", iin] in content["person"]["identifiers"]
    blood, remark = content["results"]
    assert (blood["code"], blood["code_system"], blood["value_number"], blood["unit"]) == ("718-7", "loinc", 120, "g/L")
    assert remark["value_text"] == "fine\nchecked by hand"
    assert content["filler_number"] == "F-100"


def test_every_ordered_service_of_a_message_is_a_report_and_the_tube_names_it(module_database: Database) -> None:
    [row] = take_in(
        module_database,
        oru(
            "ORC|RE|P-1|F-1",
            "OBR|1|P-1|F-1|A^x",
            "OBX|1|NM|1^a||1|g",
            "ORC|RE|P-2|F-2",
            "OBR|2|P-2|F-2|B^y",
            "OBX|1|NM|2^b||2|g",
            "SPM|1|000123^T9||BLD",
        ),
    )
    assert row["state"] == "done"
    found = query(
        module_database,
        "select content from laboratory.report where id = any(%s) order by id",
        [each["id"] for each in row["outcome"]],
    )
    assert [
        (each["placer_number"], each["specimen_barcode"], each["results"][0]["value_number"], each["person"])
        for (each,) in found
    ] == [("P-1", "000123", 1, None), ("P-2", "000123", 2, None)]


def test_an_oul_puts_the_tube_first(module_database: Database) -> None:
    [row] = take_in(
        module_database,
        oru(
            "SPM|1|T1||BLD",
            "OBR|1||F-9|A^x",
            "ORC|RE|P-9",
            "OBX|1|NM|1^a||1|g",
            "SPM|2|T2||UR",
            "OBR|1||F-10|B^x",
            "OBX|1|NM|1^a||1|g",
            kind="OUL^R22",
        ),
    )
    found = query(
        module_database,
        "select content ->> 'specimen_barcode', content ->> 'placer_number' from laboratory.report "
        "where id = any(%s) order by id",
        [each["id"] for each in row["outcome"]],
    )
    assert found == [("T1", "P-9"), ("T2", None)]


def test_a_broken_file_fails_the_whole_message_and_leaves_nothing(module_database: Database) -> None:
    before = query(module_database, "select count(*) from laboratory.report")
    [row] = take_in(
        module_database,
        oru("OBR|1||F-77|A^x", "OBX|1|NM|1^a||1|g", "OBX|2|ED|P^x||L^application^PDF^Base64^!!", pid="1^^^X||A^B"),
    )
    assert row["state"] == "failed"
    assert (row["error"]["segment"], row["error"]["sequence"], row["error"]["field"]) == ("OBX", 2, 5)
    assert query(module_database, "select count(*) from laboratory.report") == before


@pytest.mark.req("LAB-01")
def test_an_order_of_another_system_becomes_a_referral_once_and_can_be_cancelled(module_database: Database) -> None:
    pid = f"N{next(count)}^^^HIS^MR||Оспанова^Дина||19900101|F"

    def order(control: str, code: str = "B02.114.002") -> str:
        return oru(
            f"ORC|{control}|ORD-5|||||^^^^^S||20261120090000",
            f"OBR|1|ORD-5||{code}^Blood count",
            pid=pid,
            kind="OML^O21^OML_O21",
        )

    rows = take_in(module_database, order("NW"), order("XO"), order("NW", "NOPE"))
    assert [row["state"] for row in rows] == ["done", "done", "failed"]
    assert (rows[2]["error"]["segment"], rows[2]["error"]["field"]) == ("OBR", 4)
    asked = "select category, code, priority, status from visits.service_request where patient_id = %s"
    assert query(module_database, asked, rows[0]["patient_id"]) == [
        ("laboratory", "B02.114.002", "emergency", "active")
    ]
    take_in(module_database, order("CA"))
    assert query(module_database, asked, rows[0]["patient_id"])[0][3] == "cancelled"


@pytest.mark.req("INT-WEARABLE-03")
def test_measurements_of_a_registered_monitor_stand_in_the_card_once(
    module_database: Database, organization: int
) -> None:
    iin = iin_for("850317", 4, 55)
    assert iin
    with psycopg.connect(module_database.libpq("owner")) as connection:
        patient = add_patient(connection, iin=iin)
        connection.execute(
            "insert into devices.device (kind, name, protocol, sender, organization_id, registered_by) "
            "values ('monitor', 'Bedside', 'hl7', 'BEDSIDE', %s, 'test')",
            (organization,),
        )
    pid = f"{iin}^^^IIN^NI"
    lines = ("OBR|1|||VITALS^x", "OBX|1|NM|8480-6^Systolic^LN||131|mm[Hg]|||||F|||20261120090000")

    def sent(*changed: str) -> str:
        return oru(*(changed or lines), pid=pid).replace("|EXTLAB|", "|BEDSIDE|")

    rows = take_in(
        module_database,
        sent(),
        sent(),
        sent(lines[0], lines[1].replace("20261120090000", "20991120090000")),
        sent().replace(iin, "850317400000"),
    )
    assert [row["state"] for row in rows] == ["done", "done", "failed", "failed"]
    assert (rows[2]["error"]["segment"], rows[2]["error"]["field"]) == ("OBX", 14)
    found = query(
        module_database,
        "select code, value_number, unit, source, evidence from visits.observation where patient_id = %s",
        patient,
    )
    assert found == [("8480-6", 131, "mm[Hg]", "device", "measured")]
