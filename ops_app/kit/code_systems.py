"""The URIs by which FHIR names systems of codes.

Kazakhstan has published none for its own lists: they bear their OID, or a URN of this installation's making.
"""

from __future__ import annotations

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
BOOKS = {"service": "kz_service", "observation": "loinc"}
"""Reference books that go by another name than the systems of their codes."""


def system_of(name: str | None, oid: str | None = None) -> str:
    """The URI of a code system as the tables name it, or of a reference book."""
    known = CODE_SYSTEMS.get(BOOKS.get(name or "", name or ""))
    return known or (f"urn:oid:{oid}" if oid else f"{OUR}:code-system:{name or 'local'}")


def name_of(uri: str) -> str:
    """The tables' name of a code system, for searches by ``system|code``."""
    by_uri = {known: name for name, known in CODE_SYSTEMS.items()}
    return by_uri.get(uri, uri.removeprefix(f"{OUR}:code-system:"))
