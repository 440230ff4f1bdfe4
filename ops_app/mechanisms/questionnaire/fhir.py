"""A definition and its answers as FHIR R4 Questionnaire and QuestionnaireResponse."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from ops_app.mechanisms.questionnaire.coding import as_coding, value_set
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import (
    AttachmentItem,
    BodyMapItem,
    BooleanItem,
    CalculatedItem,
    CellItem,
    ChoiceItem,
    CodeItem,
    DateItem,
    Item,
    NoteItem,
    NumberItem,
    SignatureItem,
    TableItem,
    TextItem,
)
from ops_app.mechanisms.questionnaire.evaluation import Value, as_day, is_number
from ops_app.mechanisms.questionnaire.scoring import Outcome, outcome, table_rows
from ops_app.mechanisms.questionnaire.signing import is_given, picture

BASE = "https://saulyq.kz/fhir/Questionnaire"
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
ENABLE_WHEN = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"
SIGNATURE_REQUIRED = "http://hl7.org/fhir/StructureDefinition/questionnaire-signatureRequired"
SIGNATURE = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-signature"
SIGNATURE_TYPE = "urn:iso-astm:E1762-95:2013"
SIGNATURE_CODES = {
    "patient": "1.2.840.10065.1.12.1.7",
    "representative": "1.2.840.10065.1.12.1.7",
    "staff": "1.2.840.10065.1.12.1.1",
    "witness": "1.2.840.10065.1.12.1.8",
}
"""Consent, author's and witness' signature of ASTM E1762."""
LANGUAGE_OF_FORMULAS = "text/x-saulyq-expression"
UCUM = "http://unitsofmeasure.org"
SCORE = "score"


def questionnaire_resource(compiled: Compiled) -> dict[str, Any]:
    """The definition; formulas travel in an extension, which other systems may pass over."""
    definition = compiled.definition
    resource: dict[str, Any] = {
        "resourceType": "Questionnaire",
        "id": definition.id.replace("_", "-"),
        "url": f"{BASE}/{definition.id}",
        "version": str(definition.version),
        "name": definition.id,
        "title": str(definition.title),
        "status": "active" if definition.status == "full" else "draft",
        "subjectType": ["Patient"],
        "effectivePeriod": {"start": definition.effective_from.isoformat()},
        "item": [
            {
                "linkId": section.id,
                "text": str(section.title),
                "type": "group",
                **_enabled(section.visible),
                "item": [_item(item, item.id) for item in section.items],
            }
            for section in definition.sections
        ],
    }
    if definition.licence:
        resource["copyright"] = definition.licence
    if definition.score is not None:
        resource["item"].append({"linkId": SCORE, "text": "Score", "type": "decimal", "readOnly": True})
    return resource


def _enabled(formula: str | None) -> dict[str, Any]:
    if formula is None:
        return {}
    expression = {"language": LANGUAGE_OF_FORMULAS, "expression": formula}
    return {"extension": [{"url": ENABLE_WHEN, "valueExpression": expression}]}


def _item(item: Item | CellItem, link: str) -> dict[str, Any]:
    told: dict[str, Any] = {"linkId": link, "text": str(item.label), "type": _type(item), **_enabled(item.visible)}
    if not isinstance(item, NoteItem | CalculatedItem) and item.required:
        told["required"] = True
    if isinstance(item, CalculatedItem):
        told["readOnly"] = True
    if isinstance(item, NumberItem | CalculatedItem) and item.unit:
        extension = {"url": UNIT, "valueCoding": {"system": UCUM, "code": item.unit}}
        told["extension"] = [*told.get("extension", []), extension]
    if isinstance(item, SignatureItem):
        extension = {"url": SIGNATURE_REQUIRED, "valueCodeableConcept": {"coding": [_signature_code(item)]}}
        told["extension"] = [*told.get("extension", []), extension]
    if isinstance(item, TextItem):
        told["maxLength"] = item.max_length
    if isinstance(item, ChoiceItem):
        told["answerOption"] = [_option(option.value, str(option.label), option.points) for option in item.options]
        told["repeats"] = item.multiple
    if isinstance(item, CodeItem):
        told["answerValueSet"] = value_set(item)
    if isinstance(item, AttachmentItem):
        told["repeats"] = item.max_files > 1
    if isinstance(item, BodyMapItem):
        told |= {"repeats": True, "item": _map_items(item, link)}
    if isinstance(item, TableItem) and item.rows is None:
        told |= {"repeats": True, "item": [_item(column, f"{link}.{column.id}") for column in item.columns]}
    elif isinstance(item, TableItem):
        told["item"] = [
            {
                "linkId": f"{link}.{row.id}",
                "text": str(row.label),
                "type": "group",
                "item": [_item(column, f"{link}.{row.id}.{column.id}") for column in item.columns],
            }
            for row in item.rows or []
        ]
    return told


def _type(item: Item | CellItem) -> str:
    kinds: dict[type, str] = {
        BooleanItem: "boolean",
        CalculatedItem: "decimal",
        ChoiceItem: "choice",
        CodeItem: "choice",
        DateItem: "date",
        NoteItem: "display",
        NumberItem: "decimal",
        TextItem: "text",
        AttachmentItem: "attachment",
        SignatureItem: "attachment",
    }
    return kinds.get(type(item), "group")


def _signature_code(item: SignatureItem) -> dict[str, Any]:
    return {"system": SIGNATURE_TYPE, "code": SIGNATURE_CODES[item.signer]}


def _option(code: str, label: str, points: float | None = None) -> dict[str, Any]:
    coding: dict[str, Any] = {"code": code, "display": label}
    if points is not None:
        coding["extension"] = [{"url": ORDINAL, "valueDecimal": points}]
    return {"valueCoding": coding}


def _map_items(item: BodyMapItem, link: str) -> list[dict[str, Any]]:
    findings = [_option(finding.value, str(finding.label)) for finding in item.findings]
    return [
        {"linkId": f"{link}.view", "type": "string"},
        {"linkId": f"{link}.x", "type": "decimal"},
        {"linkId": f"{link}.y", "type": "decimal"},
        {"linkId": f"{link}.finding", "type": "choice", "answerOption": findings},
        {"linkId": f"{link}.note", "type": "string"},
    ]


def response_status(status: str, *, in_error: bool) -> str:
    """The status FHIR has for a response."""
    if in_error:
        return "entered-in-error"
    return {"in_progress": "in-progress", "discarded": "stopped"}.get(status, status)


def response_resource(
    compiled: Compiled,
    answers: Mapping[str, Any],
    person: Mapping[str, Value],
    *,
    resource_id: str,
    patient_id: str,
    encounter_id: str | None,
    practitioner_id: str | None,
    status: str,
    authored: dt.datetime,
) -> dict[str, Any]:
    """What was answered; only what was shown, with calculated values and the score."""
    definition = compiled.definition
    result = outcome(compiled, answers, person)
    items = []
    for section in definition.sections:
        inner = [
            told for item in section.items if item.id in result.visible for told in _answered(item, answers, result)
        ]
        if inner:
            items.append({"linkId": section.id, "text": str(section.title), "item": inner})
    if result.score is not None:
        answer: dict[str, Any] = {"valueDecimal": result.score}
        items.append(
            {"linkId": SCORE, "text": "; ".join(str(b.label) for b in result.bands) or "Score", "answer": [answer]}
        )
    resource: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "id": resource_id,
        "questionnaire": f"{BASE}/{definition.id}|{definition.version}",
        "status": status,
        "subject": {"reference": f"Patient/{patient_id}"},
        "authored": authored.isoformat(),
        "item": items,
    }
    if encounter_id:
        resource["encounter"] = {"reference": f"Encounter/{encounter_id}"}
    if practitioner_id:
        resource["author"] = {"reference": f"Practitioner/{practitioner_id}"}
    return resource


def _answered(item: Item, answers: Mapping[str, Any], result: Outcome) -> Iterator[dict[str, Any]]:
    answer = answers.get(item.id)
    if isinstance(item, TableItem):
        yield from _table(item, answer, result.cells.get(item.id, {}))
    elif isinstance(item, BodyMapItem):
        for point in answer if isinstance(answer, list) else []:
            yield {"linkId": item.id, "text": str(item.label), "item": list(_point(item, point))}
    elif isinstance(item, SignatureItem):
        if is_given(answer):
            yield _signed(item, answer)
    elif isinstance(item, CalculatedItem):
        yield from _one(item, item.id, result.values.get(item.id))
    elif not isinstance(item, NoteItem):
        yield from _one(item, item.id, answer)


def _signed(item: SignatureItem, answer: Any) -> dict[str, Any]:
    signature: dict[str, Any] = {
        "type": [_signature_code(item)],
        "when": answer.get("at"),
        "who": {"display": answer.get("name")},
    }
    attachment: dict[str, Any] = {"title": answer.get("name")}
    if answer.get("strokes"):
        data = base64.b64encode(picture(answer["strokes"]).encode()).decode()
        signature |= {"sigFormat": "image/svg+xml", "data": data}
        attachment |= {"contentType": "image/svg+xml", "data": data}
    return {
        "linkId": item.id,
        "text": str(item.label),
        "extension": [{"url": SIGNATURE, "valueSignature": signature}],
        "answer": [{"valueAttachment": attachment}],
    }


def _one(item: Item | CellItem, link: str, answer: Any) -> Iterator[dict[str, Any]]:
    values = [value for each in (answer if isinstance(answer, list) else [answer]) if (value := _value(item, each))]
    if values:
        yield {"linkId": link, "text": str(item.label), "answer": values}


def _value(item: Item | CellItem, answer: Any) -> dict[str, Any] | None:
    if answer is None or answer == "":
        return None
    if isinstance(item, ChoiceItem):
        option = item.option(answer)
        return _option(option.value, str(option.label), option.points) if option else None
    if isinstance(item, CodeItem):
        coded = as_coding(answer)
        return {"valueCoding": coded} if coded else None
    if isinstance(item, NumberItem | CalculatedItem):
        return {"valueDecimal": float(answer)} if is_number(answer) else None
    if isinstance(item, BooleanItem):
        return {"valueBoolean": answer is True}
    if isinstance(item, DateItem):
        return {"valueDate": answer} if as_day(answer) else None
    if isinstance(item, AttachmentItem):
        return {"valueAttachment": _attachment(answer)}
    return {"valueString": str(answer)}


def _attachment(answer: Mapping[str, Any]) -> dict[str, Any]:
    # The file itself stays where it is: a program that may read the form fetches it there as a Binary.
    told = {"title": answer["name"], "size": answer["size"], "url": f"/fhir/Binary/{answer['id']}"}
    if "type" in answer:
        told["contentType"] = answer["type"]
    return told


def _table(item: TableItem, answer: Any, cells: Mapping[str, Value]) -> Iterator[dict[str, Any]]:
    titles = {row.id: str(row.label) for row in item.rows or []}
    rows = []
    for key, row in table_rows(item, answer):
        link = f"{item.id}.{key}" if item.rows else item.id
        inner = [
            told
            for column in item.columns
            for told in _one(
                column,
                f"{link}.{column.id}",
                cells.get(f"{key}--{column.id}") if isinstance(column, CalculatedItem) else row.get(column.id),
            )
        ]
        if inner:
            rows.append({"linkId": link, "text": titles.get(key, str(item.label)), "item": inner})
    if item.rows is None:
        yield from rows
    elif rows:
        yield {"linkId": item.id, "text": str(item.label), "item": rows}


def _point(item: BodyMapItem, point: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    finding = next((option for option in item.findings if option.value == point.get("finding")), None)
    yield {"linkId": f"{item.id}.view", "answer": [{"valueString": str(point.get("view"))}]}
    for axis in ("x", "y"):
        yield {"linkId": f"{item.id}.{axis}", "answer": [{"valueDecimal": point.get(axis)}]}
    if finding is not None:
        yield {"linkId": f"{item.id}.finding", "answer": [_option(finding.value, str(finding.label))]}
    if point.get("note"):
        yield {"linkId": f"{item.id}.note", "answer": [{"valueString": str(point["note"])}]}
