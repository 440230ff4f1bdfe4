"""The parts that read what devices say, each in a process of its own: nothing else has loaded the modules for it."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from tests.gate.people import add_organization, add_patient, iin_for
from tests.ingestion.hl7.reading import archive, query, rows
from tests.installation import ROOT, Database

ENGINES = ("ingestion.interpreter:make_engine", "ingestion.dicom.gateway:engine_of")
KNOWS_ALL = """
import importlib, sys
module, function = sys.argv[1].split(":")
getattr(importlib.import_module(module), function)("postgresql+psycopg://nobody@127.0.0.1:1/none")
from ops_app.kit.model import Base
print(len([key.column for table in Base.metadata.tables.values() for key in table.foreign_keys]))
"""
READS = """
import sys
from ingestion.interpreter import Interpreter, make_engine
Interpreter(make_engine(sys.argv[1])).run_waiting()
"""


def alone(*arguments: str) -> str:
    result = subprocess.run([sys.executable, "-c", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


@pytest.mark.parametrize("engine", ENGINES)
def test_a_part_knows_every_table_that_its_rows_refer_to(engine: str) -> None:
    assert int(alone(KNOWS_ALL, engine)) > 100


@pytest.mark.req("INT-LIS-02")
def test_a_result_reaches_the_person_where_only_the_interpreter_runs(module_database: Database) -> None:
    iin = iin_for("800105", 3, 321)
    assert iin
    with psycopg.connect(module_database.libpq("owner")) as connection:
        add_organization(connection)
        patient = add_patient(connection, "1980-01-05", "male", iin=iin)
    message = (
        "MSH|^~\\&|EXTLAB|H1|SAULYQ|KZ|20261120101500||ORU^R01|alone-1|P|2.5.1",
        f"PID|1||{iin}^^^IIN^NI||Серіков^Асан||19800105|M",
        "OBR|1||F-1|58410-2^Blood count^LN|||20261120090000|||||||||||||||20261120100000|||F",
        "OBX|1|NM|718-7^Hb^LN||120|g/L|120-160|N|||F",
    )
    numbers = archive(module_database, "\n".join(message) + "\n")
    alone(READS, module_database.url("app"))
    [row] = rows(module_database, numbers)
    assert (row["state"], row["error"], row["patient_id"]) == ("done", None, patient)
    [(value,)] = query(module_database, "select value_number from laboratory.result where patient_id = %s", patient)
    assert value == 120
