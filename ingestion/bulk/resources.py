"""FHIR R4 resources, as Synthea writes them, into records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ingestion.bulk import mapping
from ingestion.bulk.records import ROOT_KEY, BadRecordError, Record, day, moment, number, required, times
from ingestion.bulk.report import LoadReport

Resource = dict[str, Any]
Converted = Iterator[tuple[str, Record]]

_MEASURED = {"vital-signs", "laboratory", "imaging"}
_OBSERVATION_STATUS = {"registered", "preliminary", "final", "amended", "corrected"}


def reference(value: Resource | None) -> str | None:
    """The key inside ``urn:uuid:x``, ``Type/x`` or ``Type?identifier=system|x``."""
    text = (value or {}).get("reference")
    if not text:
        return None
    if text.startswith("urn:uuid:"):
        return str(text[9:])
    if "|" in text:
        return str(text.rsplit("|", 1)[1])
    return str(text.rsplit("/", 1)[-1])


def coding(concept: Resource | None, system: str = "") -> str:
    """The first code of a CodeableConcept, preferably of a system whose address contains ``system``."""
    codings = (concept or {}).get("coding") or []
    fitting = [item for item in codings if system in item.get("system", "")] or codings
    for item in fitting:
        if item.get("code"):
            return str(item["code"])
    raise BadRecordError("has no code")


def _links(resource: Resource, subject: str = "subject") -> Record:
    patient = reference(resource.get(subject))
    if patient is None:
        raise BadRecordError(f"{subject} is empty")
    encounter = reference(resource.get("encounter") or resource.get("context"))
    return {"patient_ref": patient, "encounter_ref": encounter}


def _start(resource: Resource, *names: str) -> str:
    for name in names:
        value = resource.get(name)
        if isinstance(value, dict):
            value = value.get("start")
        if value:
            return str(value)
    raise BadRecordError(f"{' or '.join(names)} is empty")


def _organization(resource: Resource, _: LoadReport) -> Converted:
    yield "organizations", mapping.organization(_key(resource), required(resource, "name"))


def _key(resource: Resource) -> str:
    return required(resource, "id")


def _name(resource: Resource) -> tuple[str, str, str | None]:
    names = resource.get("name") or []
    official = next((name for name in names if name.get("use", "official") == "official"), None) or (names or [{}])[0]
    given = [str(word) for word in official.get("given") or [] if word]
    if not official.get("family") or not given:
        raise BadRecordError("has no family or given name")
    return str(official["family"]), given[0], " ".join(given[1:]) or None


def _practitioner(resource: Resource, _: LoadReport) -> Converted:
    family, given, _middle = _name(resource)
    yield "practitioners", mapping.practitioner(_key(resource), f"{given} {family}", resource.get("gender"))


def _patient(resource: Resource, _: LoadReport) -> Converted:
    key = _key(resource)
    family, given, middle = _name(resource)
    birth = day(required(resource, "birthDate"), "birthDate")
    record = mapping.patient(key, family, given, middle, birth, resource.get("gender"))
    for address in resource.get("address") or []:
        parts = [*(address.get("line") or []), address.get("city"), address.get("state")]
        record["address_line"] = ", ".join(str(part) for part in parts if part) or None
    died = resource.get("deceasedDateTime")
    if died and day(str(died), "deceasedDateTime") < birth:
        raise BadRecordError("the death is before the birth")
    yield "patients", record
    if died:
        links = {"source_key": key, "patient_ref": key, "organization_ref": ROOT_KEY}
        yield (
            "deaths",
            times(moment(str(died), "deceasedDateTime"), "typed")
            | links
            | {"place": "unknown", "is_time_exact": "T" in str(died)},
        )


def _encounter(resource: Resource, _: LoadReport) -> Converted:
    kind, purpose = mapping.encounter_class(str((resource.get("class") or {}).get("code", "")))
    period = resource.get("period") or {}
    end = moment(period["end"], "period.end") if period.get("end") else None
    provider = resource.get("serviceProvider")
    organization = reference(provider)
    if provider and organization and provider.get("display"):
        yield "organizations", mapping.organization(organization, provider["display"])
    doctor: str | None = None
    for participant in resource.get("participant") or []:
        individual = participant.get("individual")
        doctor = reference(individual)
        if doctor and individual.get("display"):
            yield "practitioners", mapping.practitioner(doctor, individual["display"], None)
            break
    yield (
        "encounters",
        times(moment(_start(resource, "period"), "period.start"), "typed")
        | {
            "source_key": _key(resource),
            "encounter_class": kind,
            "purpose": purpose,
            "status": "finished" if end else "in_progress",
            "end_at": end,
            "end_known_at": end,
            "patient_ref": _links(resource)["patient_ref"],
            "organization_ref": organization or ROOT_KEY,
            "practitioner_ref": doctor,
        },
    )


def _condition(resource: Resource, report: LoadReport) -> Converted:
    links, code = _links(resource), coding(resource.get("code"), "snomed")
    start = moment(_start(resource, "onsetDateTime", "onsetPeriod", "recordedDate"), "onsetDateTime")
    abated = resource.get("abatementDateTime")
    end = moment(str(abated), "abatementDateTime") if abated else None
    key = _key(resource)
    yield from mapping.condition(key, code, start, end, links, report)


def _observation(resource: Resource, _: LoadReport) -> Converted:
    if resource.get("status", "final") not in _OBSERVATION_STATUS:
        raise BadRecordError(f"status {resource.get('status')!r} is not a result")
    start = moment(_start(resource, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"), "effective")
    categories = {code.get("code") for item in resource.get("category") or [] for code in item.get("coding") or []}
    shared = times(start, "measured" if categories & _MEASURED else "typed") | _links(resource)
    key = _key(resource)
    components = resource.get("component") or []
    # Blood pressure and panels carry their values in components: each becomes a row.
    for index, part in enumerate(components):
        yield "observations", shared | _value(part) | {"source_key": f"{key}/{index}", "code_system": "loinc"}
    if not components:
        yield "observations", shared | _value(resource) | {"source_key": key, "code_system": "loinc"}


def _value(part: Resource) -> Record:
    code = coding(part.get("code"), "loinc")
    quantity = part.get("valueQuantity")
    if quantity is not None:
        value = number(str(quantity.get("value")), "valueQuantity.value")
        return {"code": code, "value_number": value, "unit": quantity.get("code") or quantity.get("unit")}
    for name in ("valueInteger", "valueDecimal"):
        if name in part:
            return {"code": code, "value_number": number(str(part[name]), name)}
    concept = part.get("valueCodeableConcept")
    if concept is not None:
        return {"code": code, "value_text": concept.get("text") or coding(concept)}
    for name in ("valueString", "valueDateTime", "valueBoolean", "valueTime"):
        if part.get(name) is not None:
            return {"code": code, "value_text": str(part[name])}
    raise BadRecordError(f"observation {code} has no value")


def _procedure(resource: Resource, _: LoadReport) -> Converted:
    start = moment(_start(resource, "performedPeriod", "performedDateTime"), "performed")
    status = {"in-progress": "in_progress", "completed": "completed"}.get(resource.get("status", ""), "cancelled")
    yield (
        "procedures",
        times(start, "typed")
        | _links(resource)
        | {
            "source_key": _key(resource),
            "code_system": mapping.SNOMED,
            "code": coding(resource.get("code"), "snomed"),
            "status": status,
        },
    )


def _immunization(resource: Resource, _: LoadReport) -> Converted:
    start = moment(_start(resource, "occurrenceDateTime"), "occurrenceDateTime")
    yield (
        "immunizations",
        times(start, "typed")
        | _links(resource, "patient")
        | {
            "source_key": _key(resource),
            "code_system": "cvx",
            "code": coding(resource.get("vaccineCode"), "cvx"),
            "status": "refused" if resource.get("status") == "not-done" else "completed",
        },
    )


_MEDICATION_STATUS = {"active": "active", "on-hold": "active", "completed": "completed", "stopped": "stopped"}


def _medication(resource: Resource, _: LoadReport) -> Converted:
    start = moment(_start(resource, "authoredOn"), "authoredOn")
    concept = resource.get("medicationCodeableConcept")
    if concept is None:
        # Bundles of 2021 and later point at a Medication resource that names the same code.
        code = reference(resource.get("medicationReference"))
        if code is None:
            raise BadRecordError("names no medication")
    else:
        code = coding(concept, "rxnorm")
    yield (
        "medications",
        times(start, "typed")
        | _links(resource)
        | {
            "source_key": _key(resource),
            "code_system": "rxnorm",
            "code": code,
            "status": _MEDICATION_STATUS.get(resource.get("status", ""), "cancelled"),
        },
    )


_CONVERSIONS: dict[str, tuple[str, Callable[[Resource, LoadReport], Converted]]] = {
    "Organization": ("organizations", _organization),
    "Practitioner": ("practitioners", _practitioner),
    "Patient": ("patients", _patient),
    "Encounter": ("encounters", _encounter),
    "Condition": ("conditions", _condition),
    "Observation": ("observations", _observation),
    "Procedure": ("procedures", _procedure),
    "Immunization": ("immunizations", _immunization),
    "MedicationRequest": ("medications", _medication),
}
ENTITY_OF = {kind: entity for kind, (entity, _) in _CONVERSIONS.items()}


def convert(resource: Resource, report: LoadReport) -> Converted:
    """Yield the records a resource becomes; raises `BadRecordError` where it cannot."""
    return _CONVERSIONS[resource["resourceType"]][1](resource, report)
