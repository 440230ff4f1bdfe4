"""Names of code systems and identifiers in FHIR resources.

Kazakhstan has published no URIs for its own numbers, so they bear URNs of this installation's making; the page
docs/how-to/read-by-fhir.md lists them.
"""

from __future__ import annotations

IIN = "urn:kz:iin"
BIN = "urn:kz:bin"
TEMPORARY_ID = "urn:saulyq:temporary-id"
OUR = "urn:saulyq"

ICD10 = "http://hl7.org/fhir/sid/icd-10"
CODE_SYSTEMS = {
    "loinc": "http://loinc.org",
    "kz_service": "urn:kz:service",
    "snomed": "http://snomed.info/sct",
    "icd9cm": "http://hl7.org/fhir/sid/icd-9-cm",
    "atc": "http://www.whocc.no/atc",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "cvx": "http://hl7.org/fhir/sid/cvx",
    "icd10": ICD10,
}
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem"


def system_of(name: str | None) -> str:
    """The URI of a code system as the tables name it."""
    return CODE_SYSTEMS.get(name or "", f"{OUR}:code-system:{name or 'local'}")


def name_of(uri: str) -> str:
    """The tables' name of a code system, for searches by ``system|code``."""
    by_uri = {known: name for name, known in CODE_SYSTEMS.items()}
    return by_uri.get(uri, uri.removeprefix(f"{OUR}:code-system:"))
