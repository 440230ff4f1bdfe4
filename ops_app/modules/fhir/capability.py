"""The CapabilityStatement: written from the declarations, so that it cannot say what is not so."""

from __future__ import annotations

import datetime as dt

from ops_app.modules.fhir.bundles import base
from ops_app.modules.fhir.search import INCLUDES, REGISTERS
from ops_app.modules.fhir.shapes import Resource
from ops_app.modules.fhir.types import CLINICAL

RELEASED = dt.date(2026, 11, 22)
_TYPES = {
    "_id": "token",
    "identifier": "token",
    "name": "string",
    "family": "string",
    "given": "string",
    "birthdate": "date",
    "date": "date",
    "recorded-date": "date",
    "authored": "date",
    "authoredon": "date",
    "_lastUpdated": "date",
    "patient": "reference",
    "encounter": "reference",
    "organization": "reference",
    "practitioner": "reference",
    "participant": "reference",
    "performer": "reference",
    "partof": "reference",
    "service-provider": "reference",
}


def statement(version: str) -> Resource:
    """What this server answers."""
    names = {**{name: list(known) for name, known in REGISTERS.items()}}
    names |= {name: [*kind.all_parameters, "patient"] for name, kind in CLINICAL.items()}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": RELEASED.isoformat(),
        "kind": "instance",
        "software": {"name": "Saulyq", "version": version},
        "implementation": {"description": "Saulyq, read only", "url": base()},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "description": "An access token of the OpenID provider as bearer, or the session of the screens.",
                },
                "resource": [
                    {"type": "Binary", "interaction": [{"code": "read"}]},
                    *(_resource(name, listed) for name, listed in sorted(names.items())),
                ],
            }
        ],
    }


def _resource(name: str, parameters: list[str]) -> Resource:
    dated = [] if name in ("Practitioner", "PractitionerRole", "Organization") else ["_lastUpdated"]
    found: Resource = {
        "type": name,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "versioned",
        "searchParam": [{"name": each, "type": _TYPES.get(each, "token")} for each in sorted({*parameters, *dated})],
    }
    if INCLUDES.get(name):
        found["searchInclude"] = list(INCLUDES[name])
    if name == "Patient":
        found["operation"] = [
            {
                "name": "everything",
                "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
            }
        ]
    return found
