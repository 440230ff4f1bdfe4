"""FHIR bundles: each resource becomes records or a named reject."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.bulk import fhir
from ingestion.bulk.input_error import InputError
from ingestion.bulk.report import LoadReport
from tests.installation import Database
from tests.shared_data import shared

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"use": "official", "family": "Ospanova", "given": ["Dana"]}],
    "gender": "female",
    "birthDate": "1992-02-02",
}
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "urn:uuid:p1"},
    "serviceProvider": {"reference": "Organization?identifier=x|org-1", "display": "Clinic"},
    "participant": [{"individual": {"reference": "Practitioner?identifier=npi|9", "display": "Dr. Marat Ospanov"}}],
    "period": {"start": "2020-01-10T09:00:00+00:00", "end": "2020-01-10T09:15:00+00:00"},
}
LINKS = {"subject": {"reference": "urn:uuid:p1"}, "encounter": {"reference": "urn:uuid:e1"}}
PRESSURE = LINKS | {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "category": [{"coding": [{"code": "vital-signs"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
    "effectiveDateTime": "2020-01-10T09:05:00+00:00",
    "component": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]},
            "valueQuantity": {"value": 80, "code": "mm[Hg]"},
        },
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
            "valueQuantity": {"value": 120, "code": "mm[Hg]"},
        },
    ],
}
CONDITION = LINKS | {
    "resourceType": "Condition",
    "id": "c1",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "22298006"}]},
    "onsetDateTime": "2020-01-10T09:00:00+00:00",
}


def bundle(*resources: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": r} for r in resources]})


def load(database: Database, file: Path, tmp_path: Path) -> LoadReport:
    return fhir.load([file], database_url=database.url("app"), rejects_path=tmp_path / "rejects.jsonl")


def write(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "set.ndjson.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    return file


def test_a_missing_file_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ndjson"):
        load(database, tmp_path / "nothing.ndjson", tmp_path)


@pytest.mark.req("CARD-01", "CARD-07")
def test_a_bundle_becomes_records_once(database: Database, tmp_path: Path) -> None:
    file = write(tmp_path, bundle(PATIENT, ENCOUNTER, CONDITION, PRESSURE))
    report = load(database, file, tmp_path)
    counts = {name: (c.read, c.loaded) for name, c in report.entities.items() if c.read}
    assert counts == {
        "organizations": (1, 1),
        "practitioners": (1, 1),
        "patients": (1, 1),
        "encounters": (1, 1),
        "conditions": (1, 1),
        "observations": (1, 1),
    }
    with psycopg.connect(database.libpq("app")) as connection:
        values = connection.execute("select code, value_number from visits.observation order by code").fetchall()
        codes = connection.execute("select icd10 from visits.condition").fetchall()
    assert values == [("8462-4", 80.0), ("8480-6", 120.0)]
    assert codes == [("I21.9",)]
    again = load(database, file, tmp_path)
    assert all(count.read == count.unchanged for count in again.entities.values())


def test_broken_lines_and_resources_are_named(database: Database, tmp_path: Path) -> None:
    nameless = PATIENT | {"id": "p2", "name": []}
    no_class = ENCOUNTER | {"id": "e2", "class": None}
    valueless = {k: v for k, v in PRESSURE.items() if k != "component"} | {"id": "o2"}
    shapeless = CONDITION | {"id": "c2", "code": "flu"}
    file = write(
        tmp_path,
        bundle(PATIENT, ENCOUNTER),
        '{"resourceType": "Bundle", "entry": [',
        "[1, 2]",
        '{"resourceType": "Parameters"}',
        bundle(nameless, no_class, valueless, shapeless),
    )
    report = load(database, file, tmp_path)
    assert report.rejects_file is not None
    rows = [json.loads(line) for line in report.rejects_file.read_text(encoding="utf-8").splitlines()]
    assert [row["line"] for row in rows] == [2, 3, 4, 5, 5, 5, 5]
    reasons = " | ".join(row["reason"] for row in rows)
    for words in (
        "Patient/p2",
        "no family or given name",
        "Encounter/e2",
        "Observation/o2",
        "no value",
        "Condition/c2",
    ):
        assert words in reasons
    assert report.entities["patients"].loaded == 1
    assert report.entities["encounters"].loaded == 1


def test_files_that_are_odd_or_damaged_cost_only_themselves(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fhir, "LONGEST", 4_000)
    odd = tmp_path / "odd.ndjson"
    lines = [
        bundle(PATIENT),
        json.dumps({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": ["Patient"]}}]}),
        json.dumps({"resourceType": ["Patient"]}),
        json.dumps({"resourceType": "Bundle", "entry": 5}),
        json.dumps({"resourceType": "Bundle", "entry": ["x" * 9_000]}),
        bundle(ENCOUNTER | {"period": {"start": 5}}),
        bundle(ENCOUNTER),
    ]
    odd.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    packed = gzip.compress(bundle(CONDITION).encode(), mtime=0)
    (tmp_path / "cut.json.gz").write_bytes(packed[:-30])
    (tmp_path / "spoilt.ndjson.gz").write_bytes(packed[:20] + b"\xff" * 40 + packed[60:])
    (tmp_path / "plain.ndjson.gz").write_text(bundle(CONDITION))
    files = [odd, *(tmp_path / name for name in ("cut.json.gz", "spoilt.ndjson.gz", "plain.ndjson.gz"))]
    report = fhir.load(files, database_url=database.url("app"), rejects_path=tmp_path / "rejects.jsonl")
    assert (report.entities["patients"].loaded, report.entities["encounters"].loaded) == (1, 1)
    assert report.rejects_file is not None
    rows = [json.loads(line) for line in report.rejects_file.read_text().splitlines()]
    assert [(row["file"], row["line"]) for row in rows] == [
        *(("odd.ndjson", line) for line in (3, 4, 5, 6)),
        ("cut.json.gz", 1),
        ("spoilt.ndjson.gz", 1),
        ("plain.ndjson.gz", 1),
    ]


def test_a_shared_set_loads_whole(database: Database, tmp_path: Path) -> None:
    report = load(database, shared("fhir_synthea") / "smart_r4_02.ndjson.gz", tmp_path)
    assert report.entities["patients"].loaded == 77
    assert report.rejects_file is None
    assert report.entities["observations"].loaded > 8_000
