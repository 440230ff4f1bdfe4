"""Names of identifiers in FHIR resources; those of code systems stand in ``kit/code_systems.py``.

Kazakhstan has published no URIs for its own numbers, so they bear URNs of this installation's making; the page
docs/how-to/read-by-fhir.md lists them.
"""

from __future__ import annotations

IIN = "urn:kz:iin"
BIN = "urn:kz:bin"
TEMPORARY_ID = "urn:saulyq:temporary-id"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem"
