"""Files in the folder of an analyser: whole ones are archived once and become reports, bad rows are named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from ingestion.archive import Archive
from ingestion.files import xls
from ingestion.files.drop import Drop
from ingestion.files.tables import BadTable, read
from ops_app.mechanisms.device_messages.analyser_profile import Columns, profiles
from ops_app.modules.devices.models import CodeMapping
from ops_app.modules.ingest.models import InboundMessage
from tests.ingestion.astm.laboratory import Laboratory, open_laboratory
from tests.installation import Database
from tests.shared_data import shared

TECAN = "WellPosition,SampleID,Interpretation,TestCode\nA1,T-1,Positive,HIV ELISA\nA2,NEG,Negative,HIV ELISA\n"


@pytest.fixture(scope="module")
def laboratory(module_database: Database) -> Laboratory:
    made = open_laboratory(module_database)
    for sender in ("quant", "fluoro"):
        made.add(
            CodeMapping(
                device_id=made.devices[sender],
                their_code="VIH-1",
                their_unit="{copies}/mL",
                parameter_code="HIV_LOAD",
                mapped_by="test",
            )
        )
    return made


@pytest.fixture
def drop(laboratory: Laboratory, tmp_path: Path) -> Iterator[Drop]:
    archive = Archive(laboratory.database.libpq("app"))
    made = Drop(tmp_path, archive, laboratory.database.engine("app"), quiet_for=0)
    made.look()
    yield made
    archive.close()


def newest(laboratory: Laboratory) -> InboundMessage:
    laboratory.interpret()
    with Session(laboratory.database.engine("app")) as session:
        return session.scalars(
            select(InboundMessage).where(InboundMessage.channel == "file").order_by(InboundMessage.id.desc()).limit(1)
        ).one()


def put(drop: Drop, sender: str, name: str, content: bytes) -> Path:
    path = drop.root / sender / name
    path.write_bytes(content)
    return path


@pytest.mark.req("LABEQ-03", "LABEQ-04")
def test_a_file_is_archived_whole_then_moved_and_becomes_a_report(laboratory: Laboratory, drop: Drop) -> None:
    path = put(drop, "tecan", "plate.csv", TECAN.encode())
    assert drop.look() == 0 and path.exists()
    assert drop.look() == 1 and not path.exists()
    assert [each.name.split("_", 1)[1] for each in (drop.root / "tecan" / "taken").iterdir()] == ["plate.csv"]
    row = newest(laboratory)
    assert bytes(row.raw) == TECAN.encode() and row.state == "done"
    content = laboratory.report(row.id).content
    assert content["specimen_barcode"] == "T-1" and content["results"][0]["value_code"] == "positive"
    # the same file again, as after a crash between archive and move
    put(drop, "tecan", "again.csv", TECAN.encode())
    assert drop.look() + drop.look() == 0 and newest(laboratory).id == row.id


def test_a_file_that_still_grows_is_left_alone(drop: Drop) -> None:
    path = put(drop, "tecan", "slow.csv", b"WellPosition,Sam")
    drop.look()
    with path.open("ab") as stream:
        stream.write(b"pleID\n")
    assert drop.look() == 0 and path.exists()
    fresh = Drop(drop.root, drop.archive, drop.engine, quiet_for=3600)
    assert fresh.look() + fresh.look() == 0 and path.exists()
    for name in ("half.csv.part", ".hidden.csv", "~$plate.xlsx", "empty.csv"):
        put(drop, "tecan", name, b"" if name == "empty.csv" else b"x")
    os.symlink("/etc/hostname", drop.root / "tecan" / "link.csv")
    path.unlink()
    assert drop.look() + drop.look() == 0


def told(laboratory: Laboratory, name: str) -> list[tuple[str, str]]:
    """State and reason of what the journal of messages says of a file."""
    laboratory.interpret()
    with Session(laboratory.database.engine("app")) as session:
        rows = session.scalars(
            select(InboundMessage).where(InboundMessage.peer == name).order_by(InboundMessage.id)
        ).all()
        assert all(row.organization_id is not None for row in rows)
        return [(row.state, str((row.error or {}).get("text", ""))) for row in rows]


def test_a_file_that_is_not_taken_is_told_of_once(
    laboratory: Laboratory, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.files.drop.LARGEST", 2000)
    large = put(drop, "tecan", "large.csv", TECAN.encode() + bytes(2000))
    empty = put(drop, "tecan", "nothing.csv", b"")
    os.utime(empty, (1_790_000_000, 1_790_000_000))
    stuck = put(drop, "quant", "held.csv", b"held")
    (drop.root / "quant" / "taken").write_bytes(b"")
    for _look in range(4):
        drop.look()
    assert told(laboratory, "large.csv") == [("failed", "The file is too large")]
    assert told(laboratory, "nothing.csv") == [("failed", "The file is empty")]
    cannot = "The file cannot be read or moved away: its folder does not allow it"
    assert ("failed", cannot) in told(laboratory, "held.csv") and len(told(laboratory, "held.csv")) == 2
    assert not large.exists() and empty.exists() and stuck.exists()
    # the device writes into it at last
    empty.write_bytes(TECAN.replace("T-1", "T-61").encode())
    assert drop.look() + drop.look() == 1
    assert told(laboratory, "nothing.csv")[-1] == ("done", "")


def test_a_file_that_is_written_on_after_it_was_taken_comes_back(laboratory: Laboratory, drop: Drop) -> None:
    path = put(drop, "tecan", "slow.csv", TECAN.replace("T-1", "T-51").encode())
    with path.open("ab") as stream:
        assert drop.look() + drop.look() == 1
        # the device holds its file open and goes on, wherever it lies by now
        stream.write(b"A3,T-52,Negative,HIV ELISA\n")
    assert drop.look() + drop.look() == 1
    row = newest(laboratory)
    assert row.state == "done" and len(row.outcome or []) == 2 and b"T-52" in bytes(row.raw)
    assert drop.look() + drop.look() == 0


def test_a_file_that_cannot_be_handled_keeps_no_other_from_being_taken(laboratory: Laboratory, drop: Drop) -> None:
    # nothing can be moved out of these folders
    for sender in ("quant", "fluoro"):
        (drop.root / sender / "taken").write_bytes(b"")
        put(drop, sender, "stuck.csv", f"{sender} stuck".encode())
    # as Windows of this country writes names
    name = os.fsdecode("Планшет.csv".encode("cp1251"))
    content = TECAN.replace("T-1", "T-71")
    put(drop, "tecan", name, content.encode())
    drop.look()
    assert drop.look() == 1
    assert told(laboratory, "Планшет.csv") == [("done", "")]


@pytest.mark.req("LABEQ-03")
def test_bad_rows_are_reported_by_row(laboratory: Laboratory, drop: Drop) -> None:
    content = TECAN + "A3,T-3,Positive,HIV ELISSA\nA4,,Negative,HIV ELISA\nA5,T-5,,HIV ELISA\n"
    put(drop, "tecan", "bad.csv", content.encode())
    drop.look(), drop.look()
    row = newest(laboratory)
    assert row.state == "failed" and row.error is not None and not row.outcome
    assert [(each["sequence"], each["text"]) for each in row.error["faults"]] == [
        (4, "The register of devices does not say what this code means"),
        (5, "The row does not say which tube was measured"),
        (6, "A result has no value"),
    ]
    put(drop, "tecan", "picture.csv", b"\x89PNG\0\0")
    drop.look(), drop.look()
    assert newest(laboratory).state == "failed"


def test_shared_files(laboratory: Laboratory, drop: Drop) -> None:
    expected = {
        "quant": ("quantstudio7__results.xlsx", 5),
        "fluoro": ("fluorocycler-xt__results.xlsx", 2),
        "tecan": ("tecan-f50__results.csv", 3),
    }
    folder = shared("astm")
    for sender, (name, tubes) in expected.items():
        put(drop, sender, name, (folder / f"analyzer-mock-server__fixtures__{name}").read_bytes())
        drop.look(), drop.look()
        row = newest(laboratory)
        assert (row.state, row.error) == ("done", None), name
        assert len(row.outcome or []) == tubes, name
    put(drop, "quant", "old.xls", next(folder.glob("*quantstudio5*")).read_bytes())
    drop.look(), drop.look()
    row = newest(laboratory)
    assert (row.state, row.error) == ("done", None) and len(row.outcome or []) >= 1
    assert laboratory.report(row.id).content["results"][0]["value_number"] > 0


def test_semicolons_decimal_commas_and_cyrillic() -> None:
    columns = Columns(specimen=("Проба",), value=("Значение",))
    for text in ("\ufeffПроба;Значение\n77;1,5\n".encode(), "Проба;Значение\n77;1,5\n".encode("cp1251")):
        (row,) = read(text, columns)
        assert row.cells == {"specimen": "77", "value": "1,5"} and row.number == 2
    with pytest.raises(BadTable):
        read(b"a;b\n1;2\n", columns)


def test_a_table_that_was_cut_off_or_is_longer_than_is_read_gives_no_rows() -> None:
    columns = Columns(specimen=("SampleID",), value=("Interpretation",))
    with pytest.raises(BadTable, match="damaged"):
        read((TECAN + 'A3,"T-3,Positive,HIV ELISA\nA4,T-4,Positive,HIV ELISA\n').encode(), columns)
    # quotes inside a value are somebody's way of writing inches
    assert len(read((TECAN + 'A3,T-3,"Posi"tive,HIV\n').encode(), columns)) == 3
    for many in (
        "A9,T-9,Positive,HIV\n" * 100_001,
        "A9,T-9" + "," * 300_000 + "\n" + ("A9" + "," * 300_000 + "\n") * 10,
    ):
        with pytest.raises(BadTable, match="too large"):
            read((TECAN + many).encode(), columns)
    layout = profiles()["quantstudio"].file
    assert layout is not None
    whole = next(shared("astm").glob("*quantstudio5*")).read_bytes()
    assert read(whole, layout.columns)
    for part in (0.3, 0.6, 0.9):
        with pytest.raises(BadTable):
            read(whole[: int(len(whole) * part)], layout.columns)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400), st.integers(0, 5000), st.sampled_from([b"PK", xls.SIGNATURE, b""]))
def test_damaged_files_are_refused_in_words(noise: bytes, at: int, kind: bytes) -> None:
    layout = profiles()["quantstudio"].file
    assert layout is not None
    body = kind + bytes(at) + noise
    with pytest.raises(BadTable):
        read(body, layout.columns)
