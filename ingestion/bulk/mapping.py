"""How codes of Synthea data become ours: classes, sexes, SNOMED → ICD-10, people and pregnancies."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

from ingestion.bulk.records import ROOT_KEY, BadRecordError, Record, times
from ingestion.bulk.report import LoadReport
from ops_app.kit.spelling import fold, sort_key

SNOMED = "snomed"

# SNOMED findings that open a pregnancy card, and those that say how it ended.
PREGNANCY = {"72892002", "47200007", "79586000"}
LOSS = {"19169002": "miscarriage", "35999006": "miscarriage", "79586000": "ectopic"}

_CLASSES = {
    "wellness": ("ambulatory", "prevention"),
    "ambulatory": ("ambulatory", "disease"),
    "outpatient": ("ambulatory", "disease"),
    "urgentcare": ("emergency", "disease"),
    "emergency": ("emergency", "disease"),
    "inpatient": ("inpatient", "hospitalisation"),
    "hospice": ("inpatient", "hospitalisation"),
    "snf": ("inpatient", "hospitalisation"),
    "home": ("home", "patronage"),
    "virtual": ("virtual", "disease"),
    # HL7 v3 ActCode, as FHIR bundles carry it.
    "amb": ("ambulatory", "disease"),
    "emer": ("emergency", "disease"),
    "imp": ("inpatient", "hospitalisation"),
    "acute": ("inpatient", "hospitalisation"),
    "nonac": ("inpatient", "hospitalisation"),
    "obsenc": ("inpatient", "hospitalisation"),
    "ss": ("inpatient", "hospitalisation"),
    "hh": ("home", "patronage"),
    "vr": ("virtual", "disease"),
}
_SEXES = {"m": "male", "male": "male", "f": "female", "female": "female", "other": "other", "unknown": "unknown"}


def encounter_class(code: str) -> tuple[str, str]:
    """Return (class, purpose) for an outside encounter class."""
    try:
        return _CLASSES[code.strip().lower()]
    except KeyError:
        raise BadRecordError(f"unknown encounter class {code[:40]!r}") from None


def sex(code: str | None) -> str:
    """Return the FHIR administrative gender."""
    try:
        return _SEXES[(code or "unknown").strip().lower()]
    except KeyError:
        raise BadRecordError(f"unknown sex {str(code)[:40]!r}") from None


@lru_cache(maxsize=1)
def snomed_to_icd10() -> dict[str, str]:
    """The mapping the repository carries."""
    file = resources.files("ops_app") / "content" / "classifiers" / "snomed_icd10.csv"
    with file.open(encoding="utf-8") as stream:
        return {row["snomed"]: row["icd10"] for row in csv.DictReader(stream)}


def organization(key: str, name: str) -> Record:
    """An organisation known by its outside name."""
    hospital = "hospital" if "hospital" in name.lower() else None
    return {
        "source_key": key,
        "kind": "organization",
        "organization_type": hospital,
        "name_kk": name,
        "name_ru": name,
        "name_en": name,
        "sort_key": sort_key(name),
        "parent_ref": ROOT_KEY,
    }


def practitioner(key: str, name: str, code: str | None) -> Record:
    """A practitioner known by an outside name ``Given Family``."""
    words = [word for word in name.split() if not word.endswith(".")] or ["?"]
    given, family = " ".join(words[:-1]) or "?", words[-1]
    return {
        "source_key": key,
        "family_name": family,
        "given_name": given,
        "sort_key": sort_key(f"{family} {given}"),
        "sex": sex(code) if code else None,
    }


def patient(key: str, family: str, given: str, middle: str | None, birth_date: dt.date, code: str | None) -> Record:
    """A person without a Kazakh identity number: a temporary identifier stands for it."""
    if birth_date > dt.datetime.now(dt.UTC).date():
        raise BadRecordError(f"the birth date {birth_date} is in the future")
    return {
        "source_key": key,
        "temporary_id": f"IMP-{key}",
        "identity_status": "imported",
        "family_name": family,
        "given_name": given,
        "patronymic": middle,
        "family_fold": fold(family),
        "given_fold": fold(given),
        "patronymic_fold": fold(middle) if middle else None,
        "sort_key": sort_key(f"{family} {given} {middle or ''}".strip()),
        "sex": sex(code),
        "birth_date": birth_date,
    }


def condition(
    key: str, code: str, start: dt.datetime, end: dt.datetime | None, links: Record, report: LoadReport
) -> Iterator[tuple[str, Record]]:
    """A diagnosis by its SNOMED code, and the pregnancy card that some findings open."""
    icd10 = snomed_to_icd10().get(code)
    if icd10 is None:
        report.unmapped[code] += 1
    yield (
        "conditions",
        times(start, "typed")
        | links
        | {
            "source_key": key,
            "icd10": icd10,
            "original_system": SNOMED,
            "original_code": code,
            "abated_at": end,
        },
    )
    if code in PREGNANCY:
        yield "pregnancies", times(start, "typed") | links | pregnancy(key, start, end)


def pregnancy(key: str, start: dt.datetime, end: dt.datetime | None) -> Record:
    """A pregnancy card; how it ended is worked out after loading."""
    return {
        "source_key": key,
        "kind": "pregnancy",
        "status": "finished" if end else "active",
        "end_at": end,
        "end_known_at": end,
        "close_reason": "outcome" if end else None,
    }
