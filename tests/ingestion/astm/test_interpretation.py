"""What archived messages become: reports at the laboratory, runs of quality control, clear errors."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ingestion.astm import host
from ingestion.astm.framing import split_messages
from ingestion.astm.gateway import received
from ingestion.astm.interpretation import interpret
from ingestion.astm.values import moment, number
from ingestion.outcome import NotInterpreted
from ops_app.mechanisms.device_messages.analyser_profile import profiles
from ops_app.mechanisms.device_messages.astm import parse
from ops_app.modules.devices.models import CodeMapping
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.lab_quality.models import Run
from ops_app.modules.laboratory.models import OrderService
from tests.ingestion.astm.laboratory import TUBE, Laboratory, open_laboratory
from tests.ingestion.astm.simulator import result_message
from tests.installation import Database
from tests.shared_data import shared


@pytest.fixture(scope="module")
def laboratory(module_database: Database) -> Laboratory:
    return open_laboratory(module_database)


def sent(laboratory: Laboratory, raw: bytes, peer: str = "10.0.0.9") -> InboundMessage:
    number = laboratory.keep(received(raw, peer)[0])
    laboratory.interpret()
    return laboratory.message(number)


def results(tube: str, *rows: str, sender: str = "SIM^1.0", order: str = "") -> bytes:
    lines = [f"H|\\^&|||{sender}|||||||P|LIS2-A2|20261122093000", "P|1", order or f"O|1|{tube}||^^^CBC|R"]
    return "\r".join([*lines, *rows, "L|1|N", ""]).encode()


@pytest.mark.req("LABEQ-03", "LAB-14")
def test_a_result_reaches_the_laboratory_with_its_tube_analyser_and_meaning(laboratory: Laboratory) -> None:
    row = sent(
        laboratory,
        results(
            TUBE,
            "R|1|^^^WBC|5.8|10*9/L|4-9|N||F||||20261122093000",
            "C|1|I|Platelet clumps|G",
            "R|2|^^^HGB|< 6,2|g/dL||LL||F",
        ),
    )
    assert row.state == "done" and row.error is None and row.organization_id == laboratory.hospital
    report = laboratory.report(row.id)
    assert report.analyser_id == laboratory.devices["SIM"]
    content = report.content
    assert content["specimen_barcode"] == TUBE and content["conclusion"] == "Platelet clumps"
    white, red = content["results"]
    assert (white["code"], white["value_number"], white["unit"], white["reference"]) == ("WBC", 5.8, "10*9/L", "4-9")
    assert (red["code"], red["comparator"], red["flag"]) == ("HGB", "<", "LL")
    assert red["value_number"] == pytest.approx(62)
    assert white["observed_at"] == "2026-11-22T04:30:00+00:00"


def test_the_same_results_again_change_nothing(laboratory: Laboratory) -> None:
    message = results("TUBE-AGAIN", "R|1|^^^WBC|5.8|10*9/L||N||F")
    first = sent(laboratory, message)
    again = sent(laboratory, message)
    assert again.id == first.id


@pytest.mark.req("LABEQ-03")
@pytest.mark.parametrize(
    ("raw", "segment", "field"),
    [
        (results(TUBE, "R|1|^^^FOO|5.8|10*9/L||N||F"), "R", 3),
        (results(TUBE, "R|1|^^^WBC|5800|/mm3||N||F"), "R", 5),
        (results(TUBE, "R|1|^^^WBC||10*9/L||N||F"), "R", 4),
        (results("", "R|1|^^^WBC|5|10*9/L||N||F"), "O", 3),
        (results(TUBE, "R|1|^^^WBC|5|10*9/L||N||F", sender="NOBODY"), "H", 5),
        (results(TUBE, "R|1|^^^WBC|5|10*9/L||N||F", "X|1|what"), "X", None),
        (results("C-77", "R|1|^^^WBC|5|10*9/L||N||F", order="O|1|C-77||^^^CBC|R||||||Q"), "R", 3),
    ],
)
def test_what_cannot_be_understood_is_named(
    laboratory: Laboratory, raw: bytes, segment: str, field: int | None
) -> None:
    row = sent(laboratory, raw)
    assert row.state == "failed" and row.error is not None
    assert (row.error["segment"], row.error["field"]) == (segment, field)


def test_a_code_whose_meaning_is_said_afterwards_is_read_by_a_replay(laboratory: Laboratory) -> None:
    row = sent(laboratory, results(TUBE, "R|1|^^^PLT|250|10*9/L||N||F"))
    assert row.state == "failed"
    laboratory.add(
        CodeMapping(
            device_id=laboratory.devices["SIM"],
            their_code="PLT",
            their_unit="10*9/L",
            parameter_code="PLT",
            mapped_by="test",
        )
    )
    with Session(laboratory.database.engine("app")) as session:
        assert interpret(session, session.get_one(InboundMessage, row.id)).records
        session.rollback()


@pytest.mark.req("LAB-24")
def test_a_control_goes_to_quality_control_and_its_failure_holds_results(laboratory: Laboratory) -> None:
    before = sent(laboratory, results("T-1", "R|1|^^^WBC|5.8|10*9/L||N||F||||20261122080000"))
    control = results("QC-L1", "R|1|^^^WBC|5.9|10*9/L||N||F||||20261122090000", order="O|1|QC-L1||^^^WBC|R||||||Q")
    row = sent(laboratory, control)
    assert row.outcome is not None and row.outcome[0]["kind"] == "lab_quality.run"
    with Session(laboratory.database.engine("app")) as session:
        run = session.scalars(select(Run)).one()
        assert run.verdict == "rejected" and run.rules == ["1-3s"]
    after = sent(laboratory, results("T-2", "R|1|^^^WBC|5.8|10*9/L||N||F||||20261122100000"))
    held = [laboratory.report(each.id).content["results"][0]["held_reason"] for each in (before, after)]
    assert held == [None, "quality_control"]


@pytest.mark.req("LABEQ-01")
@pytest.mark.parametrize(
    ("sender", "question", "order"),
    [
        ("SIM^1.0", f"Q|1|^{TUBE}||ALL", rf"O\|1\|{TUBE}\|\|\^\^\^WBC\\\^\^\^HGB\|S\|"),
        ("XN-550^00", f"Q|1|2^1^     {TUBE}^B||", rf"O\|1\|\|2\^1\^     {TUBE}\^B\|\^\^\^\^WBC\\\^\^\^\^HGB\|S\|"),
    ],
)
def test_a_question_is_answered_in_the_codes_of_the_analyser(
    laboratory: Laboratory, sender: str, question: str, order: str
) -> None:
    engine = laboratory.database.engine("app")
    with Session(engine) as session, session.begin():
        # the results that other tests sent have answered the order
        session.execute(update(OrderService).values(status="ordered"))
    asked = parse(f"H|\\^&|||{sender}\r{question}\rL|1|N\r")
    answer = host.answer(engine, sender, "10.0.0.9", asked).decode()
    assert re.search(order, answer), answer
    assert answer.endswith("L|1|N\r") and parse(answer).kind == "O"
    # the person is not named to an analyser that does not need it
    assert "Тест" not in answer


def test_a_question_about_an_unknown_tube_gets_no_information(laboratory: Laboratory) -> None:
    asked = parse("H|\\^&|||SIM\rQ|1|^NEVER||ALL\rL|1|N\r")
    answer = host.answer(laboratory.database.engine("app"), "SIM", "10.0.0.9", asked)
    assert answer.endswith(b"L|1|I\r") and b"O|" not in answer
    stranger = host.answer(laboratory.database.engine("app"), "NOBODY", "10.0.0.9", asked)
    assert stranger.endswith(b"L|1|I\r")


def test_shared_messages_become_reports_or_say_what_is_wrong(laboratory: Laboratory) -> None:
    told: dict[str, list[str]] = {}
    for path in sorted(shared("astm").glob("*.*")):
        if path.suffix not in (".astm", ".txt"):
            continue
        data = re.sub(rb"[\x05\x04]|\x02.|[\x03\x17]..\r?\n?", b"", path.read_bytes(), flags=re.DOTALL)
        for raw in split_messages(data)[0]:
            row = sent(laboratory, raw)
            assert row.state in ("done", "failed"), path.name
            assert row.state == "done" or row.error, path.name
            told.setdefault(path.name.split("__")[1], []).append(row.state)
    for name in (
        "sysmex_xn550.astm",
        "sysmex_xp100.astm",
        "horiba-micros60-cbc.astm",
        "horiba-pentra60-cbc.astm",
        "stago-start4-coagulation.astm",
    ):
        assert told[name] == ["done"], name
    assert set(told["unmapped-fields.astm"]) == {"failed"}


def test_values_and_times() -> None:
    assert number("  5.5") == (None, 5.5) and number("< 1.20") == ("<", 1.2) and number(">=7,5e1") == (">=", 75.0)
    assert number("NEGATIVE") is None and number("1:64") is None and number("") is None
    assert moment("20260128156000") is None and moment("x") is None and moment("") is None


def test_profiles_are_valid_and_their_codes_are_parameters() -> None:
    assert len(profiles()) >= 12
    for name, declared in profiles().items():
        assert declared.title and (declared.protocol == "file") == (declared.file is not None), name
        assert not [code for code in declared.codes if declared.ignores(code)], name


def test_a_message_the_archive_refused_is_not_read(laboratory: Laboratory) -> None:
    with Session(laboratory.database.engine("app")) as session:
        row = InboundMessage(channel="astm", sender="SIM", raw=b"nonsense", sha256=b"x", lane="x")
        with pytest.raises(NotInterpreted):
            interpret(session, row)
    assert parse(result_message().decode()).kind == "R"
