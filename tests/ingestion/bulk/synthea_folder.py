"""A small Synthea export made here: two people, a visit each, and room for bad rows."""

from __future__ import annotations

import csv
from pathlib import Path

ORGANIZATION, DOCTOR = "org-1", "doc-1"
AIGERIM, SERIK = "patient-1", "patient-2"
VISIT, STAY = "visit-1", "stay-1"

FILES: dict[str, tuple[str, list[str]]] = {
    "organizations": ("Id,NAME,LAT,LON", [f"{ORGANIZATION},SOUTH HOSPITAL,50.1,51.2"]),
    "providers": (
        "Id,ORGANIZATION,NAME,GENDER,SPECIALITY",
        [f"{DOCTOR},{ORGANIZATION},Marat Ospanov,M,GENERAL PRACTICE"],
    ),
    "patients": (
        "Id,BIRTHDATE,DEATHDATE,FIRST,LAST,GENDER,ADDRESS,CITY,STATE",
        [
            f"{AIGERIM},1990-05-01,,Aigerim,Nurlanova,F,1 Main,Oral,WK",
            f"{SERIK},1950-02-03,2021-04-05T06:00:00Z,Serik,Ahmetov,M,2 Main,Oral,WK",
        ],
    ),
    "encounters": (
        "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,ENCOUNTERCLASS,CODE",
        [
            f"{VISIT},2020-01-10T09:00:00Z,2020-01-10T09:15:00Z,{AIGERIM},{ORGANIZATION},{DOCTOR},wellness,1",
            f"{STAY},2021-03-01T09:00:00Z,2021-03-09T09:00:00Z,{SERIK},{ORGANIZATION},{DOCTOR},inpatient,1",
        ],
    ),
    "conditions": (
        "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION",
        [
            f"2021-03-01,,{SERIK},{STAY},22298006,Myocardial infarction",
            f"2020-01-10,2020-09-30,{AIGERIM},{VISIT},72892002,Normal pregnancy",
            f"2020-01-10,,{AIGERIM},{VISIT},000000000,No such code",
        ],
    ),
    "observations": (
        "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
        [
            f"2020-01-10T09:05:00Z,{AIGERIM},{VISIT},vital-signs,8480-6,Systolic,118,mm[Hg],numeric",
            f"2020-01-10T09:05:00Z,{AIGERIM},{VISIT},social-history,72166-2,Smoking,Never smoker,,text",
            f"2020-01-10T09:05:00Z,{AIGERIM},,,QOLS,Quality,0.9,,numeric",
        ],
    ),
    "procedures": ("START,STOP,PATIENT,ENCOUNTER,CODE", [f"2020-01-10T09:06:00Z,,{AIGERIM},{VISIT},430193006"]),
    "immunizations": ("DATE,PATIENT,ENCOUNTER,CODE", [f"2020-01-10T09:07:00Z,{AIGERIM},{VISIT},140"]),
    "medications": (
        "START,STOP,PATIENT,ENCOUNTER,CODE",
        [f"2021-03-01T10:00:00Z,2021-03-09T10:00:00Z,{SERIK},{STAY},243670"],
    ),
}


def write(folder: Path, extra: dict[str, list[str]] | None = None) -> Path:
    """Write the export; ``extra`` appends raw lines to named files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (header, rows) in FILES.items():
        lines = [header, *rows, *(extra or {}).get(name, [])]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def rows_of(file: Path) -> list[dict[str, str]]:
    """Read a CSV file back, independently of the loader."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
